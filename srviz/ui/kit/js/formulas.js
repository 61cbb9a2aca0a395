// The arithmetic of the browser: kernels of r = s − t, rows of weights, what is done to scores and values.
// A test compares it with what the operator says.

/** @typedef {(r: number) => number} Kernel f of r = s − t */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {{nodes: number[], heights: number[], left: number, right: number}} Pieces a piecewise linear f: heights at nodes, slopes of both ends */
/** @typedef {{reach: number, values: Numbers}} Samples f at uniform places from −reach to reach, an odd number, so that one is at 0 */
/** @typedef {{n: number, d: number, q: Numbers, k: Numbers, s: Numbers, t: Numbers}} Head q, k: n·d numbers each; s, t: n each */
/**
 * The weights that one query gives to all keys, before the values are centred.
 * @typedef {object} Row
 * @property {Float64Array} weights
 * @property {number} sum of the weights
 * @property {number} total what f was divided by; 0 where there is nothing to divide by, and then all weights are 0
 */

// ---- sums ----

export const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);

export const mean = (numbers) => total(numbers) / numbers.length;

/** The largest size of a number. */
export const largest = (numbers) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** The largest difference between two lists of numbers. */
export const farthest = (ours, theirs) => largest(Array.from(ours, (x, i) => x - theirs[i]));

export const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);

/** The indices in ascending order of their numbers; ties in their own order. */
export const sortedBy = (numbers) => Uint32Array.from(numbers, (_, j) => j).sort((a, b) => numbers[a] - numbers[b] || a - b);

/** For each index its place in an order. */
export function ranksOf(order) {
  const ranks = new Array(order.length);
  order.forEach((j, place) => { ranks[j] = place; });
  return ranks;
}

// ---- kernels ----

/** @type {Kernel} */
export const relu = (r) => Math.max(0, r);

/** @returns {Kernel} max(0, 1 − |r| / b) */
export const bump = (b = 1) => (r) => Math.max(0, 1 - Math.abs(r) / b);

/** The same kernel, b times as wide. @returns {Kernel} */
export const widened = (f, b) => (r) => f(r / b);

/**
 * The straight piece of a curve at r: a point on it, and its slope.
 * @param {Pieces} pieces
 * @param {number} r
 */
export function pieceAt({ nodes, heights, left, right }, r) {
  const last = nodes.length - 1, after = nodes.findIndex((node) => node > r);
  if (after === 0) return { node: nodes[0], height: heights[0], slope: left };
  if (after < 0) return { node: nodes[last], height: heights[last], slope: right };
  const [a, b] = [after - 1, after];
  return { node: nodes[a], height: heights[a], slope: (heights[b] - heights[a]) / (nodes[b] - nodes[a]) };
}

/** @param {Pieces} pieces @returns {Kernel} */
export const piecewise = (pieces) => (r) => {
  const { node, height, slope } = pieceAt(pieces, r);
  return height + slope * (r - node);
};

/**
 * A curve through samples: cubics through four of them on the same side of 0, where f may have a corner or a step in its
 * slope; beyond the samples the last of them.
 * @param {Samples} samples
 * @returns {Kernel}
 */
export function sampled({ reach, values }) {
  const end = values.length - 1, middle = end / 2, step = reach / middle;
  return (r) => {
    if (r >= reach) return values[end];
    if (r <= -reach) return values[0];
    const place = r / step + middle, side = r < 0 ? 0 : middle;
    const first = Math.min(Math.max(Math.floor(place) - 1, side), side + middle - 3), u = place - first;
    const [a, b, c, d] = [values[first], values[first + 1], values[first + 2], values[first + 3]];
    return (d * u * (u - 1) * (u - 2) - a * (u - 1) * (u - 2) * (u - 3)) / 6
      + (b * u * (u - 2) * (u - 3) - c * u * (u - 1) * (u - 3)) / 2;
  };
}

// ---- rows ----

/** What a row may be divided by, of its distances |s − t| and its sum of f. */
const DIVISORS = {
  distance: (far) => far,
  n: (far, sum, n) => n,
  one: () => 1,
  rows: (far, sum) => sum,
};

/** x / total, and 0 where the total is 0. */
export const share = (x, total) => (total === 0 ? 0 : x / total);

/**
 * One row: f(s − t) of every key, divided.
 * @param {Kernel} f
 * @param {number} s
 * @param {Numbers} t
 * @param {"distance" | "n" | "one" | "rows"} divide
 * @param {number} [tiny] a divisor of a smaller size counts as 0
 * @returns {Row}
 */
export function row(f, s, t, divide, tiny = 0) {
  const n = t.length, weights = new Float64Array(n);
  let sum = 0, far = 0;
  for (let j = 0; j < n; j += 1) {
    const r = s - t[j];
    weights[j] = f(r);
    sum += weights[j];
    far += Math.abs(r);
  }
  const divisor = DIVISORS[divide](far, sum, n), total = Math.abs(divisor) < tiny ? 0 : divisor;
  for (let j = 0; j < n; j += 1) weights[j] = share(weights[j], total);
  return { weights, sum: share(sum, total), total };
}

/** A row of sliced ReLU: relu(s − t) / Σ|s − t|. */
export const reluRow = (s, t) => row(relu, s, t, "distance");

