// A field to draw a digit in, by pointer: its ink goes to Python as 28 × 28 bytes once the visitor rests.

import { rounded, surface } from "../../kit/js/canvas.js";
import { palette } from "../../kit/js/colour.js";
import { announcer, button, make, mounted, put } from "../../kit/js/core.js";
import { drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { Rest } from "../../kit/js/pace.js";
import { say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {number} side pixels of a row of what is sent back
 * @property {string} asks what is to be drawn
 */

const SIZE = 252, PEN = 20; // pixels of the field, and of the stroke
const INSET = 28; // pixels of the frame in which the digit should stand

class Digit {
  constructor(root) {
    /** @type {Message} */
    this.data = null;
    this.send = (told) => {};
    this.number = 0;
    /** @type {number[][][]} */
    this.strokes = [];
    this.rest = new Rest(() => this.tell());
    this.canvas = make("canvas", { class: "field", role: "img", style: `width: ${SIZE}px` });
    this.undo = button(words.own.undo, () => { this.strokes.pop(); this.changed(); });
    this.clear = button(words.own.clear, () => { this.strokes = []; this.changed(); });
    this.live = announcer();
    holdPage(this.canvas);
    this.canvas.onpointerdown = (event) => {
      const stroke = [placeIn(event, this.canvas)];
      if (!drag(event, this.canvas, (e) => { stroke.push(placeIn(e, this.canvas)); this.draw(); }, () => this.changed())) return;
      this.strokes.push(stroke);
      this.draw();
    };
    root.replaceChildren(make("div", { class: "digit" }, [this.canvas, make("div", { class: "row" }, [this.undo, this.clear]), this.live]));
  }

  close() { this.rest.close(); }

  /** @param {Message} data */
  receive(data, send) {
    this.data = data;
    this.send = send;
    put(this.canvas, { "aria-label": data.asks });
    this.draw();
  }

  changed() {
    this.draw();
    this.rest.again();
  }

  /** Lay the strokes on a pen, scaled. */
  lay(pen, scale, colour) {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = PEN * scale;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) {
      pen.beginPath();
      pen.moveTo(stroke[0][0] * scale, stroke[0][1] * scale);
      for (const [x, y] of stroke.length > 1 ? stroke.slice(1) : stroke) pen.lineTo(x * scale, y * scale);
      pen.stroke();
    }
  }

  draw() {
    const colours = palette(this.canvas), pen = surface(this.canvas, SIZE, SIZE, colours.font);
    rounded(pen, 0.5, 0.5, SIZE - 1, SIZE - 1, 10);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.stroke();
    pen.setLineDash([2, 5]);
    pen.strokeRect(INSET, INSET, SIZE - 2 * INSET, SIZE - 2 * INSET);
    pen.setLineDash([]);
    if (!this.strokes.length) {
      pen.fillStyle = colours.quiet;
      pen.textAlign = "center";
      pen.fillText(this.data?.asks ?? "", SIZE / 2, SIZE / 2);
    }
    this.lay(pen, 1, colours.ink);
    this.undo.disabled = this.clear.disabled = !this.strokes.length;
  }

  tell() {
    const { side } = this.data, small = make("canvas", { width: side, height: side }), pen = small.getContext("2d");
    this.lay(pen, side / SIZE, "#000");
    const { data } = pen.getImageData(0, 0, side, side);
    const ink = Array.from({ length: side * side }, (_, k) => String.fromCharCode(data[4 * k + 3])).join("");
    this.number += 1;
    this.send({ id: this.number, ink: btoa(ink) });
    this.live.textContent = this.strokes.length ? say(words.own.strokes[this.strokes.length === 1 ? "one" : "many"], { n: this.strokes.length }) : words.own.empty;
  }
}

export default mounted(Digit, "ink");
