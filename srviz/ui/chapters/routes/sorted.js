// The sorted route: project, sort, sum, look up.

import { circle } from "../../kit/js/canvas.js";
import { fade } from "../../kit/js/colour.js";
import { clamp, make, span } from "../../kit/js/core.js";
import { LookUp } from "../../kit/js/lookup.js";
import { allSteps } from "../../kit/js/steps.js";
import { count, fmt, phrase, say, signed } from "../../kit/js/text.js";
import { FEW, MARGIN, RoutePanel, TOP, unit } from "./panel.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./routes.js").Message} Message */
/** @typedef {import("../../kit/js/steps.js").Step} Step */

const MANY = 40; // tokens from which the dots are small

export class Sorted extends RoutePanel {
  constructor() {
    super(words.sorted.title, words.sorted.done);
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Record<string, number>} */
    this.starts = {}; // the first step of every stage
    this.answered = []; // the step at which a query has its answer
    this.keys = []; // the sorted key scores
    this.lookup = new LookUp();
    this.lookup.title.append(words.sorted.lookup);
    this.says.before(make("div", { class: "lookup" }, [this.lookup.title, this.lookup.drawing]));
  }

  /** @param {Message} data */
  receive(data) {
    this.take(data, data.sorted_source);
    this.steps = allSteps(data);
    this.keys = data.order.map((j) => data.t[j]);
    this.starts = Object.fromEntries(["sort", "sums", "knots", "search"].map((kind) => [kind, this.steps.findIndex((step) => step.kind === kind)]));
    this.answered = new Array(this.n);
    this.steps.forEach((step, k) => { if (step.kind === "answer") this.answered[step.i] = k + 1; });
    const many = (...kinds) => count(this.steps.filter((step) => kinds.includes(step.kind)).length);
    this.cost.textContent = say(words.sorted.cost, {
      project: many("project"), sort: many("sort"), sums: many("sums", "knots"), look: many("search", "answer"),
    });
  }

  get all() { return this.steps.length; }

  draw(done, colours, side) {
    this.begin(colours, side);
    const step = done ? this.steps[done - 1] : null;
    this.drawKeys(step, done);
    if (step?.kind === "search" || step?.kind === "answer") this.drawPointer(step); // below what is written
    this.drawSums(clamp(done - this.starts.sums, 0, this.n));
    this.drawKnots(clamp(done - this.starts.knots, 0, this.n));
    this.drawLookUp(step, done);
    this.outputs((i) => done >= this.answered[i]);
    const [steps, parts] = step ? ARITHMETIC[step.kind](this.data, step, this.keys) : START;
    this.tell(done, this.all, steps, parts, (says) => say(words.sorted.label, { done, all: this.all, says }));
  }

  get line() { return TOP + this.side * 0.17; }

  /** The keys, one bar a place, as they stand at this step. @param {Step | null} step */
  drawKeys(step, done) {
    const { pen, colours, data, side, n, x0, line } = this, sorting = step?.kind === "sort", sorted = done >= this.starts.sums;
    const stand = sorting ? step.stand : sorted ? data.order : data.t.map((_, j) => j), scale = unit(data.t, side * 0.13);
    pen.textAlign = "left";
    pen.fillStyle = colours.key;
    const long = pen.measureText(words.sorted.keys.sorted).width > side;
    pen.fillText(words.sorted.keys[sorted ? (long ? "short" : "sorted") : sorting ? "sorting" : "unsorted"], x0, 7);
    stand.forEach((j, k) => {
      if (done < this.starts.sort && k >= done) return; // not projected yet
      const out = step?.kind === "search" && (k < step.low || k >= step.high);
      pen.globalAlpha = out ? 0.22 : sorting && k !== step.slot ? 0.55 : 1;
      this.bar(k, data.t[j], line, scale, colours.key);
    });
    pen.globalAlpha = 1;
    this.axis(line);
    if (data.colour) stand.forEach((j, k) => this.swatch(j, x0 + (k * side) / n, 16, side / n + 0.3, 5));
  }

  /** The running sums of the values. */
  drawSums(known) {
    const { data, side, colours } = this, axis = TOP + side * 0.5, scale = unit(data.S, side * 0.08);
    this.caption(say(words.sorted.sums, { coordinates: data.coordinates }), this.x0, TOP + side * 0.345, known > 0);
    this.axis(axis);
    const pale = fade(colours.value, 0.75);
    for (let k = 0; k < known; k += 1) this.bar(k, data.S[k], axis, scale, pale);
  }

  /** The hinge sums at the keys, joined by straight lines. */
  drawKnots(known) {
    const { pen, data, side, colours } = this, axis = TOP + side * 0.84, scale = unit(data.R, side * 0.085);
    this.caption(words.sorted.knots, this.x0, TOP + side * 0.675, known > 0);
    this.axis(axis);
    pen.strokeStyle = colours.value;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let k = 0; k < known; k += 1) pen.lineTo(this.at(k), axis - data.R[k] * scale);
    pen.stroke();
    for (let k = 0; k < known; k += 1) {
      const x = this.at(k), y = axis - data.R[k] * scale;
      circle(pen, x, y, this.n > MANY ? 1.6 : 3.2);
      pen.fillStyle = colours.value;
      pen.fill();
      if (this.n <= FEW) this.number(data.R[k], x, y + (data.R[k] >= 0 ? -10 : 11));
    }
    pen.lineWidth = 1;
  }

  /** The same sums over the score: what a look-up takes is a height and a slope. @param {Step | null} step */
  drawLookUp(step, done) {
    const { data: { s, t, R, S, N, y }, keys } = this, known = clamp(done - this.starts.knots, 0, this.n);
    const looking = step?.kind === "search" || step?.kind === "answer", i = looking ? step.i : 0;
    const first = (list) => Array.from(list).slice(0, known), scores = [...s, ...t];
    this.lookup.draw({
      line: { places: first(keys), R: first(R), S: known < this.n ? [...first(S).slice(0, -1), 0] : first(S) },
      s: looking ? s[i] : null, found: step?.kind === "answer", low: Math.min(...scores), high: Math.max(...scores), margin: MARGIN,
      divisor: "N", total: N[i], y: y[i], digits: 3,
    });
  }

  /** The query that is looked up. @param {Step} step */
  drawPointer(step) {
    const { pen, side } = this, answer = step.kind === "answer";
    const x = this.x0 + ((answer ? step.p : step.middle + 0.5) * side) / this.n;
    pen.strokeStyle = pen.fillStyle = this.colours.query;
    pen.lineWidth = 1.8;
    pen.beginPath();
    pen.moveTo(x, TOP);
    pen.lineTo(x, answer ? TOP + side : this.line + side * 0.17);
    pen.stroke();
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x - 6, 20);
    pen.lineTo(x + 6, 20);
    pen.lineTo(x, 30);
    pen.fill();
  }
}

