// The four figures that are dragged: what each draws and says.

import { make, span, svg } from "../../kit/js/core.js";
import { broken, bumpRow, centred, largest, lookUp, output, relu, reluBends, reluRow, row } from "../../kit/js/formulas.js";
import { fmt, phrase, say, signed } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./why.js").Message} Message */

const POINTS = 240; // of a curve
const NARROW = 1e-9; // a divisor of a smaller size counts as 0

const line = (x1, y1, x2, y2, stroke, more = {}) => svg("line", { x1, y1, x2, y2, stroke, ...more });
const text = (x, y, says, more = {}) => svg("text", { x, y, ...more }, says);

/** The axis of scores, with its numbers. */
function axisAt(y, x, low, high, step = 1) {
  const parts = [line(x(low) - 10, y, x(high) + 10, y, "var(--ink)", { "stroke-width": 1.4 })];
  for (let score = Math.ceil(low / step) * step; score <= high; score += step) {
    parts.push(line(x(score), y - 3, x(score), y + 3, "var(--ink)"), text(x(score), y + 32, fmt(score, 0), { "text-anchor": "middle" }));
  }
  return parts;
}

const keysAt = (y, x, keys, s) => keys.map((t) => svg("circle", {
  cx: x(t), cy: y, r: 5.5, stroke: "var(--key)", "stroke-width": 1.8, fill: t < s ? "var(--key)" : "var(--ground)",
}));

/** A curve over the scores. */
const curve = (f, x, y, low, high, colour, more = {}) => {
  const scores = Array.from({ length: POINTS + 1 }, (_, k) => low + ((high - low) * k) / POINTS);
  return svg("path", {
    d: `M${scores.map((s) => `${x(s).toFixed(1)} ${y(f(s)).toFixed(2)}`).join("L")}`, fill: "none", stroke: colour, "stroke-width": 2, ...more,
  });
};

/** A bar with its number, in a table. */
const cell = (value, most) => make("td", {}, [
  make("span", { class: "bar" }, make("i", { style: `width: ${((100 * value) / most || 0).toFixed(1)}%` })), make("b", {}, fmt(value)),
]);

