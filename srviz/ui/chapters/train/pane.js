// One of the two models: what it says of the example, the example as a head sees it, all its heads, and its mistakes.

import { palette } from "../../kit/js/colour.js";
import { make, put } from "../../kit/js/core.js";
import { drag, placeIn } from "../../kit/js/drag.js";
import { fmt, say } from "../../kit/js/text.js";
import { patches, picture, points, sentence, shades } from "./example.js";
import { Grid } from "./grid.js";
import { head } from "./history.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./train.js").Message} Message */
/** @typedef {import("./train.js").Model} Model */
/** @typedef {import("./train.js").Example} Example */
/** @typedef {import("./history.js").Look} Look */
/** @typedef {import("./history.js").Test} Test */

const RADIANS_A_PIXEL = 0.012, STEP_RADIANS = 0.15; // of looking around a cloud, by pointer and by arrow key

export class ModelPane {
  /**
   * @param {(layer: number, head: number) => void} choose
   * @param {(by: number) => void} turned
   */
  constructor(choose, turned) {
    this.grid = new Grid(choose);
    this.name = make("h2", { class: "name" });
    this.said = make("div", { class: "said-of" });
    this.canvas = make("canvas", { role: "img" });
    this.words = make("div", { class: "words" });
    this.of = make("div", { class: "quiet of" });
    this.table = make("div", { class: "table" });
    this.mistakes = make("details", { class: "mistakes" }, [make("summary", {}, words.pane.mistakes), this.table]);
    this.element = make("section", { class: "pane" }, [this.name, this.said, this.canvas, this.words, this.of, this.grid.element, this.mistakes]);
    this.canvas.onpointerdown = (event) => {
      let before = placeIn(event, this.canvas)[0];
      drag(event, this.canvas, (e) => {
        const now = placeIn(e, this.canvas)[0];
        turned(RADIANS_A_PIXEL * (now - before));
        before = now;
      }, () => {});
    };
    this.canvas.onkeydown = (event) => {
      const by = { ArrowLeft: -STEP_RADIANS, ArrowRight: STEP_RADIANS }[event.key];
      if (!by) return;
      event.preventDefault();
      turned(by);
    };
    this.built = "";
  }

  /** @param {Message} data @param {Model} model */
  build(data, model) {
    const { task: { layers, heads, draws } } = data, built = `${layers} ${heads} ${model.label}`;
    this.name.replaceChildren(make("span", { class: "swatch", style: `--tone: var(--${model.tone})` }), model.label);
    this.canvas.hidden = draws === "words";
    this.words.hidden = draws !== "words";
    put(this.canvas, { tabindex: draws === "cloud" ? 0 : null });
    this.canvas.classList.toggle("turns", draws === "cloud");
    this.grid.element.hidden = !model.attends;
    if (built === this.built) return;
    this.built = built;
    if (model.attends) this.grid.build(layers, heads, model.label);
  }

  /**
   * @param {Message} data @param {Example} example @param {Model} model @param {Look | null} look @param {Test | null} test
   * @param {{layer: number, head: number}} chosen
   */
  draw(data, example, model, look, test, chosen, turn) {
    const { task: { classes, extra, draws } } = data, colours = palette(this.element);
    const whole = look?.received ? head(look.received, chosen.layer, chosen.head) : null;
    const received = whole && extra ? whole.slice(extra) : whole;
    const shade = shades(received, model.centred, colours, data.signed), width = this.element.clientWidth || 300;
    this.drawSaid(classes, example, look);
    if (draws === "words") this.words.replaceChildren(...sentence(example, classes, shade, look?.says ?? []));
    else if (draws === "patches") patches(this.canvas, width, example, classes, shade, look?.says ?? [], colours);
    else if (draws === "picture") picture(this.canvas, width, example, shade, colours, received?.length ?? example.drawn.length);
    else points(this.canvas, width, example, draws === "plane", shade, turn, colours);
    const most = received?.length ? received.reduce((best, x, j) => (x > received[best] ? j : best), 0) : null;
    const label = !model.attends ? words.pane.label.plain : most === null ? words.pane.label.head : words.pane.label.most;
    const told = { layer: chosen.layer + 1, head: chosen.head + 1, token: most + 1, share: fmt(received?.[most] ?? 0) };
    put(this.canvas, { "aria-label": say(label, told) });
    const caption = this.caption(model, chosen, received, look);
    this.of.textContent = draws === "patches" ? `${caption} ${words.pane.rings}` : caption;
    this.grid.draw(look, chosen);
    this.drawMistakes(classes, test);
  }

  caption(model, { layer, head: which }, received, look) {
    if (!model.attends) return words.pane.alike;
    if (!received) return "\u00a0";
    const most = received.reduce((a, x) => Math.max(a, x), -Infinity), least = received.reduce((a, x) => Math.min(a, x), Infinity);
    const gets = say(words.pane.head[model.centred ? "centred" : "plain"], { layer: layer + 1, head: which + 1, least: fmt(least), most: fmt(most) });
    return `${gets} ${look.s ? words.pane.below.scores : words.pane.below.shares}`;
  }

  /** @param {string[]} classes @param {Example} example @param {Look | null} look */
  drawSaid(classes, { answers }, look) {
    if (answers.length > 1 || !look) { this.said.replaceChildren("\u00a0"); return; }
    this.said.replaceChildren(...look.says.map(([k, p], i) => make("span", { class: i ? "quiet" : answers[0] === null ? "unknown" : k === answers[0] ? "right" : "wrong" }, `${classes[k]}: ${fmt(p, 2)}`)));
  }

  /** @param {Test | null} test */
  drawMistakes(classes, test) {
    this.mistakes.hidden = !test?.confusion;
    if (!test?.confusion || !this.mistakes.open) return;
    const cell = (count, row, k) => {
      const share = count / Math.max(1, row.reduce((a, b) => a + b, 0));
      return make("td", { style: `--share: ${share.toFixed(3)}`, class: share > 0.55 ? "dark" : null, title: `${classes[k]}: ${count}` }, count ? String(count) : "");
    };
    const rows = test.confusion.map((row, i) => make("tr", {}, [make("th", { scope: "row" }, classes[i]), ...row.map((count, k) => cell(count, row, k))]));
    const top = make("tr", {}, [make("td"), ...classes.map((name) => make("th", { scope: "col" }, make("span", {}, name)))]);
    this.table.replaceChildren(make("table", {}, [make("caption", { class: "quiet" }, words.pane.table), top, ...rows]));
  }
}
