// What is said and drawn of the row of a method, which Python describes.

import { numbered } from "../arithmetic.js";
import { make } from "../core.js";
import { logit, piecewise, share } from "../formulas.js";
import { fmt, sized, small } from "../text.js";

/** @typedef {import("../formulas.js").Head} Head */
/** @typedef {import("../formulas.js").Row} Row */
/** @typedef {import("../formulas.js").Pieces} Pieces */

/**
 * A method, as it says itself what it is.
 * @typedef {object} Method
 * @property {string} name
 * @property {string} label
 * @property {string} rule the function in formulas.js that gives a row of its weights
 * @property {boolean} centred whether its values are, so that the effective weights are signed
 * @property {number | null} bandwidth null where it has none
 * @property {string} dividend the arithmetic of a weight before its divisor, with {s}, {t} and {x}, the product of the pair
 * @property {string | null} divisor null where every query has its own
 * @property {Pieces | null} pieces the curve of s − t that its weights follow, where they follow one
 */

/** The product {x} of a pair, by the rules that have one. They divide by the sum of the row. */
const PRODUCTS = {
  softmax: (head, row, i, j) => fmt(logit(head, i, j)),
  linear: (head, row, i, j) => sized(row.weights[j] * row.total),
};

/** The sum of a row, in words. @param {Method} method @param {Row} row */
export const sumOf = ({ rule }, row) => (rule in PRODUCTS ? "1" : fmt(row.sum));

/** The arithmetic of one weight, with its numbers. @param {Method} method @param {Head} head @param {Row} row */
export function arithmetic({ rule, dividend, divisor }, head, row, i, j) {
  const number = (name) => ({ s: () => fmt(head.s[i]), t: () => fmt(head.t[j]), x: () => PRODUCTS[rule](head, row, i, j) })[name]();
  const whole = divisor ?? (Number.isFinite(row.total) ? sized(row.total) : "Σ exp"); // no other sum is too large
  return [...numbered(dividend, number), ` / ${whole} = `, make("b", {}, small(row.weights[j]))];
}

/** Whether a method gives no weight where no key has a lower score than the query. @param {Method} method */
export const needsLower = ({ pieces }) => pieces !== null && pieces.nodes[0] >= 0 && !pieces.heights[0] && !pieces.left;

/** A method in a sentence: "sliced ReLU". @param {Method} method */
export const inWords = ({ label }) => label[0].toLowerCase() + label.slice(1);

/**
 * The outline of a kernel over an axis of keys, for a query at s: keys, and heights as parts of the largest one that an
 * axis of this length can have.
 * @param {Pieces} pieces
 * @returns {[number, number][]}
 */
export function outline(pieces, s, low, high) {
  const f = piecewise(pieces), range = high - low;
  const most = Math.max(...[-range, ...pieces.nodes.filter((r) => Math.abs(r) < range), range].map(f));
  const bends = pieces.nodes.map((r) => s - r).filter((t) => t > low && t < high).sort((a, b) => a - b);
  return [low, ...bends, high].map((t) => [t, share(f(s - t), most)]);
}
