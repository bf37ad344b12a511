// Figures and tables of a page, drawn when they come into view.
const config = JSON.parse(byId("config").textContent);
const drawn = new Map(); // figure -> { width, view }
// a page whose server forbids code made from text has its expressions interpreted
const isInterpreted = document.documentElement.dataset.interpreted === "true";

const NARROW = 560;
const STACKED = { layout: { bottom: { direction: "vertical", anchor: "start" } } };
const WIDEST = 1.6; // a cell is drawn so many times as wide as it asks, at most

// As many cells beside each other as have room, and these as wide as the room allows.
function widen(spec, width, cell) {
  const fitting = Math.max(1, Math.floor(width / cell));
  const field = spec.facet && spec.facet.field;
  const name = spec.data && spec.data.name;
  const cells = field && name in spec.datasets ? new Set(spec.datasets[name].map((row) => row[field])).size : fitting;
  spec.columns = Math.min(fitting, cells || 1, spec.columns || fitting);
  const inner = spec.spec && spec.spec.width;
  if (typeof inner === "number") {
    const room = Math.floor(width / spec.columns) - cell;
    spec.spec.width = Math.round(Math.max(inner * 0.8, Math.min(inner * WIDEST, inner + room)));
  }
}

async function draw(figure) {
  const place = figure.querySelector(".drawing");
  const width = Math.floor(figure.clientWidth); // the drawing's own place may shrink to it
  const before = drawn.get(figure);
  if (width === 0 || (before !== undefined && before.width === width)) return;
  drawn.set(figure, { width, view: before && before.view });
  const spec = embedded(figure.dataset.spec);
  spec.datasets = {};
  // in a narrow window legends stand below each other, or they would be cut
  spec.config = width < NARROW ? { ...config, legend: { ...config.legend, ...STACKED } } : config;
  if (figure.dataset.fit === "width") {
    spec.width = Math.min(width - 8, Number(figure.dataset.max));
    spec.autosize = { type: "fit-x", contains: "padding" };
  } else if (figure.dataset.fit === "columns") {
    widen(spec, width, Number(figure.dataset.cell));
  }
  const name = place.getAttribute("aria-label");
  try {
    let marks = 0;
    for (const [name, compact] of Object.entries(embedded(`data-${figure.id}`))) {
      spec.datasets[name] = await (compact.features ? featurePoints(compact) : toRows(compact));
      marks += spec.datasets[name].length;
    }
    // another width was asked for while the data were unpacked
    if (drawn.get(figure).width !== width) return;
    const found = await window.vegaEmbed(place, spec, {
      mode: "vega-lite", actions: false, ast: isInterpreted, defaultStyle: false, renderer: marks > 3000 ? "canvas" : "svg",
      ...(isInterpreted ? { tooltip: { disableDefaultStyle: true } } : {}),
    });
    if (before && before.view) before.view.finalize();
    drawn.set(figure, { width, view: found.view });
    place.dataset.drawn = "true";
    figure.dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail: found.view }));
    // the drawing has one name, the figure's own, which Vega replaced
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", name);
    place.removeAttribute("aria-roledescription");
    for (const part of place.querySelectorAll("svg, canvas")) {
      part.setAttribute("aria-hidden", "true");
      part.removeAttribute("role");
      part.removeAttribute("aria-roledescription");
      part.removeAttribute("aria-label");
      part.removeAttribute("tabindex");
    }
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  } catch (error) {
    place.dataset.drawn = "failed";
    place.textContent = `This figure could not be drawn${isInterpreted ? "." : "; it lies as a picture in the folder figures."}`;
    console.error(`${figure.id}: ${error}`);
  }
}

// ---- what is in view
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    if (entry.target.tagName === "FIGURE") draw(entry.target);
    else tabulate(entry.target);
  }
}, { rootMargin: "600px" });

// Begins with the figures, tables and choices of a part of the document.
function begin(part) {
  for (const block of part.querySelectorAll("figure, .table")) {
    if (block.dataset.max) block.style.setProperty("--most", `${block.dataset.max}px`);
    watcher.observe(block);
  }
  for (const choice of part.querySelectorAll(".choice")) {
    const pick = byId(`${choice.id}-pick`);
    if (pick === null) continue;
    pick.addEventListener("change", () => {
      for (const panel of choice.children) {
        if (panel.classList.contains("panel")) panel.hidden = panel.dataset.index !== pick.value;
      }
    });
  }
}

let waiting = null;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { for (const figure of drawn.keys()) draw(figure); }, 200);
});
