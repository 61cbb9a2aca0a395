// What one head says of a crowd on a line, and the crowd read back from it. A test compares it with srviz/lab/miniature.py.

import { kernelSum, relu, reluOutput, share, total } from "../../kit/js/formulas.js";

/**
 * The places at which the head is asked, and what counts as 0; Python sends them.
 * @typedef {object} Grid
 * @property {number} step between two places, in scores
 * @property {number} low the first place, in steps
 * @property {number} high the last place
 * @property {number} flat what is nearer to 0 cannot be divided by
 * @property {number} singular the same of what is read step by step
 */

/** What the head says at s. @type {Record<string, (s: number, keys: number[]) => number>} */
const FORMS = {
  bare: (s, keys) => kernelSum(relu, s, keys) / keys.length,
  divided: (s, keys) => share(kernelSum(relu, s, keys), kernelSum(Math.abs, s, keys)),
  ones: () => 0,
  full: (s, keys) => reluOutput(s, keys),
};

export class Reading {
  /** @param {Grid} grid */
  constructor({ step, low, high, flat, singular }) {
    this.step = step;
    this.low = low;
    this.flat = flat;
    this.singular = singular;
    const steps = Math.round(1 / step); // of a whole score: a place is the same number as a key that stands there
    this.places = Float64Array.from({ length: high - low + 1 }, (_, k) => (low + k) / steps);
  }

  /** What the head says: its output at every place. @param {string} form @param {number[]} keys @returns {Float64Array} */
  says(form, keys) { return this.places.map((s) => FORMS[form](s, keys)); }

  /** The share of the keys at each place, read from the output alone; NaN where it says nothing of it. @returns {Float64Array} */
  read(form, /** @type {Float64Array} */ y, /** @type {number} */ middle) {
    return {
      bare: () => this.secondDifferences(y),
      divided: () => this.secondDifferences(this.undivided(y, middle)),
      ones: () => y.map(() => NaN),
      full: () => this.fromBoth(y, middle),
    }[form]();
  }

  /** The second difference over the step, 0 at the ends. @param {Float64Array} y */
  secondDifferences(y) { return y.map((_, k) => (k && k < y.length - 1 ? (y[k + 1] - 2 * y[k] + y[k - 1]) / this.step : 0)); }

  /** The sum before it was divided: y N, N = (s − mean) / (2y − 1). */
  undivided(y, middle) {
    return y.map((x, k) => {
      const above = this.places[k] - middle, ratio = 2 * x - 1;
      return Math.abs(above) > this.flat && Math.abs(ratio) > this.flat ? (x * above) / ratio : NaN;
    });
  }

  /** From left to right; see srviz/lab/miniature.py. guess: at the first place of which the next output does not tell. */
  fromLeft(y, middle, guess) {
    const { places, step, singular } = this, found = new Float64Array(y.length);
    const length = [middle - places[0], middle - places[1]], sum = [y[0] * length[0], y[1] * length[1]];
    for (let k = 1; k < y.length - 1; k += 1) {
      const nextLength = 2 * length[k] - length[k - 1], nextSum = 2 * sum[k] - sum[k - 1]; // if nobody stands here
      const above = places[k] - middle, tells = step * (2 * y[k + 1] - above);
      if (Math.abs(tells) > singular * step) found[k] = (nextSum - y[k + 1] * nextLength) / tells;
      else [found[k], guess] = [guess, NaN];
      length.push(nextLength + 2 * step * found[k]);
      sum.push(nextSum + step * above * found[k]);
    }
    return found;
  }

  /** What is read depends on the place that does not tell along a line, and all shares together are 1. */
  fromBoth(y, middle) {
    const one = this.fromLeft(y, middle, 0), other = this.fromLeft(y, middle, 1), apart = total(other) - total(one);
    if (!(Math.abs(apart) > this.singular)) return one;
    const part = (1 - total(one)) / apart;
    return one.map((x, k) => x + part * (other[k] - x));
  }

  /** The number of the place where a key stands. */
  placeOf(t) { return Math.round(t / this.step) - this.low; }

  /** How many keys stand at each place. */
  counts(keys) {
    const found = new Float64Array(this.places.length);
    for (const t of keys) found[this.placeOf(t)] += 1;
    return found;
  }
}
