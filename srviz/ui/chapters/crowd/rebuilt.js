// A cloud in the plane beside what can be rebuilt of it from so many slices.

import { announcer, make, mounted, put, reducedMotion, svg } from "../../kit/js/core.js";
import { Frame, Motion } from "../../kit/js/pace.js";
import { fmt, say } from "../../kit/js/text.js";
import { Reports } from "../../kit/js/wire.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {number} start the place of a number of slices in `counts`
 * @property {number[]} counts numbers of slices
 * @property {number[][]} cloud points [x, y]
 * @property {number[][][]} rebuilt for each number of slices
 * @property {number[]} errors of each
 * @property {number[]} missed how far each is from the slices that were given
 * @property {number} reach half of the side of the picture
 */

const SIDE = 380, GLIDE_MILLISECONDS = 700;

class Rebuilt {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.motion = new Motion();
    /** @type {Message} */
    this.data = null;
    this.at = 0; // a place in counts; between two of them while it glides
    this.goal = 0;
    this.picture = svg("svg", { role: "img" });
    this.chart = svg("svg", { class: "chart", "aria-hidden": "true" });
    const chosen = () => this.go(Number(this.range.value), true);
    this.range = make("input", { type: "range", min: 0, step: 1, "aria-label": words.rebuilt.range, oninput: chosen });
    this.said = make("div", { class: "verdict" });
    this.live = announcer();
    this.face = make("div", { class: "rebuilt card" }, [
      this.picture, make("div", { class: "side" }, [this.said, make("div", { class: "row" }, [make("span", {}, words.rebuilt.slices), this.range]), this.chart]), this.live,
    ]);
    this.root.replaceChildren(this.face);
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.face);
  }

  close() {
    this.observer.disconnect();
    this.motion.stop();
    this.frame.close();
  }

  /** @param {Message} data */
  receive(data, send) {
    this.data = data;
    if (this.reports.begins(data, send)) this.at = this.goal = data.start;
    put(this.range, { max: data.counts.length - 1 });
    this.draw();
  }

  /** Let the points glide to where another number of slices leaves them. */
  go(goal, tell) {
    this.goal = goal;
    this.motion.stop();
    const from = this.at;
    if (reducedMotion()) { this.at = goal; this.draw(); }
    else {
      let past = 0;
      this.motion.start((since) => {
        past = Math.min(1, past + since / GLIDE_MILLISECONDS);
        this.at = from + (goal - from) * (3 * past ** 2 - 2 * past ** 3);
        if (past === 1) this.motion.stop();
        this.draw();
      });
    }
    this.live.textContent = this.verdict();
    if (tell) this.reports.tell({ slices: this.data.counts[goal] });
  }

  verdict() {
    const { counts, errors, missed } = this.data, k = this.goal, part = (v) => `${fmt(100 * v, 1)} %`;
    return say(counts[k] === 1 ? words.rebuilt.one : words.rebuilt.many, { n: counts[k], error: part(errors[k]), missed: part(missed[k]) });
  }

  draw() {
    const { data } = this;
    if (!data) return;
    const width = Math.min(SIDE, Math.max(240, this.picture.parentElement.clientWidth - 42)), middle = width / 2, unit = middle / data.reach;
    put(this.picture, { viewBox: `0 0 ${width} ${width}`, width, height: width, "aria-label": `${words.rebuilt.label} ${this.verdict()}` });
    const low = Math.floor(this.at), high = Math.min(low + 1, data.counts.length - 1), part = this.at - low;
    const x = (v) => middle + v * unit, y = (v) => middle - v * unit, slices = data.counts[this.goal], parts = [];
    for (let k = 0; k < slices; k += 1) {
      const angle = Math.PI * k / slices, [a, b] = [Math.cos(angle), Math.sin(angle)].map((v) => v * data.reach * 0.97);
      parts.push(svg("line", { class: "slice", x1: x(-a), y1: y(-b), x2: x(a), y2: y(b), "stroke-opacity": Math.max(0.12, 0.6 / Math.sqrt(slices)) }));
    }
    for (const [a, b] of data.cloud) parts.push(svg("circle", { class: "true", cx: x(a), cy: y(b), r: 4.5 }));
    data.rebuilt[low].forEach(([a, b], i) => {
      const [c, d] = data.rebuilt[high][i];
      parts.push(svg("circle", { class: "found", cx: x(a + (c - a) * part), cy: y(b + (d - b) * part), r: 2.6 }));
    });
    this.picture.replaceChildren(...parts);
    this.range.value = String(this.goal);
    put(this.range, { "aria-valuetext": this.verdict() });
    this.said.textContent = this.verdict();
    this.drawChart();
  }

  drawChart() {
    const { counts, errors } = this.data, width = Math.max(220, this.chart.parentElement.clientWidth), height = 190;
    put(this.chart, { viewBox: `0 0 ${width} ${height}`, width, height });
    const left = 46, foot = height - 34, step = (width - left - 20) / counts.length, most = Math.max(...errors);
    const y = (v) => foot - v / most * (foot - 34);
    const bars = errors.flatMap((error, k) => {
      const at = left + step * (k + 0.5);
      return [
        svg("rect", { class: k === this.goal ? "bar chosen" : "bar", x: at - step * 0.3, width: step * 0.6, y: y(error), height: foot - y(error) }),
        svg("text", { x: at, y: y(error) - 5, "text-anchor": "middle" }, fmt(100 * error, error < 0.1 ? 1 : 0)),
        svg("text", { x: at, y: foot + 15, "text-anchor": "middle" }, String(counts[k])),
      ];
    });
    this.chart.replaceChildren(
      ...bars, svg("line", { class: "axis", x1: left, x2: width - 10, y1: foot, y2: foot }),
      svg("text", { x: left + step * 2, y: 14 }, words.rebuilt.error), svg("text", { x: left, y: height - 4 }, words.rebuilt.number),
    );
  }
}

export default mounted(Rebuilt, "slices");
