// Where the names on the drawing stand: on no line, on no handle and on no other name, where there is such a place.

import { clamp } from "../../kit/js/core.js";

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./race.js").Guide} Guide */
/** @typedef {number[][]} Path its points, in pixels */
/** @typedef {number[]} Box left, top, right, bottom */
/** @typedef {{text: string, left: number, y: number}} Name left: where it begins. y: of its base line */

const LETTER = 5.6, HIGH = 12, LOW = 4; // of text: pixels of a letter, above its base line and below it
const HANDLE = 11; // half of a handle
const ABOVE = 16, BELOW = 24, FARTHER = 6, TRIES = 14; // of a bet's name from its handle
const EDGE = 3; // between a bet's name and the edge of the drawing
const ASIDE = [0, 24, 48, -24, -48];
const SLIDE = 1.1; // the factor by which a guide's name goes back along its line

/** How wide a text is. */
export const widthOf = (text) => text.length * LETTER;

/** @param {Name} name @returns {Box} */
export const boxOf = ({ text, left, y }) => [left, y - HIGH, left + widthOf(text), y + LOW];

/** Whether the line from one point to another crosses a box. @param {Box} box @param {number[]} one @param {number[]} other */
function crosses(box, one, other) {
  let from = 0, to = 1; // the part of the line that is inside, so far
  for (const axis of [0, 1]) {
    const at = one[axis], way = other[axis] - at, low = box[axis], high = box[axis + 2];
    if (!way && (at < low || at > high)) return false;
    if (!way) continue;
    const ends = [(low - at) / way, (high - at) / way];
    from = Math.max(from, Math.min(...ends));
    to = Math.min(to, Math.max(...ends));
  }
  return from <= to;
}

/** Whether nothing is in a box. @param {Box} box @param {Path[]} paths @param {Box[]} boxes */
export function isFree(box, paths, boxes) {
  const apart = (other) => box[0] >= other[2] || other[0] >= box[2] || box[1] >= other[3] || other[1] >= box[3];
  return boxes.every(apart) && paths.every((path) => path.every((point, i) => !i || !crosses(box, path[i - 1], point)));
}

/** Where a guide takes how many seconds. @param {Guide} guide */
export const secondsOf = ({ n, seconds, power }) => (m) => seconds * (power === 2 ? (m / n) ** 2 : (m * Math.log2(m)) / (n * Math.log2(n)));

/** A guide from the first n to the last. @param {Scale} scale @param {Guide} guide @returns {Path} */
export function pathOf(scale, guide) {
  const { least, most } = scale.axes, value = secondsOf(guide);
  return Array.from({ length: most - least + 1 }, (_, k) => 2 ** (least + k)).map((m) => [scale.x(m), scale.y(Math.log10(value(m)))]);
}

/** The boxes of handles. @param {number[][]} places @returns {Box[]} */
export const handlesAt = (places) => places.map(([x, y]) => [x - HANDLE, y - HANDLE, x + HANDLE, y + HANDLE]);

/**
 * What stands at the last handle of each bet: the upper name above it, the others below.
 * @param {Scale} scale
 * @param {string[]} texts
 * @param {Path[]} bets the places of their handles
 * @param {Path[]} guides
 * @returns {Name[]}
 */
export function betNames(scale, texts, bets, guides) {
  const ends = bets.map((path) => path.at(-1)), upper = Math.min(...ends.map(([, y]) => y)), first = ends.findIndex(([, y]) => y === upper);
  const boxes = handlesAt(bets.flat()), found = [];
  texts.forEach((text, i) => {
    const [x, y] = ends[i], way = i === first ? -1 : 1, start = i === first ? -ABOVE : BELOW, width = widthOf(text);
    const tries = Array.from({ length: TRIES }, (_, k) => ASIDE.map((aside) => ({
      text, left: clamp(x - width / 2 + aside, scale.left, scale.width - EDGE - width), y: y + start + way * k * FARTHER,
    }))).flat();
    const inside = (name) => name.y - HIGH >= 0 && name.y + LOW <= scale.floor;
    const name = tries.find((one) => inside(one) && isFree(boxOf(one), [...bets, ...guides], boxes)) ?? tries[0];
    boxes.push(boxOf(name));
    found.push(name);
  });
  return found;
}

/**
 * Where the name of a guide stands: above its line, or below it, as far to the right as there is room.
 * @param {Scale} scale
 * @param {Guide} guide
 * @param {(box: Box) => boolean} free
 * @returns {Name}
 */
export function guideName(scale, guide, free) {
  const { text } = guide, { axes: { least, most }, left, right, top, floor } = scale, value = secondsOf(guide), width = widthOf(text);
  const inside = (name) => name.left > left && name.left + width <= right && name.y <= floor - LOW;
  for (let m = 2 ** most; m > 2 ** least; m /= SLIDE) {
    const x = scale.x(m), y = scale.y(Math.log10(value(m)));
    if (y < top) continue;
    const tries = [{ text, left: Math.min(x, right) - 6 - width, y: y - 7 }, { text, left: x + 8, y: y + 18 }];
    const found = tries.find((name) => inside(name) && free(boxOf(name)));
    if (found) return found;
  }
  return { text, left: right - 6 - width, y: scale.y(Math.log10(value(2 ** most))) - 7 };
}
