// One reason a figure: each is drawn anew for what is dragged, and its numbers are computed by the formulas of every page.

import { clamp, hundredth, make, mounted, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { fmt } from "../../kit/js/text.js";
import { Rest } from "../../kit/js/pace.js";
import { Reports } from "../../kit/js/wire.js";
import { FIGURES } from "./figures.js";

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {"pair" | "divisor" | "alike" | "centred"} kind which figure
 * @property {number} epoch another one for every start
 * @property {Record<string, any>} start what can be dragged
 * @property {number} held the score of the query that is not dragged
 * @property {number[]} keys
 * @property {number[]} values
 * @property {number} b the bandwidth of the bump
 * @property {Limits} limits
 */
/**
 * @typedef {object} Limits
 * @property {number} low the least score
 * @property {number} high the largest score
 * @property {number} shift the most that scores are shifted
 * @property {number} scale the most that they are scaled
 * @property {number} added the most that is added to values
 */

const STEP = 0.05; // of an arrow key

class Why {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.rest = new Rest(() => this.reports.tell(this.state));
    /** @type {Message} */
    this.data = null;
    /** @type {Record<string, any>} */
    this.state = null;
    this.back = svg("g");
    this.tokens = svg("g"); // they stay while they are dragged or have the focus
    this.drawing = svg("svg", { role: "group" }, [this.back, this.tokens]);
    this.says = make("div", { class: "says", "aria-live": "polite" });
    this.controls = make("div", { class: "controls" });
    this.observer = new ResizeObserver(() => this.draw());
    root.replaceChildren(make("div", { class: "why" }, make("div", { class: "card" }, [this.controls, this.drawing, this.says])));
    this.observer.observe(this.drawing);
  }

  close() {
    this.observer.disconnect();
    this.rest.close();
  }

  receive(data, send) {
    this.data = data;
    if (this.reports.begins(data, send)) {
      this.state = structuredClone(data.start);
      this.ranges = (FIGURES[data.kind].ranges?.(data.limits) ?? []).map((range) => this.range(range));
      this.controls.replaceChildren(...this.ranges.map(({ element }) => element));
      this.marks = FIGURES[data.kind].marks(this.state).map((mark) => this.mark(mark));
      this.tokens.replaceChildren(...this.marks.map(({ g }) => g));
    }
    this.draw();
  }

  /** A slider for a number of the state; `to` and `from` bend its scale. */
  range({ name, label, low, high, to = (x) => x, from = (x) => x, says }) {
    const value = make("b"), input = make("input", { type: "range", min: from(low), max: from(high), step: "any", "aria-label": label });
    input.oninput = () => this.change(() => { this.state[name] = hundredth(to(Number(input.value))); });
    const show = () => {
      input.value = from(this.state[name]);
      value.textContent = says(this.state[name]);
      put(input, { "aria-valuetext": value.textContent });
    };
    return { element: make("label", { class: "range" }, [`${label} `, value, input]), show };
  }

  /** A mark that is dragged along the axis. */
  mark({ kind, label, read, write }) {
    const shape = kind === "query" ? svg("path", { class: "shape", d: "M-8 -19 H8 L0 -4 Z" }) : svg("circle", { class: "shape", r: 9 });
    const name = svg("text", { y: kind === "query" ? -26 : 5, "text-anchor": "middle" }, label);
    const g = svg("g", { class: `mark ${kind}`, tabindex: 0, role: "slider", "aria-label": label }, [
      svg("circle", { class: "hit", r: 18, cy: kind === "query" ? -12 : 0 }), shape, name,
    ]);
    const { low, high } = this.data.limits, move = (x) => this.change(() => write(this.state, hundredth(clamp(x, low, high))));
    put(g, { "aria-valuemin": low, "aria-valuemax": high });
    holdPage(g);
    g.onpointerdown = (event) => drag(event, g, (e) => move(this.score(placeIn(e, this.drawing)[0])), () => this.reports.tell(this.state));
    g.onkeydown = (event) => {
      const way = arrow(event);
      if (!way) return;
      event.preventDefault();
      move(read(this.state) + (way[0] + way[1]) * STEP);
    };
    return { g, read };
  }

  change(act) {
    act();
    this.draw();
    this.rest.again();
  }

  // ---- where things are ----

  get width() { return this.drawing.clientWidth || 520; }

  x(score) {
    const { low, high } = this.data.limits, edge = 22;
    return edge + ((score - low) / (high - low)) * (this.width - 2 * edge);
  }

  score(x) {
    const { low, high } = this.data.limits, edge = 22;
    return low + ((x - edge) / (this.width - 2 * edge)) * (high - low);
  }

  draw() {
    if (!this.state) return;
    for (const range of this.ranges) range.show();
    const { height, axis, parts, says, label } = FIGURES[this.data.kind].draw(this.state, this.data, (score) => this.x(score), this.width);
    put(this.drawing, { viewBox: `0 0 ${this.width} ${height}`, height, "aria-label": label });
    for (const { g, read } of this.marks) {
      const at = read(this.state);
      put(g, { transform: `translate(${this.x(at)} ${axis})`, "aria-valuenow": at, "aria-valuetext": fmt(at) });
    }
    this.back.replaceChildren(...parts);
    this.says.replaceChildren(...says);
  }
}

export default mounted(Why, "why");
