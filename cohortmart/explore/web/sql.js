// SQL page: runs the query of its editor, draws the rows, and lists the tables.
const { element, followers, moved, speak, tabulate, INTEGER } = window.explorer;
const PAGE = window.crypto.randomUUID(); // whose query it is: a new one stops the one before
let begun = 0;
let running = false;

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

const stop = () => post("/sql/stop", { page: PAGE }).catch(() => {});
const sqlAddress = (query) => `/sql?${new URLSearchParams({ query })}`;

// ---- the editor
function insert(box, name) {
  const before = box.value.slice(0, box.selectionStart);
  const after = box.value.slice(box.selectionEnd);
  const text = `${before === "" || /[\s(,.]$/.test(before) ? "" : " "}${name}${/^[\s),;.]/.test(after) ? "" : " "}`;
  box.value = before + text + after;
  const place = before.length + text.length;
  box.setSelectionRange(place, place);
  box.focus();
}

function edit(main, box) {
  const form = box.form;
  const runs = element("div", { class: "runs" });
  const run = form.querySelector("button[type=submit]");
  run.textContent = "Run";
  run.classList.add("first");
  const end = element("button", { type: "button", disabled: "" }, "Stop");
  const said = element("span", { class: "caption" });
  runs.append(run, end, said);
  const asks = element("div", { class: "asks" });
  const place = element("div", { class: "sql" }, asks);
  form.replaceWith(place);
  form.append(runs);
  const answer = element("div", { class: "answer" });
  asks.append(form, answer);
  const downloads = main.querySelector(".downloads");
  if (downloads) asks.append(downloads);
  const tables = element("section", { class: "tables" });
  place.append(tables);
  list(tables, box);
  const asked = { box, end, said, answer, downloads };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    ask(asked, true);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    ask(asked, true);
  });
  box.setAttribute("spellcheck", "false");
  box.setAttribute("autocapitalize", "off");
  end.addEventListener("click", stop);
  if (downloads) downloads.hidden = true;
  if (box.value.trim() !== "") ask(asked, false);
}

async function ask(asked, push) {
  const { box, end, said, answer, downloads } = asked;
  const query = box.value;
  if (push && sqlAddress(query) !== window.location.pathname + window.location.search) {
    window.history.pushState({}, "", sqlAddress(query));
    moved();
  }
  begun += 1;
  const number = begun;
  const start = performance.now();
  running = true;
  end.disabled = false;
  const tell = () => { said.textContent = `running, ${((performance.now() - start) / 1000).toFixed(0)} s`; };
  const clock = setInterval(tell, 500);
  let given;
  try {
    given = await post("/sql/run", { query, page: PAGE });
  } catch {
    given = { fault: { problem: "The explorer does not answer; is it still running?" } };
  }
  clearInterval(clock);
  if (number !== begun || !answer.isConnected) return;
  running = false;
  end.disabled = true;
  said.textContent = "";
  if (given.fault) fault(answer, box, given.fault);
  else rows(answer, box, given);
  if (!downloads) return;
  downloads.hidden = Boolean(given.fault);
  for (const link of downloads.querySelectorAll("a")) {
    const address = new URL(link.href);
    address.searchParams.set("query", query);
    link.href = address.pathname + address.search;
  }
}

// ---- the answer
function fault(answer, box, { problem, expected, hint }) {
  box.setAttribute("aria-invalid", "true");
  const more = [expected && `Expected: ${expected}.`, hint].filter((words) => words);
  const said = element("div", { class: "fault", role: "alert" },
    element("pre", { tabindex: "0" }, problem), ...more.map((words) => element("p", {}, words)));
  answer.replaceChildren(said);
}

const isNumber = (type) => /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|FLOAT|DOUBLE|REAL)$/.test(type);

function rows(answer, box, { columns, rows: given, is_all: isAll, seconds }) {
  box.removeAttribute("aria-invalid");
  const n = INTEGER.format(given.length);
  const counted = given.length === 1 && isAll ? "1 row" : isAll ? `${n} rows` : `The first ${n} rows; there are more`;
  const words = `${counted}, ${INTEGER.format(1000 * seconds)} ms`;
  const plan = columns.length === 2 && columns[0].name === "explain_key";
  if (plan) answer.replaceChildren(element("pre", { tabindex: "0" }, given.map((row) => row[1]).join("\n")));
  else {
    const shown = columns.map((c, j) => ({
      name: `c${j}`, label: c.name, kind: isNumber(c.type) ? "exact" : "text", missing: "null",
    }));
    const table = Object.fromEntries(shown.map((c, j) => [c.name, given.map((row) => row[j])]));
    const holder = element("div", { class: "table", id: "result" },
      element("h2", { id: "result-title" }, "Result"), element("p", { class: "caption" }, words),
      element("div", { class: "tools" }),
      element("div", { class: "rows", tabindex: "0", role: "region", "aria-labelledby": "result-title" }));
    const data = element("script", { type: "application/json", id: "data-result" },
      JSON.stringify({ columns: shown, rows: { columns: table, n: given.length } }));
    answer.replaceChildren(data, holder);
    tabulate(holder);
  }
  speak(words);
}

// ---- the tables
let known = null; // of the warehouse of now

async function list(holder, box) {
  const title = element("h2", { id: "tables-title" }, "Tables");
  const field = element("input", { type: "search", id: "tables-search", placeholder: "Name or words" });
  const places = element("div", { class: "list", tabindex: "0", role: "region", "aria-labelledby": "tables-title" });
  holder.append(title, element("label", { for: "tables-search", class: "unseen" }, "Search tables and columns"), field, places);
  const state = document.documentElement.dataset.state;
  if (known === null || known.state !== state) {
    try {
      const answer = await fetch("/sql/tables");
      known = { state, tables: (await answer.json()).tables };
    } catch { return; }
  }
  const has = (words, wanted) => words.toLowerCase().includes(wanted);
  const fill = () => {
    const wanted = field.value.trim().toLowerCase();
    places.replaceChildren(...known.tables.flatMap((table) => {
      const columns = table.columns.filter((c) => has(`${c.name} ${c.about}`, wanted));
      const isNamed = has(`${table.name} ${table.about}`, wanted);
      if (!isNamed && columns.length === 0) return [];
      return [described(table, isNamed ? table.columns : columns, box, wanted !== "" && !isNamed)];
    }));
    if (places.children.length === 0) places.append(element("p", { role: "status" }, "No table has this."));
  };
  field.addEventListener("input", fill);
  fill();
}

function described(table, columns, box, isOpen) {
  const named = (name, about) => {
    const button = element("button", { type: "button", "aria-label": `Insert ${name}` }, name);
    button.addEventListener("click", () => insert(box, name));
    return [button, ...about];
  };
  const details = element("details", {}, element("summary", {}, table.name));
  const open = () => {
    if (details.children.length > 1) return;
    details.append(element("ul", {},
      element("li", {}, ...named(table.name, [element("span", { class: "about" }, table.about)])),
      ...columns.map((c) => element("li", {}, ...named(c.name, [
        " ", element("span", { class: "kind" }, c.kind), element("span", { class: "about" }, c.about)])))));
  };
  details.addEventListener("toggle", open);
  if (isOpen) { open(); details.open = true; }
  return details;
}

followers.push((main) => {
  if (running) { running = false; stop(); }
  const box = main.querySelector("form[action='/sql'] textarea");
  if (box) edit(main, box);
});
