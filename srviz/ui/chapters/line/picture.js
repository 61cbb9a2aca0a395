// The drawing of the line: the kernel over the axis, the tokens, the values below.

import { clamp, hundredth, put, svg } from "../../kit/js/core.js";
import { holdPage, placeIn } from "../../kit/js/drag.js";
import { sortedBy } from "../../kit/js/formulas.js";
import { fmt, say } from "../../kit/js/text.js";
import { attend, kernelOf } from "./model.js";
import words from "./words.json" with { type: "json" };

const AXIS = 166, VALUES = 258, HEIGHT = 306; // of the drawing, in pixels
export const MARGIN = 26; // beside the axis
const UNIT = 24, PEAK = 105, VALUE_UNIT = 27; // pixels of relu(1), of the bump's top, of the value 1
const LABEL = 30, LINE = 14; // how wide and how high a weight is written
const MARK = 20; // how high a query stands over the axis
const NARROW = 420; // a drawing on which it is written beside its bar
const RINGS = { q: [0, -13, 15], k: [0, 15, 13], v: [0, 0, 10], b: [0, 0, 12] }; // around a mark: x, y, radius

/** @typedef {import("./line.js").State} State */
/** @typedef {ReturnType<typeof attend>} Found */

export class Picture {
  constructor() {
    this.element = svg("svg", { role: "group", "aria-label": words.picture.label });
    this.back = svg("g");
    this.tokens = svg("g");
    this.front = svg("g", { "aria-hidden": "true" });
    this.element.append(this.back, this.tokens, this.front);
    this.width = 600;
    /** @type {State} */
    this.state = null;
    this.limits = { low: -3, high: 3, narrowest: 0, widest: 0 };
    this.marks = { q: [], k: [], v: [], b: [] };
  }

  // ---- where things are, in pixels ----

  x(score) {
    const { low, high } = this.limits;
    return MARGIN + ((score - low) / (high - low)) * (this.width - 2 * MARGIN);
  }

  score(x) {
    const { low, high } = this.limits;
    return low + ((x - MARGIN) / (this.width - 2 * MARGIN)) * (high - low);
  }

  value(y) { return (VALUES - y) / VALUE_UNIT; }

  height(r) { return kernelOf(this.state)(r) * (this.state.kernel === "bump" ? PEAK : UNIT); }

  /** On which side of the query the handle of the bandwidth is: by the query alone, so that it stays with the pointer. */
  handleSide(state) { return state.queries[state.held] <= this.limits.high / 2 ? 1 : -1; }

  /** Where marks overlap the nearest is meant, and not the one drawn last. */
  nearest(event, kind, index) {
    if (kind === "b") return index;
    const { queries, keys, values } = this.state, [px, py] = placeIn(event, this.element);
    const apart = (k) => Math.hypot(
      this.x(kind === "q" ? queries[k] : keys[k]) - px, kind === "v" ? VALUES - values[k] * VALUE_UNIT - py : 0);
    return this.marks[kind].map((_, k) => k).sort((a, b) => apart(a) - apart(b))[0];
  }

  // ---- the marks ----

  /**
   * Make the marks of all tokens.
   * @param {State} state
   * @param {(mark: any, kind: "q" | "k" | "v" | "b", index: number) => void} listen what each mark hears
   */
  rebuild(state, listen) {
    this.state = state;
    const mark = {
      q: () => svg("path", { class: "mark", d: "M-8 -19 H8 L0 -4 Z" }),
      k: () => svg("circle", { class: "mark", cy: 15, r: state.keys.length > 14 ? 5 : 7 }),
      v: () => svg("circle", { class: "mark", r: 4.5 }),
      b: () => svg("path", { class: "mark", d: "M0 -7 L7 0 L0 7 L-7 0 Z" }),
    };
    const token = (kind, index) => {
      const [cx, cy, r] = RINGS[kind];
      const g = svg("g", { class: `token ${kind}`, tabindex: 0, role: "slider", "data-token": `${kind}${index}` }, [
        svg("circle", { class: "hit", cx, cy, r: kind === "v" ? 11 : 17 }), svg("circle", { class: "ring", cx, cy, r }), mark[kind](),
      ]);
      holdPage(g);
      listen(g, kind, index);
      return g;
    };
    const all = (kind, list) => list.map((_, index) => token(kind, index));
    this.marks = {
      q: all("q", state.queries), k: all("k", state.keys), v: all("v", state.values), b: state.kernel === "bump" ? [token("b", 0)] : [],
    };
    this.tokens.replaceChildren(...this.marks.q, ...this.marks.k, ...this.marks.b, ...this.marks.v);
  }

  // ---- drawing ----

