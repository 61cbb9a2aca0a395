// A curve f(r), r = s − t, and its map: what is dragged on the curve redraws every weight of the map.

import { announcer, make, mounted } from "../../kit/js/core.js";
import { farthest, largest } from "../../kit/js/formulas.js";
import { Frame, Rest } from "../../kit/js/pace.js";
import { Undo } from "../../kit/js/undo.js";
import { Reports, floats } from "../../kit/js/wire.js";
import { Controls } from "./controls.js";
import { BLANK, WeightMap } from "./map.js";
import { compute, curveOf } from "./model.js";
import { Plot } from "./plot.js";
import { says } from "./words.js";

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {string} setting the name of the input
 * @property {State} start divide may be "usual" here: the curve's own
 * @property {Curve[]} curves
 * @property {number[]} s raw query scores
 * @property {number[]} t raw key scores
 * @property {number[]} v values
 * @property {string[] | null} words the tokens of a sentence
 * @property {Beside} beside
 * @property {number[][] | null} colour of each token, red, green and blue from 0 to 255
 * @property {Record<"light" | "dark", string[]>} signed the two ends of the scale of signed weights
 * @property {Limits} limits
 * @property {Moves} moves
 * @property {Record<Divide, string>} divisors as they stand in a formula, in the order in which they are offered; empty for none
 * @property {number} epsilon what standardizing adds to the variance
 * @property {number} tiny a divisor of a smaller size counts as 0
 * @property {number} tolerance of the badge
 * @property {Answer} answer
 */
/**
 * A curve that can be chosen. Its pieces and samples are those of bandwidth 1; a curve without either is drawn by the visitor.
 * @typedef {object} Curve
 * @property {string} name
 * @property {string} label of its button
 * @property {string} note small beside the label
 * @property {string} why the note is there
 * @property {string} formula of r
 * @property {string} written its arithmetic, with {s}, {t} and {b}
 * @property {string} dividend the same before a divisor: in brackets where it is a sum
 * @property {boolean} bandwidth whether it has one
 * @property {Divide} divide what its rows are usually divided by
 * @property {string} usual who does so, in words
 * @property {Start | null} start of a drawing that begins as this curve
 * @property {Pieces | null} pieces
 * @property {Samples | null} samples
 */
/** @typedef {{label: string, nodes: number[][], left: number, right: number}} Start the label of its button, its nodes and its end slopes */
/** @typedef {{nodes: number[], heights: number[], left: number, right: number}} Pieces */
/** @typedef {{ends: number[], values: any}} Samples where polynomials end, and the heights at their places, in base64 as they arrive */
/** @typedef {"distance" | "n" | "one" | "rows"} Divide */
/** @typedef {{name: string, sums: number[]}} Beside another method, and what its rows sum to */
/**
 * @typedef {object} Limits of a drawn curve and of the bandwidth
 * @property {number} far |r| of a node
 * @property {number} tallest |height|
 * @property {number} steepest |slope|
 * @property {number} gap between two nodes
 * @property {number} most nodes
 * @property {number} narrowest bandwidth
 * @property {number} widest bandwidth
 */
/**
 * How the raw scores can be moved.
 * @typedef {object} Moves
 * @property {number[]} shifts of all scores
 * @property {number[]} scales of all scores
 * @property {number} queries the largest shift of the queries only
 * @property {AsTheyWere} asTheyWere what is so while nothing is moved
 */
/** @typedef {{shift: number, scale: number, queries: number, standard: boolean}} AsTheyWere */
/**
 * @typedef {object} Answer
 * @property {number} id of the report that it answers
 * @property {number[]} sums of the rows
 * @property {number[]} y the outputs
 * @property {number} many tokens on which moved scores are compared
 * @property {number | null} change of the outputs where scores are moved
 */
/**
 * @typedef {object} State
 * @property {string} kernel the name of the curve
 * @property {number} b
 * @property {number[][]} nodes of a drawn curve: r and height
 * @property {number} left
 * @property {number} right
 * @property {any} divide
 * @property {boolean} centred
 * @property {boolean} sorted
 * @property {boolean} standard
 * @property {number} shift
 * @property {number} scale
 * @property {number} queries
 * @property {number} row of the cell that is held, from 1; 0 where none is
 * @property {number} column
 */

const NOTHING = 1e-12; // the operator's largest number, below which differences are not taken relative to it

