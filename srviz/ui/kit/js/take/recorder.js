// A pen that draws on its canvas and writes the same drawing as SVG: shapes as paths, text as text.

import { make, svg } from "../core.js";
import { hexOf } from "./paint.js";

/** @typedef {[number, number, number, number, number, number]} Matrix as of an SVG transform */

const FINE = 100; // places are written to hundredths of a pixel
const QUARTER = Math.PI / 2, KAPPA = 4 / 3;
const TURNED = { left: "start", start: "start", center: "middle", right: "end", end: "end" };

const places = (...numbers) => numbers.map((x) => Math.round(x * FINE) / FINE).join(" ");

/** What a canvas shows, as the address of a picture. */
export const pixelsOf = (canvas) => canvas.toDataURL("image/png");

/** The record of one canvas: what was drawn since it was cleared. */
export class Recorder {
  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height in CSS pixels */
  constructor(pen, width, height) {
    this.pen = pen;
    this.width = width;
    this.height = height;
    this.base = pen.getTransform().inverse(); // from pixels of the canvas to CSS pixels
    this.path = "";
    /** @type {any[]} */
    this.elements = [];
    this.definitions = [];
    this.clips = [""]; // the one in force, for every state that is saved
    /** @type {WeakMap<object, {from: number[], stops: [number, string][]}>} */
    this.gradients = new WeakMap();
  }

  /** The pen to draw with: an ordinary one, of which some strokes are written down too. */
  proxy() {
    const { pen } = this;
    return new Proxy(pen, {
      get: (_, name) => {
        const value = pen[name];
        if (typeof value !== "function") return value;
        const write = this[`on_${String(name)}`];
        return (...given) => {
          if (write && name !== "beginPath") write.call(this, ...given);
          if (name === "beginPath") this.path = "";
          const result = value.apply(pen, given);
          if (name === "createLinearGradient") this.follow(result, given);
          return result;
        };
      },
      set: (_, name, value) => { pen[name] = value; return true; },
    });
  }

  // ---- paths, in CSS pixels of the canvas ----

  /** @returns {DOMMatrix} from what is drawn with now to CSS pixels */
  get matrix() { return this.base.multiply(this.pen.getTransform()); }

  at(x, y) {
    const { a, b, c, d, e, f } = this.matrix;
    return places(a * x + c * y + e, b * x + d * y + f);
  }

  on_moveTo(x, y) { this.path += `M${this.at(x, y)}`; }

  on_lineTo(x, y) { this.path += `${this.path ? "L" : "M"}${this.at(x, y)}`; }

  on_bezierCurveTo(a, b, c, d, x, y) { this.path += `C${this.at(a, b)} ${this.at(c, d)} ${this.at(x, y)}`; }

  on_quadraticCurveTo(a, b, x, y) { this.path += `Q${this.at(a, b)} ${this.at(x, y)}`; }

  on_closePath() { this.path += "Z"; }

  on_rect(x, y, width, height) { this.path += this.box(x, y, width, height); }

  on_roundRect(x, y, width, height, radii) {
    const r = Math.min([radii].flat()[0] ?? 0, Math.abs(width) / 2, Math.abs(height) / 2), [right, low] = [x + width, y + height];
    const corner = (a, b, c, d) => `Q${this.at(a, b)} ${this.at(c, d)}`;
    this.path += `M${this.at(x + r, y)}L${this.at(right - r, y)}${corner(right, y, right, y + r)}L${this.at(right, low - r)}`
      + `${corner(right, low, right - r, low)}L${this.at(x + r, low)}${corner(x, low, x, low - r)}L${this.at(x, y + r)}${corner(x, y, x + r, y)}Z`;
  }

