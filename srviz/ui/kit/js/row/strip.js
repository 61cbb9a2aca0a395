// The sorted keys as bars along the axis of scores, coloured above by one method and below by another.

import { css, fade, mixed } from "../colour.js";
import { polygon, segment, surface } from "../canvas.js";
import { clamp, make, put } from "../core.js";
import { arrow, placeIn } from "../drag.js";
import { count, fmt } from "../text.js";

export const AXIS = 116; // pixels from the top of the strip to the axis of scores
export const TAIL = 40; // pixels of the longest bar below the axis
const STRIP = 216, LANE = 62; // pixels of the strip, of the longest bar above the axis
const RAMP = 76, MARGIN = 12; // the tallest that the kernel is drawn; beside the axis
const NEAR = 14; // pixels from a bar within which it is pointed at
const PAGE = 20; // steps of a page key over the whole strip
const SOME_KEYS = 300, WIDE = 8, NARROW = 5; // up to so many keys a bar is wide

/** A method in a sentence: "sliced ReLU". */
const inWords = ({ label }) => label[0].toLowerCase() + label.slice(1);
const firstWord = (method) => inWords(method).split(" ")[0];

export class Strip {
  /** @param {import("./row.js").Row} row */
  constructor(row) {
    this.row = row;
    this.bars = null;
    this.width = 0;
    this.pitch = WIDE;
    this.canvas = make("canvas", { role: "slider", tabindex: 0, "aria-valuemin": 1 });
    this.canvas.onpointermove = this.canvas.onpointerdown = (event) => this.along(event);
    this.canvas.onpointerleave = this.canvas.onblur = () => row.point(null);
    this.canvas.onkeydown = (event) => this.alongByKey(event);
  }

  measure() { this.width = this.canvas.clientWidth; }

  // ---- choosing a key ----

  /** The pointer takes all keys of a bar. */
  along(event) {
    if (!this.bars) return;
    const [x] = placeIn(event, this.canvas), { order } = this.row;
    const near = this.bars.reduce((best, bar) => (Math.abs(bar.x - x) < Math.abs(best.x - x) ? bar : best));
    if (Math.abs(near.x - x) > NEAR) { this.row.point(null); return; }
    this.row.point(order[(near.from + near.to - 1) >> 1], [...order.subarray(near.from, near.to)]);
  }

  /** An arrow key takes the next key. */
  alongByKey(event) {
    const { row } = this, far = Math.max(1, Math.round(row.head?.n / PAGE)), way = arrow(event);
    const by = way ? way[0] + way[1] : { PageUp: far, PageDown: -far }[event.key];
    if (!by || !row.head) return;
    event.preventDefault();
    const place = row.key === null ? row.rank[row.partner()] : row.rank[row.key] + by;
    row.point(row.order[clamp(place, 0, row.head.n - 1)]);
  }

  // ---- drawing ----

  draw() {
    const { row, canvas, width } = this, { head, found, colours } = row, height = STRIP + row.room;
    const pen = surface(canvas, width, height, colours.font);
    pen.textBaseline = "alphabetic";
    const left = MARGIN, right = width - MARGIN, [low, high] = this.ends();
    const x = (score) => left + ((score - low) / (high - low)) * (right - left);
    const s = head.s[found.query], at = x(s), query = css(colours.query);
    this.pitch = head.n < SOME_KEYS ? WIDE : NARROW;
    this.bars = this.cut(x);
    const upper = Math.min(1, row.panes.length - 1), { shape } = row.panes[upper].rule;
    if (shape) this.drawKernel(pen, shape, s, low, high, x);
    this.drawBars(pen, upper);
    segment(pen, [left - 8, AXIS], [right + 8, AXIS], css(colours.ink), 1.3);
    segment(pen, [at, 26], [at, AXIS + TAIL + 6], query, 1.4);
    polygon(pen, [[at - 8, 20], [at + 8, 20], [at, 34]]);
    pen.fillStyle = query;
    pen.fill();
    row.labels(pen, x, width);
    pen.fillStyle = query;
    pen.textBaseline = "alphabetic";
    pen.textAlign = at > width / 2 ? "right" : "left";
    pen.fillText(`s = ${row.score(found.query)}${row.caption(found.query)}`, at + (at > width / 2 ? -13 : 13), 31);
    this.drawScale(pen, x, low, high);
    pen.textAlign = "left";
    const [first, second] = [row.panes[0].method, row.panes[upper].method];
    pen.fillText(width < 560
      ? `above: ${firstWord(second)}, below: ${firstWord(first)}`
      : `bars: how many keys have that score; above coloured by ${inWords(second)}, below by ${inWords(first)}`, left - 8, height - 8);
    pen.textAlign = "right";
    pen.fillText("score →", right + 8, height - 8);
    this.describe();
  }

