// A function of a token and its crowd: asked for, learned by several models, and compared while the crowd is dragged.

import { announcer, clamp, hundredth, labelled, make, mounted } from "../../kit/js/core.js";
import { farthest, normal } from "../../kit/js/formulas.js";
import { Frame, Rest } from "../../kit/js/pace.js";
import { Replay } from "../../kit/js/replay.js";
import { count, judge, say } from "../../kit/js/text.js";
import { Undo } from "../../kit/js/undo.js";
import { PAINT, Reports, paints } from "../../kit/js/wire.js";
import { answer } from "./language.js";
import { Learned } from "./learned.js";
import { CurvePane } from "./pane.js";
import { CrowdStrip } from "./strip.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {Start} start the crowd, as the link has it
 * @property {Answer} answer
 * @property {Formula} formula
 * @property {Limits} limits
 * @property {number[]} xs places at which a function is drawn
 * @property {Model[]} models
 * @property {string} name of the training
 * @property {number} life another number for every training, and whenever it goes back
 * @property {boolean} running
 * @property {Start | null} watched the crowd that was looked at while they learned
 * @property {Said[]} records all that was said so far
 * @property {string} alt
 * @property {number} tolerance of the badge
 */
/** @typedef {{places: number[], payloads: number[]}} Start */
/** @typedef {{tree: any[], payload: boolean, middle: number, unit: number}} Formula */
/** @typedef {{reach: number, least: number, most: number}} Limits */
/** @typedef {{label: string, tone: string, dashed: boolean}} Model */
/**
 * What the trained models themselves say of the crowd of the report with a number.
 * @typedef {object} Answer
 * @property {number} id
 * @property {number[][]} said of each model, at xs; none where they are not trained
 */
/**
 * One thing that was said; which, its keys tell.
 * @typedef {object} Said
 * @property {number} run
 * @property {number} step
 * @property {number[]} [look] what the model says at xs
 * @property {number} [metric] R² of a test
 */
/**
 * What Python sends while they learn; some of it was told before.
 * @typedef {object} Feed
 * @property {string} painted
 * @property {string} name of the training
 * @property {number} life
 * @property {Said[]} records
 */
/**
 * What Python sends once they have learned.
 * @typedef {object} Trained
 * @property {string} painted
 * @property {string} name of the training
 * @property {number} life
 * @property {(import("./learned.js").Weights | null)[]} models
 */
/** @typedef {import("./language.js").Member} Member */

const FEED = "crowd", WEIGHTS = "crowd weights"; // what comes meanwhile, and the trained weights
const REPLAY_MILLISECONDS = 4000; // for a whole training
const SPREAD = 0.45, CENTRES = 0.65; // of a group that is drawn anew; how far out its centre may be, in reaches

