// What a formula of a token and its crowd comes to. Python reads the text and sends the tree; a test compares the values.

import { mean } from "../../kit/js/formulas.js";

/** @typedef {any[]} Tree a name or a sign and its arguments, ["number", 2.5], or a name alone */
/** @typedef {{c: number, p: number}} Member */

const MATHS = {
  abs: Math.abs, sqrt: Math.sqrt, exp: Math.exp, log: Math.log, sin: Math.sin, cos: Math.cos, tanh: Math.tanh, sign: Math.sign,
  minus: (a) => -a, not: (a) => Number(a === 0),
};
const TWO_SIDED = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "^": (a, b) => a ** b,
  "<": (a, b) => Number(a < b), "<=": (a, b) => Number(a <= b), ">": (a, b) => Number(a > b), ">=": (a, b) => Number(a >= b),
  "==": (a, b) => Number(a === b), "!=": (a, b) => Number(a !== b),
  and: (a, b) => Number(a !== 0 && b !== 0), or: (a, b) => Number(a !== 0 || b !== 0),
};
const ARGUMENTS = { mean: 1, std: 1, min: 1, max: 1, median: 1, quantile: 2, share: 1, pick: 2 }; // before a condition

/** @type {Map<Tree, number>} what functions of the crowd came to, for the x and the crowd that are asked for now */
let held = new Map();

const last = (x) => Number(Number.isNaN(x)); // what is no number comes last

/** The quantile of some numbers, between two of them along a line. */
function quantile(numbers, share) {
  const inOrder = [...numbers].sort((a, b) => last(a) - last(b) || a - b), place = share * (inOrder.length - 1), low = Math.floor(place);
  return inOrder[low] + (place - low) * (inOrder[Math.min(low + 1, inOrder.length - 1)] - inOrder[low]);
}

const OF_CROWD = {
  mean,
  std: (numbers) => {
    const middle = mean(numbers);
    return Math.sqrt(mean(numbers.map((x) => (x - middle) ** 2)));
  },
  min: (numbers) => Math.min(...numbers),
  max: (numbers) => Math.max(...numbers),
  median: (numbers) => quantile(numbers, 0.5),
};

/**
 * The value of a formula at x, NaN where it has none; `answer` is for others.
 * @param {Tree} tree
 * @param {number} x
 * @param {Member[]} crowd
 * @param {Member | null} [member] inside a function of the crowd
 * @returns {number}
 */
function value(tree, x, crowd, member = null) {
  const [name, ...parts] = tree;
  if (name === "number") return parts[0];
  if (name === "x") return x;
  if (name === "c" || name === "p") return member[name];
  if (name in ARGUMENTS) { // it is of x and the crowd alone, whoever asks
    if (!held.has(tree)) held.set(tree, ofCrowd(name, parts, x, crowd));
    return held.get(tree);
  }
  const [a, b] = parts.map((part) => value(part, x, crowd, member));
  return name in MATHS ? MATHS[name](a) : TWO_SIDED[name](a, b);
}

/** A function of the crowd, or of those of it for whom a condition holds. */
function ofCrowd(name, parts, x, crowd) {
  const of = (part) => (one) => value(part, x, crowd, one), condition = parts[ARGUMENTS[name]];
  if (name === "share") return mean(crowd.map((one) => Number(of(parts[0])(one) !== 0)));
  const kept = condition ? crowd.filter((one) => of(condition)(one) !== 0) : crowd;
  if (!kept.length) return NaN;
  if (name === "quantile") return quantile(kept.map(of(parts[0])), value(parts[1], x, crowd));
  if (name !== "pick") return OF_CROWD[name](kept.map(of(parts[0])));
  const by = kept.map(of(parts[1])), gone = by.findIndex(Number.isNaN), best = gone < 0 ? by.indexOf(Math.max(...by)) : gone;
  return of(parts[0])(kept[best]);
}

/** The value, NaN also where it is infinite. @param {Tree} tree @param {Member[]} crowd */
export const answer = (tree, x, crowd) => {
  held = new Map();
  const y = value(tree, x, crowd);
  return Number.isFinite(y) ? y : NaN;
};