  /** The least and the largest score of the head. */
  ends() {
    let low = Infinity, high = -Infinity;
    for (const scores of [this.row.head.s, this.row.head.t]) for (const x of scores) { low = Math.min(low, x); high = Math.max(high, x); }
    return high > low ? [low, high] : [low - 1, high + 1];
  }

  /** The kernel f(s − t) over the axis, as on the first page. */
  drawKernel(pen, { f, corners, most }, s, low, high, x) {
    const places = [low, ...corners.map((r) => s - r).filter((t) => t > low && t < high).sort((a, b) => a - b), high];
    polygon(pen, [[x(low), AXIS], ...places.map((t) => [x(t), AXIS - (RAMP * f(s - t)) / most(high - low)]), [x(high), AXIS]]);
    pen.fillStyle = fade(css(this.row.colours.query), 0.12);
    pen.fill();
  }

  drawBars(pen, upper) {
    const { row, bars, pitch } = this, { colours } = row, wide = pitch - 1, key = css(colours.key);
    const most = Math.max(...bars.map((bar) => bar.to - bar.from));
    for (const bar of bars) {
      const part = (bar.to - bar.from) / most, tall = Math.max(3, LANE * part), deep = Math.max(3, TAIL * part);
      const pointed = row.key !== null && row.rank[row.key] >= bar.from && row.rank[row.key] < bar.to;
      pen.fillStyle = this.meanColour(upper, bar);
      pen.fillRect(bar.x - wide / 2, AXIS - tall - 1, wide, tall);
      pen.fillStyle = this.meanColour(0, bar);
      pen.fillRect(bar.x - wide / 2, AXIS + 1, wide, deep);
      pen.strokeStyle = key;
      pen.lineWidth = pointed ? 2 : 0.5;
      if (!pointed && pitch === NARROW) continue;
      pen.strokeRect(bar.x - wide / 2, AXIS - tall - 1, wide, tall);
      pen.strokeRect(bar.x - wide / 2, AXIS + 1, wide, deep);
    }
    if (pitch === NARROW) this.outline(pen, most, key);
  }

  /** The colour of the mean weight of a bar's keys. */
  meanColour(index, bar) {
    const { row } = this, weights = row.found.shown[index];
    let sum = 0;
    for (let k = bar.from; k < bar.to; k += 1) sum += weights[row.order[k]];
    const [colour, part] = row.tint(index, sum / (bar.to - bar.from));
    return css(mixed(row.colours.ground, colour, part));
  }

  /** Neighbours on the axis share a bar: where it stands, and which part of the sorted keys it has. */
  cut(x) {
    const bars = [], { order, head: { t, n } } = this.row;
    for (let k = 0; k < n; k += 1) {
      const slot = Math.floor(x(t[order[k]]) / this.pitch);
      if (bars.length && bars.at(-1).slot === slot) bars.at(-1).to = k + 1;
      else bars.push({ slot, x: (slot + 0.5) * this.pitch, from: k, to: k + 1 });
    }
    return bars;
  }

  /** One line around bars that are too narrow for a frame each. */
  outline(pen, most, colour) {
    pen.strokeStyle = colour;
    pen.lineWidth = 0.8;
    for (const [up, room] of [[-1, LANE], [1, TAIL]]) {
      pen.beginPath();
      let last = null;
      for (const bar of this.bars) {
        const y = AXIS + up * (Math.max(3, (room * (bar.to - bar.from)) / most) + 1);
        const [a, b] = [bar.x - this.pitch / 2, bar.x + this.pitch / 2];
        if (bar.slot - 1 !== last) pen.moveTo(a, AXIS);
        pen.lineTo(a, y);
        pen.lineTo(b, y);
        last = bar.slot;
      }
      pen.stroke();
    }
  }

  drawScale(pen, x, low, high) {
    const { colours } = this.row;
    pen.fillStyle = colours.quiet;
    pen.textAlign = "center";
    pen.strokeStyle = css(colours.ground);
    pen.lineWidth = 4;
    for (let score = Math.ceil(low); score <= high; score += 1) {
      if (x(score) <= MARGIN + 14 || x(score) >= this.width - MARGIN - 14) continue;
      pen.strokeText(fmt(score, 0), x(score), AXIS + TAIL + 22);
      pen.fillText(fmt(score, 0), x(score), AXIS + TAIL + 22);
    }
  }

  describe() {
    const { row } = this, { head } = row, partner = row.partner();
    put(this.canvas, {
      "aria-label": `The ${count(head.n)} keys sorted by score: arrow keys choose the key that is compared`, "aria-valuemax": head.n,
      "aria-valuenow": row.rank[partner] + 1, "aria-valuetext": `${row.name(partner)}, score ${fmt(head.t[partner])}`,
    });
  }
}
