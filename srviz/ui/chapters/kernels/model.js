// The curve of a state, and every weight, row sum and output that follows from it.

import { effective, output, piecewise, ranksOf, row, sampled, sortedBy, standardize, widened } from "../../kit/js/formulas.js";

/** @typedef {import("./kernel.js").Message} Message */
/** @typedef {import("./kernel.js").State} State */
/** @typedef {import("./kernel.js").Curve} Curve */
/** @typedef {import("../../kit/js/formulas.js").Pieces} Pieces */

export const REACH = 5; // |r| up to which a curve is shown
const SMOOTH_STEPS = 200; // of the drawing of a curve without straight pieces
const NEAR_ZERO = 1e-15; // a negative weight of a smaller size is rounding

/** Whether a curve is the one that the visitor draws. @param {Curve} curve */
export const isDrawn = ({ pieces, samples }) => !pieces && !samples;

/** The record of the curve that a state has. @param {State} state @param {Message} data @returns {Curve} */
export const curveOf = ({ kernel }, { curves }) => curves.find(({ name }) => name === kernel);

/** The straight pieces of a state's curve, null where it has none. @param {State} state @param {Curve} curve @returns {Pieces | null} */
export function piecesOf(state, curve) {
  if (isDrawn(curve)) {
    return { nodes: state.nodes.map(([r]) => r), heights: state.nodes.map(([, height]) => height), left: state.left, right: state.right };
  }
  const { pieces, bandwidth } = curve;
  if (!pieces || !bandwidth) return pieces;
  return { nodes: pieces.nodes.map((r) => r * state.b), heights: pieces.heights, left: pieces.left / state.b, right: pieces.right / state.b };
}

/** The function f of a state. @param {State} state @param {Curve} curve */
export function functionOf(state, curve) {
  const pieces = piecesOf(state, curve);
  if (pieces) return piecewise(pieces);
  return curve.bandwidth ? widened(sampled(curve.samples), state.b) : sampled(curve.samples);
}

/** The places between which a curve is drawn straight. @param {State} state @param {Curve} curve */
export function stopsOf(state, curve) {
  const pieces = piecesOf(state, curve);
  if (pieces) return [-REACH, ...pieces.nodes, REACH];
  return Array.from({ length: SMOOTH_STEPS + 1 }, (_, k) => (2 * REACH * k) / SMOOTH_STEPS - REACH);
}

/** The heights that are shown of a curve, whatever its bandwidth. @param {Curve} curve @param {number} tallest of a drawn curve */
export function viewOf(curve, tallest) {
  if (isDrawn(curve)) return [-tallest - 0.3, tallest + 0.3];
  const state = { b: 1 }, f = functionOf(/** @type {State} */ (state), curve);
  const heights = Array.from({ length: SMOOTH_STEPS + 1 }, (_, k) => f((2 * REACH * k) / SMOOTH_STEPS - REACH));
  const low = Math.min(0, ...heights), high = Math.max(0, ...heights);
  return high - low > 2 ? [low - 0.6, high + 0.2] : [low - 0.25, high + 0.25];
}

/** Raw scores, scaled and shifted, then standardized together. @param {State} state @param {Message} data */
function scores(state, data) {
  const s = data.s.map((x) => x * state.scale + state.shift + state.queries), t = data.t.map((x) => x * state.scale + state.shift);
  return state.standard ? standardize(s, t, data.epsilon) : [s, t];
}

/**
 * All that a state makes of the scores.
 * @param {State} state
 * @param {Message} data
 */
export function compute(state, data) {
  const curve = curveOf(state, data), f = functionOf(state, curve), [s, t] = scores(state, data), n = s.length;
  const rows = s.map((score) => row(f, score, t, state.divide, data.tiny));
  const weights = rows.map((one) => (state.centred ? effective(one) : one.weights));
  const sums = weights.map((one) => one.reduce((sum, w) => sum + w, 0));
  let most = 0, least = 0;
  for (const one of weights) for (const w of one) { most = Math.max(most, w); least = Math.min(least, w); }
  return {
    n, curve, f, s, t, weights, sums, y: weights.map((one) => output(one, data.v)), most, least: least > -NEAR_ZERO ? 0 : least,
    raw: rows.map(({ sum }) => sum), divisor: rows.map(({ total }) => total), rank: [s, t].map((list) => ranksOf(sortedBy(list))),
  };
}

/** @typedef {ReturnType<typeof compute>} Found */
