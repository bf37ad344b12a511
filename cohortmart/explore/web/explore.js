// The explorer: views that follow each other without a new start, controls, and points that lead on.
const main = byId("content");
let asked = 0; // of several views that are waited for the last one is shown

function forget() {
  for (const [, { view }] of drawn) if (view) view.finalize();
  drawn.clear();
  unpacked.clear();
  watcher.disconnect();
}

function speak(words) { byId("spoken").textContent = words; }

// ---- views
window.history.scrollRestoration = "manual"; // a view is drawn first, then scrolled
let shownAddress = window.location.href;
const moved = () => { shownAddress = window.location.href; }; // a view has changed its own address
const plain = (address) => address.split("#")[0];

// Shows the view of an address in the place of the one that is there.
async function go(address, { push = true, focus = true, top = 0 } = {}) {
  asked += 1;
  const number = asked;
  wait(true);
  let answer, text;
  try {
    answer = await fetch(address, { headers: { accept: "text/html" } });
    text = await answer.text();
  } catch {
    if (number === asked) { wait(false); silent(); }
    return;
  }
  if (number !== asked) return;
  if (!(answer.headers.get("content-type") || "").startsWith("text/html")) { window.location.assign(address); return; }
  const next = new DOMParser().parseFromString(text, "text/html");
  if (push) {
    window.history.replaceState({ top: window.scrollY }, "");
    window.history.pushState({}, "", answer.url);
  } else window.history.replaceState({ top }, "", answer.url);
  shownAddress = window.location.href;
  forget();
  document.title = next.title;
  document.documentElement.dataset.state = next.documentElement.dataset.state;
  const held = document.activeElement && main.contains(document.activeElement) ? document.activeElement.id : "";
  main.replaceChildren(...next.getElementById("content").childNodes);
  document.querySelector("nav ul").replaceWith(next.querySelector("nav ul"));
  byId("stopped").hidden = true;
  wait(false);
  left = "";
  await shown();
  if (focus) {
    scrollBack(top);
    byId("page-title").focus({ preventScroll: true });
    speak(document.title);
  } else { left = held; refocus(); }
}

// The control that was changed has the focus again as soon as it is there, unless the reader went on.
let left = "";
function refocus() {
  if (left === "" || !byId(left) || main.contains(document.activeElement)) return;
  byId(left).focus({ preventScroll: true });
  left = "";
}

function wait(is) {
  main.classList.toggle("waiting", is);
  main.setAttribute("aria-busy", String(is));
}

// What is drawn later makes the page longer: until the reader moves it, it stays at its place.
function scrollBack(top) {
  window.scrollTo(0, top);
  if (top === 0) return;
  const again = () => window.scrollTo(0, top);
  const moves = ["wheel", "touchmove", "keydown", "pointerdown"];
  const end = () => {
    document.removeEventListener("drawn", again);
    for (const move of moves) window.removeEventListener(move, end);
  };
  document.addEventListener("drawn", again);
  for (const move of moves) window.addEventListener(move, end, { passive: true });
  setTimeout(end, 3000);
}

const followers = []; // what other scripts do with a view that is shown
async function shown() {
  byId("rebuilt").hidden = true;
  begin(main);
  for (const { href } of main.querySelectorAll("link[rel=modulepreload]")) { // begun only now: it uses `explorer`
    if (!loaded.has(href)) { loaded.add(href); await import(href); }
  }
  for (const follow of followers) follow(main);
  document.documentElement.dataset.ready = "false";
  Promise.all([...main.querySelectorAll(".later")].map(join)).then((joined) => {
    if (joined.every((part) => part)) document.documentElement.dataset.ready = "true";
  });
}

// Puts the part of a view that takes longer into its place; returns whether that is still there.
async function join(place) {
  let text = "";
  try {
    const answer = await fetch(place.dataset.later, { headers: { accept: "text/html" } });
    if (answer.ok) text = await answer.text();
  } catch { /* said below */ }
  if (!place.isConnected) return false; // another view is shown by now
  if (text === "") {
    place.querySelector("p").textContent = "The rest did not come; load the page again.";
  } else {
    place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    begin(place);
    refocus();
  }
  place.removeAttribute("aria-busy");
  return true;
}
const loaded = new Set();
window.explorer = { go, followers, moved, embedded, element, speak, tabulate, INTEGER };

function isOurs(link) {
  return link.origin === window.location.origin && !link.hasAttribute("download") && link.target === ""
    && !link.pathname.startsWith("/download") && !link.pathname.startsWith("/static");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (!isOurs(link) || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  go(link.href);
});
window.addEventListener("popstate", (event) => {
  if (plain(window.location.href) === plain(shownAddress)) return; // a place on the same page
  go(window.location.href, { push: false, top: (event.state && event.state.top) || 0 });
});
// where the reader is, for the way back
let noted = null;
window.addEventListener("scroll", () => {
  clearTimeout(noted);
  noted = setTimeout(() => {
    if (!main.classList.contains("waiting") && plain(window.location.href) === plain(shownAddress)) {
      window.history.replaceState({ top: window.scrollY }, "");
    }
  }, 150);
}, { passive: true });

// ---- controls
function addressOf(form) {
  const wanted = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") wanted.append(name, value);
  const text = wanted.toString();
  return form.getAttribute("action") + (text ? `?${text}` : "");
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".controls, .search")) return;
  event.preventDefault();
  if (form.matches(".search") && form.elements.name.value.trim() === "") return;
  go(addressOf(form));
});
document.addEventListener("change", (event) => {
  const form = event.target.closest && event.target.closest("form.controls");
  if (form && !event.target.matches("textarea, input[type=text]")) go(addressOf(form), { push: true, focus: false });
});
document.addEventListener("input", (event) => {
  if (!event.target.matches || !event.target.matches(".control input[type=range]")) return;
  event.target.parentElement.querySelector("output").textContent = event.target.value;
});

// ---- points that lead on
document.addEventListener("drawn", (event) => {
  const place = event.target.querySelector(".drawing");
  event.detail.addEventListener("click", (_, item) => {
    const address = item && item.datum && item.datum.address;
    if (typeof address === "string" && /^\/(?!\/)/.test(address)) go(address);
  });
  event.detail.addEventListener("pointermove", (_, item) => {
    place.style.cursor = item && item.datum && item.datum.address ? "pointer" : "";
  });
});

// ---- a warehouse that was built anew, an explorer that was stopped
function silent(words = "The explorer does not answer: was it stopped? Start it again with cohortmart explore.") {
  byId("stopped").querySelector("span").textContent = words;
  byId("stopped").hidden = false;
}

async function look() {
  let answer;
  try {
    answer = await fetch("/state");
  } catch { silent(); return; }
  if (answer.status === 403) { silent("The explorer was started anew: open the address that it printed."); return; }
  byId("stopped").hidden = true;
  if (main.querySelector("[data-again]")) { go(window.location.href, { push: false, focus: false }); return; }
  if (!answer.ok) return;
  const { state } = await answer.json();
  const before = document.documentElement.dataset.state;
  byId("rebuilt").hidden = before === "" || state === before;
}
setInterval(() => { if (!document.hidden) look(); }, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
byId("rebuilt").querySelector("button").addEventListener("click", () => go(window.location.href, { push: false, top: window.scrollY }));
byId("stopped").querySelector("button").addEventListener("click", look);

// ---- all of it for printing
window.addEventListener("beforeprint", () => {
  for (const block of main.querySelectorAll("figure, .table")) {
    if (block.tagName === "FIGURE") draw(block); else tabulate(block);
  }
});
