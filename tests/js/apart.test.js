// The construction in the browser against the one of the lab: the cases are written by test_apart.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { build, distance, hinges, search } from "../../srviz/ui/chapters/apart/separate.js";
import { farthest } from "../../srviz/ui/kit/js/formulas.js";

const { tried, cases } = JSON.parse(readFileSync(process.env.CASES, "utf8"));
const near = (ours, theirs, tolerance, what) => assert.ok(Math.abs(ours - theirs) <= tolerance, `${what}: ${ours} and ${theirs}`);

for (const { name, crowds, targets, many, heads, labels, gap, largest, stretch, hidden, lost, reached, apart, sums } of cases) {
  test(name, () => {
    const by = (list) => build(crowds, targets, list, tried);
    const ours = by(search(crowds, many, tried)), same = by(heads);
    near(ours.gap, gap, 1e-12, "the smallest gap, searched for here");
    assert.ok(farthest(same.labels.flat(), labels.flat()) <= 1e-12, "labels of the operator's heads");
    near(same.map.largest / largest, 1, 1e-6, "largest weight");
    near(same.map.stretch / stretch, 1, 1e-6, "weight of the labels");
    assert.equal(same.map.hidden, hidden);
    assert.equal(same.map.lost, lost);
    assert.ok(farthest(same.reached.flat(2), reached.flat(2)) <= 1e-9, "where the tokens go");
    if (!lost) assert.ok(farthest(ours.reached.flat(2), targets.flat(2)) <= 1e-6, "every token at its target");
    near(distance(crowds[0], crowds[1]), apart, 1e-12, "distance of the first two");
    heads.forEach(({ turn, place }, k) => {
      const t = crowds[0].map(([x, y]) => Math.cos(turn) * x + Math.sin(turn) * y);
      near(hinges(t, place), sums[k], 1e-12, "hinge sum");
    });
  });
}
