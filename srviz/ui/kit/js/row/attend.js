// The rows of weights of one query, by each method that is shown.

import { ROWS, below, effective, largest } from "../formulas.js";

const SHARE = 0.995, FEW = 200; // of the weights that the scale covers, where there are more than a few

/**
 * The rows as they are, as they are shown, and the weight at the end of each scale.
 * @param {any} head q, k, s and t of all tokens
 * @param {import("./row.js").Pane[]} panes
 * @param {number} i the query
 * @param {boolean} raw whether weights are shown as they are before the values are centred
 */
export function attend(head, panes, i, raw) {
  const rows = panes.map(({ method: { rule, bandwidth } }) => ROWS[rule](head, i, bandwidth ?? 1));
  const shown = rows.map((row, k) => (raw || !panes[k].method.centred ? row.weights : effective(row)));
  const tops = shown.map(scaleOf), top = raw ? tops.fill(Math.max(...tops)) : tops; // weights of one kind share a scale
  const beyond = shown.map((weights, k) => weights.some((w) => Math.abs(w) > top[k]));
  return { query: i, raw, rows, shown, top, beyond, below: below(head.s[i], head.t) };
}

/** The size below which a share of the numbers lies: one bright token is not to put out the others. */
function scaleOf(weights) {
  if (weights.length < FEW) return largest(weights);
  const sizes = weights.map(Math.abs).sort();
  return sizes[Math.floor(SHARE * (sizes.length - 1))];
}