  /** An arc in quarters or less, each a cubic curve. */
  on_arc(x, y, radius, from, to, back = false) {
    const turn = Math.max(-4 * QUARTER, Math.min(4 * QUARTER, back && to > from ? to - from - 4 * QUARTER : to - from));
    const parts = Math.max(1, Math.ceil(Math.abs(turn) / QUARTER - 1e-9)), step = turn / parts, k = KAPPA * Math.tan(step / 4) * radius;
    const on = (angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    const [x0, y0] = on(from);
    this.path += `${this.path && !this.path.endsWith("Z") ? "L" : "M"}${this.at(x0, y0)}`;
    for (let part = 0; part < parts; part += 1) {
      const a = from + part * step, b = a + step, [ax, ay] = on(a), [bx, by] = on(b);
      this.on_bezierCurveTo(ax - k * Math.sin(a), ay + k * Math.cos(a), bx + k * Math.sin(b), by - k * Math.cos(b), bx, by);
    }
  }

  box(x, y, width, height) {
    return `M${this.at(x, y)}L${this.at(x + width, y)}L${this.at(x + width, y + height)}L${this.at(x, y + height)}Z`;
  }

  // ---- what is drawn ----

  on_fill() { this.add(svg("path", { d: this.path, stroke: "none", ...this.paint("fill") })); }

  on_stroke() { this.add(svg("path", { d: this.path, fill: "none", ...this.paint("stroke"), ...this.line() })); }

  on_fillRect(...given) { this.add(svg("path", { d: this.box(...given), stroke: "none", ...this.paint("fill") })); }

  on_strokeRect(...given) { this.add(svg("path", { d: this.box(...given), fill: "none", ...this.paint("stroke"), ...this.line() })); }

  on_fillText(text, x, y) { this.write(text, x, y, { stroke: "none", ...this.paint("fill") }); }

  on_strokeText(text, x, y) { this.write(text, x, y, { fill: "none", ...this.paint("stroke"), ...this.line(1) }); }

  /** @param {any[]} given the place, before it the cut of the picture where one is given */
  on_drawImage(picture, ...given) {
    const [x, y, width = picture.width, height = picture.height] = given.length > 4 ? given.slice(4) : given;
    const whole = make("canvas", { width: picture.width, height: picture.height }), [sx, sy, sw, sh] = given.length > 4 ? given : [0, 0, whole.width, whole.height];
    const cut = make("canvas", { width: Math.round(sw), height: Math.round(sh) });
    cut.getContext("2d").drawImage(picture, sx, sy, sw, sh, 0, 0, cut.width, cut.height);
    this.add(svg("image", {
      href: pixelsOf(cut), x, y, width, height, preserveAspectRatio: "none", opacity: this.seen(this.pen.globalAlpha), transform: this.words(),
      style: this.pen.imageSmoothingEnabled ? null : "image-rendering: pixelated",
    }));
  }

  on_clearRect(x, y, width, height) {
    if (width >= this.width && height >= this.height) this.elements = [];
  }

  on_clip() {
    const id = `clip${this.definitions.length}-${Math.random().toString(36).slice(2, 8)}`;
    this.definitions.push(svg("clipPath", { id, "clip-path": this.clips.at(-1) || null }, svg("path", { d: this.path })));
    this.clips[this.clips.length - 1] = `url(#${id})`;
  }

  on_save() { this.clips.push(this.clips.at(-1)); }

  on_restore() { if (this.clips.length > 1) this.clips.pop(); }

  // ---- how it looks ----

  add(element) {
    if (this.clips.at(-1)) element.setAttribute("clip-path", this.clips.at(-1));
    this.elements.push(element);
  }

  seen(part) { return part < 1 ? Math.round(part * 1000) / 1000 : null; }

  words() {
    const { a, b, c, d, e, f } = this.matrix;
    return a === 1 && d === 1 && !b && !c && !e && !f ? null : `matrix(${[a, b, c, d, e, f].map((x) => Math.round(x * 1e4) / 1e4).join(" ")})`;
  }

  /** The colour or the gradient of what is filled or drawn. @param {"fill" | "stroke"} kind */
  paint(kind) {
    const { pen } = this, style = kind === "fill" ? pen.fillStyle : pen.strokeStyle, known = typeof style === "object" && this.gradients.get(style);
    if (known) return { [kind]: this.define(known), [`${kind}-opacity`]: this.seen(pen.globalAlpha) };
    const [colour, part] = hexOf(String(style));
    return { [kind]: colour, [`${kind}-opacity`]: this.seen(part * pen.globalAlpha) };
  }

  /** How a line is drawn. @param {number} [scale] of its width, which a text that is turned itself does not need */
  line(scale) {
    const { pen } = this, { a, b, c, d } = this.matrix, times = scale ?? Math.sqrt(Math.abs(a * d - b * c)), dashes = pen.getLineDash();
    return {
      "stroke-width": places(pen.lineWidth * times), "stroke-linecap": pen.lineCap === "butt" ? null : pen.lineCap,
      "stroke-linejoin": pen.lineJoin === "miter" ? null : pen.lineJoin, "stroke-dasharray": dashes.length ? places(...dashes.map((x) => x * times)) : null,
    };
  }

  write(text, x, y, look) {
    const { pen } = this, probe = pen.measureText(text), [weight, size, family] = fontOf(pen.font);
    const down = pen.textBaseline === "alphabetic" ? 0 : -(probe.alphabeticBaseline ?? (pen.textBaseline === "middle" ? -0.35 * size : 0));
    this.add(svg("text", {
      x: places(x), y: places(y + down), "text-anchor": TURNED[pen.textAlign], "font-size": size, "font-family": family,
      "font-weight": weight === "400" || weight === "normal" ? null : weight, transform: this.words(), "xml:space": "preserve", ...look,
    }, String(text)));
  }

  // ---- gradients ----

  follow(gradient, from) {
    /** @type {[number, string][]} */
    const stops = [], add = gradient.addColorStop.bind(gradient);
    gradient.addColorStop = (offset, colour) => { stops.push([offset, colour]); add(offset, colour); };
    this.gradients.set(gradient, { from, stops });
  }

  define({ from, stops }) {
    const [x1, y1, x2, y2] = from;
    const id = `ramp${this.definitions.length}-${Math.random().toString(36).slice(2, 8)}`;
    this.definitions.push(svg("linearGradient", { id, gradientUnits: "userSpaceOnUse", x1, y1, x2, y2, gradientTransform: this.words() },
      stops.map(([offset, colour]) => {
        const [shade, part] = hexOf(colour);
        return svg("stop", { offset, "stop-color": shade, "stop-opacity": this.seen(part) });
      })));
    return `url(#${id})`;
  }

  /** All of it, as the children of a drawing of the canvas's size. */
  drawing() { return [...(this.definitions.length ? [svg("defs", {}, this.definitions)] : []), ...this.elements]; }
}

/** Weight, size in pixels and family of a font as a canvas writes it: "600 13px Source Sans". */
export function fontOf(font) {
  const found = /^(.*?)([\d.]+)px(?:\/\S+)?\s+(.*)$/.exec(font) ?? [font, "", "13", "sans-serif"];
  const weight = found[1].split(/\s+/).find((word) => /^(\d+|bold)$/.test(word)) ?? "400";
  return /** @type {[string, number, string]} */ ([weight, Number(found[2]), found[3]]);
}
