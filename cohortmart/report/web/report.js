// Draws figures and tables of the page that is shown, when they come into view.
// Values reach the page only as text nodes and as data: nothing in them can become HTML.
const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("config").textContent);

function embedded(id) {
  const holder = byId(id);
  return holder === null ? null : JSON.parse(holder.textContent);
}

// Columns (texts as numbers of a list of levels; one of several tables by its name) to rows.
function toRows(compact) {
  const columns = Object.entries(compact.columns).map(([name, given]) => {
    const column = typeof given === "string" ? embedded(given) : given;
    return [name, Array.isArray(column) ? column : column.codes.map((c) => (c === null ? null : column.levels[c]))];
  });
  const rows = new Array(compact.n);
  for (let i = 0; i < compact.n; i += 1) {
    const row = {};
    for (const [name, values] of columns) row[name] = values[i];
    rows[i] = row;
  }
  return rows;
}

// ---- figures
const drawn = new Map(); // figure -> { width, view }

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
  const data = embedded(`data-${figure.id}`);
  spec.datasets = {};
  let marks = 0;
  for (const [name, compact] of Object.entries(data)) {
    spec.datasets[name] = toRows(compact);
    marks += compact.n;
  }
  // in a narrow window legends stand below each other, or they would be cut
  spec.config = width < NARROW ? { ...config, legend: { ...config.legend, ...STACKED } } : config;
  if (figure.dataset.fit === "width") {
    spec.width = Math.min(width - 8, Number(figure.dataset.max));
    spec.autosize = { type: "fit-x", contains: "padding" };
  } else if (figure.dataset.fit === "columns") {
    widen(spec, width, Number(figure.dataset.cell));
  }
  try {
    const found = await window.vegaEmbed(place, spec, {
      mode: "vega-lite", actions: false, ast: false, defaultStyle: false, renderer: marks > 3000 ? "canvas" : "svg",
    });
    if (before && before.view) before.view.finalize();
    drawn.set(figure, { width, view: found.view });
    place.dataset.drawn = "true";
    // the drawing has one name, the figure's own
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
    place.textContent = "This figure could not be drawn; it lies as a picture in the folder figures.";
    console.error(`${figure.id}: ${error}`);
  }
}

// ---- tables
// three digits, zeros at the end too: 5.00 says more than 5, and decimals stand in line
const NUMBER = new Intl.NumberFormat("en-GB", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const INTEGER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

function written(value, kind) {
  if (value === null || value === undefined) return "";
  if (kind === "text" || typeof value === "string") return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (kind === "integer") return INTEGER.format(value);
  if (kind === "p" && value === 0) return "< 1e-300"; // smaller than a number can be
  if (value === 0) return kind === "percent" ? "0 %" : "0";
  if (kind === "percent") return `${NUMBER.format(100 * value)} %`;
  const size = Math.abs(value);
  if (kind === "p") return size !== 0 && size < 0.001 ? value.toExponential(1) : value.toPrecision(2);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toExponential(2);
  return NUMBER.format(value);
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
}

function tabulate(holder) {
  if (holder.dataset.drawn === "true") return;
  holder.dataset.drawn = "true";
  const { columns, rows: compact } = embedded(`data-${holder.id}`);
  const rows = toRows(compact);
  // a column of whole numbers has no decimals, whatever it could hold
  const kinds = columns.map((c) => (
    c.kind === "number" && rows.every((row) => row[c.name] === null || Number.isInteger(row[c.name])) ? "integer" : c.kind));
  const texts = rows.map((row) => columns.map((c, j) => written(row[c.name], kinds[j])));
  const searched = texts.map((cells) => cells.join("\u0000").toLowerCase());
  let order = rows.map((_, i) => i);
  let sorted = null;
  const body = element("tbody", {});
  // names stay on one line, sentences get room
  const longest = (j) => texts.reduce((most, cells) => Math.max(most, cells[j].length), 0);
  const looks = columns.map((c, j) => (c.kind !== "text" ? "right" : `text ${longest(j) > 34 ? "long" : "short"}`));
  const counted = (n) => (n === 1 ? "1 row" : `${INTEGER.format(n)} rows`);
  const count = element("span", { class: "count", "aria-live": "polite" });
  let wanted = "";

  const fill = () => {
    const shown = order.filter((i) => searched[i].includes(wanted));
    body.replaceChildren(...shown.map((i) => element("tr", {}, ...columns.map((_, j) =>
      element("td", { class: looks[j] }, texts[i][j])))));
    count.textContent = shown.length === rows.length ? counted(rows.length) : `${shown.length} of ${counted(rows.length)}`;
  };
  const heads = columns.map((c) => {
    const button = element("button", { type: "button" }, c.label);
    const head = element("th", { scope: "col", class: c.kind === "text" ? "" : "right" }, button);
    button.addEventListener("click", () => {
      const falling = sorted === c.name && head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      sorted = c.name;
      const missing = (i) => rows[i][c.name] === null || rows[i][c.name] === undefined;
      order.sort((a, b) => (missing(a) || missing(b)
        ? compare(rows[a][c.name], rows[b][c.name])
        : (falling ? -1 : 1) * compare(rows[a][c.name], rows[b][c.name])) || a - b);
      fill();
    });
    return head;
  });
  const tools = holder.querySelector(".tools");
  if (rows.length > 8) {
    const box = element("input", { type: "search", id: `${holder.id}-search` });
    box.addEventListener("input", () => { wanted = box.value.trim().toLowerCase(); fill(); });
    tools.append(element("label", { for: box.id }, "Search"), box);
  }
  tools.append(count);
  fill();
  holder.querySelector(".rows").append(
    element("table", { "aria-labelledby": `${holder.id}-title` },
      element("thead", {}, element("tr", {}, ...heads)), body));
}

// ---- what is in view
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    if (entry.target.tagName === "FIGURE") draw(entry.target);
    else tabulate(entry.target);
  }
}, { rootMargin: "600px" });
for (const block of document.querySelectorAll("figure, .table")) watcher.observe(block);

let waiting = null;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { for (const figure of drawn.keys()) draw(figure); }, 200);
});

// ---- choices and pages
for (const choice of document.querySelectorAll(".choice")) {
  const pick = byId(`${choice.id}-pick`);
  if (pick === null) continue;
  pick.addEventListener("change", () => {
    for (const panel of choice.children) {
      if (panel.classList.contains("panel")) panel.hidden = panel.dataset.index !== pick.value;
    }
  });
}

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
