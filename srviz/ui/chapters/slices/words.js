// What is written beside the pictures: the arithmetic of one weight, the pair that is confused most, what the heads tell apart.

import { byHand, make, put, span } from "../../kit/js/core.js";
import { count, fmt, judge, phrase, say, signed } from "../../kit/js/text.js";
import { heading } from "./geometry.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./slices.js").Slices} Slices */
/** @typedef {import("./slices.js").Found} Found */

const LETTER = 0.6, LINE = 1.4; // of the font's size: the width of a letter, the height of a line

/** What the slice that is shown makes of the query, in a sentence. @param {Slices} owner @param {Found} found */
export function inWords({ n, state: { held } }, { weights, rank, shown }) {
  const lit = weights.filter((w) => w > 0).length;
  return say(words.plane.says[lit === 1 ? "one" : "many"], { rank: rank[held] + 1, n, lit, key: shown + 1, other: rank[shown] + 1, weight: fmt(weights[shown], 3) });
}

/** @param {Slices} owner @param {Found} found */
export function write(owner, found) {
  const { state, hand, dim } = owner, picture = hand ? "shadows" : dim === 3 ? "space" : "levels";
  owner.face.planeTitle.textContent = say(words.plane.title[picture], { where: owner.where() });
  owner.face.ribbonTitle.replaceChildren(...phrase(words.ribbons.title[state.along][hand ? "hand" : "heads"], {
    query: span("query", say(words.ribbons.query, { query: state.held + 1 })), key: span("key", say(words.ribbons.key, { key: found.shown + 1 })),
  }));
  const list = make("ol", {}, sums(owner, found));
  owner.face.sums.replaceChildren(list);
  keepRoom(owner, list);
  owner.face.confused.replaceChildren(confused(owner, found), ...(hand ? [] : [toldApart(owner)]));
  owner.face.hint.textContent = byHand(words.hint[dim === 3 ? "space" : hand ? "line" : "plane"]);
  writeBadge(owner);
}

/** Both scores and the weight, with their numbers. */
function sums({ state, hand, dim, data }, found) {
  const i = state.held, j = found.shown, s = found.scores[i], t = found.scores[j], way = heading(state.theta, state.tilt, dim);
  const product = (x) => way.map((w, k) => `${signed(w)}·${signed(x[k])}`).join(" + ");
  const score = (kind, letter, k, value) => {
    const is = span(kind, fmt(value)), name = span("name", say(words.sums.token, { token: k + 1 }));
    const says = hand ? [`${letter} = ${product(data.points[k])} = `, is] : phrase(words.sums.standardized, { letter, score: is });
    return make("li", {}, [name, ...says]);
  };
  return [score("query", "s", i, s), score("key", "t", j, t), make("li", {}, [
    span("name", words.sums.weight), "relu(", span("query", fmt(s)), " − ", span("key", signed(t)), `) / ${fmt(found.total)} = `,
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
  const says = phrase(words.confused[dim === 3 ? "space" : "plane"], { apart: make("b", {}, fmt(apart)), gap: make("b", {}, fmt(gap)) });
  return make("div", {}, [make("i", { class: "ring" }), " ", ...says, " ", span("quiet", words.confused.most)]);
}

/** How many pairs the heads leave together. @param {Slices} owner */
function toldApart({ n, data: { left, resolution } }) {
  const pairs = count((n * (n - 1)) / 2), enough = left.indexOf(0);
  const says = enough < 0 ? say(words.apart.none, { heads: left.length, left: left.at(-1), pairs })
    : say([words.apart.one, words.apart.two][enough] ?? words.apart.many, { heads: enough + 1, left: left[0], pairs });
  return make("div", {}, [says, " ", span("quiet", say(words.apart.means, { resolution }))]);
}

/** @param {Slices} owner */
function writeBadge({ face: { badge }, largest, reports, motion, data }) {
  if (largest !== null) judge(badge, largest, data.tolerance);
  else {
    badge.className = "badge waiting";
    badge.textContent = reports.number && !motion.on ? words.badge.asking : words.badge.moving;
  }
  put(badge, { title: words.badge.about });
}
