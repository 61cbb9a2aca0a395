// The names on the drawing of the race: on no line, on no handle and on no other name, at every width.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crossed } from "../../srviz/ui/chapters/race/chart.js";
import { betNames, boxOf, guideName, handlesAt, isFree, pathOf } from "../../srviz/ui/chapters/race/names.js";
import { Scale } from "../../srviz/ui/chapters/race/scale.js";

const GUIDES = [{ text: "∝ n²", power: 2, n: 64, seconds: 2e-5 }, { text: "∝ n log n", power: 1, n: 64, seconds: 2e-5 }];
const TEXTS = ["bet: softmax", "bet: sliced ReLU"];
const PLACES = [6, 10, 14, 18];
const BETS = {
  "as they are at first": [[-3.6, -2.4, -1.2, 0], [-4.1, -2.9, -1.7, -0.5]],
  "far apart": [[-4, -2, 0, 2], [-4, -3.5, -3, -2.5]],
};

for (const [what, powers] of Object.entries(BETS)) {
  for (const width of [262, 332, 1018]) {
    test(`bets ${what}, ${width} pixels wide`, () => {
      const scale = new Scale({ least: 6, most: 20, low: -5, high: 3 }, width), guides = GUIDES.map((guide) => pathOf(scale, guide));
      const bets = powers.map((ys) => ys.map((y, k) => [scale.x(2 ** PLACES[k]), scale.y(y)])), handles = handlesAt(bets.flat());
      const lines = [...guides, ...bets], boxes = betNames(scale, TEXTS, bets, guides).map(boxOf);
      for (const box of boxes) assert.ok(isFree(box, lines, [...handles, ...boxes.filter((other) => other !== box)]), `${box}`);
      const free = (box) => isFree(box, lines, [...handles, ...boxes]);
      for (const guide of GUIDES) {
        const box = boxOf(guideName(scale, guide, free));
        assert.ok(free(box) && box[0] >= scale.left && box[2] <= scale.right, `${guide.text}: ${box}`);
      }
    });
  }
}

test("a box on a line is not free", () => {
  assert.ok(!isFree([0, 0, 10, 10], [[[-5, -5], [20, 20]]], []));
  assert.ok(!isFree([0, 0, 10, 10], [[[5, -5], [5, 20]]], []));
  assert.ok(isFree([0, 0, 10, 10], [[[-5, 8], [5, 18]], [[11, 0], [11, 9]]], [[10, 0, 20, 10]]));
});

test("a name on a line that was measured is found, and one above, below or beside it is not", () => {
  const flat = { x: (n) => n, y: (power) => 100 * power }, data = { lines: [{ points: [[0, 10], [200, 10]] }] }; // at y = 100
  const says = crossed(/** @type {any} */ (flat), /** @type {any} */ (data)), text = "Softmax";
  assert.equal(says({ x: 50, y: 104, text }), true);
  for (const [x, y] of [[50, 90], [50, 120], [210, 104], [-100, 104]]) assert.equal(says({ x, y, text }), false);
});
