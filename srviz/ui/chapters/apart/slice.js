// The slice that tells two crowds apart: their hinge sums along it, what the head puts out, and its place.

import { clamp, hundredth, make, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { fmt, say, small } from "../../kit/js/text.js";
import { mark, nameOf } from "./marks.js";
import { hinges, label, scores } from "./separate.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./apart.js").Apart} Apart */

const LEFT = 44, RIGHT = 14, SUMS = [22, 92], OUTPUT = [126, 232], SHADOWS = 258, HEIGHT = 292; // pixels
const SAMPLES = 220; // of a curve
const ROUNDING = 1e-12; // a smaller gap is none
const STEP = 0.01, LARGE_STEP = 0.1; // of an arrow key

export class Slice {
  /** @param {Apart} owner */
  constructor(owner) {
    this.owner = owner;
    this.range = [-1, 1];
    this.width = 480;
    this.back = svg("g");
    this.knob = svg("g", { class: "knob", tabindex: 0, role: "slider", "aria-label": words.slice.place });
    this.picture = svg("svg", { role: "group", "aria-label": words.slice.label }, [this.back, this.knob]);
    this.element = make("div", { class: "slice" }, this.picture);
    this.knob.onpointerdown = (event) => this.grab(event);
    this.knob.onkeydown = (event) => this.byKey(event);
    holdPage(this.knob);
  }

  grab(event) {
    const { owner } = this;
    if (owner.data.running || owner.state.head) return; // the first head alone is the visitor's
    drag(event, this.knob, (e) => {
      const [low, high] = this.range, part = (placeIn(e, this.picture)[0] - LEFT) / (this.width - LEFT - RIGHT);
      owner.choose({ place: low + clamp(part, 0, 1) * (high - low) });
    }, () => owner.release());
  }

  byKey(event) {
    const way = arrow(event), { owner } = this;
    if (!way || owner.data.running || owner.state.head) return;
    event.preventDefault();
    owner.choose({ place: owner.shownHead().place + (event.shiftKey ? LARGE_STEP : STEP) * (way[0] + way[1]) });
    owner.later();
  }

