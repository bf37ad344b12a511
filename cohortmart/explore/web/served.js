// Tables of which the server has the rows: it filters, sorts and turns the pages.
async function serve(holder, columns, first, served) {
  const state = { q: "", sort: served.sorts[0], falling: false, skipped: 0, n: served.n };
  let asked = 0;
  const tools = holder.querySelector(".tools");
  const body = element("tbody", {});
  const count = element("span", { class: "count", "aria-live": "polite" });
  const box = element("input", { type: "search", id: `${holder.id}-search`, placeholder: "id or gene", autocomplete: "off" });
  const before = element("button", { type: "button" }, "Previous");
  const after = element("button", { type: "button" }, "Next");
  const page = Math.max(first.length, 1);
  const links = served.files.map(([title]) => element("a", { class: "file", download: "" }, title));

  const address = (base, names) => {
    const url = new URL(base, window.location.origin);
    for (const name of names) {
      const value = typeof state[name] === "boolean" ? (state[name] ? "1" : "") : String(state[name]);
      if (value !== "" && value !== "0") url.searchParams.set(name, value);
    }
    return url.pathname + url.search;
  };
  const fill = (rows) => {
    const shown = new Rows(columns, rows);
    body.replaceChildren(...rows.map((_, i) => element("tr", {}, ...columns.map((c, j) =>
      element("td", { class: shown.looks[j] }, shown.cell(i, j))))));
    const last = state.skipped + rows.length;
    const places = rows.length === 0 ? "" : `${INTEGER.format(state.skipped + 1)} to ${INTEGER.format(last)} of `;
    count.textContent = `${places}${state.n === 1 ? "1 row" : `${INTEGER.format(state.n)} rows`}`;
    before.disabled = state.skipped === 0;
    after.disabled = last >= state.n;
    served.files.forEach(([, base], i) => links[i].setAttribute("href", address(base, ["q", "sort", "falling"])));
  };
  const ask = async () => {
    asked += 1;
    const number = asked;
    holder.classList.add("waiting");
    try {
      const answer = await fetch(address(served.rows, ["q", "sort", "falling", "skipped"]));
      const found = await answer.json();
      if (number !== asked) return;
      if (!answer.ok) { count.textContent = found.said; return; }
      state.n = found.n;
      fill(found.rows);
    } catch {
      if (number === asked) count.textContent = "The explorer does not answer.";
    } finally {
      if (number === asked) holder.classList.remove("waiting");
    }
  };
  const turn = (by) => { state.skipped = Math.max(state.skipped + by, 0); ask(); };
  before.addEventListener("click", () => turn(-page));
  after.addEventListener("click", () => turn(page));
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.q = box.value.trim(); state.skipped = 0; ask(); }, 150);
  });
  const heads = columns.map((c, j) => {
    const isSorted = served.sorts.includes(c.name);
    const inside = isSorted ? element("button", { type: "button" }, c.label) : c.label;
    const head = element("th", { scope: "col", class: c.kind === "text" ? "" : "right" }, inside);
    if (c.name === state.sort) head.setAttribute("aria-sort", "ascending");
    if (isSorted) {
      inside.addEventListener("click", () => {
        state.falling = head.getAttribute("aria-sort") === "ascending";
        state.sort = columns[j].name;
        state.skipped = 0;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", state.falling ? "descending" : "ascending");
        ask();
      });
    }
    return head;
  });
  tools.append(element("label", { for: box.id }, "Search"), box, count, before, after, ...links);
  fill(first);
  holder.querySelector(".rows").append(
    element("table", { "aria-labelledby": `${holder.id}-title` },
      element("thead", {}, element("tr", {}, ...heads)), body));
  holder.dataset.drawn = "true";
}
