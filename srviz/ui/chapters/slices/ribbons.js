// One ribbon a token: its rank or its score in every direction, or in every head, inked by the weight that the query gives it there.

import { circle, density, recording, rounded, segment, surface, upright } from "../../kit/js/canvas.js";
import { css, fade, mixed, rgb } from "../../kit/js/colour.js";
import { clamp, make, put, tenth } from "../../kit/js/core.js";
import { placeIn } from "../../kit/js/drag.js";
import { dot, largest, ranksOf, reluRow, sortedBy } from "../../kit/js/formulas.js";
import { say } from "../../kit/js/text.js";
import { TURN_DEGREES, heading } from "./geometry.js";
import { knob } from "./plane.js";
import { inWords } from "./words.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./slices.js").Slices} Slices */
/** @typedef {import("./slices.js").Found} Found */
/** @typedef {{scores: number[], order: ArrayLike<number>, rank: number[], weights: Float64Array, level: number[]}} Column */

const TOP = 14; // pixels above the ribbons
const SHADES = 20; // of their ink
const EASE_DEGREES = 6; // to either side, over which a ribbon changes its rank
const VEILS = 48, VEIL = 0.78; // strips of the veil over what is far from the column that is shown, and how thick it is at most
const CLEAR = 0.03, FADING = 0.16; // in shares of the width: where it begins, and how soon it is full
const NEAR_PIXELS = 14; // within which a ribbon is pointed at
const LEAST_WEIGHT = 1e-9; // so that weights have a scale where all are 0

export class Ribbons {
  /** @param {Slices} owner */
  constructor(owner) {
    this.owner = owner;
    this.canvas = make("canvas", { role: "img", "aria-label": words.ribbons.label });
    this.marker = knob("marker");
    this.element = make("div", { class: "over" }, [this.canvas, this.marker]);
    this.picture = make("canvas"); // the ribbons without what is marked: they change less often
    this.painted = ""; // what the picture shows
    /** @type {Column[]} */
    this.table = null; // a column for every degree or head, kept until the query or the tokens change
    this.tableHeld = "";
    this.top = LEAST_WEIGHT; // the largest weight of all columns
    this.left = this.right = this.bottom = 0; // of the ribbons, in pixels
    this.canvas.onpointermove = (event) => owner.point(this.ribbonAt(event));
    this.canvas.onpointerleave = () => owner.point(null);
    for (const element of [this.canvas, this.marker]) {
      element.onpointerdown = (event) => {
        this.slide(event);
        this.marker.focus({ preventScroll: true });
        owner.drag(event, element, (e) => this.slide(e));
      };
    }
  }

  /** Other tokens, or another Π. */
  forget() { this.table = null; }

  // ---- pointer ----

  /** How far along the columns a pointer is, 0 to 1. */
  along(event) { return clamp((placeIn(event, this.canvas)[0] - this.left) / (this.right - this.left), 0, 1); }

  slide(event) {
    const { hand, state, data } = this.owner, part = this.along(event);
    if (hand) state.theta = tenth(Math.min(part * TURN_DEGREES, TURN_DEGREES - 0.1));
    else state.head = Math.round(part * (data.scores.length - 1));
  }

  /** The token whose ribbon is under a pointer. */
  ribbonAt(event) {
    if (!this.table) return null;
    const tall = this.bottom - TOP, level = (this.bottom - placeIn(event, this.canvas)[1]) / tall;
    const column = this.table[Math.round(this.along(event) * (this.table.length - 1))];
    const off = (j) => Math.abs(column.level[j] - level);
    const best = Array.from(column.order).reduce((a, b) => (off(b) < off(a) ? b : a));
    return off(best) * tall < NEAR_PIXELS ? best : null;
  }

  // ---- the table ----

  /** Ranks, weights and heights in every column. */
  tabulate() {
    const { hand, dim, state, data } = this.owner, held = `${state.along} ${state.held} ${hand && dim === 3 ? state.tilt : ""}`;
    if (this.table && this.tableHeld === held) return;
    this.tableHeld = held;
    this.painted = "";
    const directions = hand ? Array.from({ length: TURN_DEGREES + 1 }, (_, a) => heading(a, state.tilt, dim)) : null;
    const columns = directions ? directions.map((way) => data.points.map((x) => dot(x, way))) : data.scores;
    this.table = columns.map((scores) => {
      const order = sortedBy(scores);
      return { scores, order, rank: ranksOf(order), weights: reluRow(scores[state.held], scores).weights, level: [] };
    });
    this.top = this.table.reduce((most, { weights }) => Math.max(most, ...weights), LEAST_WEIGHT);
    const reach = hand ? this.owner.reach : largest(data.scores.map(largest));
    this.table.forEach((column, a) => { column.level = column.rank.map((rank, j) => this.levelOf(column, a, rank, j, reach)); });
  }

