// The scalar line: queries above an axis, keys below it; the held query attends while you drag.

import { announcer, button, clamp, focusedIn, hundredth, labelled, make, mounted, put } from "../../kit/js/core.js";
import { arrow, drag, placeIn } from "../../kit/js/drag.js";
import { farthest, normal } from "../../kit/js/formulas.js";
import { LookUp } from "../../kit/js/lookup.js";
import { Frame, Rest } from "../../kit/js/pace.js";
import { fmt, say } from "../../kit/js/text.js";
import { Undo } from "../../kit/js/undo.js";
import { Reports } from "../../kit/js/wire.js";
import { attend, undivided } from "./model.js";
import { MARGIN, Picture } from "./picture.js";
import { writeSums } from "./sums.js";
import words from "./words.json" with { type: "json" };

/** @typedef {{kernel: "relu" | "bump", b: number, queries: number[], keys: number[], values: number[], held: number}} State */
/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {State} start
 * @property {Answer} answer
 * @property {("relu" | "bump")[]} kernels that there are to choose from
 * @property {Limits} limits
 * @property {number} tolerance of the badge
 */
/**
 * What the operator says of the report with a number.
 * @typedef {object} Answer
 * @property {number} id
 * @property {number[]} y the output of every query
 */
/**
 * @typedef {object} Limits
 * @property {number} low the least score
 * @property {number} high the largest score
 * @property {number} most tokens of a kind
 * @property {number} narrowest bandwidth
 * @property {number} widest bandwidth
 */

const STEP = 0.05, LARGE_STEP = 0.25; // of an arrow key, in scores, without and with Shift
const SPREAD = 1.2; // the deviation of positions that are drawn anew

