// What a formula comes to, what a trained model answers, and what a head tells of its crowd: against what Python says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { answer } from "../../srviz/ui/chapters/crowd/language.js";
import { Learned, erf } from "../../srviz/ui/chapters/crowd/learned.js";
import { Reading } from "../../srviz/ui/chapters/crowd/reading.js";

const cases = JSON.parse(readFileSync(process.env.CASES, "utf-8"));

function agree(ours, theirs, tolerance, what) {
  assert.equal(ours.length, theirs.length, what);
  theirs.forEach((y, k) => {
    if (y === null) assert.ok(Number.isNaN(ours[k]), `${what} at ${k}: expected none, got ${ours[k]}`);
    else assert.ok(Math.abs(ours[k] - y) <= tolerance * (1 + Math.abs(y)), `${what} at ${k}: expected ${y}, got ${ours[k]}`);
  });
}

const members = ({ places, payloads }) => places.map((c, k) => ({ c, p: payloads[k] }));

for (const { text, tree, crowd, xs, values } of cases.formulas) {
  test(`the formula ${text}`, () => agree(xs.map((x) => answer(tree, x, members(crowd))), values, 1e-9, text));
}

for (const { name, weights, crowd, xs, said } of cases.models) {
  test(`a model of ${name}`, () => {
    const model = new Learned(weights);
    const tokens = members(crowd).map(({ c, p }) => model.token(c, p)), probes = xs.map((x) => model.token(x, 0));
    agree([...model.answers(tokens, probes)], said, 2e-5, name);
  });
}

for (const { form, keys, said, shares } of cases.readings) {
  test(`the crowd read back from ${form}`, () => {
    const reading = new Reading(cases.grid), y = reading.says(form, keys);
    agree([...y], said, 1e-12, "output");
    agree([...reading.read(form, y, keys.reduce((a, b) => a + b, 0) / keys.length)], shares, 1e-6, "shares");
  });
}

test("erf", () => agree(cases.erf.x.map(erf), cases.erf.y, 2e-7, "erf"));