  /** How high token j is in a column, 0 to 1: by its score, or by its rank, which changes smoothly as the direction turns. */
  levelOf(column, a, rank, j, reach) {
    const { state, hand, n } = this.owner;
    if (state.along === "score") return (column.scores[j] + reach) / (2 * reach);
    if (!hand) return rank / (n - 1);
    let sum = 0;
    for (let b = a - EASE_DEGREES; b <= a + EASE_DEGREES; b += 1) sum += this.table[(b + TURN_DEGREES) % TURN_DEGREES].rank[j];
    return sum / (2 * EASE_DEGREES + 1) / (n - 1);
  }

  // ---- drawing ----

  x(column) { return this.left + (column / (this.table.length - 1)) * (this.right - this.left); }

  y(level) { return this.bottom - level * (this.bottom - TOP); }

  /** @param {Found} found */
  draw(found) {
    const { owner, canvas } = this, { colours, state, hand } = owner, width = canvas.clientWidth;
    const height = Math.round(clamp(width * 0.62, 230, 350)), ratio = density(canvas);
    const pen = surface(canvas, width, height, colours.font);
    pen.lineCap = pen.lineJoin = "round";
    this.left = hand ? 30 : 84;
    this.right = width - (hand ? 16 : 30);
    this.bottom = height - (hand ? 34 : 54);
    if (recording()) this.strokes(pen);
    else {
      const look = `${width} ${height} ${ratio} ${JSON.stringify(colours)}`;
      if (this.painted !== look) {
        this.painted = look;
        this.paint(width, height, ratio);
      }
      pen.drawImage(this.picture, 0, 0, width, height);
    }
    this.veil(pen);
    this.follow(pen, found.shown, colours.key, 2.2);
    this.follow(pen, state.held, colours.query, 3);
    const at = this.x(this.now());
    segment(pen, [at, 4], [at, this.bottom + 8], colours.ink, 1.6);
    this.drawTokens(pen, found, at);
    this.drawPair(pen, found.confused, at);
    this.drawScales(pen);
    this.describe(at, found);
  }

  /** Which column is shown: between two of them where the direction is between two degrees. */
  now() { return this.owner.hand ? this.owner.state.theta : this.owner.state.head; }

  /** How high token j is there. */
  level(j) {
    const now = this.now(), before = this.table[Math.floor(now)].level[j], after = this.table[Math.ceil(now)].level[j];
    return before + (now - Math.floor(now)) * (after - before);
  }

  /** The ribbons are faint where they are far from what is shown: what counts is how they come to it. */
  veil(pen) {
    const now = this.now() / (this.table.length - 1), wide = (this.right - this.left + 2) / VEILS, { colours, hand } = this.owner;
    if (!hand) return;
    for (let k = 0; k < VEILS; k += 1) {
      const off = Math.abs((k + 0.5) / VEILS - now), round = Math.min(off, 1 - off); // after a whole turn all is as before
      pen.fillStyle = fade(colours.ground, VEIL * clamp((round - CLEAR) / FADING, 0, 1));
      pen.fillRect(this.left - 1 + k * wide, 0, wide + 0.5, this.bottom + 4);
    }
  }

  /** Draw along one ribbon. */
  follow(pen, j, colour, thick) {
    pen.beginPath();
    pen.moveTo(this.x(0), this.y(this.table[0].level[j]));
    for (let a = 1; a < this.table.length; a += 1) this.stretch(pen, a, j);
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.stroke();
  }

  /** From one column to the next: straight from degree to degree, in a curve from head to head. */
  stretch(path, a, j) {
    const from = this.y(this.table[a - 1].level[j]), to = this.y(this.table[a].level[j]), x = this.x(a), half = (x + this.x(a - 1)) / 2;
    if (this.owner.hand) path.lineTo(x, to);
    else path.bezierCurveTo(half, from, half, to, x, to);
  }

