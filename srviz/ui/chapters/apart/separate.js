// The construction of srviz/lab/separate.py in the browser: a slice and a place that tell contexts apart, then a
// piecewise linear map that sends every token of each to its target. A test compares the two.

import { kernelSum, largest, mean, relu, reluOutput, sortedBy, total } from "../../kit/js/formulas.js";

/** @typedef {number[]} Point two coordinates, or more */
/** @typedef {Point[][]} Crowds N contexts of n tokens each */
/** @typedef {{turn: number, place: number}} Head a slice, by its angle in radians, and a place on it */
/**
 * What is tried; Python sends it.
 * @typedef {object} Tried
 * @property {number} directions
 * @property {number} places
 * @property {number} angles
 * @property {number} scales
 * @property {number[]} mix
 * @property {number} same
 * @property {number[]} limits
 */
/** @typedef {ReturnType<typeof build>} Built */

/** The scores of points on a slice. @param {Point[]} points */
export function scores(points, turn) {
  const c = Math.cos(turn), s = Math.sin(turn);
  return points.map(([x, y]) => c * x + s * y);
}

/** What a sliced ReLU head puts out at a place, where the values are the scores themselves. @param {number[]} t */
export const label = (t, place) => reluOutput(place, t);

/** The plain hinge sum. @param {number[]} t */
export const hinges = (t, place) => kernelSum(relu, place, t);

/** The smallest and the largest of some numbers. */
function ends(numbers) {
  let low = Infinity, high = -Infinity;
  for (const x of numbers) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return [low, high];
}

/**
 * Heads that tell the contexts apart, one after the other: each makes the smallest gap as large as it can be.
 * @param {Crowds} crowds
 * @param {number} many
 * @param {Tried} tried
 * @returns {Head[]}
 */
export function search(crowds, many, { directions, places }) {
  const N = crowds.length, n = crowds[0].length, all = crowds.flat(), found = new Float64Array(directions * places * N);
  const ways = [];
  for (let d = 0; d < directions; d += 1) {
    const turn = (d * 2 * Math.PI) / directions, t = scores(all, turn), [low, high] = ends(t);
    ways.push({ turn, low, high });
    for (let p = 0; p < places; p += 1) {
      const place = low + (high - low) * ((p + 1) / places);
      for (let c = 0; c < N; c += 1) found[(d * places + p) * N + c] = reluOutput(place, t, c * n, n);
    }
  }
  const pairs = (N * (N - 1)) / 2;
  let before = new Float64Array(pairs);
  const heads = [];
  for (let h = 0; h < many; h += 1) {
    let best = -1, which = 0;
    for (let k = 0; k < directions * places; k += 1) {
      let least = Infinity;
      for (let i = 0, pair = 0; i < N && least > best; i += 1) {
        for (let j = i + 1; j < N; j += 1, pair += 1) {
          const gap = Math.max(before[pair], Math.abs(found[k * N + i] - found[k * N + j]));
          if (gap < least) least = gap;
        }
      }
      if (least > best) { best = least; which = k; }
    }
    const d = Math.floor(which / places), { turn, low, high } = ways[d];
    heads.push({ turn, place: low + (high - low) * (((which % places) + 1) / places) });
    const labels = Array.from(found.slice(which * N, (which + 1) * N));
    before = Float64Array.from(before, (gap, k) => Math.max(gap, pairGaps(labels)[k]));
  }
  return heads;
}

/** |difference| of every pair, in the order (0, 1), (0, 2), … @param {number[]} labels */
const pairGaps = (labels) => labels.flatMap((a, i) => labels.slice(i + 1).map((b) => Math.abs(a - b)));

/**
 * The two contexts that are nearest in the head that tells them apart best.
 * @param {number[][]} labels of every context, one a head
 */
export function nearest(labels) {
  let gap = Infinity, pair = [0, 1];
  labels.forEach((one, i) => labels.slice(i + 1).forEach((other, k) => {
    const apart = Math.max(...one.map((x, h) => Math.abs(x - other[h])));
    if (apart < gap) { gap = apart; pair = [i, i + 1 + k]; }
  }));
  return { gap, pair };
}

/** Points that are one point are put together: which point each is, and where each group is to go. */
function together(points, targets, same) {
  /** @type {number[][]} */
  const groups = [];
  points.forEach((point, k) => {
    const group = groups.find(([first]) => points[first].every((x, c) => Math.abs(x - point[c]) <= same));
    if (group) group.push(k);
    else groups.push([k]);
  });
  const middle = groups.map((group) => [0, 1].map((c) => mean(group.map((k) => targets[k][c]))));
  const lost = total(groups.map((group, g) => (group.some((k) => targets[k].some((x, c) => Math.abs(x - middle[g][c]) > same)) ? group.length : 0)));
  return { kept: groups.map(([first]) => points[first]), middle, lost };
}