export class KernelMap {
  constructor(root) {
    this.root = root;
    this.history = new Undo();
    this.reports = new Reports();
    this.frame = new Frame(() => { this.update(); this.draw(); });
    this.rest = new Rest(() => { this.nudging = false; this.release(); });
    /** @type {Message} */
    this.data = null;
    /** @type {State} */
    this.state = null;
    /** @type {import("./model.js").Found} */
    this.found = null;
    this.agreed = null; // the largest difference to the operator, null while it is awaited
    this.moved = 0; // how far the outputs moved with the scores
    this.followed = false; // whether the divisor followed the curve, unasked
    this.pointed = BLANK;
    this.nudging = false; // whether keys or a slider are moving something
    this.plot = new Plot(this);
    this.map = new WeightMap(this);
    /** @type {Controls} */
    this.controls = null; // until Python has said what there is to choose from
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot.element);
    this.observer.observe(this.map.canvas);
    this.keys = (event) => { if (event.key === "Escape" && this.state?.row && !event.defaultPrevented) this.hold(BLANK); };
    document.addEventListener("keydown", this.keys);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.keys);
    this.rest.close();
    this.frame.close();
    this.map.close();
  }

  build() {
    const controls = new Controls(this), { plot, map } = this;
    this.controls = controls;
    this.says = make("div", { class: "says" });
    this.live = announcer();
    this.root.replaceChildren(make("div", { class: "kernel" }, make("div", { class: "card" }, [
      make("div", { class: "stage" }, [
        make("div", {}, [controls.picks, controls.formula, plot.element, controls.drawing, controls.hint]),
        make("div", {}, [controls.rules, controls.caption, map.canvas]),
      ]),
      this.says, controls.row, controls.panel, this.live,
    ])));
    Undo.listen(this.root, () => this.undo());
  }

  // ---- what Python says ----

  /** A start (a link, the back button), another input, or the operator's answer to what was told. */
  receive(message, send) {
    const unpacked = (samples) => samples && { ...samples, values: floats(samples.values) };
    /** @type {Message} */
    const data = { ...message, curves: message.curves.map((curve) => ({ ...curve, samples: unpacked(curve.samples) })) };
    const other = data.setting !== this.data?.setting;
    this.data = data;
    if (!this.controls) this.build();
    this.controls.offer(data.curves);
    if (this.reports.begins(data, send)) this.begin();
    if (other) {
      Object.assign(this.state, { row: data.start.row, column: data.start.column });
      this.pointed = BLANK;
      this.agreed = null;
    }
    this.update();
    if (this.reports.answered(data.answer)) this.compare(data.answer);
    this.draw();
  }

  begin() {
    this.state = structuredClone(this.data.start);
    if (this.state.divide === "usual") this.state.divide = curveOf(this.state, this.data).divide;
    this.history.clear();
    this.followed = false;
    this.plot.chosen = 0;
    this.map.settle();
    this.controls.openIfMoved();
    this.plot.rebuild();
  }

  compare(answer) {
    const part = (ours, theirs) => farthest(ours, theirs) / (largest(theirs) > NOTHING ? largest(theirs) : 1);
    this.agreed = Math.max(part(this.found.y, answer.y), part(this.found.sums, answer.sums));
    this.moved = answer.change;
  }

  // ---- changing the state ----

  pick(kernel) {
    if (kernel === this.state.kernel) return;
    const { divide } = this.data.curves.find(({ name }) => name === kernel), followed = divide !== this.state.divide;
    this.change((state) => Object.assign(state, { kernel, divide }), followed);
  }

  /** Every change goes through here: remembered for undo, drawn, told. */
  change(act, followed = false) {
    this.history.remember(this.state);
    act(this.state);
    this.followed = followed;
    this.settled();
  }

  undo() {
    if (this.history.empty) return;
    this.state = this.history.back();
    if (Math.max(this.state.row, this.state.column) > this.data.s.length) Object.assign(this.state, BLANK);
    this.settled();
  }

  settled() {
    this.plot.rebuild();
    this.update();
    this.map.slide();
    this.release();
  }

  /** Something moves: the operator's last answer is no longer about what is seen. */
  stale() {
    this.agreed = null;
    this.frame.soon();
  }

  /** Change a little by the keyboard: one step of undo until it rests. */
  nudge(act) {
    this.rememberOnce();
    act();
    this.agreed = null;
    this.update();
    this.draw();
    this.rest.again();
  }

  /** A slider moves a number of the state. */
  slideTo(name, value) {
    this.rememberOnce();
    this.state[name] = value;
    this.stale();
  }

  /** The slider was let go. */
  slidTo() {
    this.nudging = false;
    this.release();
  }

  rememberOnce() {
    if (!this.nudging) this.history.remember(this.state);
    this.nudging = true;
  }

  release() {
    this.agreed = null;
    this.update();
    this.draw();
    const { divide, ...told } = this.state;
    this.reports.tell({ ...told, divide: divide === this.found.curve.divide ? "usual" : divide });
    this.announce();
  }

  // ---- the cell that is pointed at or held ----

  point(cell) {
    if (cell.row === this.pointed.row && cell.column === this.pointed.column) return;
    this.pointed = cell;
    this.draw();
  }

  hold(cell) {
    Object.assign(this.state, { row: cell.row, column: cell.column });
    this.pointed = cell;
    this.release();
  }

  lit() { return this.state.row ? { row: this.state.row, column: this.state.column } : this.pointed; }

  /** Say aloud what is written below the map. */
  announce() { this.live.textContent = this.says.textContent; }

  // ---- drawing ----

  update() { this.found = compute(this.state, this.data); }

  draw() {
    if (!this.found) return;
    this.plot.draw();
    this.map.draw();
    this.says.replaceChildren(...says(this));
    this.controls.draw();
  }
}

export default mounted(KernelMap, "kernel");
