"use strict";
// The gap explorer: draws the gaps of a filled table from the data of the page, and saves which fills are refused.

const data = JSON.parse(document.getElementById("lf-data").textContent);
const MOST_ROWS = 2000; // steps that are drawn; of more, only the extremes of each bin
const MOST_VALUES = 500; // rows of the table of values
const LEAST_CONTEXT = 12; // steps on both sides of a gap that are shown at first
const MOST_CONTEXT = 1000;
const ERRORS = 1; // of the log levels of Vega
const element = (id) => document.getElementById(id);

// ---------------------------------------------------------------------------------------------------- data

function decode(encoded) {
  if (encoded === null) return null;
  const bytes = Uint8Array.from(atob(encoded.base64), (character) => character.charCodeAt(0));
  return encoded.type === "f4" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

const cells = { candidates: {} }; // of all gaps, one after the other
for (const name of ["value", "lower", "upper", "expected"]) cells[name] = decode(data.cells[name]);
for (const [name, values] of Object.entries(data.cells.candidates)) cells.candidates[name] = decode(values);
const candidates = Object.keys(cells.candidates);

const stamps = data.time && data.time.stamps ? decode(data.time.stamps) : null;

function timeOf(step) {
  if (data.time === null) return step;
  return stamps ? stamps[step] : data.time.first + step * data.time.spacing;
}

function timeText(step) {
  if (data.time === null) return `step ${step}`;
  return new Date(timeOf(step)).toISOString().replace("T", " ").replace(/(:00)?(\.000)?Z$/, "");
}

let first = 0;
for (const gap of data.gaps) { // cells lie one gap after the other
  gap.first = first;
  first += gap.length;
}

for (const column of data.columns) {
  for (const stretch of column.stretches) stretch.values = decode(stretch);
  column.gaps = [];
}
for (const gap of data.gaps) data.columns[gap.column].gaps.push(gap);

// The last of some parts of a column, in the order of time, that begins at a step or before it.
function lastBefore(parts, step) {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (parts[middle].start <= step) low = middle + 1; else high = middle;
  }
  return parts[low - 1];
}

function observedAt(column, step) {
  const stretch = lastBefore(column.stretches, step);
  const value = stretch ? stretch.values[step - stretch.start] : undefined;
  return value === undefined || Number.isNaN(value) ? null : value;
}

function gapAt(column, step) {
  const gap = lastBefore(column.gaps, step);
  return gap && step < gap.start + gap.length ? gap : undefined;
}

function known(array, index) {
  return array === null || Number.isNaN(array[index]) ? null : array[index];
}

function numberText(column, value) {
  if (value === null) return "";
  return column.labels ? column.labels[Math.round(value)] : value.toFixed(column.decimals);
}

// What is known of each step between start and stop.
function cellsOf(column, start, stop) {
  const doubtful = new Map(column.doubtful.map((reading) => [reading.step, reading]));
  const found = [];
  for (let step = start; step < stop; step += 1) {
    const cell = { step, time: timeOf(step), when: timeText(step), observed: observedAt(column, step), filled: null };
    const gap = gapAt(column, step);
    const doubt = doubtful.get(step);
    cell.source = cell.observed === null ? "missing" : "observed";
    if (doubt) {
      cell.doubtful = doubt.value;
      cell.observed = null;
      cell.source = `observed, ${doubt.reason}: wrong with a probability of ${doubt.probability}`;
    }
    if (gap) {
      const index = gap.first + step - gap.start;
      cell.filled = known(cells.value, index);
      for (const name of ["lower", "upper", "expected"]) cell[name] = known(cells[name], index);
      for (const name of candidates) cell[`estimate_${name}`] = known(cells.candidates[name], index);
      cell.source = gap.filled_by || "missing";
    }
    cell.value = cell.filled ?? cell.observed ?? cell.doubtful ?? null;
    found.push(cell);
  }
  return found;
}

// The cells with the smallest and the largest value of each of as many bins as can be drawn.
function extremes(found) {
  const width = Math.ceil((2 * found.length) / MOST_ROWS);
  const kept = [];
  for (let start = 0; start < found.length; start += width) {
    const bin = found.slice(start, start + width).filter(({ value }) => value !== null);
    bin.sort((a, b) => a.value - b.value);
    if (!bin.length) kept.push(found[start]);
    else kept.push(...[...new Set([bin[0], bin.at(-1)])].sort((a, b) => a.step - b.step));
  }
  return kept;
}

// ------------------------------------------------------------------------------------------------- drawing

const contextOf = (length) => Math.max(LEAST_CONTEXT, Math.min(MOST_CONTEXT, 2 * length));

