// One token in two crowds has to go to two places: crowds that are dragged, what is built for them at once in the
// browser, and models that are fitted to them on the server, watched layer by layer and step by step.

import { palette, signedEnds } from "../../kit/js/colour.js";
import { button, clamp, hundredth, make, mounted, put, reducedMotion, tenth } from "../../kit/js/core.js";
import { RADIANS_PER_DEGREE, farthest } from "../../kit/js/formulas.js";
import { Frame, Motion, Rest } from "../../kit/js/pace.js";
import { judge, say } from "../../kit/js/text.js";
import { Undo } from "../../kit/js/undo.js";
import { PAINT, Reports, paints } from "../../kit/js/wire.js";
import { Crowds } from "./crowds.js";
import { faceOf } from "./face.js";
import { Fits } from "./fits.js";
import { packed, unpacked } from "./hand.js";
import { nameOf } from "./marks.js";
import { JourneyPanel } from "./panel.js";
import { drawResults } from "./results.js";
import { build, label, scores, search } from "./separate.js";
import { Slice } from "./slice.js";
import { verdict, write } from "./words.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {string} setting the name of the crowds as they were drawn
 * @property {Start} start
 * @property {Drawn} crowds
 * @property {Hand} hand how a place that was moved is written
 * @property {Levels} levels how a coordinate of a fitted model is written
 * @property {number} heads of the construction
 * @property {number} outermost how far from 0 the place of a head may be
 * @property {Tried} tried
 * @property {number} near
 * @property {Model[]} models
 * @property {string} name of the fits
 * @property {number} life another number whenever fits begin anew or go back
 * @property {boolean} running
 * @property {Told[]} records where each model had the tokens
 * @property {Answer} answer
 * @property {number} tolerance of the badge
 * @property {Record<"light" | "dark", string[]>} signed the colours of the two crowds
 */
/**
 * What a link says. turn: of the first head, in degrees, below 0 where the best one is meant; at: its place.
 * @typedef {object} Start
 * @property {number} close
 * @property {number} first
 * @property {number} second
 * @property {number} head
 * @property {number} turn
 * @property {number} at
 * @property {number} through
 * @property {string} moved
 * @property {string} aimed
 */
/** @typedef {Record<string, number[]>} Places which one → where it is */
/** @typedef {Omit<Start, "moved" | "aimed"> & {moved: Places, aimed: Places}} State */
/** @typedef {{pool: number[][], members: number[][], targets: number[][][], own: number[], path: number[][][]}} Drawn */
/** @typedef {{letters: string, unit: number, middle: number}} Hand */
/** @typedef {{unit: number, middle: number}} Levels */
/** @typedef {import("./separate.js").Tried} Tried */
/** @typedef {{label: string, tone: string, dashed: boolean, steps: number}} Model */
/** @typedef {import("./fits.js").Told} Told */
/** @typedef {{id: number, heads: Spot[], labels: number[][], gap: number}} Answer */
/** @typedef {{turn: number, place: number}} Spot a slice, by its angle in radians, and a place on it */
/**
 * What Python sends while models are fitted; some of it was told before.
 * @typedef {object} Feed
 * @property {string} painted
 * @property {string} name of the fits
 * @property {number} life
 * @property {Told[]} records
 */

