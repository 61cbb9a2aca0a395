// What is written beside the pictures: the arithmetic of one weight, the pair that is confused most, what the heads tell apart.

import { byHand, make, put, span } from "../../kit/js/core.js";
import { count, fmt, judge, signed } from "../../kit/js/text.js";
import { heading } from "./geometry.js";

/** @typedef {import("./slices.js").Slices} Slices */
/** @typedef {import("./slices.js").Found} Found */

const BADGE = "The largest difference between what this page drew and what the operator computed, over all weights of the query";
const LETTER = 0.6, LINE = 1.4; // of the font's size: the width of a letter, the height of a line

/** What the slice that is shown makes of the query, in a sentence. @param {Slices} owner @param {Found} found */
export function inWords({ n, state: { held } }, { weights, rank, shown }) {
  const lit = weights.filter((w) => w > 0).length;
  return `The query has rank ${rank[held] + 1} of ${n} and attends to ${lit} tokens; token ${shown + 1}, of rank ${rank[shown] + 1}, gets the weight ${fmt(weights[shown], 3)}`;
}

/** @param {Slices} owner @param {Found} found */
export function write(owner, found) {
  const { state, hand, dim } = owner;
  owner.face.planeTitle.textContent = hand ? `Shadows on the line, ${owner.where()}` : `${dim === 3 ? "Tokens in space" : "Level sets of Π"}, ${owner.where()}`;
  owner.face.ribbonTitle.replaceChildren(`${state.along === "rank" ? "Ranks" : "Scores"} ${hand ? "as the line turns" : "from head to head"}: `,
    span("query", `query ${state.held + 1}`), ", ", span("key", `key ${found.shown + 1}`));
  const list = make("ol", {}, sums(owner, found));
  owner.face.sums.replaceChildren(list);
  keepRoom(owner, list);
  owner.face.confused.replaceChildren(confused(owner, found), ...(hand ? [] : [toldApart(owner)]));
  const more = dim === 3 ? " Drag elsewhere to look around." : hand ? " Drag the arrow to turn the line." : "";
  owner.face.hint.textContent = byHand(`Click a point to make it the query.${more}`);
  writeBadge(owner);
}

/** Both scores and the weight, with their numbers. */
function sums({ state, hand, dim, data }, found) {
  const i = state.held, j = found.shown, s = found.scores[i], t = found.scores[j], way = heading(state.theta, state.tilt, dim);
  const product = (x) => way.map((w, k) => `${signed(w)}·${signed(x[k])}`).join(" + ");
  const score = (kind, letter, k, value) => make("li", {}, [
    span("name", `token ${k + 1}`),
    hand ? `${letter} = ${product(data.points[k])} = ` : `${letter} = Π(x), standardized: `, span(kind, fmt(value)),
  ]);
  return [score("query", "s", i, s), score("key", "t", j, t), make("li", {}, [
    span("name", "weight"), "relu(", span("query", fmt(s)), " − ", span("key", fmt(t)), `) / ${fmt(found.total)} = `,
    make("b", {}, fmt(found.weights[j], 3)),
  ])];
}

/** As many lines as the longest numbers may take, so that nothing below moves. */
function keepRoom({ hand, dim }, list) {
  const letter = LETTER * parseFloat(getComputedStyle(list).fontSize);
  const lines = hand ? Math.ceil(((24 + 18 * dim) * letter) / list.clientWidth) : 1;
  for (const item of list.children) if (item !== list.lastChild) item.style.minHeight = `calc(${LINE * lines}em + 4px)`;
}

function confused({ dim }, { confused: { apart, gap } }) {
  return make("div", {}, [
    make("i", { class: "ring" }), " The two ringed tokens are ", make("b", {}, fmt(apart)), ` apart in ${dim === 3 ? "space" : "the plane"}, and only `,
    make("b", {}, fmt(gap)), " apart on the line. ", span("quiet", "Of all neighbours on the line, these two lose most of their distance."),
  ]);
}

/** How many pairs the heads leave together. @param {Slices} owner */
function toldApart({ n, data: { left, resolution } }) {
  const pairs = count((n * (n - 1)) / 2), enough = left.indexOf(0);
  const says = enough < 0 ? `All ${left.length} heads together still confuse ${left.at(-1)} of ${pairs} pairs.`
    : enough === 0 ? `Head 1 alone tells all ${pairs} pairs apart.`
    : `Heads 1 ${enough === 1 ? "and" : "to"} ${enough + 1} together tell all ${pairs} pairs apart. Head 1 alone confuses ${left[0]}.`;
  const means = `A head tells two tokens apart if their scores differ by at least ${resolution}\u00a0% of their distance. The lower row counts the pairs that are still confused by this head and all heads before it.`;
  return make("div", {}, [says, " ", span("quiet", means)]);
}

/** @param {Slices} owner */
function writeBadge({ face: { badge }, largest, reports, motion, data }) {
  if (largest !== null) judge(badge, largest, data.tolerance);
  else {
    badge.className = "badge waiting";
    badge.textContent = reports.number && !motion.on ? "asking the operator …" : "let go to compare with the operator";
  }
  put(badge, { title: BADGE });
}
