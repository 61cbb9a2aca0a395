// What is written beside the pictures: the gap in one sentence, the arithmetic of two labels, how near two crowds are.

import { make } from "../../kit/js/core.js";
import { centred, kernelSum, relu } from "../../kit/js/formulas.js";
import { fmt, say, small } from "../../kit/js/text.js";
import { nameOf } from "./marks.js";
import { distance, scores } from "./separate.js";
import { labelLine } from "./slice.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./apart.js").Apart} Apart */

/** The construction in one sentence. @param {Apart} owner */
export function verdict(owner) {
  const { built: { gap, pair, map }, data: { tried: { same } } } = owner, [one, other] = pair.map(nameOf), { lost } = map, crowds = owner.crowds();
  if (!lost) return say(words.verdict.gap, { gap: small(gap), one, other });
  if (gap > same) return say(words.verdict.place, { lost });
  return say(words.verdict[distance(crowds[pair[0]], crowds[pair[1]]) > same ? "label" : "same"], { one, other, lost });
}

/** @param {Apart} owner */
export function write(owner) {
  const { built, state, data } = owner, crowds = owner.crowds(), pair = [state.first, state.second];
  const h = Math.min(state.head, built.heads.length - 1), { turn, place } = built.heads[h], [one, other] = pair.map(nameOf);
  const way = small(distance(crowds[pair[0]], crowds[pair[1]]));
  owner.parts.closeText.textContent = say(words.crowds.close, { close: fmt(state.close), second: other, first: one, distance: way });
  const labels = built.labels.map((all) => all[h]), width = Math.max(220, owner.parts.labels.clientWidth);
  owner.parts.labels.replaceChildren(make("div", { class: "quiet" }, words.labels.title), labelLine(labels, nameOf, pair, width));
  owner.parts.sums.replaceChildren(...pair.map((c, side) => {
    const t = scores(crowds[c], turn), above = kernelSum(relu, place, t, centred(t)), under = kernelSum(Math.abs, place, t);
    const numbers = `${fmt(above)} / ${fmt(under)} = ${fmt(built.labels[c][h], 3)}`;
    return make("div", { class: side ? "second" : "first" }, say(words.labels.sum, { crowd: nameOf(c), numbers }));
  }));
  const { hidden, largest, stretch, lost } = built.map, wide = say(words.verdict.wide, { wide: 2 + data.heads });
  const map = say(words.verdict.map, { hinges: hidden, largest: small(largest), stretch: small(stretch) });
  owner.parts.lines.replaceChildren(make("b", {}, verdict(owner)), ` ${lost ? wide : `${map} ${wide}`}`);
}
