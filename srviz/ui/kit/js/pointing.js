// Which pair of tokens lies under a pointer, and the marks that light a pair up.

import { svg } from "./core.js";
import { placeIn } from "./drag.js";

/** @typedef {import("./figure.js").Figure} Figure */
/** @typedef {import("./group.js").Pair} Pair */

const NEAR = 18, NEAR_IN_SPACE = 12, RIGHT_UNDER = 4; // pixels within which a point is meant
const PLAIN = 1.4, HELD = 2; // pixels of a frame
const ROUND = 2.5, QUERY = 6, KEY = 8; // pixels of a ring and of its radius: the key's around the query's, where they are one

/** In 3D: a function from a point in space to where it is seen, in pixels from the corner of the plot, and its depth. */
export function lens(plot) {
  const scene = plot._fullLayout.scene._scene, [a, b, c] = scene.dataScale;
  const { model, view, projection } = scene.glplot.cameraParams;
  const m = [model, view, projection].reduce((done, next) => done.map((_, k) => {
    const column = k - k % 4, row = k % 4;
    return next[row] * done[column] + next[row + 4] * done[column + 1] + next[row + 8] * done[column + 2] + next[row + 12] * done[column + 3];
  }), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const box = scene.glplot.canvas.getBoundingClientRect(), own = plot.getBoundingClientRect();
  return (x, y, z) => {
    const p = x * a, q = y * b, r = z * c;
    const w = m[3] * p + m[7] * q + m[11] * r + m[15];
    return [
      box.left - own.left + (1 + (m[0] * p + m[4] * q + m[8] * r + m[12]) / w) / 2 * box.width,
      box.top - own.top + (1 - (m[1] * p + m[5] * q + m[9] * r + m[13]) / w) / 2 * box.height,
      (m[2] * p + m[6] * q + m[10] * r + m[14]) / w,
    ];
  };
}

/** The pair under a pointer. @param {Figure} figure @returns {Pair | null} */
export function pairAt(figure, event) {
  const { plot, points, data: { queries, keys } } = figure;
  if (figure.is3d) return pointInSpace(figure, event);
  const { xaxis, yaxis } = plot._fullLayout;
  if (!xaxis || !yaxis) return null;
  const [left, top] = placeIn(event, plot), px = left - xaxis._offset, py = top - yaxis._offset;
  if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return null;
  if (queries && keys) {
    const query = queries[Math.round(yaxis.p2l(py))], key = keys[Math.round(xaxis.p2l(px))];
    return query === undefined || key === undefined ? null : { query, key };
  }
  if (!points) return null;
  const trace = plot._fullData[0];
  let best = null, least = NEAR;
  points.forEach((token, k) => {
    const apart = Math.hypot(xaxis.l2p(trace.x[k]) - px, yaxis.l2p(trace.y[k]) - py);
    if (apart < least) { least = apart; best = token; }
  });
  return best === null ? null : { query: best, key: null };
}

/** In 3D: of the points right under the pointer the one in front, else the nearest. */
function pointInSpace({ plot, points }, event) {
  if (!points) return null;
  const [px, py] = placeIn(event, plot), at = lens(plot), place = plot._fullData[0];
  let best = -1, least = Infinity;
  for (let k = 0; k < points.length; k += 1) {
    const [x, y, depth] = at(place.x[k], place.y[k], place.z[k]), apart = Math.hypot(x - px, y - py);
    const cost = apart > NEAR_IN_SPACE ? Infinity : apart < RIGHT_UNDER ? depth : 2 + apart; // depth is from −1 to 1
    if (cost < least) { least = cost; best = k; }
  }
  return best < 0 ? null : { query: points[best], key: null };
}

const ring = (cx, cy, r, stroke) => svg("circle", { cx, cy, r, fill: "none", stroke, "stroke-width": ROUND });

/** What lights a pair up: a row, a column and their cell, or two points. @param {Figure} figure @param {Pair | null} pair */
export function marks(figure, pair, held) {
  const { plot, data: { queries, keys } } = figure, { xaxis, yaxis } = plot._fullLayout;
  if (figure.is3d) return marksInSpace(figure, pair);
  if (!pair || !xaxis || !yaxis) return [];
  return queries && keys ? rowAndColumn(figure, pair, held ? HELD : PLAIN) : pointsOfPair(figure, pair);
}

function marksInSpace({ plot, points, drawn }, pair) {
  const at = lens(plot), place = plot._fullData[0], k = pair && points ? points.indexOf(pair.query) : -1, found = [];
  const mark = (x, y, z, r, stroke) => {
    const [left, top] = at(x, y, z);
    found.push(ring(left, top, r, stroke));
  };
  if (k >= 0) mark(place.x[k], place.y[k], place.z[k], 7, "var(--ink)");
  if (drawn.paint?.mark) mark(...drawn.paint.mark, 9, "var(--query)"); // also where it is behind
  return found;
}

function rowAndColumn({ plot, data: { queries, keys } }, pair, width) {
  const { xaxis, yaxis } = plot._fullLayout, row = queries.indexOf(pair.query), column = keys.indexOf(pair.key), found = [];
  const edge = (axis, k) => axis._offset + axis.l2p(k);
  const frame = (x, y, wide, high, stroke) => svg("rect", {
    x, y, width: Math.abs(wide), height: Math.abs(high), fill: "none", stroke, "stroke-width": width,
  });
  if (row >= 0) {
    const [a, b] = [edge(yaxis, row - 0.5), edge(yaxis, row + 0.5)];
    found.push(frame(xaxis._offset, Math.min(a, b), xaxis._length, b - a, "var(--query)"));
  }
  if (column >= 0) {
    const [a, b] = [edge(xaxis, column - 0.5), edge(xaxis, column + 0.5)];
    found.push(frame(a, yaxis._offset, b - a, yaxis._length, "var(--key)"));
  }
  return found;
}

/** Rings around two points; around words, where the points are words. */
function pointsOfPair({ plot, points }, pair) {
  if (!points) return [];
  const { xaxis, yaxis } = plot._fullLayout, trace = plot._fullData[0], found = [];
  for (const [token, stroke, r] of /** @type {[number | null, string, number][]} */ ([[pair.key, "var(--key)", KEY], [pair.query, "var(--query)", QUERY]])) {
    const k = token === null ? -1 : points.indexOf(token);
    if (k < 0) continue;
    const word = trace.mode === "text" ? plot.querySelectorAll(".scatterlayer .textpoint")[k] : null;
    found.push(word ? around(plot, word, r / 2 - 1, stroke)
      : ring(xaxis._offset + xaxis.l2p(trace.x[k]), yaxis._offset + yaxis.l2p(trace.y[k]), r, stroke));
  }
  return found;
}

function around(plot, word, by, stroke) {
  const own = plot.getBoundingClientRect(), { left, top, width, height } = word.getBoundingClientRect();
  return svg("rect", {
    x: left - own.left - 2 - by, y: top - own.top - by, width: width + 4 + 2 * by, height: height + 2 * by, rx: 4,
    fill: "none", stroke, "stroke-width": 2,
  });
}
