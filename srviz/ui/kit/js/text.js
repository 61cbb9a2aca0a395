// Numbers as people read them, and the badge that compares the browser with the operator.

import { clamp } from "./core.js";
import words from "./words.json" with { type: "json" };

const NAMES = /\{\{|\}\}|\{(\w+)\}/g; // in a text: a value's name in braces, and braces that are meant, written twice

/**
 * A text with its {names} replaced by values.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export const say = (text, values) => text.replace(NAMES, (whole, name) => (name ? String(given(values, name, text)) : whole[0]));

/**
 * A text as the parts of an element: its {names} are replaced by elements or by values.
 * @param {string} text
 * @param {Record<string, Node | string | number>} values
 * @returns {(Node | string)[]}
 */
export function phrase(text, values) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(NAMES)) {
    const value = match[1] ? given(values, match[1], text) : match[0][0];
    parts.push(text.slice(from, match.index), typeof value === "object" ? value : String(value));
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

function given(values, name, text) {
  if (!(name in values)) throw new Error(`expected a value for ${name} in "${text}"`);
  return values[name];
}

/** A decimal with a real minus sign, and never "−0.00". */
export function fmt(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

/** In brackets where it is negative and would stand after another sign. */
export const signed = (x, digits = 2) => (fmt(x, digits).startsWith("−") ? `(${fmt(x, digits)})` : fmt(x, digits));

/** A number in a formula: in brackets where its minus would stand behind a sign, 0.83 − (−0.41), or before a power. */
export const placed = (number, before, after) =>
  (number.startsWith("−") && (/[+−·/] ?$/.test(before) || /^[²³]/.test(after)) ? `(${number})` : number);

/** A whole number: 16,384. */
export const count = (n) => Math.round(n).toLocaleString("en");

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** 6 · 10⁻⁸. */
export function power(x, digits = 0) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits).split("e");
  return `${mantissa} · 10${[...String(Number(exponent))].map((c) => SUPERSCRIPT[c]).join("")}`;
}

/** A decimal with three digits that count. */
export function small(x) {
  const size = Math.abs(x);
  if (size === 0) return "0";
  const text = size >= 1e-4 ? size.toFixed(clamp(2 - Math.floor(Math.log10(size)), 0, 6)) : power(size, 2);
  return (x < 0 ? "−" : "") + text;
}

/** At most four characters of a positive number. */
export const short = (x) => (x >= 100 ? fmt(x, 0) : x >= 10 ? fmt(x, 1) : x >= 1 ? fmt(x, 2) : x >= 0.01 ? fmt(x, 3) : power(x));

/** Two decimals of what is small, none of what is large. */
export const sized = (x) => (Math.abs(x) < 100 ? fmt(x) : count(x));

/** A number that says which way it goes: +3, −0.5, 0. */
export const change = (x) => `${x > 0 ? "+" : ""}${String(x).replace("-", "−")}`;

/** A time: 34 µs, 1.2 ms, 4.5 s, 12 min. */
export function duration(seconds) {
  const brief = (x) => (x >= 99.5 ? x.toFixed(0) : Number(x.toPrecision(2)).toString());
  if (seconds < 1e-3) return `${brief(seconds * 1e6)} µs`;
  if (seconds < 1) return `${brief(seconds * 1e3)} ms`;
  return seconds < 120 ? `${brief(seconds)} s` : `${count(seconds / 60)} min`;
}

/**
 * Write on a badge how far the browser's numbers are from the operator's.
 * @param {HTMLElement} badge
 * @param {number | null} difference the largest one, null while the operator's answer is awaited
 * @param {number} tolerance up to which it is called agreement
 */
export function judge(badge, difference, tolerance) {
  const differs = difference > tolerance;
  badge.classList.toggle("waiting", difference === null);
  badge.classList.toggle("differs", differs);
  badge.textContent = difference === null ? words.badge.waits
    : difference ? say(differs ? words.badge.differs : words.badge.agrees, { difference: power(difference) }) : words.badge.same;
  return badge;
}
