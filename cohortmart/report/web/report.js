// Pages of the report: one is shown at a time, all are printed.
begin(document);

function show(name, jumped) {
  const pages = [...document.querySelectorAll(".page")];
  const page = pages.find((p) => p.id === name) || pages[0];
  for (const other of pages) other.hidden = other !== page;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === page.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (jumped) { window.scrollTo(0, 0); byId("content").focus({ preventScroll: true }); }
}
const asked = () => decodeURIComponent(window.location.hash.slice(1));
window.addEventListener("hashchange", () => { if (asked() !== "content") show(asked(), true); });
show(asked(), false);
document.documentElement.dataset.ready = "true";

// All of it for printing.
window.addEventListener("beforeprint", () => {
  for (const page of document.querySelectorAll(".page")) page.hidden = false;
  for (const block of document.querySelectorAll("figure, .table")) {
    if (block.tagName === "FIGURE") draw(block); else tabulate(block);
  }
});
window.addEventListener("afterprint", () => show(asked(), false));
