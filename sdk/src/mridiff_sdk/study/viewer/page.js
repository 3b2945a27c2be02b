// The page of a study: any two pictures side by side, under a slider or by turns; zoom, window and frame are common to all.
// What is shown is in `state`, which the address keeps. Texts of others reach the page as text alone.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const WHAT = { x: "reconstruction", error: "error", std: "standard deviation", samples: "samples", lower: "lower bound", upper: "upper bound",
  null_space: "left open by the data", null_space_std: "standard deviation there" };
const MAPS = ["error", "std", "null_space", "null_space_std"]; // have a scale and colours of their own
const MODES = ["side", "slider", "flicker"];
const WHOLE = { zoom: 1, x: 0.5, y: 0.5 }, AS_IT_WAS = { low: null, high: null, gain: null }; // null: what suits the scan
const state = { set: 0, scan: 0, seed: 0, frame: -1, sample: 0, mode: "side", top: "a", split: 50, a: "s0", awhat: "x", b: "", bwhat: "x",
  show: "x", table: "mean", sort: -1, down: true, ...WHOLE, ...AS_IT_WAS };
const set = () => data.sets[state.set];
const scan = () => set().scans[state.scan];
let views = [], timer = 0, later = 0, moved = false;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- what there is

function sources() {
  const shared = scan().shared.map((s, i) => ({ key: `s${i}`, name: s.name, file: `${scan().folder}/${s.file}`, range: s.range }));
  const cells = scan().cells.filter((c) => c.seed === data.seeds[state.seed]);
  return [...shared, ...cells.map((cell) => ({ key: `r${cell.row}`, name: data.rows[cell.row], cell }))];
}

function picture(source, what) {
  if (!source) return { text: "not of this scan" };
  if (!source.cell) return { file: source.file, range: source.range, shape: scan(), count: 1 };
  const { cell } = source, kind = cell.kinds?.[what];
  if (!kind) return { text: cell.error || `no ${WHAT[what]}` };
  return { file: `${cell.folder}/${what}.png`, range: kind.range, shape: cell.size ? cell : scan(), count: kind.count || 1, map: MAPS.includes(what), of: what };
}

function levels() { // black and white in per cent of the peak, and by how much errors are enlarged, as a power of two
  const { window: [low, high], peak, error } = scan();
  return { low: state.low ?? 100 * low / peak, high: state.high ?? 100 * high / peak, gain: state.gain ?? Math.log2(Math.max(1, peak / error)) };
}

// ---- the page

function choose(select, options, value) {
  const known = JSON.stringify(options);
  if (select.known !== known) select.replaceChildren(...options.map(([key, text]) => make("option", { value: key, textContent: text })));
  Object.assign(select, { known, value });
}

function settle() { // what the state asks for, as far as it is there
  const within = (value, length) => Math.min(Math.max(0, Math.floor(value) || 0), length - 1);
  state.set = within(state.set, data.sets.length);
  state.scan = within(state.scan, set().scans.length);
  state.seed = within(state.seed, data.seeds.length);
  const frames = Math.max(1, scan().frames.length), found = sources();
  state.frame = state.frame < 0 ? Math.floor(frames / 2) : within(state.frame, frames);
  if (!/^[sr]\d+$/.test(state.b)) state.b = (found.findLast((s) => s.cell?.kinds?.x) || found[0] || { key: "s0" }).key;
  if (!WHAT[state.awhat]) state.awhat = "x";
  if (!WHAT[state.bwhat]) state.bwhat = "x";
  if (!MODES.includes(state.mode)) state.mode = MODES[0];
}

