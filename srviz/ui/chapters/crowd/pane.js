// One model: the function that it has learned so far, over the one that is asked for.

import { clamp, make, put, svg } from "../../kit/js/core.js";
import { fmt, say } from "../../kit/js/text.js";
import { path, scale } from "./strip.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./crowd.js").Model} Model */

const HEIGHT = 172, LEFT = 40, RIGHT = 8, TOP = 10, BOTTOM = 14; // pixels

export class CurvePane {
  /** @param {(x: number | null) => void} pointed */
  constructor(pointed) {
    this.name = make("h2", { class: "name" });
    this.score = make("span", { class: "score" });
    this.drawing = svg("svg", { role: "img" });
    this.reading = make("div", { class: "reading" });
    const head = make("div", { class: "row head" }, [this.name, this.score]);
    this.element = make("section", { class: "pane" }, [head, this.drawing, this.reading]);
    this.width = 300;
    this.reach = 1;
    this.drawing.onpointermove = (event) => pointed(this.place(event.offsetX));
    this.drawing.onpointerleave = () => pointed(null);
  }

  place(x) { return clamp((x - LEFT) / (this.width - LEFT - RIGHT) * 2 * this.reach - this.reach, -this.reach, this.reach); }

  /**
   * @param {Model} model
   * @param {{xs: number[], truth: number[], said: number[] | null, range: {low: number, high: number}, places: number[],
   *   reach: number, pointed: number | null}} what
   * @param {number | null} metric R² of the test at this step
   */
  draw(model, { xs, truth, said, range, places, reach, pointed }, metric) {
    const width = Math.max(200, this.element.clientWidth || 300);
    Object.assign(this, { width, reach });
    const x = (place) => LEFT + (place + reach) / (2 * reach) * (width - LEFT - RIGHT);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (clamp(value, range.low, range.high) - range.low) / (range.high - range.low));
    put(this.drawing, { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT });
    const parts = [...scale(range, y, LEFT, width - RIGHT), svg("path", { class: "truth", d: path(xs, truth, x, y) })];
    if (said) parts.push(svg("path", { class: "said", d: path(xs, said, x, y), style: `stroke: var(--${model.tone})`, "stroke-dasharray": model.dashed ? "7 4" : null }));
    for (const place of places) parts.push(svg("line", { class: "tick", x1: x(place), x2: x(place), y1: HEIGHT - BOTTOM + 2, y2: HEIGHT - BOTTOM + 8 }));
    const at = pointed === null ? -1 : xs.reduce((best, one, k) => (Math.abs(one - pointed) < Math.abs(xs[best] - pointed) ? k : best), 0);
    if (at >= 0) {
      parts.push(svg("line", { class: "cursor", x1: x(xs[at]), x2: x(xs[at]), y1: TOP, y2: HEIGHT - BOTTOM }));
      if (said && Number.isFinite(said[at])) parts.push(svg("circle", { class: "here", cx: x(xs[at]), cy: y(said[at]), r: 4.5, style: `stroke: var(--${model.tone})` }));
    }
    this.drawing.replaceChildren(...parts);
    this.name.replaceChildren(make("span", { class: "swatch", style: `--tone: var(--${model.tone})` }), model.label);
    const right = at >= 0 && Number.isFinite(truth[at]) ? fmt(truth[at]) : words.pane.none;
    this.reading.textContent = at >= 0 && said ? say(words.pane.reading, { at: fmt(xs[at]), said: fmt(said[at]), truth: right }) : "\u00a0";
    const isNew = metric === null, r2 = isNew ? "" : fmt(metric, 3);
    this.score.textContent = isNew ? words.pane.new : `R² ${r2}`;
    put(this.drawing, { "aria-label": say(isNew ? words.pane.label.new : words.pane.label.tested, { model: model.label, r2 }) });
  }
}
