// The tokens in the plane or in space, the direction of the slice, and the shadows of the tokens on it.

import { circle, polygon, segment, surface } from "../../kit/js/canvas.js";
import { css, fade, mixed, rgb } from "../../kit/js/colour.js";
import { clamp, make, put, tenth } from "../../kit/js/core.js";
import { placeIn } from "../../kit/js/drag.js";
import { RADIANS_PER_DEGREE } from "../../kit/js/formulas.js";
import { say } from "../../kit/js/text.js";
import { TURN_DEGREES, across, around, heading, seenFrom, turned, unseen } from "./geometry.js";
import { Levels } from "./levels.js";
import { inWords } from "./words.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./slices.js").Slices} Slices */
/** @typedef {import("./slices.js").Found} Found */

const LARGEST = 460, EDGE = 24; // pixels of the picture, from its edge to the ring
const NEAR = 18, NEAR_TOUCH = 28, ON_RING = 12; // pixels within which a token or the ring is meant
const CLICK_PIXELS = 4; // a pointer that moved farther did not click
const DEGREES_A_PIXEL = 0.5; // of looking around
const RIM = 60; // corners of a circle in space

/** A knob that stands over a canvas. */
export const knob = (name) => make("div", { class: `knob ${name}`, role: "slider", tabindex: 0, "aria-valuemin": 0 });

export class Plane {
  /** @param {Slices} owner */
  constructor(owner) {
    this.owner = owner;
    this.canvas = make("canvas", { role: "img", "aria-label": words.plane.label });
    this.dial = knob("dial");
    this.query = knob("query");
    this.element = make("div", { class: "over" }, [this.canvas, this.dial, this.query]);
    this.levels = new Levels();
    this.middle = 0; // of the picture, in pixels
    this.ring = 1; // its radius, in pixels
    this.scale = 1; // pixels of a length 1
    /** @type {number[][] | null} */
    this.seen = null; // where every token is on the canvas, and how near
    this.canvas.onpointerdown = (event) => this.grab(event);
    this.canvas.onpointermove = (event) => owner.point(this.nearest(event, NEAR));
    this.canvas.onpointerleave = () => owner.point(null);
    this.dial.onpointerdown = (event) => owner.drag(event, this.dial, this.turning(event));
  }

  // ---- pointer ----

  /** The direction follows the pointer: around the ring, or over the sphere as it is seen. */
  turning(event) {
    const { owner } = this, { state } = owner, start = placeIn(event, this.canvas), tip = this.tip();
    const offset = [tip[0] - start[0], tip[1] - start[1]], front = tip[2] >= 0 ? 1 : -1;
    return (e) => {
      const [x, y] = placeIn(e, this.canvas);
      const u = (x + offset[0] - this.middle) / this.ring, v = (this.middle - y - offset[1]) / this.ring;
      if (owner.dim === 2) { state.theta = turned(Math.atan2(v, u) / RADIANS_PER_DEGREE); return; }
      const far = Math.max(1, Math.hypot(u, v));
      const w = front * Math.sqrt(Math.max(0, 1 - (u * u + v * v) / (far * far)));
      const [a, b, c] = unseen(state, [u / far, v / far, w]);
      state.tilt = tenth(Math.asin(clamp(c, -1, 1)) / RADIANS_PER_DEGREE);
      if (Math.hypot(a, b) > 1e-6) state.theta = turned(Math.atan2(b, a) / RADIANS_PER_DEGREE);
    };
  }

  /** On the picture itself: the ring turns the direction, in space the rest turns the view, and a click picks the query. */
  grab(event) {
    const { owner, canvas } = this, [x, y] = placeIn(event, canvas);
    const onRing = Math.abs(Math.hypot(x - this.middle, y - this.middle) - this.ring) < ON_RING;
    if (owner.hand && owner.dim === 2 && event.pointerType === "mouse" && onRing) {
      const turn = (e) => {
        const [a, b] = placeIn(e, canvas);
        owner.state.theta = turned(Math.atan2(this.middle - b, a - this.middle) / RADIANS_PER_DEGREE);
      };
      turn(event);
      owner.drag(event, canvas, turn);
    } else this.look(event, x, y);
  }

  look(event, x, y) {
    const { owner, canvas } = this, { yaw, pitch } = owner.state;
    let moved = false;
    const move = (e) => {
      const [a, b] = placeIn(e, canvas);
      moved ||= Math.hypot(a - x, b - y) >= CLICK_PIXELS;
      if (!moved || owner.dim === 2) return;
      owner.state.yaw = turned(yaw - (a - x) * DEGREES_A_PIXEL);
      owner.state.pitch = tenth(clamp(pitch + (b - y) * DEGREES_A_PIXEL, -90, 90));
    };
    owner.drag(event, canvas, move, (e) => {
      if (moved && owner.dim === 3) { owner.release(); return; }
      const touch = event.pointerType === "touch";
      const found = moved || e.type === "pointercancel" ? null : this.nearest(e, touch ? NEAR_TOUCH : NEAR);
      if (found === null) { owner.answerAgain(); return; }
      this.query.focus({ preventScroll: true });
      owner.choose(found);
    });
  }

