// Features of an analysis: packed columns, unpacked when a table or picture of a contrast is shown.
// Values reach the page only as text nodes and as data: nothing in them can become HTML.
const byId = (id) => document.getElementById(id);

function embedded(id) {
  const holder = byId(id);
  return holder === null ? null : JSON.parse(holder.textContent);
}

// ---- packed columns
async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// First the lowest bytes of all numbers, then the next ones.
async function codesOf(text) {
  const bytes = await inflated(text);
  const n = bytes.length / 4;
  const codes = new Array(n);
  for (let i = 0; i < n; i += 1) {
    codes[i] = bytes[i] + 256 * (bytes[n + i] + 256 * (bytes[2 * n + i] + 256 * bytes[3 * n + i]));
  }
  return codes;
}

// Three (or four) digits and an exponent, see packed.py.
function numberOf(code, digits = 3) {
  if (code < 2) return code === 0 ? null : 0;
  const place = Math.floor((code - 2) / 2);
  const least = 10 ** (digits - 1);
  const size = Number(`${least + (place % (9 * least))}e${Math.floor(place / (9 * least)) - 309 - digits}`);
  return code % 2 === 0 ? size : -size;
}

function integerOf(code) {
  if (code === 0) return null;
  return code % 2 === 1 ? (code - 1) / 2 : (2 - code) / 2;
}

// A list of numbers, or a packed one.
async function numbersOf(column) {
  if (Array.isArray(column)) return column;
  const codes = await codesOf(column.packed);
  return codes.map((code) => (column.as === "integer" ? integerOf(code) : numberOf(code, 4)));
}


// Columns (texts as numbers of a list of levels; one of several tables by its name) to rows.
async function toRows(compact) {
  const columns = await Promise.all(Object.entries(compact.columns).map(async ([name, given]) => {
    const column = typeof given === "string" ? embedded(given) : given;
    if (column.levels === undefined) return [name, await numbersOf(column)];
    const codes = await numbersOf(column.codes);
    return [name, codes.map((c) => (c === null ? null : column.levels[c]))];
  }));
  const rows = new Array(compact.n);
  for (let i = 0; i < compact.n; i += 1) {
    const row = {};
    for (const [name, values] of columns) row[name] = values[i];
    rows[i] = row;
  }
  return rows;
}

const textsOf = async (id) => JSON.parse(new TextDecoder().decode(await inflated(embedded(id))));

const unpacked = new Map(); // id of an element -> promise of its columns
function once(id, make) {
  if (!unpacked.has(id)) unpacked.set(id, make());
  return unpacked.get(id);
}

const sharedColumns = (name) => once(name, async () => {
  const { ids, names, level } = embedded(name);
  return {
    id: await once(ids, () => textsOf(ids)),
    name: await once(names, () => textsOf(names)),
    level: (await codesOf(level)).map((code) => numberOf(code)),
  };
});

async function contrastColumns(name, place) {
  const given = embedded(`${name}-${place}`);
  const p = await codesOf(given.p);
  const steps = await codesOf(given.adj_p);
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b] || a - b);
  const adjusted = new Array(p.length);
  let code = 0;
  order.forEach((i, k) => {
    code += steps[k] % 2 === 0 ? steps[k] / 2 : -(steps[k] + 1) / 2;
    adjusted[i] = numberOf(code);
  });
  return {
    log_fc: (await codesOf(given.log_fc)).map((code) => numberOf(code)),
    p: p.map((code) => numberOf(code)),
    adj_p: adjusted,
    found: await codesOf(given.found),
    order,
  };
}

// Columns of a contrast by name, and the features in order of P.
async function featureColumns(name, place) {
  return { ...(await sharedColumns(name)), ...(await contrastColumns(name, place)) };
}

async function featurePoints({ features, place, x, y }) {
  const columns = await featureColumns(features, place);
  columns.height = columns.p.map((p) => (p === null ? null : Math.min(320, -Math.log10(Math.max(p, 1e-320)))));
  const points = [];
  for (let i = 0; i < columns.p.length; i += 1) {
    if (columns.p[i] === null || columns[x][i] === null) continue;
    const change = columns.log_fc[i];
    const name = columns.name[i];
    points.push({
      x: columns[x][i],
      y: columns[y][i],
      direction: columns.found[i] === 0 ? "neither" : change > 0 ? "up" : "down",
      name: name === null || name === columns.id[i] ? columns.id[i] : `${fewNames(name)} (${columns.id[i]})`,
    });
  }
  return points;
}

// Of a probe in many genes the first three.
function fewNames(names) {
  const parts = names.split(", ");
  return parts.length > 3 ? `${parts.slice(0, 3).join(", ")}, …` : names;
}