  /**
   * @param {State} state
   * @param {Found} found what the held query attends to
   * @param {number | null} pointed the key under the pointer
   * @param {import("./line.js").Limits} limits
   */
  draw(state, found, pointed, limits) {
    this.state = state;
    this.limits = limits;
    this.width = this.element.clientWidth || 600;
    put(this.element, { viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT });
    this.back.replaceChildren(...this.kernel(found.s), ...this.axes(), this.everyOutput(), ...this.bars(found, pointed));
    this.describe(found);
    this.drawFront(found);
  }

  /** The kernel over the axis, cut off where the axis ends. */
  kernel(s) {
    const { state: { kernel, b }, limits: { low, high } } = this;
    const reach = kernel === "bump" ? [Math.max(s - b, low), s, Math.min(s + b, high)] : [low, s];
    const corners = reach.map((t) => `${this.x(t)} ${AXIS - this.height(s - t)}`).join(" L");
    const area = `M${this.x(reach[0])} ${AXIS} L${corners} L${this.x(reach.at(-1))} ${AXIS} Z`;
    return [
      svg("path", { d: area, fill: "var(--query)", "fill-opacity": 0.1 }),
      svg("path", { d: `M${corners}`, fill: "none", stroke: "var(--query)", "stroke-width": 1.6 }),
    ];
  }

  axes() {
    const ends = { x1: MARGIN - 12, x2: this.width - MARGIN + 12 };
    const parts = [
      svg("line", { ...ends, y1: AXIS, y2: AXIS, stroke: "var(--ink)", "stroke-width": 1.4 }),
      svg("line", { ...ends, y1: VALUES, y2: VALUES, stroke: "var(--line)", "stroke-width": 1.2 }),
    ];
    for (let score = this.limits.low; score <= this.limits.high; score += 1) {
      const x = this.x(score);
      parts.push(
        svg("line", { x1: x, x2: x, y1: AXIS - 3, y2: AXIS + 3, stroke: "var(--ink)" }),
        svg("text", { x, y: AXIS + 44, "text-anchor": "middle" }, fmt(score, 0)));
    }
    return parts;
  }

  /** The output that a query would have anywhere on the axis. */
  everyOutput() {
    const points = [];
    for (let x = MARGIN; x <= this.width - MARGIN; x += 2) {
      points.push(`${x} ${(VALUES - attend(this.state, this.score(x)).y * VALUE_UNIT).toFixed(2)}`);
    }
    return svg("path", {
      d: `M${points.join("L")}`, fill: "none", stroke: "var(--value)", "stroke-width": 1.2, "stroke-opacity": 0.75,
      "stroke-dasharray": "1 3", "stroke-linecap": "round",
    });
  }

  /** A bar for the value and for the weight of every key, and the weights written where there is room. */
  bars({ s, weights }, pointed) {
    const { keys, values } = this.state, parts = [], lit = [];
    for (const j of sortedBy(keys)) {
      const x = this.x(keys[j]), top = AXIS - this.height(s - keys[j]);
      parts.push(svg("line", { x1: x, x2: x, y1: VALUES, y2: VALUES - values[j] * VALUE_UNIT, stroke: "var(--value)", "stroke-width": 2 }));
      if (weights[j] <= 0) continue;
      parts.push(svg("line", { x1: x, x2: x, y1: AXIS, y2: top, stroke: "var(--key)", "stroke-width": j === pointed ? 5 : 3 }));
      lit.push({ j, x, top });
    }
    return [...parts, ...this.weights(lit, s, weights, pointed)];
  }

  /** Where the held query is, and what it gives. */
  inWords(weights) {
    const { queries, keys, held } = this.state, lit = [...weights].filter((w) => w > 0).length;
    const most = weights.reduce((best, w, j) => (w > weights[best] ? j : best), 0);
    const state = words.picture.state[keys.length === 1 ? "one" : "many"];
    const label = say(state, { query: held + 1, at: fmt(queries[held]), lit, keys: keys.length });
    const says = lit ? say(words.picture.most, { key: most + 1, at: fmt(keys[most]), weight: fmt(weights[most]) }) : "";
    put(this.element, { "aria-label": label + says });
  }

  /** Where the words of the held query begin. */
  ownPlace(s) { return Math.min(this.x(s) - 8, this.width - 62); }

  /** The middle of the words of the held query above the top of its bump. */
  apex(s) { return clamp(this.x(s), 26, this.width - 26); }

