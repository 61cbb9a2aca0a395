// The drawing of the race: axes, guides, the crossover, and the lines that are measured.

import { clamp, svg } from "../../kit/js/core.js";
import { count } from "../../kit/js/text.js";
import { colourOf, mark, stroke } from "./marks.js";
import { guideName, pathOf } from "./names.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./race.js").Message} Message */
/** @typedef {{x: number, y: number, text: string, colour?: string}} Label */

const CLIP = "race-clip", LETTER = 6.7, LINE = 16; // of text: pixels of a letter, with some room, of a line
const ABOVE = 12, BELOW = 4; // pixels of a text over and under its base line
const STEPS = [0, 1, -1, 2, -2, 3, -3]; // lines by which a name may move

/** A power of ten of seconds: 10 µs … 1000 s. */
const tick = (power) => (power < -3 ? `${Math.round(10 ** (power + 6))} µs` : power < 0 ? `${Math.round(10 ** (power + 3))} ms` : `${10 ** power} s`);

/**
 * Everything behind the lines.
 * @param {Scale} scale
 * @param {Message} data
 * @param {number | null} pointed the n that is pointed at
 * @param {(box: number[]) => boolean} free whether a name would lie on nothing there
 */
export const background = (scale, data, pointed, free) => [
  ...axes(scale), ...data.guides.flatMap((guide) => guideLine(scale, guide, free)), ...pointer(scale, pointed), ...crossover(scale, data.crossover),
];

/** @param {Scale} scale */
function axes(scale) {
  const { left, right, floor, top, axes: { least, most, low, high } } = scale, parts = [];
  for (let power = low; power <= high; power += 1) {
    const y = scale.y(power);
    parts.push(svg("line", { x1: left, x2: right, y1: y, y2: y, stroke: "var(--line)" }));
    parts.push(svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, tick(power)));
  }
  for (let k = least; k <= most; k += scale.wide ? 2 : 4) {
    const x = scale.x(2 ** k);
    parts.push(svg("line", { x1: x, x2: x, y1: floor, y2: floor + 4, stroke: "var(--quiet)" }));
    parts.push(svg("text", { x, y: floor + 19, "text-anchor": k > most - 2 ? "end" : "middle" }, count(2 ** k)));
  }
  parts.push(svg("text", { x: left, y: 13 }, words.chart.seconds));
  parts.push(svg("text", { x: right, y: floor + 37, "text-anchor": "end" }, words.chart.tokens));
  const inside = { x: left, y: top - 8, width: Math.max(0, right - left), height: floor - top + 16 };
  parts.push(svg("clipPath", { id: CLIP }, svg("rect", inside)));
  return parts;
}

/** A line that grows as n² or n log n, with its name. @param {Scale} scale */
function guideLine(scale, guide, free) {
  const { text, left, y } = guideName(scale, guide, free);
  const d = `M${pathOf(scale, guide).map((point) => point.map((c) => c.toFixed(1)).join(" ")).join("L")}`;
  return [svg("path", { d, class: "guide", "clip-path": `url(#${CLIP})` }), svg("text", { x: left, y }, text)];
}

function pointer(scale, n) {
  return n ? [svg("line", { x1: scale.x(n), x2: scale.x(n), y1: scale.top - 8, y2: scale.floor, stroke: "var(--quiet)" })] : [];
}

/** Where one line overtakes the other, and how sure that is. @param {Scale} scale */
function crossover(scale, cross) {
  if (!cross) return [];
  const { top, floor } = scale, x = scale.x(cross.n), parts = [];
  if (cross.low && cross.high && cross.high > cross.low) {
    const from = scale.x(cross.low), width = Math.max(1, scale.x(cross.high) - from);
    parts.push(svg("rect", { x: from, width, y: top - 8, height: floor - top + 8, class: "band" }));
  }
  parts.push(svg("line", { x1: x, x2: x, y1: top - 8, y2: floor, class: "cross" }));
  parts.push(svg("text", { x: x + 6, y: floor - 8, class: "strong halo" }, cross.text));
  return parts;
}

