// What is written below the strip: the pair, its arithmetic by every method, what to do next, and the badge.

import { byHand, make, put, span } from "../core.js";
import { count, judge, say, small } from "../text.js";
import words from "../words.json" with { type: "json" };
import { arithmetic, inWords, needsLower } from "./rules.js";

/** @param {import("./row.js").Row} row */
export function writeRow(row) {
  const { found } = row, i = found.query, j = row.partner();
  const lines = row.panes.map(({ method }, k) => make("li", {}, [span("name", method.label), make("span", {}, [
    ...arithmetic(method, row.head, found.rows[k], i, j), ...lessMean(row, k, j),
  ])]));
  row.sums.replaceChildren(pair(row, i, j), make("ul", {}, lines.reverse()));
  row.free.hidden = row.held < 0;
  row.hint.textContent = hint(row);
  judge(row.badge, row.compared, row.data.tolerance);
  if (row.compared === null && row.asked !== i) row.badge.textContent = byHand(words.row.compare);
  put(row.badge, { title: words.row.badge });
}

/** Which query and which key, and how many keys the query attends to. */
function pair(row, i, j) {
  const { below } = row.found, { n } = row.head, silent = row.panes.find(({ method }) => needsLower(method));
  return make("div", { class: "pair" }, [
    make("span", {}, [span("query", `${words.row.query} `), row.mark(i)]),
    make("span", {}, [
      span("key", `${row.key === null ? words.row.farthest : words.row.key} `), row.mark(j),
      row.lit.length > 1 ? span("quiet", say(words.row.alike, { count: count(row.lit.length) })) : "",
    ]),
    span("quiet", !below && silent ? say(words.row.none, { method: inWords(silent.method) }) : say(words.row.below, { below: count(below), n: count(n) })),
  ]);
}

/** What centring the values takes off a weight. */
function lessMean(row, index, j) {
  if (!row.isSigned(index)) return [];
  const { rows, shown } = row.found;
  return [` − ${say(words.row.mean, { mean: small(rows[index].sum / row.head.n) })} = `, make("b", {}, small(shown[index][j]))];
}

/** What the visitor can do now. */
function hint(row) {
  const says = matchMedia("(hover: none)").matches ? words.row.tap : words.row.hint;
  return say(row.held < 0 ? says.query : says.key, { what: row.what });
}
