// What one query of the line attends to.

import { broken, bump, bumpBends, bumpRow, centred, output, relu, reluBends, reluRow } from "../../kit/js/formulas.js";

/** The kernel of a state. */
export const kernelOf = ({ kernel, b }) => (kernel === "bump" ? bump(b) : relu);

/**
 * The weights of a query with score s, what they were divided by, and its output.
 * @param {import("./line.js").State} state
 * @param {number} s
 */
export function attend(state, s) {
  const isBump = state.kernel === "bump";
  const { weights, total } = isBump ? bumpRow(s, state.keys, state.b) : reluRow(s, state.keys);
  return { s, weights, total, y: output(weights, weighed(state)) };
}

/** The sum that a query would have anywhere on the axis, before it is divided: a broken line. */
export const undivided = ({ kernel, keys, values, b }) => broken(kernel === "bump" ? bumpBends(keys, values, b) : reluBends(keys, values));

/** What the weights are multiplied by: the values, for ReLU less their mean. */
export const weighed = ({ kernel, values }) => (kernel === "bump" ? values : centred(values));
