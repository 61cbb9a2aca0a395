// What stands below the race: every line with its time, at the last n or at the one that is pointed at.

import { make, span, svg } from "../../kit/js/core.js";
import { count, duration, fmt, phrase, say } from "../../kit/js/text.js";
import { mark, stroke } from "./marks.js";
import words from "./words.json" with { type: "json" };

const KEY = { width: 34, height: 14, viewBox: "0 0 34 14", "aria-hidden": "true" };
const DOT = [" · "];

/**
 * @param {import("./race.js").Message} data
 * @param {number | null} pointed the n that is pointed at
 */
export function legend(data, pointed) {
  const lines = data.lines.map((line) => {
    const { label, style } = line;
    const key = svg("svg", KEY, [svg("line", { x1: 0, x2: 34, y1: 7, y2: 7, ...stroke(style) }), mark(style, 17, 7)]);
    const said = says(line, pointed).flatMap((part, i) => (i ? [...DOT, ...part] : part));
    return make("li", {}, [key, make("span", {}, [make("b", {}, label), " ", make("span", { class: "quiet" }, said)])]);
  });
  const recorded = data.ghosts.map(({ text }) => {
    const key = svg("svg", KEY, svg("line", { x1: 0, x2: 34, y1: 7, y2: 7, class: "ghost", stroke: "var(--ink)" }));
    return make("li", {}, [key, span("quiet", text)]);
  });
  return [...lines, ...recorded];
}

/** What is said of a line, part by part. */
function says({ points, slope, stop }, pointed) {
  const point = pointed ? points.find(([n]) => n === pointed) : points.at(-1);
  const time = point ? [[say(words.legend.time, { time: duration(point[1]), n: count(point[0]) })]] : [];
  if (pointed) {
    const spread = point ? say(words.legend.spread, { lower: duration(point[2]), upper: duration(point[3]) }) : words.legend.nothing;
    return [...time, [spread]];
  }
  const grows = slope === null ? [] : [phrase(words.legend.grows, { power: make("sup", {}, fmt(slope, 2)) })];
  return [...time, ...grows, ...(stop ? [[`n = ${count(stop.n)}: ${stop.why}`]] : [])];
}
