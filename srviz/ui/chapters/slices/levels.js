// The level sets of Π over the plane, and above them the ramp relu(s − Π(x)).

import { rounded } from "../../kit/js/canvas.js";
import { fade } from "../../kit/js/colour.js";
import { make } from "../../kit/js/core.js";
import { relu } from "../../kit/js/formulas.js";
import { shorts } from "../../kit/js/wire.js";
import { levelLine } from "./geometry.js";

const APART = 0.25; // between two level lines
const DARKEST = 0.42; // of the ramp

/** @typedef {{side: number, reach: number, low: number, high: number, steps: number, heads: number[][]}} Grid */

/** Π over the plane, head by head. @param {import("./slices.js").Grid | null} sent @returns {Grid | null} */
export function gridOf(sent) {
  if (!sent) return null;
  const numbers = Array.from(shorts(sent.values)), size = sent.side ** 2;
  return { ...sent, heads: Array.from({ length: numbers.length / size }, (_, k) => numbers.slice(k * size, (k + 1) * size)) };
}

export class Levels {
  constructor() {
    this.forget();
    this.ramp = make("canvas");
  }

  /** The tokens or Π changed. */
  forget() {
    this.rampKey = "";
    this.lines = { head: -1, levels: [] };
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} size of the square, in pixels
   * @param {Grid} grid
   * @param {number} head
   * @param {number} s the query's score
   */
  draw(pen, size, grid, head, s, colours) {
    const { side, low, high, steps } = grid, step = size / (side - 1);
    const height = grid.heads[head].map((v) => low + (v * (high - low)) / steps);
    this.paintRamp(height, side, head, s, colours);
    if (this.lines.head !== head) {
      const levels = [];
      for (let level = Math.ceil(low / APART) * APART; level <= high; level += APART) levels.push(levelLine(height, side, level));
      this.lines = { head, levels };
    }
    const trace = (lines) => {
      pen.beginPath();
      for (const [[a, b], [c, d]] of lines) {
        pen.moveTo(a * step, size - b * step);
        pen.lineTo(c * step, size - d * step);
      }
      pen.stroke();
    };
    pen.save();
    rounded(pen, 0, 0, size, size, 8);
    pen.clip();
    pen.imageSmoothingEnabled = true;
    pen.drawImage(this.ramp, -step / 2, -step / 2, size + step, size + step);
    pen.strokeStyle = fade(colours.quiet, 0.5);
    pen.lineWidth = 0.8;
    this.lines.levels.forEach(trace);
    pen.strokeStyle = colours.query;
    pen.lineWidth = 1.4;
    trace(levelLine(height, side, s));
    pen.restore();
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    rounded(pen, 0.5, 0.5, size - 1, size - 1, 8);
    pen.stroke();
  }

  /** One pixel for every place of the grid; it is enlarged where it is drawn. */
  paintRamp(height, side, head, s, colours) {
    const key = `${head} ${s} ${JSON.stringify(colours)}`;
    if (this.rampKey === key) return;
    this.rampKey = key;
    this.ramp.width = this.ramp.height = side;
    const brush = this.ramp.getContext("2d"), lowest = Math.min(...height), reach = Math.max(...height) - lowest;
    brush.clearRect(0, 0, side, side);
    brush.fillStyle = colours.query;
    for (let row = 0; row < side; row += 1) {
      for (let col = 0; col < side; col += 1) {
        const part = relu(s - height[row * side + col]) / reach;
        if (!part) continue;
        brush.globalAlpha = DARKEST * part;
        brush.fillRect(col, side - 1 - row, 1, 1);
      }
    }
  }
}
