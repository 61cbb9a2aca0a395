// Slices: tokens in the plane or in space, a direction that is turned by hand or the heads of an untrained Π; the
// shadows of the tokens on a line, their ranks, and what one query gives to the others.

import { palette } from "../../kit/js/colour.js";
import { button, clamp, mounted, put, reducedMotion } from "../../kit/js/core.js";
import { arrow, drag } from "../../kit/js/drag.js";
import { dot, farthest, ranksOf, reluRow, sortedBy } from "../../kit/js/formulas.js";
import { Frame, Motion, Rest } from "../../kit/js/pace.js";
import { fmt, say } from "../../kit/js/text.js";
import { Reports } from "../../kit/js/wire.js";
import { ALONGS, faceOf } from "./face.js";
import { heading, mostConfused, norm, turned } from "./geometry.js";
import { gridOf } from "./levels.js";
import { Plane } from "./plane.js";
import { Ribbons } from "./ribbons.js";
import { LineStrip } from "./strip.js";
import { write } from "./words.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {string} setting the name of the tokens and of Π
 * @property {State} start
 * @property {number[][]} points of the tokens, in the plane or in space
 * @property {number[][] | null} scores of the tokens in every head; null where the direction is turned by hand
 * @property {Grid | null} grid Π over the plane
 * @property {number[] | null} left how many pairs the first heads do not tell apart
 * @property {number} resolution in percent, at which they do
 * @property {Answer} answer
 * @property {number} tolerance of the badge
 */
/**
 * @typedef {object} Grid
 * @property {number} side
 * @property {number} reach
 * @property {number} low
 * @property {number} high
 * @property {number} steps from low to high
 * @property {string} values in those steps, 16 bits each, in base64, head by head
 */
/** @typedef {{id: number, weights: number[], lost: number}} Answer of the report with this number: weights of the query, what the pair loses */
/**
 * @typedef {object} State angles in degrees
 * @property {number} theta
 * @property {number} tilt
 * @property {number} yaw
 * @property {number} pitch
 * @property {"rank" | "score"} along
 * @property {number} held the query
 * @property {number} head
 */
/** @typedef {ReturnType<Slices["look"]>} Found */

const STEP_DEGREES = 1, LARGE_STEP_DEGREES = 10; // of an arrow key
const DEGREES_A_MILLISECOND = 0.02, LONGEST_BEAT_MILLISECONDS = 100; // of the turning line
const LEAP_DEGREES = 15; // of "Turn the line" for who prefers no motion

