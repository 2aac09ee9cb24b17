// Elements, numbers, the tip at the pointer, and buttons that copy. All text goes in as text, never as markup.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A number to three or so digits, without an exponent.
function short(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -4) return value.toExponential(1);
  return value.toLocaleString("en", { maximumFractionDigits: Math.max(0, digits - 1 - size) });
}

const COSTS = {
  int8_bytes: { label: "int8 file", unit: "kB", scale: 1e-3 },
  macs: { label: "multiply-accumulates a picture", short: "MACs", unit: "M", scale: 1e-6 },
  milliseconds: { label: "time a picture, one thread", short: "time", unit: "ms", scale: 1 },
  arena_bytes: { label: "arena: memory while it runs", short: "arena", unit: "kB", scale: 1e-3 },
  parameters: { label: "parameters", unit: "k", scale: 1e-3 },
};
const costText = (name, value) => (value === undefined ? "–" : `${short(value * COSTS[name].scale)} ${COSTS[name].unit}`);

// `lines` beside a place on the screen; the first is the title.
function showTip(lines, x, y) {
  const tip = document.getElementById("tip");
  tip.replaceChildren(...lines.map((line, index) => make(index ? "div" : "strong", {}, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(6, Math.min(x + 14, innerWidth - box.width - 6))}px`;
  tip.style.top = `${y + 14 + box.height > innerHeight ? Math.max(6, y - box.height - 10) : y + 14}px`;
}

const hideTip = () => { document.getElementById("tip").hidden = true; };

// Everything on the page that stands for one of these points stands out.
function highlight(keys) {
  document.querySelectorAll(".hot").forEach((element) => element.classList.remove("hot"));
  keys.forEach((key) => document.querySelectorAll(`[data-keys~="${key}"]`).forEach((element) => element.classList.add("hot")));
  document.body.classList.toggle("picking", keys.length > 0);
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard for pages from a file, in some browsers
    const area = make("textarea", { "aria-hidden": true });
    area.value = text;
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}

function commandBox(lines) {
  const text = lines.join("\n");
  const button = make("button", { type: "button", class: "copy", "aria-label": "copy the command", click: () => copyText(text, button) }, "copy");
  return make("div", { class: "command" }, make("pre", { tabindex: 0 }, text), button);
}

function picker(label, options, value, change) {
  const select = make("select", { change: () => change(select.value) }, options.map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  return make("label", { class: "picker" }, label, select);
}
