// The crowd on its line, and over it the function that is asked for. Tokens are dragged, or moved by arrow keys.

import { ticks, written } from "../../kit/js/axis.js";
import { clamp, hundredth, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { fmt, say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./language.js").Member} Member */

const SIDE = 44, TOP = 12, CURVE = 150, LANE = 74, FOOT = 24; // pixels
const STEP = 0.05, LARGE_STEP = 0.25; // of an arrow key, without and with Shift
export const STRIP_HEIGHT = TOP + CURVE + LANE + FOOT;

/** The path of a curve, broken where it has no value. @param {number[]} xs @param {number[]} ys */
export function path(xs, ys, x, y) {
  let open = false;
  return ys.map((value, k) => {
    if (!Number.isFinite(value)) { open = false; return ""; }
    const point = `${open ? "L" : "M"}${x(xs[k]).toFixed(1)} ${y(value).toFixed(1)}`;
    open = true;
    return point;
  }).join("");
}

/** The numbers of the upright axis, written at the left, with a line for each. */
export const scale = ({ low, high }, y, left, right) => ticks(low, high).flatMap((value) => [
  svg("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
  svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, written(value, high - low)),
]);

export class CrowdStrip {
  /**
   * @param {{begin(): void, moved(): void, end(changed: boolean): void, pointed(x: number | null): void, nudged(): void}} owner
   */
  constructor(owner) {
    this.owner = owner;
    this.back = svg("g");
    this.tokens = svg("g");
    this.element = svg("svg", { class: "strip", role: "group", "aria-label": words.strip.label }, [this.back, this.tokens]);
    this.element.onpointermove = (event) => owner.pointed(this.place(placeIn(event, this.element)[0]));
    this.element.onpointerleave = () => owner.pointed(null);
    this.width = 600;
    this.reach = 1;
    /** @type {Member[]} */
    this.crowd = [];
    this.marks = [];
    this.payload = this.locked = false;
  }

  x(place) { return SIDE + (place + this.reach) / (2 * this.reach) * (this.width - 2 * SIDE); }

  place(x) { return clamp((x - SIDE) / (this.width - 2 * SIDE) * 2 * this.reach - this.reach, -this.reach, this.reach); }

  /** Where a payload is drawn; without payloads all tokens stand on one line. */
  y(payload) { return TOP + CURVE + LANE / 2 + 4 - (this.payload ? payload * (LANE / 2 - 12) : 0); }

  /** @param {Member[]} crowd @param {{reach: number, payload: boolean, locked: boolean}} how */
  rebuild(crowd, { reach, payload, locked }) {
    Object.assign(this, { crowd, reach, payload, locked });
    this.marks = crowd.map((_, k) => {
      const mark = svg("g", { class: "token", tabindex: locked ? -1 : 0, role: "slider", "aria-disabled": locked ? "true" : null }, [
        svg("circle", { class: "hit", r: 14 }), svg("circle", { class: "ring", r: 11 }), svg("circle", { class: "dot", r: 6 }),
      ]);
      holdPage(mark);
      mark.onpointerdown = (event) => this.grab(event, mark, k);
      mark.onkeydown = (event) => this.nudge(event, k);
      return mark;
    });
    this.tokens.replaceChildren(...this.marks);
  }

  move(k, place, payload) {
    const one = this.crowd[k];
    one.c = hundredth(clamp(place, -this.reach, this.reach));
    if (this.payload) one.p = hundredth(clamp(payload, -1, 1));
  }

  grab(event, mark, k) {
    if (this.locked) return;
    const { owner, crowd } = this, before = { ...crowd[k] }, start = placeIn(event, this.element);
    let changed = false;
    const moved = (e) => {
      const [x, y] = placeIn(e, this.element);
      this.move(k, before.c + this.place(x) - this.place(start[0]), before.p - (y - start[1]) / (LANE / 2 - 12));
      changed = crowd[k].c !== before.c || crowd[k].p !== before.p;
      owner.moved();
    };
    if (drag(event, mark, moved, () => owner.end(changed))) owner.begin();
  }

  nudge(event, k) {
    const way = arrow(event);
    if (!way || this.locked || (way[1] && !this.payload)) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? LARGE_STEP : STEP, { c, p } = this.crowd[k];
    this.owner.nudged();
    this.move(k, c + way[0] * step, p + way[1] * step);
    this.owner.moved();
  }

  /**
   * @param {number} width
   * @param {number[]} xs places of the curve
   * @param {number[]} truth
   * @param {{low: number, high: number}} range of the upright axis
   * @param {number | null} pointed
   */
  draw(width, xs, truth, range, pointed) {
    this.width = width;
    put(this.element, { viewBox: `0 0 ${width} ${STRIP_HEIGHT}`, width, height: STRIP_HEIGHT });
    const x = (place) => this.x(place), { low, high } = range;
    const y = (value) => TOP + CURVE * (1 - (clamp(value, low, high) - low) / (high - low));
    const parts = [...scale(range, y, SIDE, width - SIDE), svg("path", { class: "truth", d: path(xs, truth, x, y) })];
    const floor = TOP + CURVE + LANE + 6;
    parts.push(svg("line", { class: "axis", x1: x(-this.reach), x2: x(this.reach), y1: floor - 6, y2: floor - 6 }));
    for (const place of [-2, -1, 0, 1, 2].filter((one) => Math.abs(one) <= this.reach)) {
      parts.push(svg("text", { x: x(place), y: floor + 12, "text-anchor": "middle" }, fmt(place, 0)));
    }
    if (this.payload) parts.push(svg("line", { class: "grid", x1: x(-this.reach), x2: x(this.reach), y1: this.y(0), y2: this.y(0) }));
    for (const { c, p } of this.crowd) parts.push(svg("line", { class: "stem", x1: x(c), x2: x(c), y1: this.payload ? this.y(p) : this.y(0), y2: floor - 6 }));
    if (pointed !== null) parts.push(svg("line", { class: "cursor", x1: x(pointed), x2: x(pointed), y1: TOP, y2: floor - 6 }));
    this.back.replaceChildren(...parts);
    const places = this.crowd.map(({ c }) => c), least = fmt(Math.min(...places)), most = fmt(Math.max(...places));
    put(this.element, { "aria-label": say(words.strip.state, { n: places.length, low: least, high: most }) });
    this.crowd.forEach(({ c, p }, k) => put(this.marks[k], {
      transform: `translate(${x(c).toFixed(1)} ${this.y(p).toFixed(1)})`,
      "aria-label": say(words.strip.token, { k: k + 1 }), "aria-valuenow": c, "aria-valuemin": -this.reach, "aria-valuemax": this.reach,
      "aria-valuetext": say(this.payload ? words.strip.payload : words.strip.place, { place: fmt(c), payload: fmt(p) }),
    }));
  }
}