function render() {
  settle();
  const found = sources(), whats = Object.keys(WHAT).filter((w) => scan().cells.some((c) => c.kinds?.[w]));
  choose($("set"), data.sets.map((s, i) => [i, s.title]), state.set);
  choose($("scan"), set().scans.map((s, i) => [i, `${s.id} (${i + 1} of ${set().scans.length})`]), state.scan);
  choose($("seed"), data.seeds.map((s, i) => [i, s]), state.seed);
  $("seed").parentElement.hidden = data.seeds.length < 2;
  choose($("show"), whats.map((w) => [w, WHAT[w]]), state.show);
  for (const side of ["a", "b"]) {
    const figure = $(side), source = found.find((s) => s.key === state[side]), what = state[`${side}what`];
    choose(figure.querySelector(".who"), [...(source ? [] : [["", "–"]]), ...found.map((s) => [s.key, s.name])], source ? source.key : "");
    choose(figure.querySelector(".what"), whats.map((w) => [w, WHAT[w]]), what);
    figure.querySelector(".what").hidden = !source || !source.cell;
    figure.querySelector("span").replaceChildren(...(source && source.cell ? caption(source.cell) : []));
    show(figure.querySelector(".view"), picture(source, what));
  }
  const tiles = found.map((source) => $("gallery").querySelector(`[data-key=${source.key}]`) || tile(source.key));
  $("gallery").replaceChildren(...tiles);
  tiles.forEach((figure, i) => {
    figure.querySelector("span").textContent = figure.querySelector("span").title = found[i].name;
    show(figure.querySelector(".view"), picture(found[i], state.show));
  });
  views = [...document.querySelectorAll(".view")];
  numbers();
  adjust();
}

function tile(key) {
  const put = (side) => () => change({ [side]: key, [`${side}what`]: state.show });
  const figure = make("figure", {}, make("div", { className: "view", onclick: (e) => !moved && put(e.shiftKey ? "b" : "a")() }), make("figcaption", {},
    make("span"), make("button", { textContent: "A", title: "show as A", onclick: put("a") }), make("button", { textContent: "B", title: "show as B", onclick: put("b") })));
  figure.dataset.key = key;
  return figure;
}

function caption(cell) {
  const told = data.metrics.slice(0, 3).map((m, i) => cell.numbers && cell.numbers[i] ? `${m.label} ${cell.numbers[i][0]} ${m.unit}`.trim() : "").filter(Boolean);
  return [told.join(" · "), ...(cell.record ? [" ", make("a", { href: cell.record, textContent: "record" })] : [])];
}