/** A row of the sliced bump: max(0, 1 − |s − t| / b) / n. */
export const bumpRow = (s, t, b) => row(bump(b), s, t, "n");

/** q_i · k_j / √d. @param {Head} head */
export function logit({ d, q, k }, i, j) {
  let sum = 0;
  for (let c = 0; c < d; c += 1) sum += q[i * d + c] * k[j * d + c];
  return sum / Math.sqrt(d);
}

/** A row of softmax: exp(q·k/√d) / Σ exp(q·k/√d). @param {Head} head @returns {Row} */
export function softmaxRow(head, i) {
  const weights = new Float64Array(head.n);
  let top = -Infinity, sum = 0;
  for (let j = 0; j < head.n; j += 1) {
    weights[j] = logit(head, i, j);
    top = Math.max(top, weights[j]);
  }
  for (let j = 0; j < head.n; j += 1) {
    weights[j] = Math.exp(weights[j] - top);
    sum += weights[j];
  }
  for (let j = 0; j < head.n; j += 1) weights[j] /= sum;
  return { weights, sum: 1, total: sum * Math.exp(top) };
}

const features = (x) => (x > 0 ? x + 1 : Math.exp(x));

/** A row of linear attention: φ(q)·φ(k) / Σ φ(q)·φ(k), φ = elu + 1. @param {Head} head @returns {Row} */
export function linearRow({ n, d, q, k }, i) {
  const weights = new Float64Array(n);
  let sum = 0;
  for (let j = 0; j < n; j += 1) {
    for (let c = 0; c < d; c += 1) weights[j] += features(q[i * d + c]) * features(k[j * d + c]);
    sum += weights[j];
  }
  for (let j = 0; j < n; j += 1) weights[j] /= sum;
  return { weights, sum: 1, total: sum };
}

/**
 * The rows of a head by the name of their rule.
 * @type {Record<string, (head: Head, i: number, bandwidth?: number) => Row>}
 */
export const ROWS = {
  softmax: softmaxRow,
  relu: (head, i) => reluRow(head.s[i], head.t),
  bump: (head, i, bandwidth = 1) => bumpRow(head.s[i], head.t, bandwidth),
  linear: linearRow,
};

/** The effective weights of a row: less their mean, which is what centring the values does. @param {Row} row */
export const effective = ({ weights, sum }) => weights.map((w) => w - sum / weights.length);

/** The output of a row of weights, Σ w v. */
export const output = (weights, values) => values.reduce((y, v, j) => y + weights[j] * v, 0);

/** Values less their mean. */
export function centred(values) {
  const middle = mean(values);
  return values.map((v) => v - middle);
}

/** How many keys lie below a query. */
export const below = (s, t) => t.reduce((count, x) => count + (x < s ? 1 : 0), 0);

// ---- scores ----

/**
 * Scores of queries and keys, shifted and scaled together: about the mean of their means, by one deviation.
 * @param {number[]} s
 * @param {number[]} t
 * @param {number} epsilon what is added to the variance
 * @returns {[number[], number[]]}
 */
export function standardize(s, t, epsilon) {
  const middle = (mean(s) + mean(t)) / 2;
  const [a, b] = [s, t].map((scores) => scores.map((x) => x - middle));
  const deviation = Math.sqrt((dot(a, a) / a.length + dot(b, b) / b.length) / 2 + epsilon);
  return [a.map((x) => x / deviation), b.map((x) => x / deviation)];
}

// ---- broken lines ----

/**
 * A line of straight pieces that is 0 left of all its bends.
 * @typedef {object} Broken
 * @property {number[]} places where it bends, ascending
 * @property {number[]} R its height there
 * @property {number[]} S the slope that begins there
 */

/** Where Σ relu(s − t) u bends, and by how much. @returns {[number[], number[]]} */
export const reluBends = (keys, values) => [keys, centred(values)];

/** Where Σ max(0, 1 − |s − t| / b) v bends, and by how much: each bump is three hinges. @returns {[number[], number[]]} */
export const bumpBends = (keys, values, b) => [
  [-b, 0, b].flatMap((shift) => keys.map((t) => t + shift)), [1, -2, 1].flatMap((times) => values.map((v) => (times * v) / b)),
];

/**
 * The broken line with these bends: two running sums over the sorted places.
 * @param {[number[], number[]]} bends places, and the change of slope at each
 * @returns {Broken}
 */
export function broken([places, changes]) {
  const line = { places: [], R: [], S: [] };
  let height = 0, slope = 0, before = 0;
  for (const j of sortedBy(places)) {
    height += (places[j] - before) * slope;
    slope += changes[j];
    before = places[j];
    line.places.push(before);
    line.R.push(height);
    line.S.push(slope);
  }
  return line;
}

/**
 * The height of a broken line at s, from the last bend below s alone: R + (s − place) · S. k: which bend, −1 where none is below.
 * @param {Broken} line
 * @param {number} s
 */
export function lookUp({ places, R, S }, s) {
  const k = below(s, places) - 1;
  if (k < 0) return { k, place: s, R: 0, S: 0, height: 0 };
  return { k, place: places[k], R: R[k], S: S[k], height: R[k] + (s - places[k]) * S[k] };
}