/** @type {[string[], any[]]} */
const START = [["project"], [words.arithmetic.begin]];
const query = (x) => span("query", fmt(x, 3)), key = (x) => span("key", fmt(x, 3)), value = (text) => span("value", text);

/**
 * For every kind of step: which lines of the source it runs, and its arithmetic.
 * @type {Record<string, (data: Message, step: Step, keys: number[]) => [string[], any[]]>}
 */
const ARITHMETIC = {
  project: ({ s, t }, { k }) => [["project"], phrase(words.arithmetic.project, { k: k + 1, query: query(s[k]), key: key(t[k]) })],
  sort: ({ t }, { pass, key: j, slot }) => [["sort"], phrase(words.arithmetic.sort, { pass, key: key(t[j]), place: slot + 1 })],
  sums: ({ S, u }, { k }) => [["sums"], [value(k
    ? `S = ${fmt(S[k - 1], 3)} + ${signed(u[k], 3)} = ${fmt(S[k], 3)}`
    : say(words.arithmetic.firstSum, { u: fmt(u[k], 3) }))]],
  knots: ({ S, R }, { k }, keys) => [["knots"], [
    value(k ? `R = ${fmt(R[k - 1], 3)} + ${fmt(keys[k] - keys[k - 1], 3)} · ${signed(S[k - 1], 3)} = ${fmt(R[k], 3)}` : words.arithmetic.lowest),
    make("br"), k ? words.arithmetic.knot : "",
  ]],
  search: ({ s }, { i, middle, below }, keys) => [["look up"],
    phrase(below ? words.arithmetic.right : words.arithmetic.left, { key: key(keys[middle]), query: query(s[i]) })],
  answer: ({ s, S, R, N, y }, { i, p }, keys) => [["look up", "normalize"], p
    ? ["(R + (", query(s[i]), " − ", key(keys[p - 1]), ") · S) / N", make("br"),
      `= (${fmt(R[p - 1], 3)} + ${fmt(s[i] - keys[p - 1], 3)} · ${signed(S[p - 1], 3)}) / ${fmt(N[i], 3)} = `, value(fmt(y[i], 3))]
    : phrase(words.arithmetic.none, { query: query(s[i]), output: value("y = 0") })],
};
