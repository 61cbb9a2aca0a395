// One of the two routes: its picture, its words, its source, and how far it is.

import { surface } from "../../kit/js/canvas.js";
import { css } from "../../kit/js/colour.js";
import { make, put } from "../../kit/js/core.js";
import { largest } from "../../kit/js/formulas.js";
import { count, fmt, phrase, say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./routes.js").Message} Message */

export const FEW = 12; // tokens up to which every step shows its numbers
export const TOP = 26; // pixels above the picture
export const MARGIN = 28; // pixels beside it
const BELOW = 96, LARGEST = 300; // pixels below it for the outputs, of its side
const TINY = 1e-9; // the largest number of a list of zeros, so that bars have a scale
const OUTPUT_BAR = 24, FLAT_BAR = 0.6; // pixels of the largest output, of a bar of height 0

/** A bar for the numbers of a list, the largest so many pixels tall. */
export const unit = (list, pixels) => pixels / Math.max(largest(list), TINY);

export class RoutePanel {
  /** @param {string} title @param {string} progress how many of its steps are done, a text with {done} and {all} */
  constructor(title, progress) {
    this.progress = progress;
    this.cost = make("span", { class: "cost" });
    this.done = make("span", { class: "ops" });
    this.canvas = make("canvas", { role: "img" });
    this.says = make("div", { class: "says", "aria-live": "off" });
    this.code = make("pre", { role: "region", "aria-label": say(words.panel.source, { title }) });
    this.element = make("section", {}, [
      make("div", { class: "head" }, [make("h2", {}, title), this.done, this.cost]), this.canvas, this.says, this.code,
    ]);
    /** @type {Message} */
    this.data = null;
    /** @type {any} */
    this.pen = null;
    /** @type {any} */
    this.colours = null;
    this.n = 0;
    this.side = 0;
    this.x0 = 0;
  }

  /** Take another run, whose source is these lines. @param {Message} data @param {[string, string][]} lines */
  take(data, lines) {
    this.data = data;
    this.n = data.s.length;
    this.code.replaceChildren(...lines.map(([step, line]) => make("span", { "data-step": step }, line || " ")));
  }

  /** Begin a picture: an empty canvas with room for the outputs below. */
  begin(colours, side) {
    const width = this.canvas.clientWidth;
    this.colours = colours;
    this.side = side;
    this.pen = surface(this.canvas, width, TOP + side + BELOW, colours.font);
    this.x0 = Math.max(MARGIN, (width - side) / 2);
  }

  /** How large both pictures are. */
  get room() { return Math.min(this.canvas.clientWidth - MARGIN, LARGEST); }

  /** The middle of the place of a token. */
  at(k) { return this.x0 + ((k + 0.5) * this.side) / this.n; }

  get barWidth() { return Math.max(1, Math.min((this.side / this.n) * 0.62, 26)); }

  // ---- strokes ----

  /** A bar for one number, and the number itself where there are few. */
  bar(k, value, axis, scale, colour) {
    const { pen, barWidth } = this, x = this.at(k);
    pen.fillStyle = colour;
    pen.fillRect(x - barWidth / 2, axis, barWidth, -value * scale || FLAT_BAR);
    if (this.n <= FEW) this.number(value, x, axis - value * scale + (value >= 0 ? -8 : 9));
  }

  number(value, x, y) {
    const { pen, colours } = this;
    pen.textAlign = "center";
    pen.font = `${this.side / this.n < 30 ? 11 : 12}px ${colours.font}`;
    pen.fillStyle = colours.ink;
    pen.fillText(fmt(value), x, y);
    pen.font = `13px ${colours.font}`;
    pen.textAlign = "left";
  }

  /** What a lane shows; where there is little room its first words, up to the colon or comma. */
  caption(text, x, y, shown = true) {
    if (this.pen.measureText(text).width > this.side) [text] = text.split(/[:,]/);
    this.pen.textAlign = "left";
    this.pen.globalAlpha = shown ? 1 : 0.55;
    this.pen.fillStyle = this.colours.value;
    this.pen.strokeStyle = this.colours.ground;
    this.pen.lineWidth = 4;
    this.pen.strokeText(text, x, y);
    this.pen.lineWidth = 1;
    this.pen.fillText(text, x, y);
    this.pen.globalAlpha = 1;
  }

  axis(y) {
    const { pen, x0, side } = this;
    pen.strokeStyle = this.colours.line;
    pen.beginPath();
    pen.moveTo(x0, Math.round(y) + 0.5);
    pen.lineTo(x0 + side, Math.round(y) + 0.5);
    pen.stroke();
  }

  /** The colour of a token. */
  swatch(j, x, y, width, height) {
    this.pen.fillStyle = css(this.data.colour[j]);
    this.pen.fillRect(x, y, width, height);
  }

  /** The outputs of the queries that are known. @param {(i: number) => boolean} known */
  outputs(known) {
    const { data: { y, coordinates }, colours } = this, top = TOP + this.side + 22, middle = top + 44, scale = unit(y, OUTPUT_BAR);
    this.caption(say(words.panel.outputs, { coordinates }), this.x0, top);
    y.forEach((value, i) => { if (known(i)) this.bar(i, value, middle, scale, colours.value); });
    this.axis(middle);
  }

  // ---- words ----

  /** How many steps are done, and which lines of the source they run. */
  tell(done, all, steps, parts, label) {
    this.done.replaceChildren(...phrase(this.progress, { done: make("b", {}, count(done)), all: count(all) }));
    this.done.classList.toggle("done", done === all);
    this.says.replaceChildren(...parts);
    for (const line of this.code.children) line.classList.toggle("now", steps.includes(line.dataset.step));
    put(this.canvas, { "aria-label": label(this.says.textContent) });
  }
}
