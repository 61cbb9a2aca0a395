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

// in brackets where it is negative and would stand after another sign
const signed = (x, digits = 2) => (x < 0 && Number(fmt(-x, digits)) !== 0 ? `(${fmt(x, digits)})` : fmt(x, digits));

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// 6 · 10⁻⁸
function power(x, digits = 0) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits).split("e");
  return `${mantissa} · 10${[...String(Number(exponent))].map((c) => SUPERSCRIPT[c]).join("")}`;
}

// what a badge says of the largest difference x between the browser's numbers and the operator's: null while it is awaited
function judge(badge, x) {
  badge.classList.toggle("waiting", x === null);
  badge.classList.toggle("differs", x > 1e-4);
  badge.textContent = x === null ? "asking the operator …" : x > 1e-4 ? `operator differs by ${power(x)}, in float32`
    : x ? `operator agrees to ${power(x)}` : "operator agrees to the last digit";
  return badge;
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