/**
 * A direction in which points differ, the smallest gap as large as it can be among those tried.
 * @param {Point[]} points
 * @param {Tried} tried
 */
function coordinate(points, { angles, scales, mix, same, limits }) {
  const [least, widest] = limits;
  const used = mix.slice(0, points[0].length - 2), labels = points.map((x) => total(used.map((m, k) => m * x[2 + k])));
  const sorted = Float64Array.from(labels).sort(), range = sorted.at(-1) - sorted[0], reach = range > same ? range : 0;
  let step = Infinity;
  for (let k = 1; k < sorted.length; k += 1) if (sorted[k] - sorted[k - 1] > same) step = Math.min(step, sorted[k] - sorted[k - 1]);
  const most = Math.max(Number.isFinite(step) ? (widest * reach) / step : 10 * least, least);
  let best = { way: [1, 0, ...used.map(() => 0)], gap: -1 };
  const z = new Float64Array(points.length);
  for (let a = 0; a < angles; a += 1) {
    const c = Math.cos((a * Math.PI) / angles), s = Math.sin((a * Math.PI) / angles);
    for (let l = 0; l < scales; l += 1) {
      const scale = (least * (most / least) ** (l / (scales - 1))) / (reach || 1);
      for (let k = 0; k < z.length; k += 1) z[k] = c * points[k][0] + s * points[k][1] + scale * labels[k];
      z.sort();
      let gap = Infinity;
      for (let k = 1; k < z.length; k += 1) gap = Math.min(gap, z[k] - z[k - 1]);
      gap = z.length > 1 ? gap / (z[z.length - 1] - z[0]) : 1;
      if (gap > best.gap) best = { way: [c, s, ...used.map((m) => scale * m)], gap };
    }
  }
  return best;
}

/** The map that sends points to targets: its coordinate, its knots, and the slopes that begin at each. @param {Tried} tried */
export function interpolate(points, targets, tried) {
  const { kept, middle, lost } = together(points, targets, tried.same), { way, gap } = coordinate(kept, tried);
  const along = (x) => total(way.map((w, k) => w * x[k]));
  const places = kept.map(along), order = [...sortedBy(places)];
  const start = places[order[0]], span = places[order.at(-1)] - start || 1;
  const z = order.map((k) => (places[k] - start) / span), heights = order.map((k) => middle[k]);
  const rise = z.slice(1).map((x, k) => [0, 1].map((c) => (heights[k + 1][c] - heights[k][c]) / (x - z[k])));
  const slopes = rise.map((now, k) => (k ? now.map((x, c) => x - rise[k - 1][c]) : now));
  const direction = way.map((w) => w / span);
  const send = (x) => {
    const at = (along(x) - start) / span;
    return [0, 1].map((c) => slopes.reduce((sum, slope, k) => sum + relu(at - z[k]) * slope[c], heights[0][c]));
  };
  const most = largest([...direction, ...slopes.flat()]), stretch = largest(direction.slice(2));
  return { direction, hidden: slopes.length, largest: most, stretch, gap, lost, send };
}

/**
 * The whole construction: labels of the contexts by these heads, and where every token goes.
 * @param {Crowds} crowds
 * @param {Crowds} targets
 * @param {Head[]} heads
 * @param {Tried} tried
 */
export function build(crowds, targets, heads, tried) {
  const labels = crowds.map((crowd) => heads.map(({ turn, place }) => label(scores(crowd, turn), place)));
  const states = crowds.map((crowd, c) => crowd.map((x) => [...x, ...labels[c]]));
  const map = interpolate(states.flat(), targets.flat(), tried);
  return { labels, ...nearest(labels), map, reached: states.map((crowd) => crowd.map(map.send)) };
}

/** All orders of n things. @param {number} n @returns {number[][]} */
const orders = (n) => (n
  ? orders(n - 1).flatMap((order) => Array.from({ length: n }, (_, k) => [...order.slice(0, k), n - 1, ...order.slice(k)]))
  : [[]]);

let known = [];

/** How far two crowds are apart: the mean way of a token in the shortest move of one onto the other. */
export function distance(one, other) {
  if (known[0]?.length !== one.length) known = orders(one.length);
  const ways = one.map(([a, b]) => other.map(([c, d]) => Math.hypot(a - c, b - d)));
  let least = Infinity;
  for (const order of known) {
    let sum = 0;
    for (let k = 0; k < order.length; k += 1) sum += ways[k][order[k]];
    if (sum < least) least = sum;
  }
  return least / one.length;
}