/** What i gives to j and j to i, by relu and by the distance. */
const pair = {
  marks: () => [0, 1].map((k) => ({
    kind: "token", label: "ij"[k], read: (state) => state.pair[k], write: (state, x) => { state.pair[k] = x; },
  })),
  draw({ pair: [i, j] }, { limits: { low, high } }, x) {
    const most = high - low, rows = [i - j, j - i].map((r, k) => make("tr", {}, [
      make("th", { scope: "row" }, words.pair.gives[k]), cell(relu(r), most), cell(Math.abs(r), most),
    ]));
    const who = i === j ? words.pair.neither : i > j ? words.pair.i : words.pair.j;
    const says = [
      make("table", {}, [make("thead", {}, make("tr", {}, ["", "relu(r)", "|r|"].map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, rows)]),
      make("p", {}, who),
    ];
    return { height: 74, axis: 28, parts: axisAt(28, x, low, high), says, label: say(words.pair.label, { who }) };
  },
};

/** The sum of a row, over the score of its query, by two divisors. */
const divisor = {
  marks: () => [{ kind: "query", label: words.divisor.query, read: (state) => state.query, write: (state, x) => { state.query = x; } }],
  draw({ query: s }, { keys, limits: { low, high } }, x) {
    const top = 112, room = 84, y = (sum) => top + room * (1 - sum), axis = 46;
    const own = (at) => row(relu, at, keys, "rows", NARROW), far = (at) => reluRow(at, keys);
    const [a, b] = [own(s), far(s)], near = a.weights.indexOf(largest(a.weights));
    const numerator = near >= 0 && a.total ? relu(s - keys[near]) : 0;
    const parts = [
      ...axisAt(axis, x, low, high), ...keysAt(axis, x, keys, s),
      line(x(low) - 10, y(0), x(high) + 10, y(0), "var(--line)"), line(x(low) - 10, y(1), x(high) + 10, y(1), "var(--line)"),
      curve((at) => own(at).sum, x, y, low, high, "var(--query)", { "stroke-dasharray": "6 4" }), curve((at) => far(at).sum, x, y, low, high, "var(--value)"),
      line(x(s), axis, x(s), y(0), "var(--query)", { "stroke-dasharray": "2 3" }),
      svg("circle", { cx: x(s), cy: y(a.sum), r: 5, fill: "var(--query)" }), svg("circle", { cx: x(s), cy: y(b.sum), r: 5, fill: "var(--value)" }),
      text(x(high) + 10, y(1) - 6, words.divisor.one, { "text-anchor": "end" }), text(x(high) + 10, y(0) + 18, words.divisor.zero, { "text-anchor": "end" }),
    ];
    const key = near >= 0 && a.total ? signed(keys[near]) : "";
    const byOwn = a.total ? `relu(${fmt(s)} − ${key}) / ${fmt(a.total)} = ${fmt(a.weights[near], 3)}` : words.divisor.none.number;
    const byDistance = a.total ? `${fmt(numerator)} / ${fmt(b.total)} = ${fmt(b.weights[near], 3)}` : `0 / ${fmt(b.total)} = 0`;
    const says = [
      make("p", {}, phrase(a.total ? words.divisor.some.own : words.divisor.none.own, { quotient: span("query", byOwn) })),
      make("p", {}, phrase(a.total ? words.divisor.some.distance : words.divisor.none.distance, { quotient: span("value", byDistance) })),
    ];
    const label = say(words.divisor.label, { at: fmt(s), own: a.total ? fmt(a.sum) : words.infinite, distance: fmt(b.sum) });
    return { height: 218, axis, parts, says, label };
  },
};

/** All scores shifted and scaled alike: the weights stay. */
const alike = {
  marks: () => [],
  ranges: ({ shift, scale }) => [
    { name: "shift", label: words.alike.shift, low: -shift, high: shift, says: (x) => fmt(x) },
    { name: "scale", label: words.alike.scale, low: 1 / scale, high: scale, to: Math.exp, from: Math.log, says: (x) => fmt(x) },
  ],
  draw({ shift, scale }, { held, keys, b, limits: { shift: most, high, scale: times } }, _, width) {
    const moved = (score) => scale * (score + shift), reach = times * (most + high), axis = 34;
    const x = (score) => 22 + ((score + reach) / (2 * reach)) * (width - 44);
    const s = moved(held), t = keys.map(moved), now = reluRow(s, t), before = reluRow(held, keys);
    const bump = [bumpRow(held, keys, b), bumpRow(s, t, b)];
    const parts = [
      ...axisAt(axis, x, -reach, reach, 5), ...keysAt(axis, x, t, s).map((key) => { key.setAttribute("r", "3.5"); return key; }),
      svg("path", { d: `M${x(s) - 7} ${axis - 18} h14 l-7 14 Z`, fill: "var(--query)" }),
    ];
    const cellWide = (width - 44) / keys.length, top = largest(before.weights);
    const bars = (found, floor, colour, highest) => found.weights.forEach((w, j) => {
      const tall = (w / highest) * 46;
      parts.push(svg("rect", { x: 22 + j * cellWide + cellWide * 0.2, y: floor - tall, width: cellWide * 0.6, height: Math.max(tall, 0.6), fill: colour }));
    });
    parts.push(text(22, 98, words.alike.relu), text(22, 182, words.alike.bump));
    bars(now, 156, "var(--key)", top);
    bars(bump[1], 240, "var(--quiet)", largest(bump[0].weights));
    const most2 = before.weights.indexOf(top), off = largest(now.weights.map((w, j) => w - before.weights[j]));
    const still = off < 1e-9 ? words.alike.still : say(words.alike.changed, { by: fmt(off, 3) });
    const changed = largest(bump[1].weights.map((w, j) => w - bump[0].weights[j])) > 1e-9 ? words.alike.bumps : "";
    return {
      height: 248, axis, parts, label: say(words.alike.label, { shift: fmt(shift), scale: fmt(scale), weights: still }), says: [
        make("p", {}, phrase(words.alike.largest, {
          query: span("query", fmt(s)), key: span("key", signed(t[most2])), total: fmt(now.total), weight: make("b", {}, fmt(now.weights[most2], 3)),
        })),
        make("p", {}, still + changed),
      ],
    };
  },
};

/** One number added to all values: with centring the outputs stay. */
const centring = {
  marks: () => [],
  ranges: ({ added }) => [{ name: "added", label: words.centred.added, low: -added, high: added, says: (x) => fmt(x) }],
  draw({ added }, { keys, values, limits: { low, high } }, x) {
    const more = values.map((v) => v + added), zero = 40, unit = 12, base = 152, y = (out) => base - out * 34;
    const plain = (s) => output(reluRow(s, keys).weights, more), sums = broken(reluBends(keys, more));
    const middle = (s) => { const { total } = reluRow(s, keys); return total ? lookUp(sums, s).height / total : 0; };
    const parts = [
      text(x(high) + 10, 10, words.centred.values, { "text-anchor": "end" }), line(x(low) - 10, zero, x(high) + 10, zero, "var(--line)"),
      ...keys.flatMap((t, j) => [
        line(x(t), zero, x(t), zero - more[j] * unit, "var(--key)", { "stroke-width": 2 }),
        svg("circle", { cx: x(t), cy: zero - more[j] * unit, r: 4, fill: "var(--key)" }),
      ]),
      text(x(low) - 10, 100, words.centred.output), line(x(low) - 10, base, x(high) + 10, base, "var(--line)"),
      curve(plain, x, y, low, high, "var(--query)", { "stroke-dasharray": "6 4" }), curve(middle, x, y, low, high, "var(--value)"),
    ];
    const { weights } = reluRow(high, keys), [a, b] = [plain(high), middle(high)];
    const [was, stays] = [values, centred(values)].map((before) => output(weights, before));
    return {
      height: 236, axis: zero, parts, label: say(words.centred.label, { added: fmt(added) }), says: [
        make("p", {}, phrase(words.centred.plain, { line: span("query", words.centred.dashed), was: fmt(was), now: fmt(a) })),
        make("p", {}, phrase(words.centred.centred, { line: span("value", words.centred.solid), was: fmt(stays), now: fmt(b) })),
      ],
    };
  },
};

/** @type {Record<Message["kind"], any>} */
export const FIGURES = { pair, divisor, alike, centred: centring };