  draw() {
    const { owner } = this, { state: { first, second } } = owner, { turn, place } = owner.shownHead();
    const pair = [first, second].map((c) => scores(owner.crowds()[c], turn)), every = pair.flat();
    const least = Math.min(...every), most = Math.max(...every), edge = 0.12 * (most - least) + 0.02;
    this.width = Math.max(260, this.element.clientWidth);
    this.range = [Math.min(least - edge, place - edge), Math.max(most + 2 * edge, place + edge)];
    const [low, high] = this.range, x = (s) => LEFT + ((s - low) / (high - low)) * (this.width - LEFT - RIGHT);
    put(this.picture, { width: this.width, height: HEIGHT, viewBox: `0 0 ${this.width} ${HEIGHT}` });
    const along = Array.from({ length: SAMPLES + 1 }, (_, k) => low + (k / SAMPLES) * (high - low)).concat(every).sort((a, b) => a - b);
    this.back.replaceChildren(
      ...this.curves(words.slice.sums, pair, along, hinges, x, SUMS, place),
      ...this.curves(words.slice.outputs[this.width < 400 ? "narrow" : "wide"], pair, along, label, x, OUTPUT, place),
      svg("line", { class: "axis", x1: LEFT, x2: this.width - RIGHT, y1: SHADOWS, y2: SHADOWS }),
      ...pair.flatMap((t, side) => t.map((s) => mark(side ? "second" : "first", x(s), SHADOWS + (side ? 8 : -8), side ? 4 : 4.5))),
      svg("text", { x: this.width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, words.slice.score),
      svg("text", { x: LEFT, y: HEIGHT - 6 }, words.slice.shadows[this.width < 340 ? "narrow" : "wide"]),
    );
    this.drawKnob(x(place), place, pair);
  }

  /** One chart of a function of a crowd and a place, for both crowds, and the gap at the place. */
  curves(title, pair, along, f, x, /** @type {number[]} */ [top, bottom], place) {
    const found = pair.map((t) => along.map((s) => f(t, s))), all = found.flat(), low = Math.min(...all), high = Math.max(...all);
    const y = (v) => bottom - ((v - low) / (high - low || 1)) * (bottom - top);
    const here = pair.map((t) => f(t, place)), gap = Math.abs(here[0] - here[1]);
    const left = x(place) > this.width * 0.62;
    return [
      svg("text", { class: "title", x: 0, y: top - 9 }, title),
      svg("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y(clamp(0, low, high)), y2: y(clamp(0, low, high)) }),
      svg("text", { x: LEFT - 6, y: y(high) + 4, "text-anchor": "end" }, fmt(high, 1)),
      svg("text", { x: LEFT - 6, y: y(low) + 4, "text-anchor": "end" }, fmt(low, 1)),
      ...found.map((values, side) => svg("path", {
        class: `curve ${side ? "second" : "first"}`, d: values.map((v, k) => `${k ? "L" : "M"}${x(along[k]).toFixed(1)} ${y(v).toFixed(1)}`).join(""),
      })),
      svg("line", { class: "gap", x1: x(place), x2: x(place), y1: y(here[0]), y2: y(here[1]) }),
      ...here.map((v, side) => mark(side ? "second" : "first", x(place), y(v), side ? 3.6 : 4)),
      svg("text", { class: "number", x: x(place) + (left ? -10 : 10), y: clamp(y((here[0] + here[1]) / 2) + 4, top + 8, bottom - 2), "text-anchor": left ? "end" : "start" }, say(words.slice.apart, { gap: gap < ROUNDING ? "0" : small(gap) })),
    ];
  }

  drawKnob(at, place, pair) {
    const [a, b] = pair.map((t) => fmt(label(t, place), 3)), { state } = this.owner;
    const values = { place: fmt(place), a, b, first: nameOf(state.first), second: nameOf(state.second) };
    put(this.knob, {
      transform: `translate(${at} 0)`, "aria-disabled": state.head ? "true" : null, "aria-valuenow": hundredth(place), "aria-valuemin": hundredth(this.range[0]), "aria-valuemax": hundredth(this.range[1]),
      "aria-valuetext": say(words.slice.output, values),
    });
    put(this.picture, { "aria-label": say(words.slice.state, values) });
    this.knob.replaceChildren(
      svg("rect", { class: "grip", x: -14, y: SUMS[0] - 6, width: 28, height: SHADOWS - SUMS[0] + 16 }),
      svg("line", { class: "place", x1: 0, x2: 0, y1: SUMS[0] - 6, y2: SHADOWS }),
      svg("path", { class: "query", d: `M-7 ${SHADOWS - 15}L7 ${SHADOWS - 15}L0 ${SHADOWS - 2}Z` }),
      svg("text", { class: "query", x: 0, y: SUMS[0] - 10, "text-anchor": "middle" }, "s*"),
    );
  }
}

/** The labels of all crowds on a line, and the smallest gap between two of them. */
export function labelLine(labels, names, pair, width) {
  const low = Math.min(...labels), high = Math.max(...labels), span = high - low || 1, edge = 18;
  const x = (v) => edge + ((v - low) / span) * (width - 2 * edge), order = labels.map((_, c) => c).sort((a, b) => labels[a] - labels[b]);
  let last = -Infinity, row = 0;
  const marks = order.flatMap((c) => {
    row = x(labels[c]) - last < 11 ? row + 1 : 0;
    last = x(labels[c]);
    const which = c === pair[0] ? "first" : c === pair[1] ? "second" : "other";
    return [mark(which, x(labels[c]), 30, which === "other" ? 3.5 : 5), svg("text", { class: `letter ${which}`, x: x(labels[c]), y: 18 - 12 * (row % 2), "text-anchor": "middle" }, names(c))];
  });
  const said = order.map((c) => `${names(c)} ${fmt(labels[c], 3)}`).join(", ");
  return svg("svg", { width, height: 42, viewBox: `0 0 ${width} 42`, role: "img", "aria-label": say(words.labels.label, { labels: said }) }, [
    svg("line", { class: "axis", x1: 0, x2: width, y1: 30, y2: 30 }), ...marks,
  ]);
}
