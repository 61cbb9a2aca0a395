// The map of all weights: a cell for every query, down, and every key, across, and a bar for the sum of every row.

import { density, surface, upright } from "../../kit/js/canvas.js";
import { css, mixed, palette, rgb, signedEnds } from "../../kit/js/colour.js";
import { clamp, make, put, reducedMotion } from "../../kit/js/core.js";
import { arrow, placeIn } from "../../kit/js/drag.js";
import { Motion } from "../../kit/js/pace.js";
import { fmt, say, short } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./kernel.js").KernelMap} KernelMap */
/** @typedef {{row: number, column: number}} Cell from 1; 0 where there is none */

const SLIDE_MILLISECONDS = 800; // from one order to the other
const WIDE = 430, LARGEST = 400, SMALLEST = 60; // pixels: from where there is more room, and the side of the map
const X0 = 34, Y0 = 32; // of the map, in pixels, where no words stand beside it
const SHADES = 128; // of a weight

/** No cell. @type {Cell} */
export const BLANK = { row: 0, column: 0 };

export class WeightMap {
  /** @param {KernelMap} owner */
  constructor(owner) {
    this.owner = owner;
    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-roledescription": words.map.role });
    this.canvas.onpointermove = (event) => { if (!owner.state.row) owner.point(this.cell(event)); };
    this.canvas.onpointerleave = () => { if (!owner.state.row) owner.point(BLANK); };
    this.canvas.onclick = (event) => {
      const cell = this.cell(event), { row, column } = owner.state;
      owner.hold(cell.row === row && cell.column === column ? BLANK : cell);
    };
    this.canvas.onkeydown = (event) => this.walk(event);
    this.slid = 0; // from input order, 0, to sorted by score, 1
    this.motion = new Motion();
  }

  close() { this.motion.stop(); }

  // ---- pointer and keyboard ----

  /** The token, from 1, that stands at a place, from 0, of the map's rows (side 0) or columns (side 1). */
  tokenAt(side, place) { return (this.owner.state.sorted ? this.owner.found.rank[side].indexOf(place) : place) + 1; }

  /** The cell under a pointer. */
  cell(event) {
    const [x, y] = placeIn(event, this.canvas), { n } = this.owner.found;
    const { x0, y0, side } = this.frame(this.canvas.clientWidth);
    const column = Math.floor(((x - x0) / side) * n), row = Math.floor(((y - y0) / side) * n);
    if (row < 0 || row >= n || column < 0 || column >= n) return BLANK;
    return { row: this.tokenAt(0, row), column: this.tokenAt(1, column) };
  }