  /** The token next to a pointer, null where there is none within so many pixels. */
  nearest(event, within) {
    if (!this.seen) return null;
    const [x, y] = placeIn(event, this.canvas);
    let best = null, distance = within;
    this.seen.forEach(([a, b], j) => {
      const d = Math.hypot(a - x, b - y);
      if (d < distance) { distance = d; best = j; }
    });
    return best;
  }

  // ---- where things are, in pixels ----

  /** @param {number[]} p a point in the space of the tokens */
  place(p, scale = this.scale) {
    const [right, up, near] = seenFrom(this.owner.state, p);
    return [this.middle + right * scale, this.middle - up * scale, near];
  }

  way() {
    const { state: { theta, tilt }, dim } = this.owner;
    return heading(theta, tilt, dim);
  }

  /** The end of the arrow. */
  tip() { return this.place(this.way(), this.ring); }

  /** The shadow of a token with this score. */
  shadow(score) { return this.place(this.way().map((w) => w * score)); }

  // ---- drawing ----

  /** @param {Found} found */
  draw(found) {
    const { owner, canvas } = this, { hand, dim, grid, reach, data, colours, state } = owner;
    const wide = canvas.clientWidth, size = Math.min(wide, LARGEST), shift = (wide - size) / 2;
    const pen = surface(canvas, wide, size, colours.font);
    pen.lineCap = pen.lineJoin = "round";
    this.middle = size / 2;
    this.ring = size / 2 - EDGE;
    this.scale = hand || dim === 3 ? (this.ring * 0.9) / reach : size / 2 / (grid?.reach ?? reach);
    pen.translate(shift, 0);
    this.seen = data.points.map((x) => this.place(x));
    if (hand) this.drawDial(pen, found);
    else if (grid) this.levels.draw(pen, size, grid, state.head, found.scores[state.held], colours);
    else this.drawGlobe(pen);
    this.drawPair(pen, found.confused);
    this.drawTokens(pen, found);
    this.describe(found, shift);
    this.seen = this.seen.map(([p, q, near]) => [p + shift, q, near]); // what falls on the picture is measured from its own left edge
  }

  /** Put the knobs in their places, and say what they are. */
  describe(found, shift) {
    const { owner } = this, { state, n } = owner, [x, y] = this.tip(), [a, b] = this.seen[state.held], rank = found.rank[state.held] + 1;
    const space = owner.dim === 3 ? "space" : "plane", query = state.held + 1;
    put(this.dial, {
      hidden: !owner.hand, style: `left:${x + shift}px; top:${y}px`,
      "aria-label": words.plane.dial[space], "aria-valuemax": TURN_DEGREES, "aria-valuenow": state.theta, "aria-valuetext": owner.where(),
    });
    put(this.query, {
      style: `left:${a + shift}px; top:${b}px`, "aria-label": words.plane.query,
      "aria-valuemin": 1, "aria-valuemax": n, "aria-valuenow": rank, "aria-valuetext": say(words.plane.token, { token: query, rank, n }),
    });
    const says = inWords(owner, found);
    put(this.canvas, { "aria-label": say(words.plane.state[space], { n, where: owner.where(), query, says }) });
  }

  /** The ring of directions, the line of the slice, and the shadows on it. */
  drawDial(pen, found) {
    const { owner: { colours, dim, state }, middle, ring } = this, s = found.scores[state.held];
    pen.save();
    circle(pen, middle, middle, ring);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.clip();
    if (dim === 2) this.drawRamp(pen, s);
    else {
      this.drawGlobe(pen);
      this.drawDisc(pen, s);
    }
    pen.restore();
    if (dim === 2) this.drawTicks(pen);
    const tip = this.tip();
    segment(pen, [2 * middle - tip[0], 2 * middle - tip[1]], tip, colours.ink, 1.6);
    this.drawShadows(pen, found);
    this.drawArrow(pen, tip);
  }

  /** The ramp relu(s − t), seen from above. */
  drawRamp(pen, s) {
    const { colours, reach } = this.owner, way = this.way(), base = way.map((w) => w * s);
    const from = this.place(base), to = this.place(way.map((w) => -w * reach * 1.1));
    const ramp = pen.createLinearGradient(from[0], from[1], to[0], to[1]);
    ramp.addColorStop(0, fade(colours.query, 0));
    ramp.addColorStop(1, fade(colours.query, (0.34 * (s + reach * 1.1)) / (2 * reach)));
    const beside = [-way[1] * 3 * reach, way[0] * 3 * reach], down = way.map((w) => -w * 6 * reach);
    const corner = (a, b) => this.place(base.map((x, k) => x + a * beside[k] + b * down[k]));
    polygon(pen, [corner(-1, 0), corner(1, 0), corner(1, 1), corner(-1, 1)]);
    pen.fillStyle = ramp;
    pen.fill();
    segment(pen, corner(-1, 0), corner(1, 0), colours.query, 1.2);
  }

