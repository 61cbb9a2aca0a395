// What the held query receives, written out.

import { make, span } from "../../kit/js/core.js";
import { mean } from "../../kit/js/formulas.js";
import { fmt, judge } from "../../kit/js/text.js";

const MOST_ROWS = 9; // that are seen without scrolling
const BADGE = "largest difference of what the browser drew and what the operator computed, over all queries";

/**
 * @param {HTMLElement} place
 * @param {import("./line.js").State} state
 * @param {ReturnType<typeof import("./model.js").attend>} found
 * @param {number | null} pointed the key under the pointer
 * @param {number | null} difference to the operator
 * @param {number} tolerance
 */
export function writeSums(place, state, found, pointed, difference, tolerance) {
  const bump = state.kernel === "bump", { weights, total, y } = found;
  const lit = state.keys.map((_, j) => j).filter((j) => weights[j] > 0).sort((a, b) => weights[b] - weights[a]);
  const [q, n] = [span("query", fmt(found.s)), state.keys.length];
  const rows = lit.map((j) => make("li", { class: j === pointed ? "pointed" : "" }, bump
    ? ["(1 − |", q.cloneNode(true), " − ", span("key", fmt(state.keys[j])), `|/${fmt(state.b)})/${n} = ${fmt(weights[j], 3)}`]
    : ["relu(", q.cloneNode(true), " − ", span("key", fmt(state.keys[j])), `)/${fmt(total)} = ${fmt(weights[j], 3)}`]));
  const nothing = bump ? "No key is nearer than the bandwidth." : "No key lies to its left.";
  const scrolls = lit.length > MOST_ROWS ? { tabindex: 0, "aria-label": "weights" } : {};
  place.replaceChildren(
    make("h4", {}, "What the held query receives"),
    lit.length ? make("ol", scrolls, rows) : make("p", {}, `${nothing} It receives nothing.`),
    make("div", { class: "total" }, [
      make("div", { class: "quiet" }, bump ? `n = ${n} keys, b = ${fmt(state.b)}` : `N = Σ|s − t| = ${fmt(total)}`),
      bump ? "" : make("div", { class: "quiet" }, `mean of v = ${fmt(mean(state.values), 3)}`),
      make("div", { class: "value" }, bump ? `y = Σ w·v = ${fmt(y, 3)}` : `y = Σ w·(v − mean) = ${fmt(y, 3)}`),
    ]),
    judge(make("span", { class: "badge", title: BADGE }), difference, tolerance));
}
