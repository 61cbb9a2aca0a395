// The arithmetic of the cell that is pointed at, or what the rows sum to.

import { byHand, make, span } from "../../kit/js/core.js";
import { pieceAt, share } from "../../kit/js/formulas.js";
import { fmt, phrase, say, signed } from "../../kit/js/text.js";
import { isDrawn, piecesOf } from "./model.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./kernel.js").KernelMap} KernelMap */

const SAME = 5e-4; // sums that are no farther apart are one

/** A template with a query's score {s}, a key's {t} and a bandwidth {b}, filled in. */
function fill(template, terms) {
  return template.split(/\{(\w)\}/).map((part, k) => (k % 2 ? terms[part] : part));
}

/** The parts of the text below the map. @param {KernelMap} owner */
export const says = (owner) => (owner.lit().row ? ofCell(owner) : ofRows(owner));

/** @param {KernelMap} owner */
function ofRows({ state, found: { sums, n } }) {
  const low = Math.min(...sums), high = Math.max(...sums);
  const range = Math.abs(high - low) < SAME ? fmt(high, 3) : `${fmt(low, 3)} … ${fmt(high, 3)}`;
  return [span("quiet", byHand(words.cell.hint)), make("br"), say(words.cell.rows[state.divide], { range, n })];
}

/** @param {KernelMap} owner */
function ofCell(owner) {
  const { state, found, data } = owner, { row, column } = owner.lit(), { curve, n } = found;
  const s = found.s[row - 1], t = found.t[column - 1], f = found.f(s - t), over = found.divisor[row - 1];
  const weight = share(f, over), sum = found.raw[row - 1];
  const alone = isDrawn(curve) || state.divide === "one"; // with nothing to be divided by behind it
  const terms = fill(alone ? curve.written : curve.dividend, { s: span("query", fmt(s)), t: span("key", signed(t)), b: fmt(state.b) });
  if (isDrawn(curve)) terms.push(` = ${onPiece(state, curve, s - t)} = ${fmt(f, 3)}`);
  const parts = [...quotient(owner, terms, f, weight, over)];
  if (state.centred) {
    const result = make("b", {}, fmt(weight - sum / n, 4));
    parts.push(make("br"), ...phrase(words.cell.centred, { weight: fmt(weight, 4), sum: fmt(sum, 3), n, result }));
  }
  const named = (k) => (data.words ? say(words.cell.word, { k, word: data.words[k - 1] }) : k);
  return [...parts, make("br"), ...phrase((state.row ? words.cell.held : words.cell.pointed)[state.centred ? "centred" : "plain"], {
    query: span("query", say(words.cell.query, { name: named(row) })), key: span("key", say(words.cell.key, { name: named(column) })),
    sum: make("b", {}, fmt(found.sums[row - 1], 3)), raw: fmt(sum, 3),
    method: data.beside.name, beside: span("beside", fmt(data.beside.sums[row - 1], 3)),
  })];
}

/** A drawn curve at r: from the node before it along the slope there. */
function onPiece(state, curve, r) {
  const { node, height, slope } = pieceAt(piecesOf(state, curve), r);
  return `${fmt(height)} + ${signed(slope)} · (${fmt(r)} − ${signed(node)})`;
}

/** f divided, and the weight that this makes. */
function quotient({ state, found: { curve, n } }, terms, f, weight, over) {
  const by = state.divide === "one" ? "" : ` / ${state.divide === "n" ? n : signed(over)}`, result = make("b", {}, fmt(weight, 4));
  if (over === 0) return [...terms, by, words.cell.zero];
  if (isDrawn(curve) && by) return [...terms, make("br"), `${signed(f, 3)}${by} = `, result];
  return [...terms, `${by} = `, result];
}