  drawTicks(pen) {
    const { middle, ring } = this;
    for (let a = 0; a < TURN_DEGREES; a += 15) {
      const [c, d] = [Math.cos(a * RADIANS_PER_DEGREE), Math.sin(a * RADIANS_PER_DEGREE)], end = ring + (a % 90 ? 4 : 8);
      segment(pen, [middle + c * ring, middle - d * ring], [middle + c * end, middle - d * end], this.owner.colours.quiet, 1);
    }
  }

  drawShadows(pen, found) {
    const { colours, state, data } = this.owner;
    data.points.forEach((_, j) => {
      const marked = j === state.held || j === found.shown;
      const colour = j === state.held ? colours.query : j === found.shown ? colours.key : colours.line;
      segment(pen, this.seen[j], this.shadow(found.scores[j]), colour, marked ? 1.6 : 1);
    });
    data.points.forEach((_, j) => {
      const [x, y] = this.shadow(found.scores[j]), query = j === state.held;
      circle(pen, x, y, query || j === found.shown ? 3.6 : 2.4);
      pen.fillStyle = query ? colours.query : found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = query ? colours.query : colours.key;
      pen.lineWidth = 1;
      pen.fill();
      pen.stroke();
    });
  }

  /** The arrow that turns; in space it is hollow where it points away. */
  drawArrow(pen, tip) {
    const { owner: { colours, dim }, middle, ring } = this, away = dim === 3 && tip[2] < 0;
    const angle = Math.atan2(tip[1] - middle, tip[0] - middle), length = Math.hypot(tip[0] - middle, tip[1] - middle) / ring;
    pen.save();
    pen.translate(tip[0], tip[1]);
    circle(pen, 0, 0, 11);
    pen.fillStyle = away ? colours.ground : colours.ink;
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.6;
    pen.fill();
    pen.stroke();
    pen.rotate(angle);
    pen.scale(Math.max(0.35, length), 1);
    polygon(pen, [[8, 0], [-5.5, -4.5], [-2.5, 0], [-5.5, 4.5]]);
    pen.fillStyle = away ? colours.ink : colours.ground;
    pen.fill();
    pen.restore();
  }

  /** The outline and the equator of the sphere of directions. */
  drawGlobe(pen) {
    const { middle, ring } = this;
    pen.strokeStyle = this.owner.colours.line;
    pen.lineWidth = 1;
    circle(pen, middle, middle, ring);
    pen.stroke();
    polygon(pen, around(RIM, (angle) => this.place([Math.cos(angle), Math.sin(angle), 0], ring)));
    pen.stroke();
  }

  /** In space the tokens that the query attends to lie below a plane: its disc inside the sphere. */
  drawDisc(pen, s) {
    const { colours } = this.owner, sphere = this.ring / this.scale, way = this.way(), [u, v] = across(way);
    const radius = Math.sqrt(Math.max(0, sphere * sphere - s * s));
    polygon(pen, around(RIM, (angle) => {
      const c = radius * Math.cos(angle), d = radius * Math.sin(angle);
      return this.place(way.map((w, i) => w * s + u[i] * c + v[i] * d));
    }));
    pen.fillStyle = fade(colours.query, 0.1);
    pen.fill();
    pen.strokeStyle = colours.query;
    pen.lineWidth = 1.2;
    pen.stroke();
  }

  /** The two tokens that are confused most. */
  drawPair(pen, { i, j }) {
    const { ink } = this.owner.colours, pair = [this.seen[i], this.seen[j]];
    pen.setLineDash([2, 5]);
    segment(pen, pair[0], pair[1], ink, 1.4);
    pen.setLineDash([]);
    for (const [x, y] of pair) {
      circle(pen, x, y, 12.5);
      pen.stroke();
    }
  }

  /** The tokens, those in front last, the larger the nearer and the more weight they have. */
  drawTokens(pen, found) {
    const { colours, state, dim, reach } = this.owner, { top } = this.owner.ribbons;
    const ground = rgb(colours.ground), ink = rgb(colours.ink);
    const order = this.seen.map((_, j) => j).sort((a, b) => this.seen[a][2] - this.seen[b][2]);
    for (const j of order) {
      const [x, y, near] = this.seen[j], weight = found.weights[j], query = j === state.held;
      const size = (dim === 3 ? 1 + (0.22 * near) / reach : 1) * (4.2 + (3.6 * weight) / top);
      circle(pen, x, y, query ? 7 : size);
      pen.fillStyle = query ? colours.query : css(mixed(ground, ink, weight / top)); // from the page's ground to its ink
      pen.strokeStyle = query ? colours.ground : colours.key;
      pen.lineWidth = query ? 2 : j === found.shown ? 2.4 : 1.5;
      pen.fill();
      pen.stroke();
    }
  }
}
