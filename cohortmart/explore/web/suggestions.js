// Suggestions under the search box while a name is typed.
const box = byId("search");
const suggestions = byId("suggestions");
let typed = "";
let chosen = -1;
let begun = 0;

function close() {
  suggestions.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
  chosen = -1;
}

function choose(index) {
  const items = [...suggestions.children];
  if (items.length === 0) return;
  chosen = (index + items.length) % items.length;
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
  items[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", items[chosen].id);
}

async function suggest() {
  typed = box.value.trim();
  begun += 1;
  const number = begun;
  if (typed === "") { close(); return; }
  let found;
  try {
    const answer = await fetch(`/suggest?name=${encodeURIComponent(typed)}`);
    found = answer.ok ? (await answer.json()).found : [];
  } catch { found = []; }
  if (number !== begun || document.activeElement !== box) return;
  suggestions.replaceChildren(...found.map((one, i) => {
    const said = [one.kind, one.said].filter((text) => text).join(", ");
    const item = element("li", { id: `suggestion-${i}`, role: "option", "aria-selected": "false", "data-address": one.address },
      one.title, element("span", { class: "kind" }, said));
    item.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    item.addEventListener("click", () => leave(one.address));
    return item;
  }));
  chosen = -1;
  suggestions.hidden = found.length === 0;
  box.setAttribute("aria-expanded", String(found.length > 0));
  speak(found.length === 0 ? `Nothing is called ${typed}` : `${found.length} suggestions`);
}

function leave(address) {
  begun += 1;
  close();
  box.value = "";
  go(address);
}

box.addEventListener("input", suggest);
box.addEventListener("focus", () => { if (box.value.trim() !== "") suggest(); });
box.addEventListener("blur", close);
box.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const isOpen = !suggestions.hidden;
  const last = suggestions.children.length - 1;
  if (event.key === "ArrowDown" && !isOpen && box.value.trim() !== "") { event.preventDefault(); suggest(); }
  else if (event.key === "ArrowDown" && isOpen) { event.preventDefault(); choose(chosen + 1); }
  else if (event.key === "ArrowUp" && isOpen) { event.preventDefault(); choose(chosen < 0 ? last : chosen - 1); }
  else if ((event.key === "Home" || event.key === "End") && isOpen && chosen >= 0) {
    event.preventDefault();
    choose(event.key === "Home" ? 0 : last);
  } else if (event.key === "Escape" && isOpen) { event.preventDefault(); begun += 1; close(); } // a second one empties the box
  else if (event.key === "Enter" && isOpen && chosen >= 0) {
    event.preventDefault();
    leave(suggestions.children[chosen].dataset.address);
  } else if (event.key === "Enter") { begun += 1; close(); }
});