  /** Every ribbon, on a canvas that is kept. */
  paint(width, height, ratio) {
    const { picture } = this;
    picture.width = Math.round(width * ratio);
    picture.height = Math.round(height * ratio);
    const pen = picture.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.strokes(pen);
  }

  /** Every ribbon, its ink the weight that the query gives the token there; those of one ink together. */
  strokes(pen) {
    const { table, top, owner: { n, colours, state } } = this, ground = rgb(colours.ground), ink = rgb(colours.ink);
    /** @type {[number, number][][]} */
    const batches = Array.from({ length: SHADES + 1 }, () => []);
    for (let a = 1; a < table.length; a += 1) {
      for (let j = 0; j < n; j += 1) {
        if (j !== state.held) batches[Math.ceil((SHADES * (table[a - 1].weights[j] + table[a].weights[j])) / 2 / top)].push([a, j]);
      }
    }
    pen.lineCap = "round";
    batches.forEach((stretches, k) => {
      pen.beginPath();
      for (const [a, j] of stretches) {
        pen.moveTo(this.x(a - 1), this.y(table[a - 1].level[j]));
        this.stretch(pen, a, j);
      }
      pen.strokeStyle = k ? css(mixed(ground, ink, 0.12 + (0.6 * k) / SHADES)) : colours.line;
      pen.lineWidth = k ? 0.8 + (0.9 * k) / SHADES : 0.5;
      pen.stroke();
    });
  }

  /** The tokens at the column that is shown, the query last. */
  drawTokens(pen, found, at) {
    const { colours, state, n } = this.owner, rise = (this.bottom - TOP) / (n - 1);
    const few = state.along === "rank" ? Math.min(3.4, rise * 0.45) : 2.6;
    const last = (j) => (j === state.held ? 2 : j === found.shown ? 1 : 0);
    for (const j of [...found.order].sort((a, b) => last(a) - last(b))) {
      const query = j === state.held;
      circle(pen, at, this.y(this.level(j)), query || j === found.shown ? 5 : few);
      pen.fillStyle = query ? colours.query : found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = query ? colours.query : colours.key;
      pen.lineWidth = 1.2;
      pen.fill();
      pen.stroke();
    }
  }

  /** A ring around the two tokens that are confused most. */
  drawPair(pen, { i, j }, at) {
    const [a, b] = [i, j].map((token) => this.y(this.level(token)));
    pen.strokeStyle = this.owner.colours.ink;
    pen.lineWidth = 1.4;
    rounded(pen, at - 8, Math.min(a, b) - 7, 16, Math.abs(a - b) + 14, 8);
    pen.stroke();
  }

  drawScales(pen) {
    const { colours, state, n, hand, data } = this.owner, ranked = state.along === "rank";
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    if (ranked) {
      pen.fillText(String(n), this.left - 12, this.y(1));
      pen.fillText("1", this.left - 12, this.y(0));
    }
    upright(pen, words.ribbons.axis[state.along], this.left - 18, (this.y(0) + this.y(1)) / 2);
    pen.textAlign = "center";
    if (hand) {
      for (let a = 0; a <= TURN_DEGREES; a += 90) pen.fillText(`${a}°`, this.x(a), this.bottom + 24);
      return;
    }
    data.left.forEach((pairs, h) => {
      pen.fillStyle = h === state.head ? colours.ink : colours.quiet;
      pen.fillText(String(h + 1), this.x(h), this.bottom + 22);
      pen.fillStyle = colours.quiet;
      pen.fillText(String(pairs), this.x(h), this.bottom + 42);
    });
    pen.textAlign = "right";
    pen.fillText(words.ribbons.axis.head, this.left - 16, this.bottom + 22);
    pen.fillText(words.ribbons.axis.confused, this.left - 16, this.bottom + 42);
  }

  describe(at, found) {
    const { owner, bottom } = this, { hand, state } = owner, by = hand ? "hand" : "heads", where = owner.where();
    put(this.marker, {
      style: `left:${at}px; top:${(bottom + 12) / 2}px; height:${bottom}px`, "aria-label": words.ribbons.marker[by],
      "aria-valuemax": hand ? TURN_DEGREES : this.table.length, "aria-valuemin": hand ? 0 : 1, "aria-valuenow": hand ? state.theta : state.head + 1,
      "aria-valuetext": where,
    });
    const says = inWords(owner, found);
    put(this.canvas, { "aria-label": say(words.ribbons.state[state.along][by], { query: state.held + 1, where, says }) });
  }
}
