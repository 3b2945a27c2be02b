"use strict";
// One picture: a frame of a file, in the place, the window and the colours that all share (`state` and `levels` of page.js).

const filters = new Map(); // their names by what they do
let made = 0;

function show(view, shown) {
  const old = view.shown;
  view.shown = shown;
  if (!shown.file) return view.replaceChildren(make("p", { textContent: shown.text }));
  if (!old || old.file !== shown.file || !view.querySelector("img")) {
    const image = make("img", { alt: "", draggable: false, loading: "lazy", onload: () => place([view]) });
    image.onerror = () => view.replaceChildren(make("p", { textContent: "this picture is missing" }));
    view.replaceChildren(make("div", { className: "paint" }, make("div", { className: "frame" }, image)));
    image.src = shown.file.split("/").map(encodeURIComponent).join("/");
  }
}

function place(several) { // all sizes are read before anything is moved, or each move would cost a layout
  const found = several.map((view) => [view, view.querySelector("img"), view.clientWidth, view.clientHeight]).filter(([, image]) => image);
  for (const [view, image, across, down] of found) {
    const { shape, count } = view.shown, [height, width] = shape.size, [tall, wide] = shape.aspect, frames = shape.frames.length;
    const scale = Math.min(across / (width * wide), down / (height * tall)) * state.zoom;
    const w = width * wide * scale, h = height * tall * scale;
    const box = (element, values) => { for (const [name, value] of Object.entries(values)) element.style[name] = `${value}px`; };
    box(image.parentElement, { width: w, height: h, left: across / 2 - state.x * w, top: down / 2 - state.y * h });
    const columns = Math.max(1, Math.round(image.naturalWidth / width)), rows = Math.max(1, Math.round(image.naturalHeight / height));
    const number = Math.min(state.sample, count - 1) * frames + Math.min(state.frame, frames - 1);
    box(image, { width: columns * w, height: rows * h, left: -(number % columns) * w, top: -Math.floor(number / columns) * h });
    image.style.imageRendering = scale > 1 ? "pixelated" : "auto";
    view.extent = [w, h];
  }
}

function paint() { // black, white and colours: a filter for each way of showing
  const { low, high, gain } = levels(), { peak } = scan();
  if (filters.size > 500) {
    filters.clear();
    $("filters").replaceChildren();
  }
  for (const view of views.filter((v) => v.querySelector(".paint"))) {
    const { range: [black, white], map } = view.shown, from = map ? 0 : low * peak / 100, to = map ? peak / 2 ** gain : high * peak / 100;
    const width = Math.max(to - from, 1e-9 * peak), slope = (white - black) / width, intercept = (black - from) / width;
    const colours = map ? "error" : scan().window[0] < 0 ? "signed" : "";
    const key = [slope, intercept, colours].join();
    if (!filters.has(key)) filters.set(key, filter(`f${(made += 1)}`, slope, intercept, data.colours[colours]));
    const style = `url("#${filters.get(key)}")`, { style: own } = view.querySelector(".paint");
    if (own.filter !== style) own.filter = style;
  }
}

function filter(id, slope, intercept, colours) {
  const node = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const each = (attributes) => node("feComponentTransfer", {}, ...["R", "G", "B"].map((c, i) => node(`feFunc${c}`, attributes(i))));
  const steps = [each(() => ({ type: "linear", slope, intercept })), ...(colours ? [each((i) => ({ type: "table", tableValues: colours[i].join(" ") }))] : [])];
  $("filters").append(node("filter", { id, x: 0, y: 0, width: 1, height: 1, "color-interpolation-filters": "sRGB" }, ...steps));
  return id;
}