const FEED = "apart"; // what is said meanwhile comes as a paint of this name
const TRAVEL_MILLISECONDS = 2600;
const EDGE = 1.25; // how far from the middle a token can be moved
export class Apart {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.motion = new Motion();
    this.rest = new Rest(() => this.release());
    this.undo = new Undo();
    this.fits = new Fits();
    /** @type {Message} */
    this.data = null;
    /** @type {State} */
    this.state = null;
    /** @type {ReturnType<typeof build> & {heads: import("./separate.js").Head[]} | null} */
    this.built = null;
    this.difference = null;
    this.approaching = false; // whether B is being moved
    /** @type {number | null} */
    this.pointed = null; // the token under the pointer, whose ways are lit
    this.picture = new Crowds(this);
    this.slice = new Slice(this);
    this.panels = [new JourneyPanel()];
    this.parts = faceOf(this);
    this.root.replaceChildren(this.parts.face);
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.parts.face);
    this.feed = (/** @type {any} */ { detail }) => {
      const news = detail === FEED && paints().get(FEED);
      if (!news || !this.data || news.name !== this.data.name || news.life !== this.data.life) return;
      this.fits.take(news.records, this.data.levels);
      this.frame.soon();
    };
    document.addEventListener(PAINT, this.feed);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.feed);
    this.motion.stop();
    this.rest.close();
    this.frame.close();
  }

  /** @param {Message} data */
  receive(data, send) {
    const begins = this.reports.begins(data, send);
    if (begins || data.setting !== this.data?.setting) {
      const { moved, aimed, ...rest } = data.start;
      this.state = { ...rest, moved: unpacked(moved, data.hand), aimed: unpacked(aimed, data.hand) };
      this.undo.clear();
    }
    if (data.name !== this.data?.name || data.life !== this.data.life) this.fits = new Fits();
    this.data = data;
    this.built = null;
    this.fits.take(data.records, data.levels);
    while (this.panels.length <= data.models.length) this.panels.push(new JourneyPanel());
    this.panels.length = data.models.length + 1;
    this.panels[0].title(words.panels.built, "ink");
    data.models.forEach(({ label: model, tone }, k) => this.panels[k + 1].title(say(words.panels.fitted, { model }), tone));
    this.parts.grid.replaceChildren(...this.panels.map(({ element }) => element));
    this.draw();
    if (this.reports.answered(data.answer)) this.compare();
  }

  /** The operator's labels of its own heads, and the gap that it found, beside ours. */
  compare() {
    const { heads, labels, gap } = this.data.answer, crowds = this.crowds();
    const ours = crowds.map((crowd) => heads.map(({ turn, place }) => label(scores(crowd, turn), place)));
    this.difference = Math.max(farthest(ours.flat(), labels.flat()), Math.abs(this.built.gap - gap));
    judge(this.parts.badge, this.difference, this.data.tolerance);
  }

  // ---- what the visitor does ----

  /** Another closeness: B's own tokens are where it says, also if they were dragged away. */
  approach(close) {
    if (!this.approaching) this.remember(); // once for a whole drag
    this.approaching = true;
    this.state.close = close;
    for (const k of this.data.crowds.own) delete this.state.moved[k];
    this.changed();
  }

  compareWith(side, c) {
    const names = /** @type {("first" | "second")[]} */ (["first", "second"]), other = names[1 - side];
    if (this.state[other] === c) this.state[other] = this.state[names[side]];
    this.state[names[side]] = c;
    this.release();
  }

  point(k) {
    this.pointed = k;
    this.frame.soon();
  }

  /** Keep what can be taken back, before it changes. */
  remember() { this.undo.remember({ moved: this.state.moved, aimed: this.state.aimed, close: this.state.close }); }

  takeBack() {
    if (this.undo.empty || this.data.running) return;
    Object.assign(this.state, this.undo.back());
    this.changed();
    this.release();
  }

  reset() {
    this.remember();
    Object.assign(this.state, { moved: {}, aimed: {}, close: 0 });
    this.changed();
    this.release();
  }

  /** Another slice, or another place on it: the visitor's own. */
  choose(change) {
    const { turn, place } = { ...this.shownHead(), ...change };
    this.state.turn = tenth(((turn / RADIANS_PER_DEGREE) % 360 + 360) % 360);
    this.state.at = hundredth(clamp(place, -this.data.outermost, this.data.outermost));
    this.changed();
  }

  /** A token of the pool, or a target among all, is somewhere else. */
  put(kind, k, place) {
    const { unit } = this.data.hand;
    const fit = (x) => Math.round(clamp(x, -EDGE, EDGE) / unit) * unit;
    this.state[kind === "token" ? "moved" : "aimed"][k] = place.map(fit);
    this.changed();
  }

  changed() {
    this.built = null;
    this.difference = null;
    this.frame.soon();
  }

  later() { this.rest.again(); }

  release() {
    this.rest.close();
    this.approaching = false;
    const { moved, aimed, ...rest } = this.state, { hand, running } = this.data;
    this.draw();
    if (running) return; // a report would interrupt the fits
    this.difference = null;
    this.reports.tell({ ...rest, moved: packed(moved, hand), aimed: packed(aimed, hand) });
    judge(this.parts.badge, null, 0);
    this.parts.live.textContent = verdict(this);
  }

  go() {
    if (this.motion.on) { this.motion.stop(); this.draw(); return; }
    if (reducedMotion()) { this.state.through = this.state.through < 1 ? 1 : 0; this.draw(); return; }
    if (this.state.through >= 1) this.state.through = 0;
    this.motion.start((since) => {
      this.state.through = Math.min(1, this.state.through + since / TRAVEL_MILLISECONDS);
      if (this.state.through >= 1) this.motion.stop();
      this.draw();
    });
  }

  // ---- what is shown ----

  placeOf(kind, k) {
    const { crowds } = this.data, { moved, aimed, close } = this.state;
    if (kind === "target") return aimed[k] ?? crowds.targets.flat()[k];
    const own = crowds.own.indexOf(k);
    return moved[k] ?? (own < 0 ? crowds.pool[k] : crowds.path[Math.round(close * (crowds.path.length - 1))][own]);
  }

  crowds() { return this.data.crowds.members.map((row) => row.map((k) => this.placeOf("token", k))); }

  targets() {
    const { members } = this.data.crowds;
    return members.map((row, c) => row.map((_, j) => this.placeOf("target", c * row.length + j)));
  }

  /** The head that is drawn. */
  shownHead() {
    this.look();
    return this.built.heads[Math.min(this.state.head, this.built.heads.length - 1)];
  }

  look() {
    if (this.built) return;
    const { data, state } = this, crowds = this.crowds(), heads = search(crowds, data.heads, data.tried);
    if (state.turn >= 0) heads[0] = { turn: state.turn * RADIANS_PER_DEGREE, place: state.at };
    this.built = { heads, ...build(crowds, this.targets(), heads, data.tried) };
  }

  draw() {
    const { data, state, parts: { face } } = this;
    if (!data || !face.clientWidth) return;
    this.look();
    const colours = palette(face), [first, second] = signedEnds(data.signed, colours.ground);
    face.style.setProperty("--first", first);
    face.style.setProperty("--second", second);
    this.picture.draw();
    this.slice.draw();
    this.drawControls();
    write(this);
    drawResults(this);
    this.parts.travel.value = String(state.through);
    this.parts.play.textContent = this.motion.on ? "❚❚" : "▶";
  }

  drawControls() {
    const { data, state, built } = this, off = data.running || null;
    this.parts.pickers.forEach((picker, side) => {
      if (picker.childElementCount !== data.crowds.members.length) picker.replaceChildren(...data.crowds.members.map((_, c) => make("option", { value: c }, nameOf(c))));
      picker.value = String(side ? state.second : state.first);
    });
    put(this.parts.undoButton, { disabled: off ?? this.undo.empty });
    put(this.parts.resetButton, { disabled: off ?? !(state.close || Object.keys(state.moved).length || Object.keys(state.aimed).length) });
    put(this.parts.bestButton, { disabled: off ?? state.turn < 0 });
    put(this.parts.closeness, { disabled: off });
    put(this.parts.turning, { disabled: off ?? state.head > 0 });
    this.parts.closeness.value = String(state.close);
    this.parts.turning.value = String(Math.round(((this.shownHead().turn / RADIANS_PER_DEGREE) % 360 + 360) % 360));
    const many = built.heads.length, shown = Math.min(state.head, many - 1), pick = (h) => () => { state.head = h; this.release(); };
    if (this.parts.headPicker.childElementCount !== (many > 1 ? many : 0)) {
      this.parts.headPicker.replaceChildren(...(many > 1 ? built.heads.map((_, h) => button(say(words.slice.head, { h: h + 1 }), pick(h))) : []));
    }
    [...this.parts.headPicker.children].forEach((one, h) => put(one, { "aria-pressed": String(h === shown) }));
  }

}

export default mounted(Apart, "crowds");
