// What one head says of a crowd on a line, and the crowd read back from it. A test compares it with srviz/lab/miniature.py.

import { mean, relu, total } from "../../kit/js/formulas.js";

export const STEP = 0.01, LOW = -300, HIGH = 300; // of the grid, in scores and in steps
const FLAT = 1e-9, SINGULAR = 1e-7; // what is nearer to 0 cannot be divided by; of what is read step by step

export const GRID = Float64Array.from({ length: HIGH - LOW + 1 }, (_, k) => (LOW + k) / 100);

/** Σ f(s − t) v / n at every place of the grid. */
const sums = (keys, f, values = null) => GRID.map((s) => keys.reduce((sum, t, j) => sum + f(s - t) * (values ? values[j] : 1), 0) / keys.length);

const far = (keys) => sums(keys, Math.abs);

/** What the head says: its output at every place of the grid. @type {Record<string, (keys: number[]) => Float64Array>} */
export const SAYS = {
  bare: (keys) => sums(keys, relu),
  divided: (keys) => over(sums(keys, relu), far(keys)),
  ones: () => new Float64Array(GRID.length),
  full: (keys) => {
    const middle = mean(keys);
    return over(sums(keys, relu, keys.map((t) => t - middle)), far(keys));
  },
};

const over = (a, b) => a.map((x, k) => (b[k] > 0 ? x / b[k] : 0));

/** The second difference over the step, 0 at the ends. @param {Float64Array} y */
export const secondDifferences = (y) => y.map((_, k) => (k && k < y.length - 1 ? (y[k + 1] - 2 * y[k] + y[k - 1]) / STEP : 0));

/** The sum before it was divided: y N, N = (s − mean) / (2y − 1). @param {Float64Array} y @param {number} middle */
const undivided = (y, middle) => y.map((x, k) => {
  const above = GRID[k] - middle, ratio = 2 * x - 1;
  return Math.abs(above) > FLAT && Math.abs(ratio) > FLAT ? (x * above) / ratio : NaN;
});

/** From left to right; see srviz/lab/miniature.py. guess: at the first place of which the next output does not tell. */
function fromLeft(y, middle, guess) {
  const found = new Float64Array(y.length), length = [middle - GRID[0], middle - GRID[1]], sum = [y[0] * length[0], y[1] * length[1]];
  for (let k = 1; k < y.length - 1; k += 1) {
    const nextLength = 2 * length[k] - length[k - 1], nextSum = 2 * sum[k] - sum[k - 1]; // if nobody stands here
    const above = GRID[k] - middle, tells = STEP * (2 * y[k + 1] - above);
    if (Math.abs(tells) > SINGULAR * STEP) found[k] = (nextSum - y[k + 1] * nextLength) / tells;
    else [found[k], guess] = [guess, NaN];
    length.push(nextLength + 2 * STEP * found[k]);
    sum.push(nextSum + STEP * above * found[k]);
  }
  return found;
}

/** What is read depends on the place that does not tell along a line, and all shares together are 1. */
function fromBoth(y, middle) {
  const one = fromLeft(y, middle, 0), other = fromLeft(y, middle, 1), apart = total(other) - total(one);
  if (!(Math.abs(apart) > SINGULAR)) return one;
  const part = (1 - total(one)) / apart;
  return one.map((share, k) => share + part * (other[k] - share));
}

/**
 * The share of the keys at each place of the grid, read from the output alone; NaN where it says nothing of it.
 * @type {Record<string, (y: Float64Array, middle: number) => Float64Array>}
 */
export const READ = {
  bare: (y) => secondDifferences(y),
  divided: (y, middle) => secondDifferences(undivided(y, middle)),
  ones: (y) => y.map(() => NaN),
  full: fromBoth,
};

/** The place on the grid. */
export const placeOf = (t) => Math.round(t / STEP) - LOW;

/** How many keys stand at each place of the grid. */
export function counts(keys) {
  const found = new Float64Array(GRID.length);
  for (const t of keys) found[placeOf(t)] += 1;
  return found;
}