class Line {
  constructor(root) {
    this.root = root;
    this.history = new Undo();
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.rest = new Rest(() => { this.nudging = false; this.release(); });
    /** @type {Message} */
    this.data = null;
    /** @type {State} */
    this.state = null;
    this.asked = null; // the state that the operator was asked about
    this.largest = null; // difference to the operator, null while it is awaited
    this.pointed = null; // the key under the pointer
    this.nudging = false; // whether the arrow keys are moving something
    this.picture = new Picture();
    this.lookup = new LookUp();
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.picture.element);
  }

  close() {
    this.observer.disconnect();
    this.rest.close();
    this.frame.close();
  }

  /** What Python says: a start (a link, the back button) or the operator's answer to what was told. */
  receive(data, send) {
    this.data = data;
    if (!this.kernels.childElementCount) this.offer(data.kernels);
    if (this.reports.begins(data, send)) {
      this.state = structuredClone(data.start);
      this.history.clear();
      this.asked = this.largest = null;
      this.rest.close();
      this.rebuild();
    }
    this.asked ??= structuredClone(this.state);
    if (this.reports.answered(data.answer) && JSON.stringify(this.asked) === JSON.stringify(this.state)) {
      this.largest = farthest(this.state.queries.map((s) => attend(this.state, s).y), data.answer.y);
    }
    this.draw();
  }

  build() {
    this.sums = make("div", { class: "sums" });
    this.live = announcer();
    this.kernels = make("span", { class: "joined", role: "group", "aria-label": words.controls.kernel });
    this.counts = { queries: make("span", { class: "count" }), keys: make("span", { class: "count" }) };
    this.steps = [];
    const stepper = (what) => {
      const less = labelled(words.controls.remove[what], "−", () => this.remove(what));
      const more = labelled(words.controls.add[what], "+", () => this.add(what));
      this.steps.push([what, less, more]);
      return make("span", { class: "group" }, [make("span", {}, words.controls[what]), less, this.counts[what], more]);
    };
    this.undoButton = labelled(words.controls.undo, `↶ ${words.controls.undo}`, () => this.undo());
    this.controls = make("div", { class: "controls row" }, [
      this.kernels,
      stepper("queries"), stepper("keys"),
      labelled(words.controls.draw, words.controls.shuffle, () => this.shuffle()),
      this.undoButton,
      make("span", { class: "quiet push hint" }, words.controls.keyboard),
    ]);
    this.root.replaceChildren(make("div", { class: "line" }, make("div", { class: "card" }, [
      make("div", { class: "stage" }, [make("div", {}, [this.picture.element, this.lookup.element]), this.sums]), this.controls, this.live,
    ])));
    Undo.listen(this.root, () => this.undo());
  }

  offer(kernels) {
    this.kernels.replaceChildren(...kernels.map((kernel) => button(words.kernels[kernel], () => this.change((state) => { state.kernel = kernel; }))));
  }

  // ---- changing the state ----

  /** Every change goes through here: remembered for undo, drawn, told. */
  change(act) {
    this.history.remember(this.state);
    act(this.state);
    this.rebuild();
    this.release();
  }

  undo() {
    if (this.history.empty) return;
    this.state = this.history.back();
    this.rebuild();
    this.release();
  }

  release() {
    this.largest = null;
    this.asked = structuredClone(this.state);
    this.draw();
    this.reports.tell(this.state);
    const held = this.state.queries[this.state.held];
    this.live.textContent = say(words.controls.said, { at: fmt(held), output: fmt(attend(this.state, held).y, 3) });
  }

  add(what) {
    const { low, high } = this.data.limits;
    this.change((state) => {
      state[what].push(hundredth(low * 0.9 + Math.random() * (high - low) * 0.9));
      if (what === "keys") state.values.push(hundredth(Math.random() * 2 - 1));
    });
  }

  remove(what) {
    this.change((state) => {
      state[what].pop();
      if (what === "keys") state.values.pop();
      state.held = Math.min(state.held, state.queries.length - 1);
    });
  }

  shuffle() {
    const { low, high } = this.data.limits, place = () => hundredth(clamp(normal() * SPREAD, low, high));
    this.change((state) => {
      state.queries = state.queries.map(place);
      state.keys = state.keys.map(place);
      state.values = state.values.map(() => hundredth(Math.random() * 2 - 1));
      state.held = state.queries.indexOf(Math.max(...state.queries));
    });
  }

  read(kind, index) {
    const { queries, keys, values, b } = this.state;
    return { q: queries[index], k: keys[index], v: values[index], b }[kind];
  }

  write(kind, index, value) {
    const { state, data: { limits: { low, high, narrowest, widest } } } = this, x = hundredth(value);
    if (kind === "q") state.queries[index] = clamp(x, low, high);
    if (kind === "k") state.keys[index] = clamp(x, low, high);
    if (kind === "v") state.values[index] = clamp(x, -1, 1);
    if (kind === "b") state.b = clamp(x, narrowest, widest);
  }

  // ---- pointer and keyboard ----

  /** Make one mark per token; it is kept while it is dragged or focused. */
  rebuild() {
    const focused = focusedIn(this.root)?.dataset?.token;
    this.picture.rebuild(this.state, (mark, kind, index) => {
      mark.onpointerdown = (event) => this.grab(event, kind, this.picture.nearest(event, kind, index));
      mark.onkeydown = (event) => this.nudge(event, kind, index);
      mark.onfocus = () => this.hold(kind, index);
      if (kind !== "k") return;
      mark.onpointerenter = () => { this.pointed = index; this.draw(); };
      mark.onpointerleave = () => { this.pointed = null; this.draw(); };
    });
    if (focused) this.picture.element.querySelector(`[data-token="${focused}"]`)?.focus();
  }

  /** A query that has the focus is held; Python is told once it keeps it. */
  hold(kind, index) {
    if (kind !== "q" || this.state.held === index) return;
    this.state.held = index;
    this.draw();
    this.rest.again();
  }

  grab(event, kind, index) {
    const { picture } = this, before = this.read(kind, index);
    const at = (e) => {
      const [x, y] = placeIn(e, picture.element);
      return kind === "v" ? picture.value(y) : picture.score(x);
    };
    const offset = kind === "b" ? 0 : before - at(event);
    let moved = false;
    const move = (e) => {
      const wanted = at(e) + offset;
      this.write(kind, index, kind === "b" ? Math.abs(wanted - this.state.queries[this.state.held]) : wanted);
      moved ||= this.read(kind, index) !== before;
      this.largest = null;
      this.frame.soon();
    };
    const end = () => {
      if (!moved) this.history.back();
      if (moved || kind === "q") this.release();
    };
    if (!drag(event, picture.marks[kind][index], move, end)) return;
    this.rest.close();
    if (kind === "q") this.state.held = index;
    this.history.remember(this.state);
    this.draw();
  }

  nudge(event, kind, index) {
    const way = arrow(event);
    if (!way) return;
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const mirrored = kind === "b" && this.picture.handleSide(this.state) < 0;
    const by = (kind === "v" ? way[1] : way[0] + way[1]) * step * (mirrored ? -1 : 1);
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.nudging) this.history.remember(this.state);
    this.nudging = true;
    this.write(kind, index, this.read(kind, index) + by);
    this.largest = null;
    this.draw();
    this.rest.again();
  }

  draw() {
    if (!this.state) return;
    const { state, data } = this, s = state.queries[state.held], found = attend(state, s);
    this.picture.draw(state, found, this.pointed, data.limits);
    this.drawLookUp(found);
    writeSums(this.sums, state, found, this.pointed, this.largest, data.tolerance);
    [...this.kernels.children].forEach((pick, i) => put(pick, { "aria-pressed": String(data.kernels[i] === state.kernel) }));
    for (const [what, less, more] of this.steps) {
      this.counts[what].textContent = state[what].length;
      less.disabled = state[what].length <= 1;
      more.disabled = state[what].length >= data.limits.most;
    }
    this.undoButton.disabled = this.history.empty;
  }

  /** The sum before it is divided, and how one bend below the query is enough to know it. */
  drawLookUp({ s, total, y }) {
    const { lookup, state, data: { limits: { low, high } } } = this, bump = state.kernel === "bump";
    lookup.bend = words.lookup.bend[state.kernel];
    lookup.title.replaceChildren(make("b", {}, words.lookup.title), words.lookup[state.kernel], say(words.lookup.enough, { bend: lookup.bend }));
    lookup.draw({ line: undivided(state), s, low, high, margin: MARGIN, divisor: bump ? "n" : "N", total, y, digits: 2 });
  }
}

export default mounted(Line, "line");
