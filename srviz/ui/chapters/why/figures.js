// The four figures that are dragged: what each draws and says.

import { make, span, svg } from "../../kit/js/core.js";
import { broken, bumpRow, centred, largest, lookUp, output, relu, reluBends, reluRow, row } from "../../kit/js/formulas.js";
import { fmt, signed } from "../../kit/js/text.js";

/** @typedef {import("./why.js").Message} Message */

const POINTS = 240; // of a curve
const NARROW = 1e-9; // a divisor of a smaller size counts as 0

const line = (x1, y1, x2, y2, stroke, more = {}) => svg("line", { x1, y1, x2, y2, stroke, ...more });
const text = (x, y, words, more = {}) => svg("text", { x, y, ...more }, words);

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
    /** @type {[string, number][]} */
    const gives = [["i gives to j", i - j], ["j gives to i", j - i]], most = high - low;
    const rows = gives.map(([name, r]) => make("tr", {}, [make("th", { scope: "row" }, name), cell(relu(r), most), cell(Math.abs(r), most)]));
    const who = i === j ? "Neither gives anything to the other." : `Only ${i > j ? "i attends to j" : "j attends to i"}. With |r| both give the same.`;
    const says = [
      make("table", {}, [make("thead", {}, make("tr", {}, ["", "relu(r)", "|r|"].map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, rows)]),
      make("p", {}, who),
    ];
    return { height: 74, axis: 28, parts: axisAt(28, x, low, high), says, label: `Two tokens on the axis of scores. ${who}` };
  },
};

/** The sum of a row, over the score of its query, by two divisors. */
const divisor = {
  marks: () => [{ kind: "query", label: "query", read: (state) => state.query, write: (state, x) => { state.query = x; } }],
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
      text(x(high) + 10, y(1) - 6, "the row sums to 1", { "text-anchor": "end" }), text(x(high) + 10, y(0) + 18, "the row sums to 0", { "text-anchor": "end" }),
    ];
    const key = near >= 0 && a.total ? signed(keys[near]) : "";
    const says = a.total ? [
      make("p", {}, ["Largest weight divided by the row's own sum: ", span("query", `relu(${fmt(s)} − ${key}) / ${fmt(a.total)} = ${fmt(a.weights[near], 3)}`)]),
      make("p", {}, ["The same weight divided by N = Σ|s − t|: ", span("value", `${fmt(numerator)} / ${fmt(b.total)} = ${fmt(b.weights[near], 3)}`)]),
    ] : [
      make("p", {}, ["Divided by the row's own sum: ", span("query", "0 / 0, which is no number")]),
      make("p", {}, ["Divided by N = Σ|s − t|: ", span("value", `0 / ${fmt(b.total)} = 0`)]),
    ];
    return {
      height: 218, axis, parts, says,
      label: `The sum of a row of weights, over the score of its query. At ${fmt(s)} it is ${fmt(a.sum)} divided by its own sum, and ${fmt(b.sum)} divided by N.`,
    };
  },
};

/** All scores shifted and scaled alike: the weights stay. */
const alike = {
  marks: () => [],
  ranges: ({ shift, scale }) => [
    { name: "shift", label: "Add to all scores", low: -shift, high: shift, says: (x) => fmt(x) },
    { name: "scale", label: "Then multiply all by", low: 1 / scale, high: scale, to: Math.exp, from: Math.log, says: (x) => fmt(x) },
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
    const titles = ["sliced ReLU: weights of the keys, in order", "bump, for comparison"];
    parts.push(text(22, 98, titles[0]), text(22, 182, titles[1]));
    bars(now, 156, "var(--key)", top);
    bars(bump[1], 240, "var(--quiet)", largest(bump[0].weights));
    const most2 = before.weights.indexOf(top), off = largest(now.weights.map((w, j) => w - before.weights[j]));
    const still = off < 1e-9 ? "None of the ReLU weights has changed." : `The ReLU weights have changed by ${fmt(off, 3)}.`;
    const changed = largest(bump[1].weights.map((w, j) => w - bump[0].weights[j])) > 1e-9 ? " Those of the bump have, because its bandwidth stayed." : "";
    return {
      height: 248, axis, parts, label: `All scores shifted by ${fmt(shift)} and multiplied by ${fmt(scale)}. ${still}`, says: [
        make("p", {}, ["Largest weight: relu(", span("query", fmt(s)), " − ", span("key", signed(t[most2])), `) / ${fmt(now.total)} = `,
          make("b", {}, fmt(now.weights[most2], 3))]),
        make("p", {}, still + changed),
      ],
    };
  },
};

/** One number added to all values: with centring the outputs stay. */
const centring = {
  marks: () => [],
  ranges: ({ added }) => [{ name: "added", label: "Add to all values", low: -added, high: added, says: (x) => fmt(x) }],
  draw({ added }, { keys, values, limits: { low, high } }, x) {
    const more = values.map((v) => v + added), zero = 40, unit = 12, base = 152, y = (out) => base - out * 34;
    const plain = (s) => output(reluRow(s, keys).weights, more), sums = broken(reluBends(keys, more));
    const middle = (s) => { const { total } = reluRow(s, keys); return total ? lookUp(sums, s).height / total : 0; };
    const parts = [
      text(x(high) + 10, 10, "values of the keys", { "text-anchor": "end" }), line(x(low) - 10, zero, x(high) + 10, zero, "var(--line)"),
      ...keys.flatMap((t, j) => [
        line(x(t), zero, x(t), zero - more[j] * unit, "var(--key)", { "stroke-width": 2 }),
        svg("circle", { cx: x(t), cy: zero - more[j] * unit, r: 4, fill: "var(--key)" }),
      ]),
      text(x(low) - 10, 100, "output y of a query at any score"), line(x(low) - 10, base, x(high) + 10, base, "var(--line)"),
      curve(plain, x, y, low, high, "var(--query)", { "stroke-dasharray": "6 4" }), curve(middle, x, y, low, high, "var(--value)"),
    ];
    const { weights } = reluRow(high, keys), [a, b] = [plain(high), middle(high)];
    const [was, stays] = [values, centred(values)].map((before) => output(weights, before));
    return {
      height: 236, axis: zero, parts, label: `Outputs over the score. Adding ${fmt(added)} to all values moves the outputs without centring only.`, says: [
        make("p", {}, [span("query", "Dashed, not centred: "), `the highest query received ${fmt(was)}, and now ${fmt(a)}. The lowest still receives 0.00.`]),
        make("p", {}, [span("value", "Solid, centred: "), `the highest query received ${fmt(stays)}, and now ${fmt(b)}.`]),
      ],
    };
  },
};

/** @type {Record<Message["kind"], any>} */
export const FIGURES = { pair, divisor, alike, centred: centring };
