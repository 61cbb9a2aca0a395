// What is written beside the pictures: the gap in one sentence, the arithmetic of two labels, how near two crowds are.

import { make } from "../../kit/js/core.js";
import { mean, total } from "../../kit/js/formulas.js";
import { fmt, small } from "../../kit/js/text.js";
import { nameOf } from "./marks.js";
import { distance, scores } from "./separate.js";
import { labelLine } from "./slice.js";

/** @typedef {import("./apart.js").Apart} Apart */

/** The construction in one sentence. @param {Apart} owner */
export function verdict(owner) {
  const { built: { gap, pair, map }, data: { tried: { same } } } = owner, [one, other] = pair.map(nameOf), crowds = owner.crowds();
  if (!map.lost) return `The smallest gap of all pairs of crowds is ${small(gap)}, between ${one} and ${other}.`;
  if (gap > same) return `Two tokens of one crowd lie on one place: no map can send them to two, and ${map.lost} tokens miss.`;
  if (distance(crowds[pair[0]], crowds[pair[1]]) > same) {
    return `From this place ${one} and ${other} have one label: what comes after cannot tell their shared tokens apart, and ${map.lost} tokens miss.`;
  }
  return `${one} and ${other} are the same crowd now: nothing that looks at crowds can tell them apart, and ${map.lost} tokens miss.`;
}

/** @param {Apart} owner */
export function write(owner) {
  const { built, state, data } = owner, crowds = owner.crowds(), pair = [state.first, state.second];
  const h = Math.min(state.head, built.heads.length - 1), { turn, place } = built.heads[h], [one, other] = pair.map(nameOf);
  owner.parts.closeText.textContent = `Closeness ${fmt(state.close)}. Moved onto ${other} by the shortest ways, `
    + `a token of ${one} goes ${small(distance(crowds[pair[0]], crowds[pair[1]]))} on average.`;
  const labels = built.labels.map((all) => all[h]), width = Math.max(220, owner.parts.labels.clientWidth);
  owner.parts.labels.replaceChildren(make("div", { class: "quiet" }, "The labels of all crowds, on a line"), labelLine(labels, nameOf, pair, width));
  owner.parts.sums.replaceChildren(...pair.map((c, side) => {
    const t = scores(crowds[c], turn), middle = mean(t);
    const above = total(t.map((x) => Math.max(0, place - x) * (x - middle))), under = total(t.map((x) => Math.abs(place - x)));
    const numbers = `${fmt(above)} / ${fmt(under)} = ${fmt(built.labels[c][h], 3)}`;
    return make("div", { class: side ? "second" : "first" }, `${nameOf(c)}: Σ relu(s* − t)(t − mean) / Σ|s* − t| = ${numbers}`);
  }));
  const { hidden, largest, stretch, lost } = built.map, then = ` Then a pointwise map with ${hidden} hinges sends every point (x, y, label) to `
    + `its target. Its largest weight is ${small(largest)}. It multiplies labels by up to ${small(stretch)}.`;
  owner.parts.lines.replaceChildren(make("b", {}, verdict(owner)), `${lost ? "" : then} Between the layers a token is ${2 + data.heads} numbers wide.`);
}
