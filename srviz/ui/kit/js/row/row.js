// One query among many tokens: its row of weights by each method, computed here from q, k, s and t, its place among the
// sorted keys, and the arithmetic of one pair. What the tokens look like is the page's own part.

import { css, luminance, palette, rgb, signedEnds } from "../colour.js";
import { announcer, button, make } from "../core.js";
import { farthest, ranksOf, sortedBy } from "../formulas.js";
import { Frame, Rest } from "../pace.js";
import { count, fmt, say, small } from "../text.js";
import { HEAD, floats, sharedHead } from "../wire.js";
import words from "../words.json" with { type: "json" };
import { attend } from "./attend.js";
import { sumOf } from "./rules.js";
import { KeyStrip } from "./strip.js";
import { writeRow } from "./words.js";

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {string} setting the name of the head
 * @property {number} epoch another one for every start
 * @property {number} held the query that is held, −1 for none
 * @property {number} rest the query that is shown while nobody points at one
 * @property {boolean} raw whether weights are shown as they are before the values are centred
 * @property {import("./rules.js").Method[]} methods whose rows are shown, in the order of the panes
 * @property {Record<"light" | "dark", string[]>} signed the two ends of the scale of signed weights
 * @property {number} tolerance of the badge
 * @property {Answer} answer
 */
/**
 * The operator's rows of one query.
 * @typedef {object} Answer
 * @property {string} setting
 * @property {number} query
 * @property {boolean} raw
 * @property {Record<string, string>} rows the weights by the name of their method, in base64
 */
/**
 * One method on the page.
 * @typedef {{method: import("./rules.js").Method, surface: any, title: any, note: any, low: any, ramp: any, high: any, tokens: any[],
 *   marked: any[]}} Pane
 */

const TAP_PIXELS = 8; // a pointer that moved farther did not click
const THEME_MILLISECONDS = 500; // between two looks at the theme, of which the browser tells nothing

/**
 * A page extends it by: what (the word for a token), surface(index), show(look), name(j), mark(j), tokenAt(event), paint(); and it
 * may say more on the strip, by caption(i), labels(pen, x, width) and room.
 */
