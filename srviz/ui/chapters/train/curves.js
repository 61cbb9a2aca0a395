// The two charts of a training: its loss, and how the test goes.

import { ticks, written } from "../../kit/js/axis.js";
import { make, svg } from "../../kit/js/core.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./history.js").History} History */
/** @typedef {import("./train.js").Model} Model */

const HEIGHT = 190, LEFT = 44, RIGHT = 10, TOP = 26, BOTTOM = 30;
const POINTS = 90; // of a curve; each is the mean of the steps since the one before

/** Means of a curve at so few places that it is drawn in a moment: [step, mean]. @param {number[]} losses @returns {number[][]} */
export function thinned(losses, points = POINTS) {
  const width = Math.max(1, Math.ceil(losses.length / points)), found = [];
  for (let k = 0; k < losses.length; k += width) {
    const part = losses.slice(k, k + width);
    found.push([k + part.length, part.reduce((a, b) => a + b, 0) / part.length]);
  }
  return found;
}

/**
 * One chart.
 * @param {string} title
 * @param {number} width
 * @param {{model: Model, points: number[][], marks: boolean}[]} lines points [x, y], the first one on the left
 * @param {{most: number, range: number[], at: number[], unit: string, guide: number | null}} axes at: where each line is looked at
 */
export function chart(title, width, lines, { most, range: [low, high], at, unit, guide }) {
  const x = (v) => LEFT + (width - LEFT - RIGHT) * v / most;
  const y = (v) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (Math.min(high, Math.max(low, v)) - low) / (high - low || 1));
  const text = (value, left, top, anchor) => svg("text", { x: left, y: top, "text-anchor": anchor }, value);
  const parts = [svg("text", { class: "name", x: 0, y: 14 }, title)];
  for (const v of ticks(low, high)) {
    parts.push(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }), text(written(v, high - low), LEFT - 7, y(v) + 4, "end"));
  }
  const along = ticks(0, most);
  for (const v of along) parts.push(text(v.toLocaleString("en") + (v === along.at(-1) ? ` ${unit}` : ""), x(v), HEIGHT - 8, v === along.at(-1) ? "end" : "middle"));
  if (guide !== null) {
    parts.push(svg("line", { class: "guess", x1: LEFT, x2: width - RIGHT, y1: y(guide), y2: y(guide) }), text(words.charts.guess, width - RIGHT - 2, y(guide) - 5, "end"));
  }
  lines.forEach(({ model, points, marks }, k) => {
    const colour = `var(--${model.tone})`, path = points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
    if (points.length > 1) parts.push(svg("path", { class: "curve", d: path, stroke: colour, "stroke-dasharray": model.dashed ? "6 4" : null }));
    if (marks) for (const [a, b] of points) parts.push(svg("circle", { cx: x(a), cy: y(b), r: 3, fill: colour }));
    const here = points.findLast(([a]) => a <= at[k] + 1e-9) ?? points[0];
    if (here) parts.push(svg("circle", { class: "here", cx: x(here[0]), cy: y(here[1]), r: 5.5, stroke: colour }));
  });
  if (at.length && lines.some(({ points }) => points.length)) {
    for (const v of new Set(at)) parts.push(svg("line", { class: "at", x1: x(Math.min(v, most)), x2: x(Math.min(v, most)), y1: TOP, y2: HEIGHT - BOTTOM }));
  }
  return make("div", { class: "chart" }, svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, width, "aria-hidden": "true" }, parts));
}
