// Two models that learn: their curves, what their heads do with one example, and a way back through all of it.

import { announcer, button, make, mounted, put } from "../../kit/js/core.js";
import { Frame } from "../../kit/js/pace.js";
import { Replay } from "../../kit/js/replay.js";
import { count, duration, fmt, say } from "../../kit/js/text.js";
import { PAINT, Reports, paints } from "../../kit/js/wire.js";
import { chart, thinned } from "./curves.js";
import { History } from "./history.js";
import { ModelPane } from "./pane.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {Chosen} start the head that is shown, as the link has it
 * @property {Task} task
 * @property {Example} example
 * @property {Model[]} models
 * @property {number} life another number for every training, and whenever it goes back
 * @property {string} name of the training
 * @property {boolean} running
 * @property {Said[]} records all that was said so far
 * @property {Own | null} own an input of the visitor's, and what the trained models do with it
 * @property {Record<"light" | "dark", string[]>} signed the colours of signed weights
 * @property {string} alt
 * @property {string} note what to know of a training that is not the visitor's own
 * @property {Message | null} then what is shown as soon as a training that waits for its turn says something
 */
/** @typedef {{layer: number, head: number}} Chosen */
/** @typedef {{draws: string, classes: string[], metric: string, chance: number, extra: number, layers: number, heads: number}} Task */
/** @typedef {{drawn: (number | string)[], answers: (number | null)[], asked: boolean[]}} Example */
/** @typedef {{example: Example, looks: (Look | null)[]}} Own */
/** @typedef {import("./history.js").Look} Look */
/**
 * @typedef {object} Model
 * @property {string} label
 * @property {string} tone a colour of the theme
 * @property {boolean} dashed
 * @property {boolean} attends
 * @property {boolean} centred whether its values are, so that a token that counts as much as the mean gets 0
 * @property {number} steps
 */
/** @typedef {import("./history.js").Said} Said */
/**
 * What Python sends while they learn; some of it was told before.
 * @typedef {object} Feed
 * @property {string} painted
 * @property {string} name of the training
 * @property {number} life
 * @property {Said[]} records
 */

const FEED = "train"; // what is said meanwhile comes as a paint of this name
const REPLAY_MILLISECONDS = 6000; // for a whole training