  walk(event) {
    const { owner } = this, { state, found } = owner, way = arrow(event);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      owner.hold(state.row ? BLANK : owner.pointed);
    }
    if (!way) return;
    event.preventDefault();
    const now = owner.lit();
    const step = (side, from, by) => {
      if (!from) return this.tokenAt(side, 0);
      const place = state.sorted ? found.rank[side][from - 1] : from - 1;
      return this.tokenAt(side, clamp(place + by, 0, found.n - 1));
    };
    const cell = { row: step(0, now.row, -way[1]), column: step(1, now.column, way[0]) };
    if (state.row) owner.hold(cell); else owner.point(cell);
    owner.announce();
  }

  // ---- the order ----

  /** Show the order of the state at once. */
  settle() { this.slid = this.owner.state.sorted ? 1 : 0; }

  /** Slide to the order of the state. */
  slide() {
    const goal = this.owner.state.sorted ? 1 : 0, start = this.slid;
    this.motion.stop();
    if (start === goal || reducedMotion()) { this.slid = goal; return; }
    let part = 0;
    this.motion.start((since) => {
      part = clamp(part + since / SLIDE_MILLISECONDS, 0, 1);
      if (part === 1) this.motion.stop();
      this.slid = start + (goal - start) * part;
      this.draw();
    });
  }

  // ---- drawing ----

  /** Where the map stands, and how large its words are: 0 where there are none, or no room for them. */
  frame(width) {
    const { words: tokens } = this.owner.data, meters = width > WIDE ? 96 : 64;
    const at = (x0, y0) => ({ x0, y0, meters, side: Math.max(SMALLEST, Math.min(width - x0 - meters - 12, LARGEST)), letters: 0 });
    if (!tokens) return at(X0, Y0);
    const room = Math.min(96, X0 + 6.5 * Math.max(...tokens.map((word) => word.length))), roomy = at(room, room - 2);
    const cell = roomy.side / tokens.length;
    return cell < 10.5 ? at(X0, Y0) : { ...roomy, letters: Math.min(13, cell) };
  }

  draw() {
    const { owner: { found, state, data }, canvas } = this, width = canvas.clientWidth;
    if (!width) return;
    const frame = this.frame(width), { x0, y0, side } = frame, colours = this.colours();
    const pen = surface(canvas, width, y0 + side + 40, colours.font);
    const ratio = density(canvas), cell = side / found.n, still = this.slid === 0 || this.slid === 1;
    const ease = this.slid * this.slid * (3 - 2 * this.slid);
    const stand = found.rank.map((rank) => rank.map((place, i) => i + (place - i) * ease));
    const edge = (from, k) => (still ? Math.round((from + k * cell) * ratio) / ratio : from + k * cell); // whole pixels: no seams
    const size = Math.max(found.most, -found.least) || 1, scale = shades(colours, found.least < 0);
    const drawing = { pen, colours, frame, cell, stand, edge, size, scale };
    this.drawCells(drawing);
    pen.strokeStyle = colours.line;
    pen.strokeRect(x0 - 0.5, y0 - 0.5, side + 1, side + 1);
    if (data.colour) this.drawSwatches(drawing);
    if (frame.letters) this.drawWords(drawing);
    const order = state.sorted ? "sorted" : "unsorted";
    pen.textAlign = "center";
    pen.fillStyle = colours.key;
    pen.fillText(words.map.keys[order], x0 + side / 2, 10);
    pen.fillStyle = colours.query;
    upright(pen, words.map.queries[order], 10, y0 + side / 2);
    this.drawMeters(drawing);
    this.drawLegend(drawing);
    this.drawCross(drawing);
    put(canvas, { "aria-label": say(words.map.label, {
      weights: state.centred ? words.map.weights.centred : words.map.weights.plain, n: found.n, order: words.map.order[order],
      least: fmt(found.least, 3), most: fmt(found.most, 3), low: fmt(Math.min(...found.sums), 3), high: fmt(Math.max(...found.sums), 3),
    }) });
  }

  colours() {
    const colours = palette(this.canvas), [low, high] = signedEnds(this.owner.data.signed, colours.ground);
    return { ...colours, low, high };
  }

  drawCells({ pen, frame: { x0, y0 }, stand, edge, size, scale }) {
    this.owner.found.weights.forEach((row, i) => {
      const top = edge(y0, stand[0][i]), high = edge(y0, stand[0][i] + 1) - top;
      row.forEach((weight, j) => {
        const shade = scale(weight / size);
        if (!shade) return;
        const left = edge(x0, stand[1][j]);
        pen.fillStyle = shade;
        pen.fillRect(left, top, edge(x0, stand[1][j] + 1) - left, high);
      });
    });
  }

  /** The colours of the tokens along both axes. */
  drawSwatches({ pen, frame: { x0, y0 }, stand, edge }) {
    this.owner.data.colour.forEach((channels, i) => {
      const left = edge(x0, stand[1][i]), top = edge(y0, stand[0][i]);
      pen.fillStyle = css(channels);
      pen.fillRect(left, y0 - 9, edge(x0, stand[1][i] + 1) - left + 0.2, 6);
      pen.fillRect(x0 - 9, top, 6, edge(y0, stand[0][i] + 1) - top + 0.2);
    });
  }

  /** The words along both axes, beside their rows and above their columns. */
  drawWords({ pen, colours, frame: { x0, y0, letters }, cell, stand }) {
    const { row, column } = this.owner.lit(), { font } = pen, room = x0 - 26, others = row ? colours.quiet : colours.ink;
    pen.font = `${letters}px ${colours.font}`;
    this.owner.data.words.forEach((word, i) => {
      pen.fillStyle = i === row - 1 ? colours.query : others;
      pen.textAlign = "right";
      pen.fillText(word, x0 - 5, y0 + (stand[0][i] + 0.5) * cell, room);
      pen.save();
      pen.translate(x0 + (stand[1][i] + 0.5) * cell, y0 - 5);
      pen.rotate(-Math.PI / 2);
      pen.fillStyle = i === column - 1 ? colours.key : others;
      pen.textAlign = "left";
      pen.fillText(word, 0, 0, room);
      pen.restore();
    });
    pen.font = font;
  }

  /** One bar a row: what the row sums to. The rows of the method beside are the violet line. */
  drawMeters({ pen, colours, frame: { x0, y0: y, meters: width, side }, cell, stand, edge }) {
    const { found: { sums }, data: { beside } } = this.owner, { row } = this.owner.lit(), x = x0 + side + 12;
    const low = Math.min(0, ...sums), high = Math.max(1, ...sums), at = (value) => x + ((value - low) / (high - low)) * (width - 6);
    sums.forEach((sum, i) => {
      const top = edge(y, stand[0][i]), tall = edge(y, stand[0][i] + 1) - top, inset = tall > 5 ? 1 : 0;
      pen.fillStyle = i === row - 1 ? colours.query : colours.ink;
      pen.globalAlpha = i === row - 1 ? 1 : 0.62;
      pen.fillRect(Math.min(at(0), at(sum)), top + inset, Math.max(Math.abs(at(sum) - at(0)), 1), tall - 2 * inset);
    });
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.softmax;
    pen.lineWidth = 1.6;
    pen.beginPath();
    beside.sums.forEach((sum, i) => {
      pen.moveTo(at(sum), y + stand[0][i] * cell);
      pen.lineTo(at(sum), y + (stand[0][i] + 1) * cell);
    });
    pen.stroke();
    pen.lineWidth = 1;
    const write = (text, colour, align, left, top) => {
      pen.fillStyle = colour;
      pen.textAlign = align;
      pen.fillText(text, left, top);
    };
    write(words.map.rows, colours.quiet, "left", x, 10);
    write("0", colours.quiet, "center", at(0), y + side + 12);
    if (at(1) - at(0) > 14) write("1", colours.softmax, "center", at(1), y + side + 12);
    if (high > 1.5 && at(high) - at(1) > 20) write(short(high), colours.quiet, "right", x + width, y + side + 12);
    write(beside.name, colours.softmax, "right", x + width - 2, y + side + 29);
  }

  /** The scale of the weights. */
  drawLegend({ pen, colours, frame: { x0: x, y0, side }, size, scale }) {
    const both = this.owner.found.least < 0, wide = Math.min(150, side * 0.45), steps = 48, end = short(size), y = y0 + side + 14;
    pen.textAlign = "left";
    pen.fillStyle = colours.quiet;
    const start = both ? `−${end}` : "0", lead = pen.measureText(start).width + 7;
    pen.fillText(start, x, y + 4);
    for (let k = 0; k < steps; k += 1) {
      pen.fillStyle = scale(both ? (2 * k) / (steps - 1) - 1 : k / (steps - 1)) || colours.ground;
      pen.fillRect(x + lead + (k * wide) / steps, y, wide / steps + 0.5, 9);
    }
    pen.strokeStyle = colours.line;
    pen.strokeRect(x + lead - 0.5, y - 0.5, wide + 1, 10);
    pen.fillStyle = colours.quiet;
    pen.fillText(end, x + lead + wide + 7, y + 4);
  }

  /** The row and the column of the cell that is lit. */
  drawCross({ pen, colours, frame: { x0, y0, side }, cell, stand, edge }) {
    const { row, column } = this.owner.lit();
    if (!row) return;
    pen.lineWidth = 1.6;
    pen.strokeStyle = colours.query;
    pen.strokeRect(x0, edge(y0, stand[0][row - 1]), side, cell);
    pen.strokeStyle = colours.key;
    pen.strokeRect(edge(x0, stand[1][column - 1]), y0, cell, side);
    pen.lineWidth = 1;
  }
}

/** Colours of weights from −1 to 1: from the page's ground to its ink, or to brown and teal; "" where it is the ground. */
function shades(colours, both) {
  const ground = rgb(colours.ground);
  const ramp = (end) => Array.from({ length: SHADES + 1 }, (_, k) => css(mixed(ground, rgb(end), k / SHADES)));
  const up = ramp(both ? colours.high : colours.ink), down = both ? ramp(colours.low) : [];
  return (part) => {
    const k = Math.round(clamp(Math.abs(part), 0, 1) * SHADES);
    return k === 0 && Math.abs(part) < 1e-9 ? "" : (part < 0 ? down : up)[Math.max(k, part === 0 ? 0 : 1)];
  };
}
