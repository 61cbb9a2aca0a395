// Directions, views of space, neighbours on a line, level lines.

import { tenth } from "../../kit/js/core.js";
import { RADIANS_PER_DEGREE, dot } from "../../kit/js/formulas.js";

export const TURN_DEGREES = 360;

export const norm = (a) => Math.sqrt(dot(a, a));

/** An angle in degrees as one from 0 to 359.9, to the tenth. */
export const turned = (angle) => tenth(((angle % TURN_DEGREES) + TURN_DEGREES) % TURN_DEGREES) % TURN_DEGREES;

/** The unit vector at these angles; tilted out of the plane only in space. */
export function heading(theta, tilt, dim) {
  const a = theta * RADIANS_PER_DEGREE, b = dim === 3 ? tilt * RADIANS_PER_DEGREE : 0;
  const flat = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b)];
  return dim === 3 ? [...flat, Math.sin(b)] : flat;
}

/** From the space of the tokens to right, up and towards the eye. */
export function seenFrom({ yaw, pitch }, p) {
  if (p.length === 2) return [p[0], p[1], 0];
  const a = yaw * RADIANS_PER_DEGREE, b = pitch * RADIANS_PER_DEGREE;
  const across = Math.cos(a) * p[0] + Math.sin(a) * p[1], deep = -Math.sin(a) * p[0] + Math.cos(a) * p[1];
  return [across, p[2] * Math.cos(b) + deep * Math.sin(b), p[2] * Math.sin(b) - deep * Math.cos(b)];
}

/** And back. */
export function unseen({ yaw, pitch }, [right, up, near]) {
  const a = yaw * RADIANS_PER_DEGREE, b = pitch * RADIANS_PER_DEGREE, deep = up * Math.sin(b) - near * Math.cos(b);
  return [Math.cos(a) * right - Math.sin(a) * deep, Math.sin(a) * right + Math.cos(a) * deep, up * Math.cos(b) + near * Math.sin(b)];
}

/** Two unit vectors across a direction in space. */
export function across(way) {
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const first = cross(way, Math.abs(way[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]), long = norm(first), u = first.map((x) => x / long);
  return [u, cross(way, u)];
}

/** Points around a circle. */
export const around = (count, place) => Array.from({ length: count }, (_, k) => place((2 * Math.PI * k) / count));

/** Of all neighbours on the line, the two whose distance shrinks most. */
export function mostConfused(scores, points, order) {
  let worst = { i: 0, j: 0, apart: 0, gap: 0, lost: -Infinity };
  for (let k = 0; k + 1 < order.length; k += 1) {
    const i = order[k], j = order[k + 1], apart = norm(points[i].map((x, c) => x - points[j][c])), gap = scores[j] - scores[i];
    if (apart - gap > worst.lost) worst = { i, j, apart, gap, lost: apart - gap };
  }
  return worst;
}

/** Where the line of one level runs through a grid of values (rows from below), as pairs of points in grid steps. */
export function levelLine(values, side, level) {
  const found = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let col = 0; col + 1 < side; col += 1) {
      const corners = [[col, row], [col + 1, row], [col + 1, row + 1], [col, row + 1]];
      const height = corners.map(([c, r]) => values[r * side + c] - level), cuts = [];
      for (let e = 0; e < 4; e += 1) {
        const a = height[e], b = height[(e + 1) % 4];
        if (a < 0 === b < 0) continue;
        const part = a / (a - b), [p, q] = [corners[e], corners[(e + 1) % 4]];
        cuts.push([p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) found.push([cuts[k], cuts[k + 1]]);
    }
  }
  return found;
}
