// The two logarithmic axes of the race, in pixels.

const TOP = 26, BOTTOM = 42, RIGHT = 14; // beside the plot
const WIDE = 620; // pixels from which there is room for names beside the lines
const HALF_STEP = 0.25; // of a power of two, before the first n and after the last

/** @typedef {import("./race.js").Axes} Axes */

export class Scale {
  /** @param {Axes} axes @param {number} width in pixels */
  constructor(axes, width) {
    this.axes = axes;
    this.width = width;
    this.wide = width > WIDE;
    this.left = this.wide ? 62 : 52;
    this.right = width - RIGHT;
    this.tall = this.wide ? 500 : 400;
    this.top = TOP;
    this.floor = this.tall - BOTTOM;
  }

  x(n) {
    const { least, most } = this.axes;
    return this.left + ((Math.log2(n) - least + HALF_STEP) / (most - least + 2 * HALF_STEP)) * (this.right - this.left);
  }

  /** The height of a power of ten of seconds. */
  y(power) {
    const { low, high } = this.axes;
    return TOP + ((high - power) / (high - low)) * (this.floor - TOP);
  }

  /** The power of ten of seconds at a height. */
  power(y) {
    const { low, high } = this.axes;
    return high - ((y - TOP) / (this.floor - TOP)) * (high - low);
  }

  /** A point of a path. */
  at(n, seconds) { return `${this.x(n).toFixed(1)} ${this.y(Math.log10(seconds)).toFixed(1)}`; }

  /** A path through points (n, seconds, …). */
  path(points) { return `M${points.map(([n, seconds]) => this.at(n, seconds)).join("L")}`; }
}