class Crowd {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.changes = new Undo();
    /** @type {Said[]} */
    this.records = [];
    this.frame = new Frame(() => this.draw());
    this.replay = new Replay(REPLAY_MILLISECONDS, () => this.last, this.frame, { range: words.crowd.range, play: words.crowd.play });
    this.rest = new Rest(() => { this.nudging = false; this.release(); });
    /** @type {Message} */
    this.data = null;
    /** @type {Member[]} */
    this.crowd = [];
    this.asked = ""; // the crowd that the models themselves were asked about
    this.largest = null;
    /** @type {number | null} */
    this.pointed = null;
    this.nudging = false;
    this.life = null; // of the weights that are here
    /** @type {(Learned | null)[]} */
    this.learned = [];
    this.probes = [];
    this.build();
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.face);
    this.fed = (/** @type {any} */ { detail }) => {
      if (detail === FEED) this.hear(paints().get(FEED));
      if (detail === WEIGHTS) { this.takeWeights(); this.frame.soon(); }
    };
    document.addEventListener(PAINT, this.fed);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.fed);
    this.replay.close();
    this.rest.close();
    this.frame.close();
  }

  /** @param {Message} data */
  receive(data, send) {
    const before = this.data;
    this.data = data;
    if (this.reports.begins(data, send)) {
      this.crowd = data.start.places.map((c, k) => ({ c, p: data.start.payloads[k] }));
      this.changes.clear();
      this.rest.close();
      this.asked = this.key();
      this.largest = null;
    }
    if (!before || before.name !== data.name || before.life !== data.life) {
      this.replay.reset();
      this.learned = [];
      this.life = null;
    }
    this.records = data.records;
    this.takeWeights();
    this.rebuild();
    this.compare();
    this.draw();
  }

  /** What is said while they learn. */
  hear(news) {
    if (!news || !this.data || news.life !== this.data.life) return;
    const key = (/** @type {Said} */ { run, step, metric }) => `${run} ${step} ${metric ?? "look"}`;
    const known = new Set(this.records.map(key)); // some is said again
    this.records = [...this.records, ...news.records.filter((one) => !known.has(key(one)))];
    this.frame.soon();
  }

  takeWeights() {
    const sent = paints().get(WEIGHTS);
    if (!sent || !this.data || sent.life !== this.data.life || sent.name !== this.data.name || this.life === sent.life) return;
    this.life = sent.life;
    this.learned = sent.models.map((weights) => (weights && Learned.knows(weights.kind) ? new Learned(weights) : null));
    this.probes = this.learned.map((model) => model && this.data.xs.map((x) => model.token(x, 0)));
    this.compare();
  }

  key() { return JSON.stringify(this.crowd); }

  /** The badge: what this browser computes beside what the models say themselves. */
  compare() {
    const { data } = this, { said, id } = data.answer;
    if (!said.length || !this.learned.some(Boolean) || !this.reports.answered({ id }) || this.asked !== this.key()) return;
    this.largest = Math.max(...this.learned.map((_, k) => (this.learned[k] ? farthest(this.now(k), said[k]) / data.formula.unit : 0)));
  }

  build() {
    this.strip = new CrowdStrip({
      begin: () => this.changes.remember(this.crowd),
      moved: () => { this.largest = null; this.frame.soon(); },
      end: (changed) => { if (changed) this.release(); else this.changes.back(); },
      pointed: (x) => this.point(x),
      nudged: () => {
        if (!this.nudging) this.changes.remember(this.crowd);
        this.nudging = true;
        this.rest.again();
      },
    });
    /** @type {CurvePane[]} */
    this.panes = [];
    this.grid = make("div", { class: "panes" });
    this.less = labelled(words.crowd.less, "−", () => this.change(() => { this.crowd.pop(); }));
    this.more = labelled(words.crowd.more, "+", () => this.change(() => { this.crowd.push(this.drawn()[0]); }));
    this.number = make("span", { class: "count" });
    const another = () => this.change(() => { this.crowd = this.drawn(this.crowd.length); });
    this.shuffle = labelled(words.crowd.draw, words.crowd.another, another);
    this.undo = labelled(words.crowd.undo, `↶ ${words.crowd.undo}`, () => this.back());
    this.badge = make("span", { class: "badge push" });
    this.where = make("span", { class: "where" });
    this.live = announcer();
    this.face = make("div", { class: "crowd card" }, [
      this.strip.element,
      make("div", { class: "row" }, [
        make("span", { class: "group" }, [make("span", {}, words.crowd.tokens), this.less, this.number, this.more]), this.shuffle, this.undo, this.badge,
      ]),
      this.grid,
      make("div", { class: "row scrub" }, [this.replay.play, this.replay.range, this.where]),
      this.live,
    ]);
    this.root.replaceChildren(this.face);
    Undo.listen(this.root, () => this.back());
  }

  // ---- the crowd ----

  /** New tokens of one to three groups. @returns {Member[]} */
  drawn(tokens = 1) {
    const { reach } = this.data.limits, below = (count) => Math.floor(Math.random() * count), even = () => 2 * Math.random() - 1;
    const groups = Array.from({ length: 1 + below(3) }, () => CENTRES * reach * even());
    const place = () => clamp(groups[below(groups.length)] + SPREAD * normal(), -reach, reach);
    return Array.from({ length: tokens }, () => ({ c: hundredth(place()), p: hundredth(even()) }));
  }

  change(act) {
    this.changes.remember(this.crowd);
    act();
    this.rebuild();
    this.release();
  }

  back() {
    if (this.changes.empty || this.data.running) return;
    this.crowd = this.changes.back();
    this.rebuild();
    this.release();
  }

  release() {
    this.largest = null;
    this.asked = this.key();
    this.replay.at = null;
    this.draw();
    this.reports.tell({ places: this.crowd.map(({ c }) => c), payloads: this.crowd.map(({ p }) => p) });
  }

  rebuild() {
    const { data } = this, focused = [...this.strip.marks].indexOf(this.root.getRootNode().activeElement);
    this.strip.rebuild(this.crowd, { reach: data.limits.reach, payload: data.formula.payload, locked: data.running });
    this.strip.marks[focused]?.focus();
    if (this.panes.length === data.models.length) return;
    this.panes = data.models.map(() => new CurvePane((x) => this.point(x)));
    this.grid.replaceChildren(...this.panes.map(({ element }) => element));
  }

  point(x) { this.pointed = x; this.frame.soon(); }

  // ---- steps ----

  get last() { return Math.max(0, ...this.records.map(({ step }) => step)); }

  /** What was said of a model up to a step: the last of a kind. */
  upTo(k, step, kind) { return this.records.findLast((one) => one.run === k && one.step <= step && kind in one)?.[kind] ?? null; }

  /** What the trained model says of the crowd as it is now; null where it is not known here. */
  now(k) {
    const model = this.learned[k];
    if (model) return model.answers(this.crowd.map(({ c, p }) => model.token(c, p)), this.probes[k]);
    const { answer: { id, said } } = this.data;
    return said.length && this.reports.answered({ id }) ? said[k] : null;
  }

  draw() {
    const { data } = this;
    if (!data) return;
    const { step, at } = this.replay, ended = this.learned.length > 0 || data.answer.said.length > 0;
    const isNow = at === null && (ended || !this.last);
    const { watched } = data, members = isNow || !watched ? this.crowd : watched.places.map((c, k) => ({ c, p: watched.payloads[k] }));
    const truth = data.xs.map((x) => answer(data.formula.tree, x, members));
    const said = data.models.map((_, k) => (isNow ? this.now(k) : this.upTo(k, step, "look")));
    const range = this.axis(truth, said), width = Math.max(280, this.grid.clientWidth || 600);
    this.strip.crowd = members;
    const locked = data.running || !isNow, { reach } = data.limits;
    if (this.strip.marks.length !== members.length) this.strip.rebuild(members, { reach, payload: data.formula.payload, locked });
    this.strip.locked = locked;
    this.strip.draw(width, data.xs, truth, range, this.pointed);
    data.models.forEach((model, k) => this.panes[k].draw(model, {
      xs: data.xs, truth, said: said[k], range, places: members.map(({ c }) => c), reach, pointed: this.pointed,
    }, this.upTo(k, step, "metric")));
    this.drawControls(step, isNow);
  }

  /** An axis that holds the truth, and of what the models say as much as is near to it. */
  axis(truth, said) {
    const { middle, unit } = this.data.formula, known = truth.filter(Number.isFinite);
    const least = Math.min(middle - unit, ...known), most = Math.max(middle + unit, ...known), room = 0.5 * (most - least);
    const all = said.flatMap((values) => values ?? []).filter(Number.isFinite);
    return { low: Math.max(least - room, Math.min(...all, least)), high: Math.min(most + room, Math.max(...all, most)) };
  }

  drawControls(step, isNow) {
    const { data, last } = this, { least, most } = data.limits, locked = data.running;
    this.number.textContent = String(this.crowd.length);
    this.less.disabled = locked || this.crowd.length <= least;
    this.more.disabled = locked || this.crowd.length >= most;
    this.shuffle.disabled = locked;
    this.undo.disabled = locked || this.changes.empty;
    this.badge.hidden = !this.learned.some(Boolean) || !isNow;
    if (!this.badge.hidden) judge(this.badge, this.largest, data.tolerance);
    this.replay.draw();
    this.where.textContent = !last ? words.crowd.nothing : say(isNow ? words.crowd.step : words.crowd.then, { step: count(step) });
    if (this.live.textContent !== data.alt) this.live.textContent = data.alt;
  }
}

export default mounted(Crowd, "crowd");
