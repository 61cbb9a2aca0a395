// The example that is looked at, its tokens coloured by what a head gives them.

import { circle, surface } from "../../kit/js/canvas.js";
import { css, mixed, rgb, signedEnds } from "../../kit/js/colour.js";
import { make } from "../../kit/js/core.js";
import { say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./train.js").Example} Example */

const RADIUS = 2.7, FAINT = 0.12;
const HEIGHT = 300, EDGE = 6; // pixels of the picture, and what stays free around a cloud in space
const DISC = 0.32, RING = 0.44, WITHIN = 0.24; // radii on a patch, in its sides
const TILT_RADIANS = -0.35; // of a cloud in space towards who looks at it

/**
 * A colour for each token.
 * @param {Float64Array | null} received what each token gets, 1 being an even share; null where nothing attends
 * @param {boolean} centred whether the values are, so that 0 lies in the middle
 */
export function shades(received, centred, colours, signed) {
  const ink = rgb(colours.ink), ground = rgb(colours.ground);
  if (!received) return () => css(mixed(ground, ink, 0.45));
  const most = received.reduce((a, x) => Math.max(a, Math.abs(x)), 1e-9);
  if (centred || received.some((x) => x < 0)) {
    const ends = signedEnds(signed, colours.ground).map(rgb), middle = mixed(ground, ink, FAINT);
    return (k) => css(mixed(middle, ends[received[k] > 0 ? 1 : 0], Math.abs(received[k]) / most));
  }
  return (k) => css(mixed(ground, ink, FAINT + (1 - FAINT) * received[k] / most));
}

/** The scale at which a cloud in space stays in the picture, however it is turned. */
function fitting(drawn, width) {
  let right = 1e-6, up = 1e-6;
  for (let k = 0; k < drawn.length; k += 3) {
    const out = Math.hypot(drawn[k], drawn[k + 1]);
    right = Math.max(right, out);
    up = Math.max(up, Math.abs(drawn[k + 2]) * Math.cos(TILT_RADIANS) + out * Math.abs(Math.sin(TILT_RADIANS)));
  }
  return Math.min((width / 2 - EDGE) / right, (HEIGHT / 2 - EDGE) / up);
}

/** Draw points in space or, flat, in the plane. @param {HTMLCanvasElement} canvas @param {number} width @param {Example} example */
export function points(canvas, width, { drawn }, flat, shade, turn, colours) {
  const each = flat ? 2 : 3;
  const pen = surface(canvas, width, HEIGHT, colours.font), n = drawn.length / each;
  const scale = Math.min(Math.min(width, HEIGHT) / (flat ? 4.2 : 4.5), flat ? Infinity : fitting(drawn, width));
  const [c, s, ct, st] = [Math.cos(turn), Math.sin(turn), Math.cos(TILT_RADIANS), Math.sin(TILT_RADIANS)];
  const placed = Array.from({ length: n }, (_, k) => {
    const [x, y, z] = /** @type {number[]} */ (drawn.slice(each * k, each * k + each));
    if (flat) return [k, x, y, 0];
    const right = c * x - s * y, away = s * x + c * y;
    return [k, right, z * ct + away * -st, away * ct + z * st];
  });
  placed.sort((a, b) => b[3] - a[3]); // what is behind first
  for (const [k, x, y] of placed) {
    circle(pen, width / 2 + scale * x, HEIGHT / 2 - scale * y, RADIUS);
    pen.fillStyle = shade(k);
    pen.fill();
  }
}

/** Draw a picture, and upon it what its tokens get. @param {HTMLCanvasElement} canvas @param {number} width @param {Example} example */
export function picture(canvas, width, example, shade, colours, tokens) {
  const pixels = /** @type {number[]} */ (example.drawn), side = Math.sqrt(pixels.length), cells = Math.sqrt(tokens);
  const pen = surface(canvas, width, HEIGHT, colours.font), size = Math.min(width, HEIGHT) - 24, left = (width - size) / 2, top = 12;
  const tile = size / cells, dot = size / side;
  for (let k = 0; k < tokens; k += 1) {
    pen.fillStyle = shade(k);
    pen.fillRect(left + (k % cells) * tile + 1, top + Math.floor(k / cells) * tile + 1, tile - 2, tile - 2);
  }
  pixels.forEach((dark, k) => { // the ink as discs, so that what is behind is seen
    if (dark < 0.06) return;
    circle(pen, left + (k % side + 0.5) * dot, top + (Math.floor(k / side) + 0.5) * dot, dot * 0.34 * Math.sqrt(dark));
    pen.fillStyle = colours.ink;
    pen.fill();
    pen.strokeStyle = colours.ground;
    pen.lineWidth = 1.5;
    pen.stroke();
  });
}

/**
 * Draw patches in their colours upon what they get. One that is covered has a ring of its true colour and, within, the colour that
 * the model says. @param {HTMLCanvasElement} canvas @param {number} width @param {Example} example @param {number[][]} says
 */
export function patches(canvas, width, { drawn, answers, asked }, classes, shade, says, colours) {
  const cells = Math.sqrt(drawn.length), pen = surface(canvas, width, HEIGHT, colours.font);
  const size = Math.min(width, HEIGHT) - 24, left = (width - size) / 2, top = 12, tile = size / cells;
  drawn.forEach((colour, k) => {
    const x = left + (k % cells) * tile, y = top + Math.floor(k / cells) * tile;
    pen.fillStyle = shade(k);
    pen.fillRect(x + 1, y + 1, tile - 2, tile - 2);
    circle(pen, x + tile / 2, y + tile / 2, tile * (asked[k] ? RING : DISC));
    pen.fillStyle = asked[k] ? classes[answers[k]] : String(colour);
    pen.fill();
    pen.strokeStyle = colours.ground;
    pen.lineWidth = 1.5;
    pen.stroke();
    if (!asked[k]) return;
    circle(pen, x + tile / 2, y + tile / 2, tile * WITHIN);
    pen.fillStyle = says.length ? classes[says[k][0]] : colours.ground;
    pen.fill();
    pen.stroke();
  });
}

/** Words in a row, each with what the model says of it where it is asked. @param {Example} example @param {number[][]} says */
export function sentence({ drawn, answers, asked: questions }, classes, shade, says) {
  const each = answers.length > 1;
  return drawn.map((word, k) => {
    if (word === "") return "";
    const asked = each && questions[k], said = asked && says.length ? classes[says[k][0]] : "";
    const shown = word === " " ? "␣" : String(word);
    const right = asked && says.length && says[k][0] === answers[k];
    const told = said ? say(words.pane.token.said, { said, share: says[k][1].toFixed(2) }) : words.pane.token.nothing;
    const title = !asked ? null : answers[k] === null ? told : say(words.pane.token.right, { right: classes[answers[k]], said: told });
    const parts = [make("span", { class: "word", style: `--shade: ${shade(k)}` }, shown)];
    if (asked) parts.push(make("span", { class: right ? "said right" : "said" }, said === " " ? "␣" : said || "·"));
    return make("span", { class: asked ? "token asked" : "token", title }, parts);
  });
}
