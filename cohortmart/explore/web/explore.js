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
// Shows the view of an address in the place of the one that is there.
async function go(address, { push = true, focus = true } = {}) {
  asked += 1;
  const number = asked;
  main.classList.add("waiting");
  let answer;
  try {
    answer = await fetch(address, { headers: { accept: "text/html" } });
  } catch {
    main.classList.remove("waiting");
    speak("The explorer does not answer; is it still running?");
    return;
  }
  const text = await answer.text();
  if (number !== asked) return;
  if (!(answer.headers.get("content-type") || "").startsWith("text/html")) { window.location.assign(address); return; }
  const next = new DOMParser().parseFromString(text, "text/html");
  if (push) window.history.pushState({}, "", answer.url);
  else window.history.replaceState({}, "", answer.url);
  forget();
  document.title = next.title;
  document.documentElement.dataset.state = next.documentElement.dataset.state;
  const held = document.activeElement && main.contains(document.activeElement) ? document.activeElement.id : "";
  main.replaceChildren(...next.getElementById("content").childNodes);
  document.querySelector("nav ul").replaceWith(next.querySelector("nav ul"));
  main.classList.remove("waiting");
  await shown();
  if (focus) {
    window.scrollTo(0, 0);
    byId("page-title").focus({ preventScroll: true });
    speak(document.title);
  } else if (held && byId(held)) byId(held).focus({ preventScroll: true });
}

const followers = []; // what other scripts do with a view that is shown
async function shown() {
  byId("rebuilt").hidden = true;
  begin(main);
  for (const { href } of main.querySelectorAll("link[rel=modulepreload]")) { // begun only now: it uses `explorer`
    if (!loaded.has(href)) { loaded.add(href); await import(href); }
  }
  for (const follow of followers) follow(main);
  document.documentElement.dataset.ready = "true";
}
const loaded = new Set();
window.explorer = { go, followers, embedded, element, speak, tabulate, INTEGER };

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
window.addEventListener("popstate", () => go(window.location.href, { push: false }));

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

// ---- a warehouse that was built anew
async function look() {
  try {
    const answer = await fetch("/state");
    if (!answer.ok) return;
    const { state } = await answer.json();
    const before = document.documentElement.dataset.state;
    byId("rebuilt").hidden = before === "" || state === before;
  } catch { /* it is not running: the next view says so */ }
}
setInterval(() => { if (!document.hidden) look(); }, 5000);
byId("rebuilt").querySelector("button").addEventListener("click", () => go(window.location.href, { push: false }));