export class Slices {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.motion = new Motion();
    this.rest = new Rest(() => this.release());
    /** @type {Message} */
    this.data = null;
    /** @type {State} */
    this.state = null;
    /** @type {import("./levels.js").Grid} */
    this.grid = null;
    this.n = 0; // tokens
    this.dim = 2;
    this.hand = true; // whether the direction is turned by hand
    this.reach = 1; // the length of the longest token
    this.pointed = null; // the key under the pointer
    this.largest = null; // difference to the operator, null while it is awaited
    /** @type {ReturnType<typeof palette>} */
    this.colours = null;
    this.plane = new Plane(this);
    this.strip = new LineStrip(this);
    this.ribbons = new Ribbons(this);
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plane.canvas);
    this.observer.observe(this.ribbons.canvas);
  }

  close() {
    this.observer.disconnect();
    this.rest.close();
    this.frame.close();
    this.motion.stop();
  }

  /** What Python says: a start (link, back button), other tokens, or the operator's answer to what was told. */
  receive(data, send) {
    if (this.reports.begins(data, send)) this.state = { ...data.start };
    if (data.setting !== this.data?.setting) {
      this.ribbons.forget();
      this.plane.levels.forget();
      this.pointed = null;
      this.pause(false);
    }
    this.data = data;
    this.n = data.points.length;
    this.dim = data.points[0].length;
    this.hand = data.scores === null;
    this.state.held = Math.min(this.state.held, this.n - 1);
    this.reach = Math.max(...data.points.map(norm));
    this.grid = gridOf(data.grid);
    if (this.reports.answered(data.answer)) this.compare();
    this.draw();
  }

  compare() {
    const { answer } = this.data, { weights, confused } = this.look();
    this.largest = Math.max(Math.abs(confused.lost - answer.lost), farthest(weights, answer.weights));
  }

  build() {
    this.face = faceOf(this);
    this.root.replaceChildren(this.face.live);
    this.plane.dial.onkeydown = this.ribbons.marker.onkeydown = (event) => this.turnByKey(event);
    this.plane.query.onkeydown = (event) => this.chooseByKey(event);
  }

  // ---- what the visitor does ----

  /** Follow the pointer until it is let go; then tell Python. */
  drag(event, element, move, end = (/** @type {PointerEvent} */ e) => this.release()) {
    const moved = (e) => { move(e); this.stale(); };
    if (!drag(event, element, moved, end)) return;
    this.pause(false);
    this.soon();
  }

  /** Something moves: the operator's last answer is no longer about what is seen. */
  stale() {
    this.largest = null;
    this.soon();
  }

  /** Nothing changed after all. */
  answerAgain() {
    if (this.reports.answered(this.data.answer)) this.compare();
    this.draw();
  }

  /** Another query. */
  choose(j) {
    this.state.held = j;
    this.pointed = null;
    this.release();
  }

  point(j) {
    const pointed = j === this.state?.held ? null : j;
    if (pointed === this.pointed) return;
    this.pointed = pointed;
    this.soon();
  }

  turnByKey(event) {
    const way = arrow(event), step = event.shiftKey ? LARGE_STEP_DEGREES : STEP_DEGREES, { state } = this;
    if (!way) return;
    event.preventDefault();
    this.pause(false);
    if (!this.hand) state.head = clamp(state.head + way[0] + way[1], 0, this.data.scores.length - 1);
    else if (this.dim === 3 && way[1]) state.tilt = clamp(state.tilt + step * way[1], -90, 90);
    else state.theta = turned(state.theta + step * (way[0] + way[1]));
    this.later();
  }

  /** Along the line: sideways the query, up and down the key it is compared with. */
  chooseByKey(event) {
    const way = arrow(event);
    if (!way) return;
    event.preventDefault();
    const order = [...sortedBy(this.scores())];
    if (way[0]) {
      this.state.held = order[clamp(order.indexOf(this.state.held) + way[0], 0, this.n - 1)];
      this.pointed = null;
      this.later();
    } else {
      const others = order.filter((j) => j !== this.state.held);
      this.pointed = others[clamp(others.indexOf(this.shown(order)) + way[1], 0, others.length - 1)];
      this.soon();
    }
  }

  overturn() {
    this.pause(false);
    this.state.theta = turned(this.state.theta + 180);
    if (this.dim === 3) this.state.tilt = -this.state.tilt;
    this.release();
  }

  toggle() {
    if (this.motion.on) { this.pause(); return; }
    if (reducedMotion()) { this.state.theta = turned(this.state.theta + LEAP_DEGREES); this.release(); return; }
    this.showPlaying(true);
    this.motion.start((since) => {
      this.state.theta = turned(this.state.theta + Math.min(since, LONGEST_BEAT_MILLISECONDS) * DEGREES_A_MILLISECOND);
      this.largest = null;
      this.draw();
    });
  }

  pause(telling = true) {
    if (!this.motion.on) return;
    this.motion.stop();
    this.showPlaying(false);
    if (telling) this.release();
  }

  showPlaying(on) { this.face.playButton.textContent = on ? words.face.stop : words.face.turn; }

  /** Draw at the next frame; while it turns every frame is drawn anyway. */
  soon() { if (!this.motion.on) this.frame.soon(); }

  /** Draw now, and tell Python once it rests. */
  later() {
    this.largest = null;
    this.draw();
    this.rest.again();
  }

  release() {
    this.rest.close();
    this.largest = null;
    this.reports.tell(this.state);
    this.draw();
    const lit = this.look().weights.filter((w) => w > 0).length;
    this.face.said.textContent = say(words.said, { where: this.where(), query: this.state.held + 1, lit, n: this.n });
  }

  // ---- what is shown ----

  /** The scores of all tokens on the slice that is shown. */
  scores() {
    if (!this.hand) return this.data.scores[this.state.head];
    const way = heading(this.state.theta, this.state.tilt, this.dim);
    return this.data.points.map((x) => dot(x, way));
  }

  /** The slice in words. */
  where() {
    const { theta, tilt, head } = this.state;
    if (!this.hand) return say(words.where.head, { head: head + 1 });
    const turn = `θ = ${fmt(theta, 1)}°`;
    return this.dim === 3 ? say(words.where.tilted, { turn, tilt: fmt(tilt, 1) }) : turn;
  }

  /** The key that the arithmetic is written out for: the one pointed at, else the one with the most weight. */
  shown(order) {
    if (this.pointed !== null && this.pointed < this.n) return this.pointed;
    return order[0] === this.state.held ? order[1] : order[0];
  }

  /** All that follows from the slice that is shown. */
  look() {
    const scores = this.scores(), order = sortedBy(scores), { weights, total } = reluRow(scores[this.state.held], scores);
    return {
      scores, order, rank: ranksOf(order), weights, total, shown: this.shown(order), confused: mostConfused(scores, this.data.points, order),
    };
  }

  draw() {
    if (!this.data || !this.plane.canvas.clientWidth) return;
    this.colours = palette(this.face.live);
    const found = this.look();
    this.ribbons.tabulate();
    this.plane.draw(found);
    this.strip.draw(found);
    this.ribbons.draw(found);
    write(this, found);
    this.drawControls();
  }

  drawControls() {
    const { hand, data } = this, { headPicker } = this.face;
    this.face.alongs.forEach((along, k) => put(along, { "aria-pressed": String(ALONGS[k] === this.state.along) }));
    put(this.face.playButton, { hidden: !hand });
    put(this.face.turnButton, { hidden: !hand });
    put(this.face.heads, { hidden: hand });
    if (!hand && headPicker.childElementCount !== data.scores.length) {
      const pick = (h) => () => { this.state.head = h; this.release(); };
      const label = (h) => say(words.face.numbered, { head: h + 1 });
      headPicker.replaceChildren(...data.scores.map((_, h) => button(String(h + 1), pick(h), { "aria-label": label(h) })));
    }
    [...headPicker.children].forEach((head, h) => put(head, { "aria-pressed": String(h === this.state.head) }));
  }
}

export default mounted(Slices, "slice");