  /** The weight of each key above its bar, as far as it lies on no other, on no bar and not on the kernel. */
  weights(lit, s, weights, pointed) {
    const bump = this.state.kernel === "bump", narrow = this.width < NARROW, marks = this.state.queries.map((q) => this.x(q));
    const own = this.ownPlace(s), top = this.apex(s), high = AXIS - PEAK - 8;
    const placed = bump ? [[top - 14, high], [top + 14, high]] : [[own + 14, AXIS - 27], [own + 42, AXIS - 27]]; // the words of the query itself
    return lit.flatMap(({ j, x, top: tip }) => {
      const side = bump ? Math.sign(this.state.keys[j] - s) : narrow ? 1 : 0; // to where the kernel falls away from the words
      const middle = x + side * (LABEL / 2), first = Math.max(10, tip - (side ? 2 : 7));
      const free = (y) => !(y > AXIS - MARK && marks.some((mark) => Math.abs(mark - middle) < LABEL / 2 + 8))
        && !placed.some(([px, py]) => Math.abs(px - middle) < LABEL && Math.abs(py - y) < LINE)
        && !lit.some((bar) => bar.j !== j && Math.abs(bar.x - middle) < LABEL / 2 && bar.top < y);
      const y = [0, 1, 2].map((level) => first - LINE * level).find((place) => place > 8 && free(place)) ?? (j === pointed ? first : null);
      if (y === null) return [];
      placed.push([middle, y]);
      return [svg("text", { class: "weight", x: middle, y, "text-anchor": "middle" }, fmt(weights[j]))];
    });
  }

  /** The drawing in a sentence, every mark in its place, and what it is in words. */
  describe({ weights }) {
    this.inWords(weights);
    const { state, marks, limits: { low, high, narrowest, widest } } = this, { queries, keys, values, held, b } = state;
    const set = (g, x, y, label, now, least, most) => put(g, {
      transform: `translate(${x} ${y})`, "aria-label": label,
      "aria-valuenow": hundredth(now), "aria-valuemin": least, "aria-valuemax": most, "aria-valuetext": fmt(now),
    });
    marks.q.forEach((g, i) => {
      set(g, this.x(queries[i]), AXIS, say(i === held ? words.picture.held : words.picture.query, { i: i + 1 }), queries[i], low, high);
      g.classList.toggle("held", i === held);
    });
    marks.k.forEach((g, j) => {
      set(g, this.x(keys[j]), AXIS, say(words.picture.key, { j: j + 1, weight: fmt(weights[j]) }), keys[j], low, high);
      g.classList.toggle("lit", weights[j] > 0);
    });
    marks.v.forEach((g, j) => set(g, this.x(keys[j]), VALUES - values[j] * VALUE_UNIT, say(words.picture.value, { j: j + 1 }), values[j], -1, 1));
    for (const g of marks.b) {
      const x = this.x(queries[held] + this.handleSide(state) * b);
      set(g, clamp(x, MARGIN - 10, this.width - MARGIN + 10), AXIS, words.picture.bandwidth, b, narrowest, widest);
    }
  }

  drawFront({ s, y }) {
    const x = this.x(s), tip = VALUES - y * VALUE_UNIT, up = y >= 0 ? 1 : -1, end = this.width - MARGIN + 12;
    const halo = { stroke: "var(--ground)", "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" };
    const says = this.width > NARROW ? words.picture.dotted : words.picture.values;
    const parts = [
      svg("line", { x1: x, x2: x, y1: AXIS, y2: VALUES + 30, stroke: "var(--query)", "stroke-dasharray": "2 3" }),
      svg("text", this.state.kernel === "bump"
        ? { x: this.apex(s), "text-anchor": "middle", ...halo, class: "name", y: AXIS - PEAK - 8 }
        : { x: this.ownPlace(s), ...halo, class: "name", y: AXIS - 27 }, `s = ${fmt(s)}`),
      svg("text", { x: end, y: AXIS + 58, "text-anchor": "end" }, words.picture.axis),
      svg("text", { x: MARGIN - 12, y: VALUES + 44, class: "out" }, says),
      svg("text", { x: end, y: VALUES + 44, class: "out", "text-anchor": "end" }, `y = ${fmt(y, 3)}`),
      svg("line", { x1: x, x2: x, y1: VALUES, y2: tip, stroke: "var(--value)", "stroke-width": 4 }),
      Math.abs(y) * VALUE_UNIT > 3
        ? svg("path", { d: `M${x - 6} ${tip + 6 * up} L${x} ${tip - 3 * up} L${x + 6} ${tip + 6 * up} Z`, fill: "var(--value)" })
        : svg("circle", { cx: x, cy: tip, r: 4, fill: "var(--value)" }),
    ];
    for (const part of parts) put(part, { "pointer-events": "none" });
    this.front.replaceChildren(...parts);
  }
}
