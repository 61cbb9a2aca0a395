// A crowd on a line, what one head says of it, and the crowd read back from that: exactly, without any training.

import { announcer, button, clamp, hundredth, labelled, make, mounted, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { farthest, mean } from "../../kit/js/formulas.js";
import { Frame, Rest } from "../../kit/js/pace.js";
import { fmt, judge, power, say } from "../../kit/js/text.js";
import { Undo } from "../../kit/js/undo.js";
import { Reports } from "../../kit/js/wire.js";
import { Reading } from "./reading.js";
import { path } from "./strip.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {State} start
 * @property {Said} answer
 * @property {string[]} forms of the head, by name
 * @property {number} reach
 * @property {number} least tokens
 * @property {number} most tokens
 * @property {import("./reading.js").Grid} grid
 * @property {number} tolerance of the badge
 */
/** @typedef {{keys: number[], form: string}} State */
/**
 * What the operator says of the report with a number.
 * @typedef {object} Said
 * @property {number} id
 * @property {number[]} y the head's output on the grid
 */

const NARROW = 380; // pixels below which the words of a lane are short
const LEFT = 12, RIGHT = 12, GAP = 34; // pixels
const LANES = { crowd: 46, said: 104, slope: 84, read: 86 }; // heights, in pixels
const STEP = 0.05, LARGE_STEP = 0.25; // of an arrow key, in scores

class Excess {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.changes = new Undo();
    this.frame = new Frame(() => this.draw());
    this.rest = new Rest(() => { this.nudging = false; this.release(); });
    /** @type {Message} */
    this.data = null;
    /** @type {Reading} */
    this.reading = null;
    /** @type {State} */
    this.state = null;
    this.asked = "";
    this.largest = null;
    this.nudging = false;
    this.marks = [];
    this.build();
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.face);
  }

  close() {
    this.observer.disconnect();
    this.rest.close();
    this.frame.close();
  }

  /** @param {Message} data */
  receive(data, send) {
    this.data = data;
    this.reading ??= new Reading(data.grid);
    if (this.reports.begins(data, send)) {
      this.state = structuredClone(data.start);
      this.changes.clear();
      this.rest.close();
      this.asked = JSON.stringify(this.state);
      this.rebuild();
    }
    if (this.reports.answered(data.answer) && this.asked === JSON.stringify(this.state)) {
      this.largest = farthest(this.reading.says(this.state.form, this.state.keys), data.answer.y);
    }
    this.draw();
  }

  build() {
    this.back = svg("g");
    this.tokens = svg("g");
    this.drawing = svg("svg", { role: "group", "aria-label": words.excess.label }, [this.back, this.tokens]);
    this.forms = make("div", { class: "forms joined", role: "group", "aria-label": words.excess.form });
    this.undo = labelled(words.excess.undo, `↶ ${words.excess.undo}`, () => this.goBack());
    this.more = labelled(words.excess.more, "+", () => this.change((state) => { state.keys.push(hundredth((2 * Math.random() - 1) * this.data.reach)); }));
    this.less = labelled(words.excess.less, "−", () => this.change((state) => { state.keys.pop(); }));
    this.number = make("span", { class: "count" });
    this.badge = make("span", { class: "badge push" });
    this.text = make("p", { class: "words" });
    this.live = announcer();
    this.face = make("div", { class: "excess card" }, [
      this.forms, this.text, this.drawing,
      make("div", { class: "row" }, [make("span", { class: "group" }, [make("span", {}, words.excess.tokens), this.less, this.number, this.more]), this.undo, this.badge]),
      this.live,
    ]);
    this.root.replaceChildren(this.face);
    Undo.listen(this.root, () => this.goBack());
  }

  // ---- changing the state ----

  change(act) {
    this.changes.remember(this.state);
    act(this.state);
    this.rebuild();
    this.release();
  }

  goBack() {
    if (this.changes.empty) return;
    this.state = this.changes.back();
    this.rebuild();
    this.release();
  }

  release() {
    this.largest = null;
    this.asked = JSON.stringify(this.state);
    this.draw();
    this.reports.tell(this.state);
    this.live.textContent = this.verdict();
  }

  rebuild() {
    const { keys, form } = this.state, focused = this.marks.indexOf(this.root.getRootNode().activeElement);
    this.marks = keys.map((_, k) => {
      const mark = svg("g", { class: "token", tabindex: 0, role: "slider" }, [
        svg("circle", { class: "hit", r: 14 }), svg("circle", { class: "ring", r: 11 }), svg("circle", { class: "dot", r: 6.5 }),
      ]);
      holdPage(mark);
      mark.onpointerdown = (event) => this.grab(event, mark, k);
      mark.onkeydown = (event) => this.nudge(event, k);
      return mark;
    });
    this.tokens.replaceChildren(...this.marks);
    this.marks[focused]?.focus();
    this.forms.replaceChildren(...this.data.forms.map((name) =>
      button(words.excess.forms[name].label, () => this.change((state) => { state.form = name; }), { "aria-pressed": String(name === form) })));
  }

  /** Pixels of one score. */
  get unit() { return (this.width - LEFT - RIGHT) / (this.reading.places.at(-1) - this.reading.places[0]); }

  x(score) { return LEFT + (score - this.reading.places[0]) * this.unit; }

  grab(event, mark, k) {
    const { keys } = this.state, before = keys[k], start = placeIn(event, this.drawing)[0];
    const moved = (e) => {
      this.put(k, before + (placeIn(e, this.drawing)[0] - start) / this.unit);
      this.frame.soon();
    };
    const end = () => { if (keys[k] === before) this.changes.back(); else this.release(); };
    if (drag(event, mark, moved, end)) this.changes.remember(this.state);
  }

  put(k, score) {
    this.state.keys[k] = hundredth(clamp(score, -this.data.reach, this.data.reach));
    this.largest = null;
  }

  nudge(event, k) {
    const way = arrow(event);
    if (!way?.[0]) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.nudging) this.changes.remember(this.state);
    this.nudging = true;
    this.put(k, this.state.keys[k] + way[0] * (event.shiftKey ? LARGE_STEP : STEP));
    this.draw();
    this.rest.again();
  }

  // ---- drawing ----

  /** What was read back, and how far it is from the crowd, in tokens. */
  read() {
    const { state: { keys, form }, reading } = this, said = reading.says(form, keys), shares = reading.read(form, said, mean(keys));
    const there = reading.counts(keys), found = shares.map((share) => share * keys.length);
    const known = [...found.keys()].filter((k) => Number.isFinite(found[k]));
    const missed = known.length ? Math.max(...known.map((k) => Math.abs(found[k] - there[k]))) : null;
    return { said, found, missed, lost: keys.filter((t) => !Number.isFinite(found[reading.placeOf(t)])).length };
  }

  verdict({ missed, lost } = this.read()) {
    if (missed === null) return words.excess.nothing;
    const found = say(this.state.form === "bare" ? words.excess.alone : words.excess.withMean, { error: power(missed) });
    return lost ? `${found} ${say(words.excess.lost[lost === 1 ? "one" : "many"], { n: lost })}` : found;
  }

  draw() {
    if (!this.state) return;
    const { state: { keys, form }, data } = this;
    this.width = Math.max(280, this.face.clientWidth - 42);
    const tops = {};
    let at = 18;
    for (const [lane, height] of Object.entries(LANES)) { tops[lane] = at; at += height + GAP; }
    put(this.drawing, { viewBox: `0 0 ${this.width} ${at - GAP + 24}`, width: this.width, height: at - GAP + 24 });
    const read = this.read(), { said, found } = read, slope = this.reading.secondDifferences(this.reading.says("bare", keys));
    let below = 0;
    const stairs = slope.map((share) => (below += share));
    const lanes = words.excess.lanes[this.width > NARROW ? "wide" : "narrow"], { label, text } = words.excess.forms[form];
    const parts = [
      ...this.lane(words.excess.lanes.crowd, tops.crowd, LANES.crowd),
      ...this.lane(say(lanes.said, { form: label }), tops.said, LANES.said, said, "said"),
      ...this.lane(lanes.slope, tops.slope, LANES.slope, stairs, "stairs"),
      ...this.lane(lanes.read, tops.read, LANES.read),
      ...this.bars(found, tops.read + LANES.read),
    ];
    for (const t of keys) parts.push(svg("line", { class: "drop", x1: this.x(t), x2: this.x(t), y1: tops.crowd + LANES.crowd - 12, y2: tops.read + LANES.read }));
    const foot = tops.read + LANES.read;
    for (const s of [-2, -1, 0, 1, 2]) parts.push(svg("text", { x: this.x(s), y: foot + 18, "text-anchor": "middle" }, fmt(s, 0)));
    this.back.replaceChildren(...parts);
    keys.forEach((t, k) => put(this.marks[k], {
      transform: `translate(${this.x(t).toFixed(1)} ${tops.crowd + LANES.crowd - 16})`, "aria-label": say(words.excess.token, { k: k + 1 }),
      "aria-valuenow": t, "aria-valuemin": -data.reach, "aria-valuemax": data.reach, "aria-valuetext": say(words.excess.score, { score: fmt(t) }),
    }));
    this.text.textContent = `${text} ${this.verdict(read)}`;
    put(this.drawing, { "aria-label": `${say(words.excess.state, { n: keys.length })} ${this.verdict(read)}` });
    this.number.textContent = String(keys.length);
    this.less.disabled = keys.length <= data.least;
    this.more.disabled = keys.length >= data.most;
    this.undo.disabled = this.changes.empty;
    judge(this.badge, this.largest, data.tolerance);
  }

  /** A lane with its title and, over its floor, a curve that fills it. */
  lane(title, top, height, values = null, kind = "") {
    const floor = top + height, parts = [
      svg("line", { class: "axis", x1: LEFT, x2: this.width - RIGHT, y1: floor, y2: floor }), svg("text", { class: "title", x: LEFT, y: top - 2 }, title),
    ];
    if (!values) return parts;
    const low = Math.min(0, ...values), high = Math.max(...values, low + 1e-6), room = height - 12;
    const y = (v) => floor - (v - low) / (high - low) * room;
    parts.push(svg("path", { class: kind, d: path([...this.reading.places], [...values], (s) => this.x(s), y) }));
    return parts;
  }

  /** A bar for every place at which somebody was read. */
  bars(found, floor) {
    const most = Math.max(1, ...found.filter(Number.isFinite)), parts = [];
    found.forEach((tokens, k) => {
      if (!(Math.abs(tokens) > 1e-3)) return;
      const x = this.x(this.reading.places[k]), top = floor - tokens / most * (LANES.read - 30);
      parts.push(svg("line", { class: "bar", x1: x, x2: x, y1: floor, y2: top }), svg("text", { x, y: top - 5, "text-anchor": "middle" }, fmt(tokens, 0)));
    });
    return parts;
  }
}

export default mounted(Excess, "excess");
