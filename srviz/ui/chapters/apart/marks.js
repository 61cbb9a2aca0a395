// The plane as all pictures of this page draw it, and the marks of the two crowds that are compared.

import { svg } from "../../kit/js/core.js";

export const REACH = 1.35; // the plane is drawn from −REACH to REACH
const LETTERS = "ABCDEFGH";

/** The name of a crowd. */
export const nameOf = (c) => LETTERS[c];

/** Where a point of the plane is in a square picture. @returns {[number, number]} */
export const seen = (/** @type {number[]} */ [x, y], size) => [((x + REACH) / (2 * REACH)) * size, ((REACH - y) / (2 * REACH)) * size];

/** And back. @returns {[number, number]} */
export const unseen = (/** @type {number[]} */ [a, b], size) => [(a / size) * 2 * REACH - REACH, REACH - (b / size) * 2 * REACH];

/** A mark: a disc for the first crowd, a diamond for the second, hollow for a target. @param {"first" | "second" | "other"} which */
export function mark(which, x, y, r, attributes = {}) {
  if (which !== "second") return svg("circle", { class: which, cx: x, cy: y, r, ...attributes });
  const d = r * 1.25;
  return svg("path", { class: which, d: `M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}Z`, ...attributes });
}

/** The part of the plane, −REACH to REACH, where ⟨w, x⟩ < s: its corners. @returns {[number, number][]} */
export function below(turn, s) {
  const w = [Math.cos(turn), Math.sin(turn)], height = ([x, y]) => w[0] * x + w[1] * y - s;
  /** @type {[number, number][]} */
  const square = [[-REACH, -REACH], [REACH, -REACH], [REACH, REACH], [-REACH, REACH]], found = [];
  square.forEach((p, k) => {
    const q = square[(k + 1) % 4], a = height(p), b = height(q);
    if (a < 0) found.push(p);
    if (a < 0 !== b < 0) found.push(/** @type {[number, number]} */ ([0, 1].map((c) => p[c] + (a / (a - b)) * (q[c] - p[c]))));
  });
  return found;
}