/**
 * The lines, and where their names would stand.
 * @param {Scale} scale
 * @param {Message} data
 */
export function lines(scale, data) {
  const parts = [], labels = [], clip = { "clip-path": `url(#${CLIP})` };
  for (const { style, points } of data.ghosts.flatMap((ghost) => ghost.lines)) {
    if (points.length > 1) parts.push(svg("path", { class: "ghost", d: scale.path(points), stroke: colourOf(style), ...clip }));
  }
  for (const { label, style, points, stop } of data.lines) {
    const colour = colourOf(style);
    if (points.length > 1) parts.push(svg("path", { d: scale.path(points), fill: "none", ...stroke(style), ...clip }));
    for (const [n, middle, lower, upper] of points) {
      const x = scale.x(n), ends = { y1: scale.y(Math.log10(lower)), y2: scale.y(Math.log10(upper)) };
      parts.push(svg("line", { x1: x, x2: x, ...ends, stroke: colour, "stroke-width": 1.5 }));
      parts.push(mark(style, x, scale.y(Math.log10(middle))));
    }
    const [last, seconds] = points.at(-1) ?? [2 ** scale.axes.least, 10 ** scale.axes.low];
    const x = scale.x(stop ? stop.n : last), y = clamp(scale.y(Math.log10(stop?.seconds ?? seconds)), scale.top, scale.floor);
    if (stop) parts.push(svg("path", { class: "stop", d: `M${x - 5} ${y - 5} L${x + 5} ${y + 5} M${x + 5} ${y - 5} L${x - 5} ${y + 5}`, stroke: colour }));
    if (scale.wide) labels.push({ x: x + 12, y: y + 4, text: stop ? `${label}: ${stop.text}` : label, colour });
  }
  return { parts, labels };
}

/** How much room a text needs. */
const widthOf = (text) => text.length * LETTER;

/**
 * Whether a text would lie on a line that was measured.
 * @param {Scale} scale
 * @param {Message} data
 * @returns {(label: Label) => boolean}
 */
export function crossed(scale, data) {
  const runs = data.lines.map(({ points }) => points.map(([n, seconds]) => [scale.x(n), scale.y(Math.log10(seconds))]));
  return ({ x, y, text }) => runs.some((run) => run.slice(1).some(([x1, y1], k) => {
    const [x0, y0] = run[k], from = Math.max(x0, x - 4), to = Math.min(x1, x + widthOf(text) + 4);
    if (from > to || x1 <= x0) return false;
    const [a, b] = [from, to].map((at) => y0 + ((y1 - y0) * (at - x0)) / (x1 - x0));
    return Math.max(a, b) > y - ABOVE && Math.min(a, b) < y + BELOW;
  }));
}

/**
 * Names of lines: those that would lie on each other or on what is there already are moved to where nothing is, down
 * or up, and where there is no such place near, below each other.
 * @param {Label[]} labels
 * @param {Label[]} taken
 * @param {number} right
 * @param {(label: Label) => boolean} [crosses] whether a name would lie on a line
 */
export function apart(labels, taken, right, crosses = () => false) {
  const placed = [];
  for (const label of labels.sort((a, b) => a.y - b.y)) {
    const over = right - label.x - widthOf(label.text);
    if (over < 0) Object.assign(label, { x: label.x + over, y: label.y - LINE });
    const others = [...taken, ...placed].sort((a, b) => a.y - b.y);
    const meets = (other, y) => label.x <= other.x + widthOf(other.text) && other.x <= label.x + widthOf(label.text) && Math.abs(y - other.y) < LINE;
    const free = STEPS.map((step) => label.y + step * LINE)
      .find((y) => y > LINE && !others.some((other) => meets(other, y)) && !crosses({ ...label, y }));
    if (free !== undefined) label.y = free;
    else for (const other of others) if (meets(other, label.y)) label.y = other.y + LINE;
    placed.push(label);
  }
  return placed.map(({ x, y, text, colour }) => svg("text", { class: "halo", x, y, style: `fill: ${colour}` }, text));
}
