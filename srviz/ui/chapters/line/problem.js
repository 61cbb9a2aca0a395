// Why n² hurts, in miniature: one step at a time for both, and a sort is long done while pairs are still computed.

import { mixed, palette, rgb } from "../../kit/js/colour.js";
import { button, make, mounted, put, reducedMotion } from "../../kit/js/core.js";
import { relu, reluRow, sortedBy, largest } from "../../kit/js/formulas.js";
import { Motion } from "../../kit/js/pace.js";
import { allSteps } from "../../kit/js/steps.js";
import { count, say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends: the scores of the tokens.
 * @typedef {object} Message
 * @property {number[]} s query scores
 * @property {number[]} t key scores
 */

const SECONDS = 14; // of the whole matrix
const PALEST = 0.06; // of a weight that is not 0
const BEAT_MILLISECONDS = 30; // between two drawings: more of them would look the same, and cost a slow machine half a processor

class Problem {
  constructor(root) {
    /** @type {Message} */
    this.data = null;
    this.motion = new Motion();
    this.done = 0; // steps that both have made
    this.drawn = 0; // cells that the picture has
    this.drawnIn = ""; // which colours
    /** @type {ImageData} */
    this.image = null;
    this.matrix = make("canvas", { role: "img" });
    this.bars = make("canvas", { role: "img" });
    this.counts = [make("b"), make("b")];
    this.pairs = make("span");
    this.again = button(words.problem.again, () => this.play(), { class: "play" });
    const side = (picture, name, tally) => make("figure", {}, [picture, make("figcaption", {}, [name, tally])]);
    this.element = make("div", { class: "problem" }, [
      side(this.matrix, this.pairs, this.counts[0]), side(this.bars, make("span", {}, words.problem.route), this.counts[1]), this.again,
    ]);
    root.replaceChildren(this.element);
  }

  close() {
    this.motion.stop();
  }

  receive(data, send) {
    if (this.data) { this.draw(); return; } // called again for a new theme
    this.data = data;
    const { s, t } = data;
    this.order = sortedBy(t);
    this.steps = allSteps({ s, t, order: this.order });
    this.rows = s.map((score) => reluRow(score, t).weights);
    this.most = Math.max(...this.rows.map((row) => largest(row)));
    this.all = s.length * t.length;
    this.pairs.textContent = say(words.problem.pairs, { n: s.length });
    put(this.matrix, { width: t.length, height: s.length });
    put(this.bars, { width: t.length, height: s.length });
    if (reducedMotion()) { this.done = this.all; this.draw(); } else this.play();
  }

  play() {
    this.done = 0;
    let part = 0, waited = 0;
    this.motion.start((since) => {
      waited += Math.min(since, 100);
      if (waited < BEAT_MILLISECONDS) return;
      part = Math.min(this.all, part + (waited / 1000) * (this.all / SECONDS));
      waited = 0;
      this.done = reducedMotion() ? this.all : Math.floor(part);
      this.draw();
      if (this.done >= this.all) this.motion.stop();
    });
  }

  draw() {
    const { steps, all, data: { s, t } } = this, colours = palette(this.element), n = t.length;
    const looked = Math.min(this.done, steps.length);
    this.cells(rgb(colours.ground), rgb(colours.ink));
    this.keys(steps[looked - 1], looked, colours);
    this.counts[0].textContent = say(words.problem.done, { done: count(this.done), all: count(all) });
    this.counts[1].textContent = say(looked < steps.length ? words.problem.steps : words.problem.finished, { steps: count(looked) });
    this.counts[1].classList.toggle("done", looked === steps.length);
    put(this.again, { disabled: this.motion.on && this.done < all });
    const matrix = { all: count(all), queries: s.length, keys: n, done: count(this.done) };
    put(this.matrix, { "aria-label": say(words.problem.matrix, matrix) });
    put(this.bars, { "aria-label": say(words.problem.bars, { keys: n, steps: count(steps.length) }) });
  }

  /** The weights that are computed, row by row: only those that are new, as long as the colours are the same. */
  cells(ground, ink) {
    const pen = this.matrix.getContext("2d"), { width, height } = this.matrix, colours = String([ground, ink]);
    if (colours !== this.drawnIn || this.done < this.drawn) {
      this.image = pen.createImageData(width, height);
      this.drawn = 0;
      this.drawnIn = colours;
    }
    for (; this.drawn < this.done; this.drawn += 1) {
      const w = this.rows[Math.floor(this.drawn / width)][this.drawn % width];
      const shade = mixed(ground, ink, w > 0 ? PALEST + (1 - PALEST) * (w / this.most) : 0);
      this.image.data.set([...shade, 255], 4 * this.drawn);
    }
    pen.putImageData(this.image, 0, 0);
  }

  /** A bar for each key, as they stand at this step. */
  keys(step, looked, colours) {
    const pen = this.bars.getContext("2d"), { width, height } = this.bars, { t } = this.data, [low, high] = [Math.min(...t), Math.max(...t)];
    const stand = step?.stand ?? (looked > t.length ? this.order : t.map((_, j) => j));
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = colours.key;
    stand.forEach((j, k) => {
      const tall = relu((t[j] - low) / (high - low)) * (height - 8) + 6;
      pen.globalAlpha = looked <= t.length && k >= looked ? 0.25 : 1;
      pen.fillRect(k, height - tall, 1, tall);
    });
    pen.globalAlpha = 1;
  }
}

export default mounted(Problem, "problem");
