// The route over every pair: a cell of the matrix at a time.

import { density, upright } from "../../kit/js/canvas.js";
import { make, span } from "../../kit/js/core.js";
import { relu, share } from "../../kit/js/formulas.js";
import { count, fmt, say, signed } from "../../kit/js/text.js";
import { FEW, RoutePanel, TOP } from "./panel.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./routes.js").Message} Message */

export class Matrix extends RoutePanel {
  constructor() {
    super(words.matrix.title, words.matrix.done);
    this.top = 0; // the largest weight
  }

  /** @param {Message} data */
  receive(data) {
    this.take(data, data.dense_source);
    this.top = 0;
    data.s.forEach((_, i) => data.t.forEach((__, j) => { this.top = Math.max(this.top, this.weight(i, j)); }));
    this.cost.textContent = `n² = ${this.n} × ${this.n}`;
  }

  get all() { return this.n * this.n; }

  weight(i, j) { return share(relu(this.data.s[i] - this.data.t[j]), this.data.N[i]); }

  /** Row and column of a cell, counted row by row. */
  place(cell) { return [Math.floor(cell / this.n), cell % this.n]; }

  draw(done, colours, side) {
    this.begin(colours, side);
    this.x0 = Math.round(this.x0);
    const { pen, n, x0 } = this, cell = side / n;
    pen.textAlign = "center";
    pen.fillStyle = colours.key;
    pen.fillText(words.matrix.keys, x0 + side / 2, 7);
    pen.fillStyle = colours.query;
    upright(pen, words.matrix.queries, x0 - 20, TOP + side / 2);
    if (this.data.colour) this.swatches(cell);
    this.cells(done, cell);
    if (n <= FEW) this.numbers(done, cell);
    pen.strokeStyle = colours.line;
    pen.strokeRect(x0 - 0.5, TOP - 0.5, side + 1, side + 1);
    if (done > 0 && done < this.all) this.cross(done - 1, cell);
    this.outputs((i) => done >= (i + 1) * n);
    const [steps, parts] = this.arithmetic(done);
    this.tell(done, this.all, steps, parts, () => say(words.matrix.label, { done: count(done), all: count(this.all) }));
  }

  /** The colours of the tokens along both axes. */
  swatches(cell) {
    for (let j = 0; j < this.n; j += 1) {
      this.swatch(j, this.x0 + j * cell, TOP - 10, cell + 0.3, 6);
      this.swatch(j, this.x0 - 10, TOP + j * cell, 6, cell + 0.3);
    }
  }

  cells(done, cell) {
    const { pen, x0 } = this, ratio = density(this.canvas);
    const edge = (from, k) => Math.round((from + k * cell) * ratio) / ratio; // whole pixels: no seams
    pen.fillStyle = this.colours.ink;
    for (let c = 0; c < done; c += 1) {
      const [i, j] = this.place(c), w = this.weight(i, j);
      if (w <= 0) continue;
      pen.globalAlpha = 0.06 + 0.94 * (w / this.top);
      pen.fillRect(edge(x0, j), edge(TOP, i), edge(x0, j + 1) - edge(x0, j), edge(TOP, i + 1) - edge(TOP, i));
    }
    pen.globalAlpha = 1;
  }

  numbers(done, cell) {
    const { pen, colours, x0 } = this;
    pen.textAlign = "center";
    pen.font = `${Math.min(13, cell * 0.32)}px ${colours.font}`;
    for (let c = 0; c < done; c += 1) {
      const [i, j] = this.place(c), w = this.weight(i, j);
      pen.fillStyle = w === 0 ? colours.quiet : w / this.top > 0.5 ? colours.ground : colours.ink;
      pen.fillText(w === 0 ? "0" : fmt(w), x0 + (j + 0.5) * cell, TOP + (i + 0.5) * cell);
    }
    pen.font = `13px ${colours.font}`;
  }

  /** The row and the column of the last cell. */
  cross(last, cell) {
    const { pen, colours, x0, side } = this, [i, j] = this.place(last);
    pen.lineWidth = 1.6;
    pen.strokeStyle = colours.query;
    pen.strokeRect(x0, TOP + i * cell, side, cell);
    pen.strokeStyle = colours.key;
    pen.strokeRect(x0 + j * cell, TOP, cell, side);
    pen.lineWidth = 1;
  }

  /** Which lines of the source the last step ran, and its arithmetic. */
  arithmetic(done) {
    const { data, n } = this;
    if (!done) return [[], [words.matrix.begin]];
    const [i, j] = this.place(done - 1), last = j === n - 1;
    const parts = [
      "relu(", span("query", fmt(data.s[i], 3)), " − ", span("key", signed(data.t[j], 3)), `) / ${fmt(data.N[i], 3)} = ${fmt(this.weight(i, j), 3)}`,
    ];
    if (last) parts.push(make("br"), span("value", say(words.matrix.output, { i: i + 1, y: fmt(data.y[i], 3) })));
    return [last ? ["weights", "sum"] : ["weights"], parts];
  }
}
