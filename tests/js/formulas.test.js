// The arithmetic of the browser against what the operator says: the cases are written by test_formulas.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  ROWS, broken, bump, bumpBends, centred, farthest, kernelSum, largest, logit, lookUp, output, piecewise, pieceAt,
  ranksOf, relu, reluBends, reluOutput, reluRow, row, sampled, sortedBy, standardize, widened,
} from "../../srviz/ui/kit/js/formulas.js";
import { attend } from "../../srviz/ui/kit/js/row/attend.js";
import { arithmetic, needsLower, outline, sumOf } from "../../srviz/ui/kit/js/row/rules.js";
import { fmt, signed } from "../../srviz/ui/kit/js/text.js";
import { floats } from "../../srviz/ui/kit/js/wire.js";

/** @type {any} */
const page = globalThis;
const TOLERANCE = 1e-6;
const cases = JSON.parse(readFileSync(process.env.CASES, "utf8"));

/** Whether two lists agree to the tolerance, relative to the largest of theirs. */
function agree(ours, theirs, what) {
  assert.equal(ours.length, theirs.length);
  const apart = farthest(ours, theirs) / Math.max(1, largest(theirs));
  assert.ok(apart <= TOLERANCE, `${what}: apart by ${apart}`);
}

for (const { name, head, rows } of cases.heads) {
  head.q = head.q.flat();
  head.k = head.k.flat();
  for (const { method, raw, effective: less, y } of rows.filter(({ method: { rule } }) => rule)) {
    test(`rows of ${method.name}, ${name}`, () => {
      const panes = /** @type {any} */ ([{ method }]);
      for (let i = 0; i < head.s.length; i += 1) {
        const { weights } = ROWS[method.rule](head, i, method.bandwidth ?? 1);
        agree(attend(head, panes, i, true).shown[0], raw[i], `raw, query ${i}`);
        agree(attend(head, panes, i, false).shown[0], less[i], `as it is shown, query ${i}`);
        agree([output(weights, method.centred ? centred(head.v) : head.v)], [y[i]], `output of query ${i}`);
      }
    });
  }
}

test("the output of a head whose values are its scores is that of its row", () => {
  const all = [9, -1, 0, 1, 1, 5, 7], t = all.slice(1, 6);
  for (const s of [-2, -0.5, 1, 2.5, 8]) {
    const far = kernelSum(Math.abs, s, t), sum = kernelSum(relu, s, t, centred(t));
    agree([reluOutput(s, all, 1, 5), sum / far], Array(2).fill(output(reluRow(s, t).weights, centred(t))), `s = ${s}`);
    agree([kernelSum(relu, s, t) / far], [reluRow(s, t).sum], `its weights at s = ${s}`);
  }
  assert.equal(reluOutput(1, [1, 1]), 0);
});

test("a query left of every key attends to nothing, and nothing is divided by 0", () => {
  const t = [0, 1, 1, 5];
  assert.deepEqual([...row(relu, -1, t, "distance").weights], [0, 0, 0, 0]);
  assert.equal(row(relu, 1, [1, 1], "distance").total, 0);
  assert.deepEqual([...row(relu, 1, [1, 1], "distance").weights], [0, 0]);
  assert.deepEqual([...row(relu, -1, t, "rows", 1e-38).weights], [0, 0, 0, 0]);
});

for (const { name, s, t, v, b, relu: sums, bump: bumps, R, S } of cases.broken) {
  test(`the undivided sum as a broken line: ${name}`, () => {
    const line = broken(reluBends(t, v));
    agree(s.map((x) => lookUp(line, x).height), sums, "looked up in the line of ReLU");
    agree(line.R, R, "its heights at the keys");
    const last = line.places.map((_, k) => k).filter((k) => line.places[k] !== line.places[k + 1]); // of keys that are alike
    agree(last.map((k) => line.S[k]), last.map((k) => S[k]), "its slopes");
    agree(s.map((x) => lookUp(broken(bumpBends(t, v, b)), x).height), bumps, "looked up in the line of the bump");
    assert.deepEqual(lookUp(line, Math.min(...t)), { k: -1, place: Math.min(...t), R: 0, S: 0, height: 0 });
  });
}

for (const { name, pieces, r, f } of cases.pieces) {
  test(`the piecewise linear kernel ${name}`, () => agree(r.map(piecewise(pieces)), f, name));
}

