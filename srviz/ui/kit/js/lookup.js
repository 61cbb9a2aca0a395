// The central idea, drawn: the sum before it is divided is a broken line, and one bend below the query is enough to know it.

import { make, put, span, svg } from "./core.js";
import { lookUp } from "./formulas.js";
import { fmt, phrase, say, signed } from "./text.js";
import words from "./words.json" with { type: "json" };

const HEIGHT = 108, ABOVE = 14, UNDER = 12; // of the lane, and above and below the line in it, in pixels
const HALO = { stroke: "var(--ground)", "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" };
const MANY = 20; // bends from which their dots are small
const NARROW = 18; // pixels between bend and query under which the letters would lie on each other

/**
 * @typedef {object} Lane
 * @property {import("./formulas.js").Broken} line
 * @property {number | null} s the query's score, null while none is looked up
 * @property {number} low the scores at both ends of the lane
 * @property {number} high
 * @property {number} margin pixels left and right of them
 * @property {string} divisor what the sum is divided by, as it is called
 * @property {number} total what it is divided by
 * @property {number} y the output
 * @property {number} digits of the numbers
 * @property {boolean} [found] false while the bend below is still searched for
 */

export class LookUp {
  /** @param {string} bend what one bend is called in a sentence */
  constructor(bend = words.lookup.bend) {
    this.bend = bend;
    this.title = make("div", { class: "title" });
    this.drawing = svg("svg", { role: "img" });
    this.says = make("div", { class: "arithmetic" });
    this.element = make("div", { class: "lookup" }, [this.title, this.drawing, this.says]);
  }

  /** @param {Lane} lane */
  draw(lane) {
    const width = this.drawing.clientWidth || 600, found = lookUp(lane.line, lane.s ?? lane.low);
    put(this.drawing, { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT });
    const across = (score) => lane.margin + ((score - lane.low) / (lane.high - lane.low)) * (width - 2 * lane.margin);
    const ends = [lane.low, lane.high], heights = [...ends.map((end) => lookUp(lane.line, end).height), ...lane.line.R, 0];
    const top = Math.max(...heights), bottom = Math.min(...heights), room = HEIGHT - ABOVE - UNDER;
    const up = (height) => ABOVE + ((top - height) / (top - bottom || 1)) * room;
    this.drawing.replaceChildren(...this.curve(lane, width, across, up), ...this.step(lane, found, across, up));
    if (lane.s === null) put(this.drawing, { "aria-label": words.lookup.label.curve });
    else this.write(lane, found);
  }

  curve({ line, s, low, high, margin }, width, across, up) {
    const inside = line.places.map((_, k) => k).filter((k) => line.places[k] >= low && line.places[k] <= high);
    const corners = [
      [low, lookUp(line, low).height], ...inside.map((k) => [line.places[k], line.R[k]]), [high, lookUp(line, high).height],
    ];
    return [
      svg("line", { x1: margin - 12, x2: width - margin + 12, y1: up(0), y2: up(0), stroke: "var(--line)", "stroke-width": 1.2 }),
      svg("path", {
        d: `M${corners.map(([x, y]) => `${across(x).toFixed(2)} ${up(y).toFixed(2)}`).join("L")}`, fill: "none", stroke: "var(--value)",
        "stroke-width": 2, "stroke-linejoin": "round",
      }),
      ...inside.map((k) => svg("circle", {
        cx: across(line.places[k]), cy: up(line.R[k]), r: inside.length > MANY ? 2.4 : 3.6, stroke: "var(--key)", "stroke-width": 1.5,
        fill: s === null || line.places[k] < s ? "var(--key)" : "var(--ground)",
      })),
    ];
  }

  /** From the bend below to the query: the height R, then the slope S over the gap. */
  step({ s, found = true }, { k, place, R, height }, across, up) {
    if (s === null) return [];
    const [from, to, zero] = [across(place), across(s), up(0)], wide = to - from > NARROW;
    const point = svg("circle", { cx: to, cy: up(height), r: 5, fill: "var(--query)" });
    const stem = svg("line", { x1: to, x2: to, y1: 0, y2: up(height), stroke: "var(--query)", "stroke-width": 1, "stroke-dasharray": "2 3" });
    if (!found) return [put(stem, { y2: HEIGHT })];
    if (k < 0) return [stem, point];
    const rising = height > R ? 1 : -1;
    return [
      stem,
      svg("line", { x1: from, x2: from, y1: zero, y2: up(R), stroke: "var(--key)", "stroke-width": 4 }),
      svg("path", { d: `M${from} ${up(R)} H${to} V${up(height)}`, fill: "none", stroke: "var(--quiet)", "stroke-dasharray": "3 3" }),
      svg("line", { x1: from, x2: to, y1: up(R), y2: up(height), stroke: "var(--query)", "stroke-width": 3.5, "stroke-linecap": "round" }),
      point,
      svg("text", { x: from - 7, y: (zero + up(R)) / 2 + 5, "text-anchor": "end", class: "key", ...HALO }, "R"),
      ...(wide ? [svg("text", {
        x: (from + to) / 2, y: (up(R) + up(height)) / 2 + (rising > 0 ? -8 : 18), "text-anchor": "middle", class: "query", ...HALO,
      }, "S")] : []),
    ];
  }

  write({ s, divisor, total, y, digits }, { k, place, R, S, height }) {
    const number = (x) => fmt(x, digits), query = () => span("query", number(s)), output = span("value", `y = ${k < 0 ? 0 : fmt(y, 3)}`);
    const { bend } = this;
    this.says.replaceChildren(...(k < 0
      ? [make("div", {}, phrase(words.lookup.none, { bend, query: query(), y: output }))]
      : [
        make("div", {}, [`${words.lookup.sum} = `, span("key", "R"), " + (s − t) · ", span("query", "S"), ` = ${number(R)} + (`, query(), " − ",
          span("key", signed(place, digits)), `) · ${signed(S, digits)} = ${number(height)}`]),
        make("div", {}, [`${words.lookup.sum} / ${divisor} = ${number(height)} / ${Number.isInteger(total) ? total : number(total)}: `, output]),
      ]));
    put(this.drawing, {
      "aria-label": say(k < 0 ? words.lookup.label.none : words.lookup.label.found,
        { bend, height: number(R), slope: number(S), sum: number(height) }),
    });
  }
}