class Train {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.replay = new Replay(REPLAY_MILLISECONDS, () => this.history.last, this.frame, { range: words.picture.range, play: words.picture.play });
    /** @type {Message} */
    this.data = null;
    this.send = null;
    this.history = new History(2);
    /** @type {Chosen} */
    this.chosen = { layer: 0, head: 0 };
    this.bySeconds = false;
    this.turn = 0.6;
    this.build();
    this.observer = new ResizeObserver(() => this.frame.soon());
    this.observer.observe(this.face);
    this.feed = (/** @type {any} */ { detail }) => {
      const news = detail === FEED && paints().get(FEED);
      if (news && this.data?.then && news.life === this.data.then.life) this.receive(this.data.then, this.send);
      if (!news || !this.data || news.life !== this.data.life) return;
      this.history.take(news.records);
      this.frame.soon();
    };
    document.addEventListener(PAINT, this.feed);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.feed);
    this.replay.close();
    this.frame.close();
  }

  /** @param {Message} data */
  receive(data, send) {
    const other = this.data?.name !== data.name || this.data?.life !== data.life || this.history.models.length !== data.models.length;
    Object.assign(this, { data, send });
    if (this.reports.begins(data, send)) this.chosen = { ...data.start };
    this.chosen.layer = Math.min(this.chosen.layer, data.task.layers - 1);
    this.chosen.head = Math.min(this.chosen.head, data.task.heads - 1);
    if (other) this.replay.reset();
    this.history = new History(data.models.length);
    this.history.take(data.records);
    data.models.forEach((model, k) => this.panes[k].build(data, model));
    this.panes.forEach((pane, k) => { pane.element.hidden = k >= data.models.length; });
    put(this.charts, { "aria-label": data.alt });
    this.note.textContent = data.note;
    this.note.hidden = !data.note;
    this.draw();
    if (other && data.note) this.replay.fromTheBeginning(); // it is there to be watched
  }

  build() {
    const choose = (layer, head) => {
      this.chosen = { layer, head };
      this.draw();
      if (!this.data.running) this.reports.tell(this.chosen); // a report would interrupt the training
    };
    const turned = (by) => { this.turn += by; this.frame.soon(); };
    this.charts = make("div", { class: "charts", role: "img" });
    this.panes = [0, 1].map(() => new ModelPane(choose, turned));
    for (const pane of this.panes) pane.mistakes.ontoggle = () => this.draw();
    this.axis = [[words.picture.steps, false], [words.picture.seconds, true]].map(([text, on]) => button(text, () => { this.bySeconds = Boolean(on); this.draw(); }, { "data-seconds": String(on) }));
    this.where = make("span", { class: "where" });
    this.live = announcer();
    this.note = make("p", { class: "note" });
    this.face = make("div", { class: "train card" }, [
      make("div", { class: "row top" }, [make("span", { class: "quiet" }, words.picture.curves), make("span", { class: "joined" }, this.axis), this.where]),
      this.note,
      this.charts,
      make("div", { class: "row scrub" }, [this.replay.play, this.replay.range]),
      make("div", { class: "panes" }, this.panes.map((pane) => pane.element)),
      this.live,
    ]);
    this.root.replaceChildren(this.face);
  }

  draw() {
    const { data, history } = this;
    if (!data) return;
    const { replay } = this, { step } = replay, most = Math.max(1, ...data.models.map(({ steps }) => steps));
    replay.draw();
    for (const one of this.axis) put(one, { "aria-pressed": String((one.dataset.seconds === "true") === this.bySeconds) });
    this.drawCharts(step, most);
    const own = replay.at === null ? data.own : null; // seen by what they have become
    data.models.forEach((model, k) => {
      const seen = own?.looks[k], look = seen ?? history.lookAt(k, step);
      this.panes[k].draw(data, seen ? own.example : data.example, model, look, history.testAt(k, step), this.chosen, this.turn);
    });
    this.where.textContent = this.says(step);
    if (!data.running && history.last && this.live.textContent !== data.alt) this.live.textContent = data.alt;
  }

  /** Where it is, in words and numbers. */
  says(step) {
    const { data, history } = this;
    if (!history.last) return words.picture.nothing;
    const parts = data.models.map(({ label }, k) => {
      const test = history.testAt(k, step), here = Math.min(step, history.models[k].losses.length);
      return `${label}: ${test ? `${fmt(test.metric, 3)} · ` : ""}${duration(history.secondsAt(k, here) || 0)}`;
    });
    return say(words.picture.where, { step: count(step), models: parts.join(" | ") });
  }

  drawCharts(step, most) {
    const { data, history, bySeconds } = this, { metric, chance } = data.task;
    const place = (k) => (bySeconds ? (at) => history.secondsAt(k, at) : (at) => at);
    const at = data.models.map((_, k) => place(k)(Math.min(step, Math.max(0, history.models[k].losses.length))));
    const long = bySeconds ? Math.max(1, ...history.models.map(({ clock, losses }, k) => (data.running && losses.length
      ? clock.at(-1).seconds * data.models[k].steps / losses.length : clock.at(-1).seconds))) : most;
    const lines = (points, marks) => data.models.map((model, k) => {
      const along = place(k);
      return { model, marks, points: points(history.models[k]).map(([a, b]) => [along(a), b]) };
    });
    const losses = lines((model) => thinned(model.losses), false);
    const tests = lines((model) => model.tests.map((test) => [test.step, test.metric]), true);
    const high = Math.max(0.5, ...losses.flatMap(({ points }) => points.map(([, y]) => y)));
    const bits = metric === "bits", found = tests.flatMap(({ points }) => points.map(([, y]) => y));
    const range = bits ? [Math.max(0, Math.floor(Math.min(chance, ...found) - 0.2)), Math.ceil(Math.max(chance, ...found))] : [0, 1];
    const width = Math.max(260, this.charts.clientWidth < 640 ? this.charts.clientWidth : (this.charts.clientWidth - 24) / 2);
    const unit = words.charts.unit[bySeconds ? "seconds" : "steps"], shown = history.last ? at : [];
    this.charts.replaceChildren(
      chart(words.charts.loss, width, losses, { most: long, range: [0, high], at: shown, unit, guide: null }),
      chart(words.charts.test[metric], width, tests, { most: long, range, at: shown, unit, guide: chance }),
    );
  }
}

export default mounted(Train, "head");
