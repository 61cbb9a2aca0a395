// What is said and drawn of each rule by which a row of weights is computed.

import { make, span } from "../core.js";
import { bump, logit, relu } from "../formulas.js";
import { fmt, signed, sized, small } from "../text.js";

/** @typedef {import("../formulas.js").Head} Head */
/** @typedef {import("../formulas.js").Row} Row */
/** @typedef {{name: string, label: string, rule: string, bandwidth?: number}} Method */

/**
 * @typedef {object} Rule
 * @property {boolean} centred whether the values are centred, so that the effective weights are signed
 * @property {(row: Row) => string} sum of a row, in words
 * @property {(head: Head, row: Row, i: number, j: number, method: Method) => any[]} words the arithmetic of one weight
 * @property {{f: import("../formulas.js").Kernel, corners: number[], most: (range: number) => number} | null} shape of the
 * kernel: f, where it has corners, and how large it can be on an axis of a length; null where scores do not matter
 */

/** What `words` end with. */
const equals = (found, j) => [" = ", make("b", {}, small(found.weights[j]))];
const query = (head, i) => span("query", fmt(head.s[i]));
const key = (head, j) => span("key", signed(head.t[j]));

/** @type {(method: Method) => Rule} */
export const ruleOf = ({ rule, bandwidth = 1 }) => ({
  softmax: {
    centred: false,
    sum: () => "1",
    words: (head, found, i, j) => [
      "exp(q·k/√d = ", fmt(logit(head, i, j)), `) / ${Number.isFinite(found.total) ? sized(found.total) : "Σ exp"}`, ...equals(found, j),
    ],
    shape: null,
  },
  relu: {
    centred: true,
    sum: (found) => fmt(found.sum),
    words: (head, found, i, j) => ["relu(", query(head, i), " − ", key(head, j), `) / ${sized(found.total)}`, ...equals(found, j)],
    shape: { f: relu, corners: [0], most: (range) => range },
  },
  bump: {
    centred: false,
    sum: (found) => fmt(found.sum),
    words: (head, found, i, j) => [
      "max(0, 1 − |", query(head, i), " − ", key(head, j), `| / ${fmt(bandwidth)}) / ${head.n}`, ...equals(found, j),
    ],
    shape: { f: bump(bandwidth), corners: [-bandwidth, 0, bandwidth], most: () => 1 },
  },
  linear: {
    centred: false,
    sum: () => "1",
    words: (head, found, i, j) => [
      "φ(q)·φ(k) = ", sized(found.weights[j] * found.total), ` / ${sized(found.total)}`, ...equals(found, j),
    ],
    shape: null,
  },
})[rule];