// The cells as rows of the figure: fills, their bounds and the candidates begin and end at the readings beside them.
function rowsOf(column, found) {
  return found.map((cell, index) => {
    const neighbours = [found[index - 1], found[index + 1]].filter(Boolean);
    const joins = cell.observed !== null && neighbours.some(({ filled }) => filled !== null);
    const ended = (value) => (joins ? cell.observed : value ?? null);
    return {
      ...cell,
      single: cell.observed !== null && neighbours.every(({ observed }) => observed === null) ? cell.observed : null,
      path: ended(cell.filled),
      band_low: ended(cell.lower),
      band_high: ended(cell.upper),
      ...Object.fromEntries(candidates.map((name) => [`estimate_${name}`, ended(cell[`estimate_${name}`])])),
      ...tooltip(column, cell),
    };
  });
}

function tooltip(column, cell) {
  const alone = (name) => [`alone_${name}`, numberText(column, cell[`estimate_${name}`] ?? null)];
  return {
    until: timeOf(Math.min(cell.step + 1, data.steps - 1)),
    reading: numberText(column, cell.value),
    error: errorText(cell.expected ?? null),
    bounds: (cell.lower ?? null) === null ? "" : `${numberText(column, cell.lower)} to ${numberText(column, cell.upper)}`,
    ...Object.fromEntries(candidates.map(alone)),
  };
}

function errorText(expected) {
  return expected === null ? "" : `±${Number(expected.toPrecision(3))}`;
}

const FIELDS = { observed: "observed", filled: "filled", interval: "lower", doubtful: "doubtful" }; // of the legend

// The figure of a column with these rows, the lines of the compared candidates only, and a legend of what there is.
function figureOf(column, rows, compared) {
  const figure = structuredClone(data.figures[column.figure]);
  const left = candidates.filter((name) => !compared.includes(name));
  const absent = Object.keys(FIELDS).filter((name) => rows.every((row) => (row[FIELDS[name]] ?? null) === null));
  const dropped = new Set([...left, ...absent]);
  const fields = new Set(left.map((name) => `estimate_${name}`));
  for (const { layer } of figure.layer.filter((each) => each.layer)) {
    for (const part of layer) if (part.encoding.color?.scale) keepInLegend(part, dropped);
  }
  for (const each of figure.layer) {
    if (each.layer) each.layer = each.layer.filter((part) => !fields.has(part.encoding.y?.field));
  }
  figure.datasets = { ...figure.datasets, cells: rows };
  return figure;
}

// Takes parts out of the layer that makes the legend.
function keepInLegend(layer, dropped) {
  const { scale, field } = layer.encoding.color;
  scale.range = scale.range.filter((_, index) => !dropped.has(scale.domain[index]));
  scale.domain = scale.domain.filter((name) => !dropped.has(name));
  layer.transform = [{ filter: { field, oneOf: scale.domain } }];
}

async function draw(target, column, start, stop, compared) {
  const found = cellsOf(column, Math.max(0, start), Math.min(data.steps, stop));
  const rows = rowsOf(column, found.length > MOST_ROWS ? extremes(found) : found);
  const options = { actions: false, renderer: "svg", logLevel: ERRORS };
  await vegaEmbed(target.firstElementChild, figureOf(column, rows, compared), options); // which sets its own label
}

// The figures of what to look at, each when it comes into sight, and all before the page is printed.
const drawn = new Set();
function drawLook(target) {
  if (drawn.has(target)) return;
  drawn.add(target);
  const column = data.columns.find(({ name }) => name === target.dataset.column);
  const [start, length] = [Number(target.dataset.start), Number(target.dataset.length)];
  const context = contextOf(length);
  draw(target, column, start - context, start + length + context, []);
}
const looks = [...document.querySelectorAll("figure.drawn")];
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawLook(entry.target);
}, { rootMargin: "400px" });
for (const look of looks) observer.observe(look);
window.addEventListener("beforeprint", () => looks.forEach(drawLook));

// ------------------------------------------------------------------------------------------------ explorer

const state = { gaps: [], position: 0, context: null, compared: new Set(), refused: new Map() };
const current = () => state.gaps[state.position];
const orders = {
  time: (a, b) => a.column - b.column || a.start - b.start,
  length: (a, b) => b.length - a.length,
  share: (a, b) => (b.share ?? -1) - (a.share ?? -1),
  departure: (a, b) => (b.departure ?? -1) - (a.departure ?? -1),
};

function listGaps(kept) {
  const column = element("lf-column").value;
  const chosen = column === "" ? data.gaps : data.columns[Number(column)].gaps;
  state.gaps = [...chosen].sort(orders[element("lf-order").value]);
  state.position = Math.max(0, state.gaps.indexOf(kept));
  state.context = null;
  show();
}

function move(by) {
  state.position = (state.position + by + state.gaps.length) % state.gaps.length;
  state.context = null;
  show();
}

function zoom(factor) {
  const context = state.context ?? contextOf(current().length);
  state.context = Math.min(data.steps, Math.max(LEAST_CONTEXT, Math.round(context * factor)));
  show();
}

