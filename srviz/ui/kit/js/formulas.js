// The arithmetic of the browser: kernels of r = s − t, rows of weights, what is done to scores and values.
// A test compares it with what the operator says.

/** @typedef {(r: number) => number} Kernel f of r = s − t */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {{nodes: number[], heights: number[], left: number, right: number}} Pieces a piecewise linear f: heights at nodes, slopes of both ends */
/** @typedef {{ends: number[], values: Numbers}} Samples where polynomials end, ascending, and f at the places of each; an end is shared */
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

/** A number from the normal distribution. */
export const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

export const RADIANS_PER_DEGREE = Math.PI / 180;

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

/** Σ f(s − t) v, or Σ f(s − t) without values. @param {Kernel} f @param {number} s @param {Numbers} t @param {Numbers | null} [v] */
export function kernelSum(f, s, t, v = null) {
  let sum = 0;
  for (let j = 0; j < t.length; j += 1) sum += f(s - t[j]) * (v ? v[j] : 1);
  return sum;
}

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
 * A curve through samples: polynomials one after the other, beyond them straight on; see samples.py.
 * @param {Samples} samples
 * @returns {Kernel}
 */
export function sampled({ ends, values }) {
  const last = ends.length - 1, degree = (values.length - 1) / last;
  const places = Float64Array.from({ length: degree + 1 }, (_, k) => -Math.cos((Math.PI * k) / degree)); // between −1 and 1
  const weights = Float64Array.from(places, (_, k) => (k % 2 ? -1 : 1) * (k % degree ? 1 : 0.5)); // in the barycentric formula
  const straight = (r, k) => { // along the chord of the polynomial k
    const [a, b] = [values[k * degree], values[(k + 1) * degree]];
    return k ? b + (b - a) * (r - ends[k + 1]) / (ends[k + 1] - ends[k]) : a + (b - a) * (r - ends[0]) / (ends[1] - ends[0]);
  };
  return (r) => {
    if (r < ends[0]) return straight(r, 0);
    if (r > ends[last]) return straight(r, last - 1);
    let k = 0, above = last;
    while (above - k > 1) {
      const middle = (k + above) >> 1;
      if (ends[middle] <= r) k = middle;
      else above = middle;
    }
    const x = (2 * r - ends[k] - ends[k + 1]) / (ends[k + 1] - ends[k]);
    let sum = 0, whole = 0;
    for (let j = 0; j <= degree; j += 1) {
      const apart = x - places[j], value = values[k * degree + j];
      if (apart === 0) return value;
      sum += (weights[j] / apart) * value;
      whole += weights[j] / apart;
    }
    return sum / whole;
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

/**
 * What a sliced ReLU head puts out at s where the values are the scores themselves: the output of `reluRow` on centred values, without
 * lists, since a search asks for it a hundred thousand times. Of n scores from a place on.
 * @param {number} s
 * @param {Numbers} t
 */
export function reluOutput(s, t, from = 0, n = t.length) {
  let middle = 0, far = 0, sum = 0;
  for (let j = from; j < from + n; j += 1) middle += t[j];
  middle /= n;
  for (let j = from; j < from + n; j += 1) {
    const r = s - t[j];
    far += Math.abs(r);
    if (r > 0) sum += r * (t[j] - middle);
  }
  return share(sum, far);
}

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
 * What standardizing does to one more score: it is shifted by the mean of both means, and divided by the deviation of queries and keys.
 * @param {number[]} s
 * @param {number[]} t
 * @param {number} epsilon what is added to the variance
 */
export function standard(s, t, epsilon) {
  const middle = (mean(s) + mean(t)) / 2, variance = (scores) => mean(scores.map((x) => (x - middle) ** 2));
  const deviation = Math.sqrt((variance(s) + variance(t)) / 2 + epsilon);
  return (score) => (score - middle) / deviation;
}

/** Scores of queries and keys, shifted and scaled together. @returns {[number[], number[]]} */
export function standardize(s, t, epsilon) {
  const of = standard(s, t, epsilon);
  return [s.map(of), t.map(of)];
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
