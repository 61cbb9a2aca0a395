// The line, laid flat: the same picture as on the first page.

import { circle, polygon, segment, surface } from "../../kit/js/canvas.js";
import { fade } from "../../kit/js/colour.js";
import { make, put } from "../../kit/js/core.js";
import { largest } from "../../kit/js/formulas.js";
import { fmt, say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./slices.js").Slices} Slices */

const HEIGHT = 116, BASE = 78, MARGIN = 12, ABOVE = 20; // in pixels

export class LineStrip {
  /** @param {Slices} owner */
  constructor(owner) {
    this.owner = owner;
    this.canvas = make("canvas", { role: "img", "aria-label": words.strip.label });
    this.element = make("div", { class: "over" }, [this.canvas]);
  }

  /** @param {import("./slices.js").Found} found */
  draw(found) {
    const { canvas, owner: { colours, state, data, hand, reach: radius } } = this, width = canvas.clientWidth;
    const pen = surface(canvas, width, HEIGHT, colours.font);
    pen.lineCap = pen.lineJoin = "round";
    const reach = hand ? radius : largest(data.scores[state.head]) * 1.08, left = MARGIN, right = width - MARGIN;
    const x = (score) => left + ((score + reach) / (2 * reach)) * (right - left), unit = (BASE - ABOVE) / (2 * reach);
    const s = found.scores[state.held];
    polygon(pen, [[x(-reach), BASE], [x(-reach), BASE - (s + reach) * unit], [x(s), BASE]]);
    pen.fillStyle = fade(colours.query, 0.1);
    pen.fill();
    segment(pen, [x(-reach), BASE - (s + reach) * unit], [x(s), BASE], colours.query, 1.4);
    segment(pen, [left - 8, BASE], [right + 8, BASE], colours.ink, 1.3);
    found.scores.forEach((t, j) => {
      if (j === state.held || found.weights[j] <= 0) return;
      segment(pen, [x(t), BASE], [x(t), BASE - (s - t) * unit], colours.key, j === found.shown ? 4 : 1.8);
    });
    this.drawKeys(pen, found, x);
    this.drawPair(pen, [found.confused.i, found.confused.j].map((j) => x(found.scores[j])));
    polygon(pen, [[x(s) - 7, BASE - 17], [x(s) + 7, BASE - 17], [x(s), BASE - 3]]);
    pen.fillStyle = colours.query;
    pen.fill();
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    pen.fillText(words.strip.axis, right + 8, HEIGHT - 8);
    pen.textAlign = "left";
    pen.fillText(words.strip.same, left - 8, HEIGHT - 8);
    const below = found.rank[state.held];
    put(canvas, { "aria-label": say(words.strip.state[below === 1 ? "one" : "many"], { score: fmt(s), below }) });
  }

  /** The keys on the line, the one that is compared last. */
  drawKeys(pen, found, x) {
    const { colours, state } = this.owner;
    for (const j of [...found.order].sort((a, b) => Number(a === found.shown) - Number(b === found.shown))) {
      if (j === state.held) continue;
      circle(pen, x(found.scores[j]), BASE, j === found.shown ? 5 : 3.4);
      pen.fillStyle = found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = colours.key;
      pen.lineWidth = 1.4;
      pen.fill();
      pen.stroke();
    }
  }

  /** The two tokens that are confused most, in brackets below the line. */
  drawPair(pen, /** @type {number[]} */ [a, b]) {
    const { ink } = this.owner.colours;
    for (const at of [a, b]) segment(pen, [at, BASE + 7], [at, BASE + 13], ink, 1.4);
    segment(pen, [a, BASE + 13], [b, BASE + 13], ink, 1.4);
  }
}