function aboutGap(gap, column) {
  const last = gap.start + gap.length - 1;
  const when = gap.length === 1 ? timeText(gap.start) : `${timeText(gap.start)} to ${timeText(last)}, ${gap.length} steps`;
  const parts = [`${column.name}: ${when}`];
  parts.push(gap.filled_by ? `filled by ${gap.filled_by}` : "empty");
  if (gap.expected !== null) parts.push(`expected error ${errorText(gap.expected)}`);
  if (gap.share !== null) parts.push(`${Math.round(100 * gap.share)} % of the error of a guess`);
  return `${parts.join("; ")}.`;
}

function show() {
  const gap = current();
  if (!gap) return;
  const column = data.columns[gap.column];
  const context = state.context ?? contextOf(gap.length);
  element("lf-position").textContent = `gap ${state.position + 1} of ${state.gaps.length}`;
  element("lf-about").textContent = aboutGap(gap, column);
  element("lf-refuse").checked = state.refused.has(gap);
  element("lf-figure").setAttribute("aria-label", aboutGap(gap, column));
  listValues(gap, column);
  draw(element("lf-figure"), column, gap.start - context, gap.start + gap.length + context, [...state.compared]);
}

function listValues(gap, column) {
  const headings = ["time", "value", "expected error", "lower", "upper", ...candidates];
  const found = cellsOf(column, gap.start, gap.start + Math.min(gap.length, MOST_VALUES));
  const texts = (cell) => [cell.when, numberText(column, cell.filled), errorText(cell.expected),
    ...["lower", "upper", ...candidates.map((name) => `estimate_${name}`)].map((name) => numberText(column, cell[name]))];
  const head = document.createElement("thead");
  const body = document.createElement("tbody");
  head.append(rowOfTable("th", headings));
  body.append(...found.map((cell) => rowOfTable("td", texts(cell))));
  element("lf-values").replaceChildren(head, body);
}

function rowOfTable(tag, texts) {
  const row = document.createElement("tr");
  row.append(...texts.map((text) => Object.assign(document.createElement(tag), { textContent: text })));
  return row;
}

function refuse(refused) {
  if (refused) state.refused.set(current(), true);
  else state.refused.delete(current());
  element("lf-refuse").checked = refused;
  const count = state.refused.size;
  element("lf-save").disabled = count === 0;
  element("lf-decided").textContent = count === 0 ? "" : `${count} ${count === 1 ? "fill" : "fills"} refused, not saved`;
}

function decisions() {
  const refused = [...state.refused.keys()].map((gap) => ({
    column: data.columns[gap.column].name, from: gap.from, to: gap.to,
  }));
  return { format: 1, table: data.table, refused };
}

function save() {
  const file = new Blob([`${JSON.stringify(decisions(), null, 1)}\n`], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "decisions.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  state.saved = state.refused.size;
  element("lf-decided").textContent = `${state.saved} ${state.saved === 1 ? "fill" : "fills"} refused, saved in decisions.json`;
}

const keys = {
  ArrowRight: () => move(1), ArrowLeft: () => move(-1), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
  r: () => refuse(!state.refused.has(current())),
};

function prepare() {
  const select = element("lf-column");
  select.append(new Option(`all columns (${data.gaps.length} gaps)`, ""));
  data.columns.forEach((column, number) => {
    if (column.gaps.length) select.append(new Option(`${column.name} (${column.gaps.length})`, String(number)));
  });
  for (const name of candidates) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name });
    box.addEventListener("change", () => {
      if (box.checked) state.compared.add(name); else state.compared.delete(name);
      show();
    });
    label.append(box, ` ${name}`);
    element("lf-candidates").append(label);
  }
  element("lf-candidates").hidden = candidates.length === 0;
  if (data.left_out) element("lf-left-out").textContent = `${data.left_out} more gaps are not in this page: they are shorter, more certain and nearer to linear interpolation.`;
  select.addEventListener("change", () => listGaps());
  element("lf-order").addEventListener("change", () => listGaps());
  element("lf-previous").addEventListener("click", () => move(-1));
  element("lf-next").addEventListener("click", () => move(1));
  element("lf-out").addEventListener("click", () => zoom(2));
  element("lf-in").addEventListener("click", () => zoom(0.5));
  element("lf-refuse").addEventListener("change", (event) => refuse(event.target.checked));
  element("lf-save").addEventListener("click", save);
  element("lf-explorer").addEventListener("keydown", (event) => {
    const press = event.target.matches("select, input") || event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (press) { event.preventDefault(); press(); }
  });
  for (const button of document.querySelectorAll("[data-gap]")) {
    button.addEventListener("click", () => {
      select.value = "";
      listGaps(data.gaps.find((gap) => gap.number === Number(button.dataset.gap)));
      element("explorer").scrollIntoView({ behavior: "smooth" });
      element("lf-explorer").focus({ preventScroll: true });
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (state.refused.size > 0 && state.saved !== state.refused.size) event.preventDefault();
  });
  listGaps();
}

if (data.gaps.length) prepare();
else element("explorer").hidden = true;
