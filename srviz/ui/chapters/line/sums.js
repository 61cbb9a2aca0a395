// What the held query receives, written out so that it can be recomputed by hand: a line for every key.

import { clamp, make, span } from "../../kit/js/core.js";
import { largest, mean, sortedBy } from "../../kit/js/formulas.js";
import { fmt, judge, phrase, say, signed } from "../../kit/js/text.js";
import { weighed } from "./model.js";
import words from "./words.json" with { type: "json" };

const MOST_ROWS = 11; // that are seen without scrolling

/** @typedef {import("./line.js").State} State */
/** @typedef {ReturnType<typeof import("./model.js").attend>} Found */

/**
 * @param {HTMLElement} place
 * @param {State} state
 * @param {Found} found
 * @param {number | null} pointed the key under the pointer
 * @param {number | null} difference to the operator
 * @param {number} tolerance
 */
export function writeSums(place, state, found, pointed, difference, tolerance) {
  const bump = state.kernel === "bump", { weights, total, y } = found, n = state.keys.length;
  const none = !weights.some((w) => w > 0);
  place.replaceChildren(
    make("h2", {}, phrase(words.sums.title, { query: span("query", fmt(found.s)) })),
    none ? make("p", {}, words.sums.none[state.kernel]) : weightOf(state, found, pointed),
    table(state, found, pointed),
    make("div", { class: "total" }, [
      make("div", { class: "quiet" }, say(words.sums.divisor[state.kernel], { n, b: fmt(state.b), total: fmt(total) })),
      bump ? "" : make("div", { class: "quiet" }, say(words.sums.mean, { mean: fmt(mean(state.values), 3) })),
      make("div", { class: "value" }, bump ? `y = Σ w·v = ${fmt(y, 3)}` : `y = Σ ${words.sums.columns.relu[1]} = ${fmt(y, 3)}`),
    ]),
    judge(make("span", { class: "badge", title: words.sums.badge }), difference, tolerance));
}

/** The weight of one key with its numbers: of the one that is pointed at, else of the one that weighs most. @returns {any} */
function weightOf(state, { s, weights, total }, pointed) {
  const j = pointed ?? weights.indexOf(Math.max(...weights)), key = span("key", signed(state.keys[j])), query = span("query", fmt(s));
  return make("div", { class: "one" }, state.kernel === "bump"
    ? ["w = max(0, 1 − |", query, " − ", key, `| / ${fmt(state.b)}) / ${total} = ${fmt(weights[j], 3)}`]
    : ["w = relu(", query, " − ", key, `) / ${fmt(total)} = ${fmt(weights[j], 3)}`]);
}

/** Every key from the left to the right: its distance, its weight, its value, and what it adds to the output. */
function table(state, { s, weights }, pointed) {
  const values = weighed(state), most = largest(values.map((v, j) => weights[j] * v)) || 1;
  const names = ["t", "s − t", "w", ...words.sums.columns[state.kernel]];
  const rows = [...sortedBy(state.keys)].map((j) => {
    const adds = weights[j] * values[j], size = clamp(Math.abs(adds) / most, 0, 1) * 50;
    const bar = make("span", { class: "bar" }, make("i", { style: `${adds < 0 ? "right" : "left"}: 50%; width: ${size.toFixed(1)}%` }));
    return make("tr", { class: `${weights[j] > 0 ? "lit" : "out"}${j === pointed ? " pointed" : ""}` }, [
      make("td", { class: "key" }, fmt(state.keys[j])), make("td", {}, fmt(s - state.keys[j])), make("td", { class: "w" }, fmt(weights[j], 3)),
      make("td", {}, fmt(values[j], 3)), make("td", { class: "adds" }, [fmt(adds, 3), bar]),
    ]);
  });
  const scrolls = rows.length > MOST_ROWS ? { tabindex: 0, role: "region", "aria-label": words.sums.table } : {};
  return make("div", { class: "scroll", ...scrolls }, make("table", {}, [
    make("thead", {}, make("tr", {}, names.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, rows),
  ]));
}
