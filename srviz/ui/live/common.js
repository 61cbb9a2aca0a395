// Shared by all live components: building elements without markup, numbers, colours.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, children = [], ns = null) {
  const element = ns ? document.createElementNS(ns, tag) : document.createElement(tag);
  put(element, attributes);
  element.append(...[children].flat());
  return element;
}

const svg = (tag, attributes = {}, children = []) => make(tag, attributes, children, SVG);

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else if (typeof value === "function") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

// a real minus sign, and never "−0.00"
function fmt(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// 6 · 10⁻⁸
function power(x, digits = 0) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits).split("e");
  return `${mantissa} · 10${[...String(Number(exponent))].map((c) => SUPERSCRIPT[c]).join("")}`;
}

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// the theme's colours as the browser resolved them, for what is drawn on a canvas
function palette(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ground: read("--ground"), ink: read("--ink"), quiet: read("--quiet"), line: read("--line"),
    query: read("--query"), key: read("--key"), value: read("--value"), font: style.fontFamily,
  };
}
