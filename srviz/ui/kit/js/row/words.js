// What is written below the strip: the pair, its arithmetic by every method, what to do next, and the badge.

import { byHand, make, put, span } from "../core.js";
import { count, judge, small } from "../text.js";

const BADGE = "The largest difference between what this page drew and what the operator computed, over both rows";

/** @param {import("./row.js").Row} row */
export function writeRow(row) {
  const { found } = row, i = found.query, j = row.partner();
  const lines = row.panes.map(({ method, rule }, k) => make("li", {}, [span("name", method.label), make("span", {}, [
    ...rule.words(row.head, found.rows[k], i, j, method), ...lessMean(row, k, j),
  ])]));
  row.sums.replaceChildren(pair(row, i, j), make("ul", {}, lines.reverse()));
  row.free.hidden = row.held < 0;
  row.hint.textContent = hint(row);
  judge(row.badge, row.compared, row.data.tolerance);
  if (row.compared === null && row.asked !== i) row.badge.textContent = byHand("click to compare with the operator");
  put(row.badge, { title: BADGE });
}

/** Which query and which key, and how many keys the query attends to. */
function pair(row, i, j) {
  const { below } = row.found, { n } = row.head;
  return make("div", { class: "pair" }, [
    make("span", {}, [span("query", "query "), row.mark(i)]),
    make("span", {}, [
      span("key", row.key === null ? "farthest key " : "key "), row.mark(j),
      row.lit.length > 1 ? span("quiet", `, one of ${count(row.lit.length)} with this score`) : "",
    ]),
    span("quiet", below ? `${count(below)} of ${count(n)} keys lie below the query` : "no key lies below the query, so it attends to nothing"),
  ]);
}

/** What centring the values takes off a weight. */
function lessMean(row, index, j) {
  if (!row.isSigned(index)) return [];
  const { rows, shown } = row.found;
  return [` − row mean ${small(rows[index].sum / row.head.n)} = `, make("b", {}, small(shown[index][j]))];
}

/** What the visitor can do now. */
function hint(row) {
  const touch = matchMedia("(hover: none)").matches, { what } = row;
  if (row.held < 0) return touch ? `Tap a ${what} to make it the query.` : `The ${what} under the pointer is the query. Click to hold it.`;
  return touch
    ? `Slide a finger over a ${what} or over the strip to choose the key.`
    : `The query is held. Point at a ${what} or at the strip to choose the key. Esc lets the query go.`;
}