export class Row {
  constructor(root, kind) {
    this.root = root;
    /** @type {Message} */
    this.data = null;
    /** @type {any} */
    this.head = null;
    this.held = -1; // the query that a click holds
    this.preview = null; // the query under the pointer, while none is held
    this.key = null; // the key pointed at
    this.lit = []; // all keys pointed at: a bar of the strip has several
    this.asked = null; // the query that the operator was asked about
    this.compared = null; // the largest difference to the operator, null while it is awaited
    /** @type {any} */
    this.found = null;
    /** @type {any} */
    this.colours = null; // of the theme: ground, ink, query, key, low and high as [r, g, b], the others as text
    this.bright = true; // whether the page is light
    this.what = "";
    this.room = 0; // pixels below the strip, for labels
    this.said = announcer();
    this.hint = make("span", { class: "quiet hint" });
    this.free = button(words.row.free, () => this.hold(-1));
    this.badge = make("span", { class: "badge waiting" });
    this.sums = make("div", { class: "sums" });
    this.strip = new KeyStrip(this);
    this.frame = new Frame(() => this.draw());
    this.rest = new Rest(() => this.hold(this.held));
    /** @type {Pane[]} */
    this.panes = [];
    this.grid = make("div", { class: "panes" });
    this.live = make("div", { class: `row-of ${kind}` }, make("div", { class: "card" }, [
      make("div", { class: "row state" }, [this.hint, this.free, make("span", { class: "push" }, this.badge)]),
      this.grid, make("div", { class: "over" }, this.strip.canvas), this.sums, this.said,
    ]));
    this.root.replaceChildren(this.live);
    this.listen();
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.strip.canvas);
    this.themes = setInterval(() => {
      const look = JSON.stringify(palette(this.live));
      if (look !== this.look) { this.look = look; this.frame.soon(); }
    }, THEME_MILLISECONDS);
  }

  listen() {
    this.arrived = () => { this.take(); this.draw(); };
    this.escaped = (event) => {
      const elsewhere = event.composedPath().some((element) => element.matches?.("input, textarea, [data-baseweb=popover]"));
      if (event.key === "Escape" && this.held >= 0 && !elsewhere) this.hold(-1);
    };
    window.addEventListener(HEAD, this.arrived);
    window.addEventListener("keydown", this.escaped);
  }

  close() {
    window.removeEventListener(HEAD, this.arrived);
    window.removeEventListener("keydown", this.escaped);
    this.observer.disconnect();
    clearInterval(this.themes);
    this.rest.close();
    this.frame.close();
  }

  // ---- what Python says ----

  /** What is shown, which query is held there, and the operator's rows. */
  receive(data, send) {
    this.send = send;
    const other = data.setting !== this.data?.setting;
    if (other || data.epoch !== this.data.epoch) {
      this.rest.close();
      this.held = data.held;
      this.preview = this.asked = null;
      this.light(null);
    }
    if (JSON.stringify(data.methods) !== JSON.stringify(this.data?.methods)) this.openPanes(data.methods);
    this.data = data;
    this.compared = null;
    if (other) this.head = null;
    this.take();
    this.draw();
  }

  /** One pane for every method. */
  openPanes(methods) {
    const part = (tag, kind) => make(tag, { class: kind });
    this.panes = methods.map((method, index) => ({
      method, surface: this.surface(index), title: part("b", "title"), note: part("span", "quiet"),
      low: part("span", "end"), ramp: part("i", "ramp"), high: part("span", "end"), tokens: [], marked: [],
    }));
    this.grid.replaceChildren(...this.panes.map(({ title, note, surface, low, ramp, high }) => make("section", {}, [
      make("div", { class: "head" }, [title, note]), surface, make("div", { class: "legend" }, [low, ramp, high]),
    ])));
    for (const { surface } of this.panes) this.listenTo(surface);
    this.head = this.found = null;
  }

  /** A surface on which tokens are pointed at and clicked. */
  listenTo(surface) {
    surface.onpointermove = (event) => this.over(this.tokenAt(event));
    surface.onpointerleave = surface.onpointercancel = () => this.over(null);
    surface.onpointerdown = (event) => { this.down = event.button ? null : [event.clientX, event.clientY]; };
    surface.onpointerup = (event) => this.up(event);
  }

  /** Take the head that this message is about, once it has arrived. */
  take() {
    const head = sharedHead();
    if (!head || head.setting !== this.data?.setting || this.head === head) return;
    this.head = head;
    this.found = null;
    this.order = sortedBy(head.t);
    this.rank = Uint32Array.from(ranksOf(this.order));
    this.show(head.look);
  }

  // ---- what the visitor does ----

  query() { return this.held >= 0 ? this.held : this.preview ?? this.data.rest; }

  /** The key that the arithmetic is written out for: the one pointed at, else the one that is farthest. */
  partner() { return this.key ?? this.order[0]; }

  /** The pointer is over a token: while none is held it is the query, else it is the key. */
  over(j) {
    if (this.held >= 0) { this.point(j); return; }
    if (j === this.preview) return;
    this.preview = j;
    this.frame.soon();
  }

  light(j, lit = j === null ? [] : [j]) {
    this.key = j;
    this.lit = lit;
  }

  point(j, lit = j === null ? [] : [j]) {
    if (j === this.key && lit.length === this.lit.length) return;
    this.light(j, lit);
    this.frame.soon();
  }

  up(event) {
    const { down } = this;
    this.down = null;
    if (!down || !this.head) return;
    const moved = Math.hypot(event.clientX - down[0], event.clientY - down[1]) > TAP_PIXELS;
    const j = this.tokenAt(event);
    if (j === null || (moved && (event.pointerType === "mouse" || this.held >= 0))) return;
    this.hold(j === this.held ? -1 : j);
  }

  hold(j) {
    if (!this.head) return;
    this.rest.close();
    this.preview = j < 0 ? this.held : null;
    this.held = j;
    this.light(null);
    this.asked = j < 0 ? this.data.rest : j;
    this.draw();
    this.send({ held: j, setting: this.data.setting, epoch: this.data.epoch });
    this.said.textContent = j < 0 ? words.row.freed
      : say(words.row.held, { name: this.name(j), below: count(this.found.below), n: count(this.head.n) });
  }

  /** The keyboard moves the query; Python is told once it rests. */
  step(j) {
    this.held = j;
    this.preview = this.asked = null;
    this.light(null);
    this.draw();
    this.rest.again();
  }

  // ---- what is shown ----

  draw() {
    this.strip.measure(); // before anything changes: the browser would have to lay out again
    if (!this.head || !this.strip.width) return;
    const i = this.query(), { raw, signed } = this.data;
    if (this.found?.query !== i || this.found.raw !== raw) {
      this.found = attend(this.head, this.panes, i, raw);
      this.compared = null;
    }
    this.compare();
    const look = palette(this.live), [low, high] = signedEnds(signed, look.ground);
    const channels = Object.fromEntries(["ground", "ink", "query", "key"].map((name) => [name, rgb(look[name])]));
    this.colours = { ...look, ...channels, low: rgb(low), high: rgb(high) };
    this.bright = luminance(this.colours.ground) > 0.5;
    this.panes.forEach((pane, index) => this.entitle(pane, index));
    this.paint();
    this.strip.draw();
    writeRow(this);
  }

  /** Whether the weights of a pane are less their mean, and so of both signs. */
  isSigned(index) { return this.panes[index].method.centred && !this.found.raw; }

  /** The colour of a weight, and how much of it covers what lies below, 0 to 1. @returns {[number[], number]} */
  tint(index, weight) {
    const top = this.found.top[index], { low, high, ink } = this.colours;
    return [this.isSigned(index) ? (weight < 0 ? low : high) : ink, top > 0 ? Math.min(1, Math.abs(weight) / top) : 0];
  }

  entitle({ method, title, note, low, ramp, high }, index) {
    const { found, colours } = this, isSigned = this.isSigned(index), top = small(found.top[index]);
    title.textContent = method.centred ? say(isSigned ? words.row.effective : words.row.raw, { method: method.label }) : method.label;
    note.textContent = isSigned ? words.row.signed : say(words.row.sum, { sum: sumOf(method, found.rows[index]) });
    low.textContent = isSigned && found.top[index] ? `−${top}` : "0";
    high.textContent = found.beyond[index] ? say(words.row.beyond, { top }) : top;
    const ends = isSigned ? [colours.low, colours.ground, colours.high] : [colours.ground, colours.ink];
    ramp.style.background = `linear-gradient(${["to right", ...ends.map(css)].join(", ")})`;
  }

  /** Compare what is shown with the operator's answer, where it is about the same row. */
  compare() {
    const { answer, setting } = this.data, { found } = this;
    if (answer.setting !== setting || answer.query !== found.query || answer.raw !== found.raw) { this.compared = null; return; }
    this.compared ??= Math.max(...this.panes.map(({ method }, k) => farthest(found.shown[k], floats(answer.rows[method.name]))));
  }

  // ---- the page's own part ----

  surface(index) { return make("div"); }

  show(look) {}

  name(j) { return ""; }

  mark(j) { return make("span"); }

  tokenAt(event) { return null; }

  paint() {}

  caption(i) { return ""; }

  labels(pen, x, width) {}

  /** A query's score, for the strip and the words. */
  score(i) { return fmt(this.head.s[i]); }
}
