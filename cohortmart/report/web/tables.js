// Tables: sorted, searched, saved. One with features in reach draws the first rows of what matches.
// three digits, zeros at the end too: 5.00 says more than 5, and decimals stand in line
const NUMBER = new Intl.NumberFormat("en-GB", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const INTEGER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const MOST_ROWS = 400; // drawn at once, of a table without features in reach

function written(value, kind) {
  if (value === null || value === undefined) return "";
  if (kind === "text" || kind === "exact" || typeof value === "string") return String(value);
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

// ---- csv
// Values as they are stored. A cell that a spreadsheet would take for a formula begins with '.
function csvCell(value) {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    text = `'${text}`;
  }
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvText(columns, rows) {
  const lines = [columns.map((c) => csvCell(c.label))];
  for (const row of rows) lines.push(columns.map((c) => csvCell(row[c.name])));
  return `${lines.map((cells) => cells.join(",")).join("\r\n")}\r\n`;
}

function save(name, text) {
  // the mark of UTF-8: without it Excel reads another alphabet
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// ---- rows
// All features within reach: those of the table first, the others in order of P.
async function reachedRows(reach, first) {
  const columns = await featureColumns(reach.features, reach.place);
  const rowOf = (i, known) => {
    const row = { ...known };
    for (const [name, from] of Object.entries(reach.columns)) row[name] = columns[from][i];
    return row;
  };
  const rows = reach.positions.map((i, k) => rowOf(i, first[k]));
  const seen = new Set(reach.positions);
  for (const i of columns.order) if (!seen.has(i) && columns.p[i] !== null) rows.push(rowOf(i, {}));
  return rows;
}

async function tabulate(holder) {
  if (holder.dataset.begun === "true") return;
  holder.dataset.begun = "true";
  const { columns, rows: compact, reach } = embedded(`data-${holder.id}`);
  let rows;
  try {
    rows = await toRows(compact);
    if (reach) rows = await reachedRows(reach, rows);
  } catch (error) {
    holder.dataset.drawn = "failed";
    holder.querySelector(".rows").textContent = "This table needs a browser of 2023 or later.";
    console.error(`${holder.id}: ${error}`);
    return;
  }
  const tableRows = new Rows(columns, rows, reach);
  const body = element("tbody", {});
  const count = element("span", { class: "count", "aria-live": "polite" });
  const lost = element("div", { class: "lost" });
  const more = element("button", { type: "button", class: "more", hidden: "" }, "Show more rows");
  let most = reach ? reach.first : MOST_ROWS;

  const fill = () => {
    const matching = tableRows.matching();
    const shown = matching.slice(0, most);
    body.replaceChildren(...shown.map((i) => element("tr", {}, ...columns.map((c, j) =>
      element("td", { class: tableRows.looks[j] }, tableRows.cell(i, j))))));
    count.textContent = countWords(rows.length, matching.length, shown.length);
    more.hidden = shown.length === matching.length;
    lost.replaceChildren(...(matching.length === 0 && reach ? lostWords(reach, tableRows.wanted) : []));
  };
  more.addEventListener("click", () => { most += 200; fill(); });
  const heads = columns.map((c) => {
    const button = element("button", { type: "button" }, c.label);
    const head = element("th", { scope: "col", class: c.kind === "text" ? "" : "right" }, button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      tableRows.sort(c.name, falling);
      fill();
    });
    return head;
  });
  const tools = holder.querySelector(".tools");
  if (rows.length > 8) {
    const box = element("input", { type: "search", id: `${holder.id}-search` });
    box.addEventListener("input", () => { tableRows.wanted = box.value.trim().toLowerCase(); fill(); });
    tools.append(element("label", { for: box.id }, "Search"), box);
  }
  const title = byId(`${holder.id}-title`).textContent;
  const csv = element("button", { type: "button", class: "csv", "aria-label": `Save as csv: ${title}` }, "csv");
  csv.addEventListener("click", () => {
    save(`${holder.id}.csv`, csvText(columns, tableRows.matching().map((i) => rows[i])));
  });
  tools.append(count, csv);
  fill();
  holder.querySelector(".rows").append(
    element("table", { "aria-labelledby": `${holder.id}-title` },
      element("thead", {}, element("tr", {}, ...heads)), body));
  holder.querySelector(".rows").after(more, lost);
  holder.dataset.drawn = "true";
}

// The rows of a table in their order, and those that match what is looked for.
class Rows {
  constructor(columns, rows, reach) {
    this.columns = columns;
    this.rows = rows;
    this.wanted = "";
    this.isSorted = false;
    // the names of a feature are searched and saved in full, and shown in short
    this.short = reach ? fewNames : (text) => text;
    this.order = rows.map((_, i) => i);
    // of thousands of features only ids and names are searched
    this.searched = reach ? columns.filter((c) => c.kind === "text") : columns;
    // a column of whole numbers has no decimals, whatever it could hold
    this.kinds = columns.map((c) => (
      c.kind === "number" && rows.every((row) => row[c.name] === null || row[c.name] === undefined || Number.isInteger(row[c.name]))
        ? "integer" : c.kind));
    // names stay on one line, sentences get room
    this.looks = columns.map((c, j) => (c.kind !== "text" ? "right" : `text ${this.longest(j) > 34 ? "long" : "short"}`));
    this.texts = null;
  }

  text(i, j) {
    const { name, kind } = this.columns[j];
    const text = written(this.rows[i][name], this.kinds[j]);
    return kind === "text" ? this.short(text) : text;
  }

  // A text, or a link to where the row says; only addresses of this page's own house.
  cell(i, j) {
    const text = this.text(i, j);
    const { missing } = this.columns[j];
    if (missing && this.rows[i][this.columns[j].name] === null) return element("span", { class: "missing" }, missing);
    const address = this.columns[j].link && this.rows[i][this.columns[j].link];
    return address && text !== "" && /^\/(?!\/)/.test(address) ? element("a", { href: address }, text) : text;
  }

  longest(j) {
    return this.rows.reduce((most, _, i) => Math.max(most, this.text(i, j).length), 0);
  }

  matching() {
    if (this.wanted === "") return this.order;
    if (this.texts === null) {
      const kindOf = new Map(this.columns.map((c, j) => [c, this.kinds[j]]));
      this.texts = this.rows.map((row) => this.searched
        .map((c) => written(row[c.name], kindOf.get(c))).join("\u0000").toLowerCase());
    }
    const found = this.order.filter((i) => this.texts[i].includes(this.wanted));
    if (this.isSorted) return found;
    // what is called just so comes before what has it in its name
    const isWhole = (i) => this.texts[i].split(/\u0000|, /).includes(this.wanted);
    return [...found.filter(isWhole), ...found.filter((i) => !isWhole(i))];
  }

  sort(name, falling) {
    const { rows } = this;
    this.isSorted = true;
    const missing = (i) => rows[i][name] === null || rows[i][name] === undefined;
    this.order.sort((a, b) => (missing(a) || missing(b)
      ? compare(rows[a][name], rows[b][name])
      : (falling ? -1 : 1) * compare(rows[a][name], rows[b][name])) || a - b);
  }
}

function countWords(all, matching, shown) {
  const counted = (n) => (n === 1 ? "1 row" : `${INTEGER.format(n)} rows`);
  const first = shown < matching ? `, the first ${INTEGER.format(shown)} shown` : "";
  return `${matching === all ? "" : `${INTEGER.format(matching)} of `}${counted(all)}${first}`;
}

function lostWords(reach, wanted) {
  const features = embedded(reach.features);
  const said = [element("p", { role: "status" }, features.lost)];
  if (features.query !== "") {
    const query = features.query.replaceAll("$wanted", () => wanted.replaceAll("'", "''"));
    said.push(element("pre", { tabindex: "0" }, query));
  }
  return said;
}