function adjust() { // everything but which pictures and numbers there are
  settle();
  const frames = scan().frames, samples = Math.max(1, ...views.map((v) => (v.shown && v.shown.count) || 1)), signed = scan().window[0] < 0;
  const { low, high, gain } = levels();
  const slide = (id, value, text, limits = {}) => { Object.assign($(id), limits).value = value; $(`${id}-is`).textContent = text; };
  slide("frame", state.frame, frames[state.frame] || "", { max: frames.length - 1 });
  slide("sample", state.sample, `${Math.min(state.sample, samples - 1) + 1} of ${samples}`, { max: samples - 1 });
  $("frame").parentElement.hidden = frames.length < 2;
  $("sample").parentElement.hidden = samples < 2;
  slide("low", low, `${low.toFixed(0)} %`, { min: signed ? -100 : 0, max: 100 });
  slide("high", high, `${high.toFixed(0)} %`, { min: signed ? -100 : 0, max: 120 });
  slide("gain", gain, `× ${(2 ** gain).toPrecision(2)}`);
  for (const button of document.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
  $("auto").setAttribute("aria-pressed", Boolean(timer));
  $("stage").className = state.mode === "side" ? "" : `one ${state.mode}`;
  $("stage").style.setProperty("--split", `${state.split}%`);
  $("split").hidden = state.mode !== "slider";
  $("split").value = state.split;
  const [a, b] = ["a", "b"].map((side) => $(side).querySelector(".view"));
  a.style.clipPath = state.mode === "slider" ? `inset(0 ${100 - state.split}% 0 0)` : "";
  a.style.visibility = state.mode === "flicker" && state.top === "b" ? "hidden" : "";
  for (const side of ["a", "b"]) $(side).querySelector("b").textContent = side.toUpperCase() + (state.mode === "flicker" && state.top === side ? " ◉" : "");
  for (const figure of $("gallery").children) for (const side of ["a", "b"]) figure.firstChild.classList.toggle(side, figure.dataset.key === state[side]);
  $("scale").textContent = `100 % is the ${scan().known ? "reference's maximum" : "brightest value"}, ${scan().peak.toPrecision(3)}; white of errors and standard deviations: ${(100 / 2 ** gain).toPrecision(2)} % of it`;
  place(views);
  paint();
  clearTimeout(later); // a browser takes no more than a few addresses a second
  later = setTimeout(() => history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify(state))}`), 200);
}

function change(what) {
  const same = ["a", "awhat", "b", "bwhat", "show", "set", "scan", "seed", "table", "sort", "down"].every((k) => !(k in what) || what[k] === state[k]);
  Object.assign(state, what);
  if (same) adjust(); else render();
}

function numbers() {
  const cells = scan().cells.filter((c) => c.seed === data.seeds[state.seed]), row = /^r/.test(state.a) ? Number(state.a.slice(1)) : 0;
  const lines = {
    mean: () => data.rows.map((name, i) => ({ name, key: `r${i}`, values: set().means[i] })),
    scan: () => cells.map((c) => ({ name: data.rows[c.row], key: `r${c.row}`, values: c.numbers, record: c.record })),
    row: () => set().scans.map((s, i) => ({ name: s.id, scan: i, cell: s.cells.find((c) => c.row === row && c.seed === data.seeds[state.seed]) }))
      .map((line) => ({ ...line, values: line.cell && line.cell.numbers, record: line.cell && line.cell.record })),
  }[$("table").value = ["mean", "scan", "row"].includes(state.table) ? state.table : "mean"]();
  const value = (line) => (line.values && line.values[state.sort] ? line.values[state.sort][1] : NaN);
  if (state.sort >= 0) lines.sort((p, q) => Number.isNaN(value(p)) - Number.isNaN(value(q)) || (state.down ? value(q) - value(p) : value(p) - value(q)));
  const head = (text, i, title = "") => {
    const th = make("th", { scope: "col", title }, make("button", { textContent: text, onclick: () => change({ sort: i, down: state.sort === i ? !state.down : (data.metrics[i] || {}).better > 0 }) }));
    if (i >= 0 && i === state.sort) th.ariaSort = state.down ? "descending" : "ascending";
    return th;
  };
  const first = { mean: "method", scan: "method", row: data.rows[row] }[$("table").value];
  $("numbers").tHead.replaceChildren(make("tr", {}, head(first, -1), ...data.metrics.map((m, i) => head(`${m.label} ${m.unit}`.trim(), i, m.meaning))));
  $("numbers").tBodies[0].replaceChildren(...lines.map((line) => {
    const pick = () => change(line.key ? { a: line.key } : { scan: line.scan });
    const texts = data.metrics.map((m, i) => {
      const [text, , interval, best] = (line.values && line.values[i]) || ["–"], shown = make(best ? "b" : "span", { textContent: text });
      return make("td", {}, line.record ? make("a", { href: line.record, title: "record" }, shown) : shown, ...(interval ? [make("small", { textContent: interval })] : []));
    });
    return make("tr", { className: line.key === state.a || line.scan === state.scan ? "on" : "" }, make("th", { scope: "row" }, make("button", { textContent: line.name, onclick: pick })), ...texts);
  }));
}

// ---- hands

const turn = () => change({ mode: "flicker", top: state.top === "a" ? "b" : "a" });
const step = (n) => change({ scan: Math.min(Math.max(0, state.scan + n), set().scans.length - 1) });
const move = (n) => change({ frame: Math.min(Math.max(0, state.frame + n), scan().frames.length - 1) });
const shift = (x, y) => change({ x: state.x + x / state.zoom, y: state.y + y / state.zoom });

function zoom(factor, view, event) { // what lies under the pointer stays there
  const to = Math.min(Math.max(1, state.zoom * factor), 64), by = 1 - state.zoom / to;
  if (to === 1 || !view) return change(to === 1 ? WHOLE : { zoom: to });
  const box = view.getBoundingClientRect(), [w, h] = view.extent || [1, 1];
  change({ zoom: to, x: state.x + by * (event.clientX - box.left - box.width / 2) / w, y: state.y + by * (event.clientY - box.top - box.height / 2) / h });
}

function play() {
  clearInterval(timer);
  timer = timer ? 0 : setInterval(turn, 500);
  change({ mode: "flicker" });
}

const KEYS = {
  "[": () => step(-1), "]": () => step(1), ",": () => move(-1), ".": () => move(1), " ": turn, m: () => change({ mode: MODES[(MODES.indexOf(state.mode) + 1) % 3] }),
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => change(WHOLE), w: () => change(AS_IT_WAS),
  ArrowLeft: () => shift(-0.1, 0), ArrowRight: () => shift(0.1, 0), ArrowUp: () => shift(0, -0.1), ArrowDown: () => shift(0, 0.1),
};

document.addEventListener("keydown", (event) => {
  const { tagName } = event.target, arrow = event.key.startsWith("Arrow");
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(tagName) || (event.key === " " && tagName === "BUTTON") || (arrow && state.zoom === 1)) return;
  if (!Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});
document.addEventListener("wheel", (event) => {
  const view = event.target.closest(".view");
  if (!view || (event.deltaY > 0 && state.zoom === 1)) return;
  event.preventDefault();
  zoom(2 ** (-event.deltaY / 300), view, event);
}, { passive: false });
document.addEventListener("pointerdown", (event) => {
  const view = event.target.closest(".view");
  moved = false;
  if (!view || !view.extent) return;
  const from = { x: state.x, y: state.y }, [w, h] = view.extent;
  const drag = (e) => {
    const dx = e.clientX - event.clientX, dy = e.clientY - event.clientY;
    moved = moved || Math.hypot(dx, dy) > 3;
    if (moved && state.zoom > 1) change({ x: from.x - dx / w, y: from.y - dy / h });
  };
  document.addEventListener("pointermove", drag);
  document.addEventListener("pointerup", () => document.removeEventListener("pointermove", drag), { once: true });
});
document.addEventListener("dblclick", (event) => { if (event.target.closest(".view")) change(WHOLE); });
window.addEventListener("resize", () => place(views));

const heard = { set: (v) => ({ set: +v, scan: 0, frame: -1 }), scan: (v) => ({ scan: +v }), seed: (v) => ({ seed: +v }), show: (v) => ({ show: v }), table: (v) => ({ table: v }) };
for (const name of ["frame", "sample", "low", "high", "gain", "split"]) heard[name] = (v) => ({ [name]: +v });
for (const [id, meaning] of Object.entries(heard)) $(id).addEventListener("input", (e) => change(meaning(e.target.value)));
for (const side of ["a", "b"]) {
  $(side).querySelector(".who").addEventListener("input", (e) => change({ [side]: e.target.value }));
  $(side).querySelector(".what").addEventListener("input", (e) => change({ [`${side}what`]: e.target.value }));
}
const pressed = { back: () => step(-1), next: () => step(1), auto: play, out: () => zoom(0.8), in: () => zoom(1.25), fit: () => change(WHOLE), reset: () => change(AS_IT_WAS) };
for (const [id, action] of Object.entries(pressed)) $(id).addEventListener("click", action);
for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => change({ mode: button.dataset.mode }));

try {
  const kept = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  for (const [name, value] of Object.entries(kept)) if (Object.hasOwn(state, name) && (typeof value === typeof state[name] || typeof value === "number")) state[name] = value;
} catch { /* an address without a state, or with a damaged one: as it is at first */ }
if (data.sets.length) render();
