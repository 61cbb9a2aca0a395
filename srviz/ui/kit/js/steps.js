// The sorted route as a list of steps.

/**
 * One step of the sorted route. Which other fields it has depends on its kind.
 * @typedef {object} Step
 * @property {"project" | "sort" | "sums" | "knots" | "search" | "answer"} kind
 * @property {number} [k] project, sums, knots: the token or the place among the sorted keys
 * @property {number} [pass] sort: of the merge
 * @property {number} [slot] sort: where a key is placed
 * @property {number} [key] sort: which one
 * @property {ArrayLike<number> & {forEach: any}} [stand] sort: how the keys then stand
 * @property {number} [i] search, answer: the query
 * @property {number} [low] search: the first key that is still possible
 * @property {number} [high] search: after the last one
 * @property {number} [middle] search: the key that is compared
 * @property {boolean} [below] search: whether it lies below the query
 * @property {number} [p] answer: how many keys lie below
 */

/**
 * All steps: project, sort, sum, look up.
 * @param {{s: ArrayLike<number>, t: number[], order: ArrayLike<number> & {map: any}}} data query and key scores, and the keys sorted
 * @returns {Step[]}
 */
export function allSteps({ s, t, order }) {
  const each = (kind) => t.map((_, k) => ({ kind, k }));
  return [...each("project"), ...sortSteps(t), ...each("sums"), ...each("knots"), ...lookUpSteps(s, Array.from(order, (j) => t[j]))];
}

/** A bottom-up merge sort, one placement a step. */
function sortSteps(t) {
  const n = t.length, steps = [];
  let line = t.map((_, j) => j), pass = 0;
  for (let width = 1; width < n; width *= 2) {
    pass += 1;
    const next = line.slice();
    for (let low = 0; low < n; low += 2 * width) {
      const middle = Math.min(low + width, n), high = Math.min(low + 2 * width, n);
      let a = low, b = middle;
      for (let slot = low; slot < high; slot += 1) {
        next[slot] = a < middle && (b >= high || t[line[a]] <= t[line[b]]) ? line[a++] : line[b++];
        const stand = next.slice(0, slot + 1).concat(line.slice(a, middle), line.slice(b, high), line.slice(high));
        steps.push({ kind: "sort", pass, slot, key: next[slot], stand });
      }
    }
    line = next;
  }
  return steps;
}

/** The binary search of every query, then what it takes there. */
function lookUpSteps(s, sorted) {
  const steps = [];
  Array.from(s).forEach((score, i) => {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1, below = sorted[middle] < score;
      steps.push({ kind: "search", i, low, high, middle, below });
      if (below) low = middle + 1; else high = middle;
    }
    steps.push({ kind: "answer", i, p: low });
  });
  return steps;
}