test("the piece of a curve at a node begins there", () => {
  const pieces = { nodes: [-1, 0, 2], heights: [0, 1, 0], left: 0, right: -2 };
  assert.deepEqual(pieceAt(pieces, 0), { node: 0, height: 1, slope: -0.5 });
  assert.deepEqual(pieceAt(pieces, 3), { node: 2, height: 0, slope: -2 });
  assert.deepEqual(pieceAt(pieces, -3), { node: -1, height: 0, slope: 0 });
});

for (const { name, samples, r, f, far, beyond, corner, noise } of cases.samples) {
  test(`the sampled kernel ${name}`, () => {
    const read = sampled({ ...samples, values: floats(samples.values) });
    agree(r.map(read), f, name);
    for (const [places, heights] of [[r, f], [far, beyond]]) {
      places.forEach((x, k) => assert.ok(Math.abs(read(x) - heights[k]) <= 1e-5 * Math.abs(heights[k]) + noise, `${name} at ${x}`));
    }
    assert.equal(read(0), corner);
    const [a, b] = samples.ends.slice(-2), rise = (read(b) - read(a)) / (b - a);
    assert.ok(Math.abs(read(2 * b) - read(b) - rise * b) <= 1e-9 * Math.abs(read(2 * b)), "beyond its samples it goes straight on");
  });
}

test("a widened kernel is f(r / b)", () => assert.equal(widened(bump(), 4)(2), bump(4)(2)));

for (const { name, s, t, epsilon, standard } of cases.standardized) {
  test(`standardized scores: ${name}`, () => standardize(s, t, epsilon).forEach((scores, k) => agree(scores, standard[k], name)));
}

test("shifting and scaling all scores changes no weight of ReLU", () => {
  const t = [-2, -0.5, 0.25, 1.5, 3], s = 1.25, move = (x) => 4 * (x - 7);
  agree(row(relu, move(s), t.map(move), "distance").weights, row(relu, s, t, "distance").weights, "moved");
});

test("scores in order, ties in their own", () => {
  assert.deepEqual([...sortedBy([2, 1, 2, 0])], [3, 1, 0, 2]);
  assert.deepEqual(ranksOf(sortedBy([2, 1, 2, 0])), [2, 1, 3, 0]);
  assert.equal(logit({ n: 2, d: 4, q: [1, 1, 1, 1, 2, 2, 2, 2], k: [1, 0, 0, 0, 0, 3, 0, 0], s: [], t: [] }, 1, 1), 3);
});

test("the arithmetic of a weight is that of its method, with the numbers of the pair", () => {
  page.document = { createElement: () => ({ setAttribute() {}, append(...texts) { this.text = texts.join(""); } }) };
  const { head, rows } = cases.heads[0], [i, j] = [3, 5];
  const said = Object.fromEntries(rows.filter(({ method: { rule } }) => rule).map(({ method }) => {
    const row = ROWS[method.rule](head, i, method.bandwidth ?? 1);
    return [method.name, arithmetic(method, head, row, i, j).map((part) => part.text ?? part).join("")];
  }));
  const s = fmt(head.s[i]), t = signed(head.t[j]), x = fmt(logit(head, i, j)), far = fmt(reluRow(head.s[i], head.t).total);
  assert.ok(said.relu.startsWith(`relu(${s} − ${t}) / ${far} = `), said.relu);
  assert.equal(said.uncentred, said.relu);
  assert.ok(said.bump.startsWith(`max(0, 1 − |${s} − ${t}| / 0.70) / 24 = `), said.bump);
  assert.ok(said.softmax.startsWith(`exp(q·k/√d = ${x}) / `), said.softmax);
  assert.match(said.linear, /^φ\(q\)·φ\(k\) = [\d.]+ \/ [\d.]+ = 0\.\d+$/);
});

test("a method says of its row what its curve says", () => {
  const methods = Object.fromEntries(cases.heads[0].rows.map(({ method }) => [method.name, method]));
  assert.deepEqual(Object.keys(methods).filter((name) => needsLower(methods[name])), ["relu", "uncentred"]);
  assert.equal(sumOf(methods.softmax, ROWS.softmax(cases.heads[0].head, 0)), "1");
  assert.deepEqual(outline(methods.relu.pieces, 1, -1, 3), [[-1, 0.5], [1, 0], [3, 0]]);
  assert.deepEqual(outline(methods.bump.pieces, 1, -1, 3).map(([, part]) => part), [0, 0, 1, 0, 0]);
});
