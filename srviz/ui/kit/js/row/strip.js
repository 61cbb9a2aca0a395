// The sorted keys as bars along the axis of scores: a row for each method, coloured by its weights.

import { css, fade, mixed } from "../colour.js";
import { polygon, segment, surface } from "../canvas.js";
import { clamp, make, put } from "../core.js";
import { arrow, placeIn } from "../drag.js";
import { count, fmt, say } from "../text.js";
import words from "../words.json" with { type: "json" };
import { inWords, outline } from "./rules.js";

const TOP = 36, TITLE = 20, LANE = 52, APART = 14; // pixels above the rows, of a row's words, of its longest bar, between two rows
const UNDER = 56; // pixels below the lowest axis, without labels
const MARGIN = 12; // pixels beside the axis
const NEAR_PIXELS = 14; // from a bar, within which it is pointed at
const PAGE = 20; // steps of a page key over the whole strip
const SOME_KEYS = 300, WIDE = 8, NARROW = 5; // up to so many keys a bar is wide
const BRIEF = 420; // pixels of a strip below which less is said

export class KeyStrip {
  /** @param {import("./row.js").Row} row */
  constructor(row) {
    this.row = row;
    this.bars = null;
    this.width = 0;
    this.pitch = WIDE;
    this.base = TOP; // the axis of the lowest row, below which the scores stand
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
    if (Math.abs(near.x - x) > NEAR_PIXELS) { this.row.point(null); return; }
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

  /** The axis of a row, in pixels from the top. */
  axis(index) { return TOP + (index + 1) * (TITLE + LANE) + index * APART; }

  draw() {
    const { row, canvas, width } = this, { head, found, colours, panes } = row;
    this.base = this.axis(panes.length - 1);
    const height = this.base + UNDER + row.room, pen = surface(canvas, width, height, colours.font);
    pen.textBaseline = "alphabetic";
    const left = MARGIN, right = width - MARGIN, [low, high] = this.ends();
    const x = (score) => left + ((score - low) / (high - low)) * (right - left);
    const s = head.s[found.query], at = x(s), query = css(colours.query);
    this.pitch = head.n < SOME_KEYS ? WIDE : NARROW;
    this.bars = this.cut(x);
    panes.forEach(({ method: { pieces } }, index) => {
      const axis = this.axis(index);
      if (pieces) this.drawKernel(pen, axis, outline(pieces, s, low, high), x);
      this.drawBars(pen, index, axis);
      segment(pen, [left - 8, axis], [right + 8, axis], css(colours.ink), 1.3);
    });
    row.labels(pen, x, width);
    segment(pen, [at, 24], [at, this.base + 5], query, 1.4);
    polygon(pen, [[at - 8, 18], [at + 8, 18], [at, 32]]);
    pen.fillStyle = query;
    pen.fill();
    this.drawTitles(pen, at);
    pen.fillStyle = query;
    pen.textAlign = at > width / 2 ? "right" : "left";
    pen.fillText(`s = ${row.score(found.query)}${row.caption(found.query)}`, at + (at > width / 2 ? -13 : 13), 28);
    this.drawScale(pen, x, low, high);
    pen.textAlign = "left";
    pen.fillText(width < BRIEF ? words.strip.brief : words.strip.height, left - 8, height - 8);
    pen.textAlign = "right";
    pen.fillText(words.strip.axis, right + 8, height - 8);
    this.describe();
  }

  /** What each row is, at the end where the query is not. */
  drawTitles(pen, at) {
    const { row: { panes, colours, found }, width } = this, toRight = at < width / 2;
    pen.textAlign = toRight ? "right" : "left";
    pen.fillStyle = colours.quiet;
    pen.strokeStyle = css(colours.ground);
    pen.lineWidth = 4;
    panes.forEach(({ method }, index) => {
      const text = method.centred && !found.raw ? words.strip.less : words.strip.weights;
      const title = width < BRIEF ? inWords(method) : say(text, { method: inWords(method) });
      const place = [toRight ? width - 4 : 4, this.axis(index) - LANE - 8];
      pen.strokeText(title, place[0], place[1]);
      pen.fillText(title, place[0], place[1]);
    });
  }

  /** The least and the largest score of the head. */
  ends() {
    let low = Infinity, high = -Infinity;
    for (const scores of [this.row.head.s, this.row.head.t]) for (const x of scores) { low = Math.min(low, x); high = Math.max(high, x); }
    return high > low ? [low, high] : [low - 1, high + 1];
  }

  /** The kernel f(s − t) over the axis, as on the first page. */
  drawKernel(pen, axis, places, x) {
    polygon(pen, [[x(places[0][0]), axis], ...places.map(([t, part]) => [x(t), axis - LANE * part]), [x(places.at(-1)[0]), axis]]);
    pen.fillStyle = fade(css(this.row.colours.query), 0.12);
    pen.fill();
  }

  drawBars(pen, index, axis) {
    const { row, bars, pitch } = this, { colours } = row, wide = pitch - 1, key = css(colours.key);
    const most = Math.max(...bars.map((bar) => bar.to - bar.from));
    for (const bar of bars) {
      const tall = Math.max(3, (LANE * (bar.to - bar.from)) / most);
      const pointed = row.key !== null && row.rank[row.key] >= bar.from && row.rank[row.key] < bar.to;
      pen.fillStyle = this.meanColour(index, bar);
      pen.fillRect(bar.x - wide / 2, axis - tall - 1, wide, tall);
      pen.strokeStyle = key;
      pen.lineWidth = pointed ? 2 : 0.5;
      if (!pointed && pitch === NARROW) continue;
      pen.strokeRect(bar.x - wide / 2, axis - tall - 1, wide, tall);
    }
    if (pitch === NARROW) this.outline(pen, axis, most, key);
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
  outline(pen, axis, most, colour) {
    pen.strokeStyle = colour;
    pen.lineWidth = 0.8;
    pen.beginPath();
    let last = null;
    for (const bar of this.bars) {
      const y = axis - Math.max(3, (LANE * (bar.to - bar.from)) / most) - 1, [a, b] = [bar.x - this.pitch / 2, bar.x + this.pitch / 2];
      if (bar.slot - 1 !== last) pen.moveTo(a, axis);
      pen.lineTo(a, y);
      pen.lineTo(b, y);
      last = bar.slot;
    }
    pen.stroke();
  }

  drawScale(pen, x, low, high) {
    const { colours } = this.row;
    pen.fillStyle = colours.quiet;
    pen.textAlign = "center";
    pen.strokeStyle = css(colours.ground);
    pen.lineWidth = 4;
    for (let score = Math.ceil(low); score <= high; score += 1) {
      if (x(score) <= MARGIN + 14 || x(score) >= this.width - MARGIN - 14) continue;
      pen.strokeText(fmt(score, 0), x(score), this.base + 18);
      pen.fillText(fmt(score, 0), x(score), this.base + 18);
    }
  }

  describe() {
    const { row } = this, { head } = row, partner = row.partner();
    put(this.canvas, {
      "aria-label": say(words.strip.label, { n: count(head.n) }), "aria-valuemax": head.n, "aria-valuenow": row.rank[partner] + 1,
      "aria-valuetext": say(words.strip.key, { name: row.name(partner), score: fmt(head.t[partner]) }),
    });
  }
}
