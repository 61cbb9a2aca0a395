// What one query of the line attends to.

import { bump, bumpRow, centred, output, relu, reluRow } from "../../kit/js/formulas.js";

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
  return { s, weights, total, y: output(weights, isBump ? state.values : centred(state.values)) };
}
