// A picture as patches: the one under the pointer is the query, and its rows of weights lie over the picture.

import { css, luminance, mixed } from "../../kit/js/colour.js";
import { clamp, make, mounted, put } from "../../kit/js/core.js";
import { arrow, placeIn } from "../../kit/js/drag.js";
import { surface } from "../../kit/js/canvas.js";
import { say, small } from "../../kit/js/text.js";
import { Row } from "../../kit/js/row/row.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("../../kit/js/row/row.js").Message} Message */

const TALLEST = 460, COVER = 0.86; // of a map: pixels, and how much a full weight hides
const FINE = 0.6, BROAD = 0.12, WHOLE = 0.4; // how much of a picture shows: its details, its large areas; and of a digit
const BLUR_PIXELS = 24; // of a large area
const LEAST_FRAME = 9; // pixels of the frame around a patch
const LEAP = 5; // patches of an arrow key with Shift
const INKS = 16; // of a digit's pixel

class Patches extends Row {
  constructor(root) {
    super(root, "patches");
    this.layer = make("canvas");
    this.faint = make("canvas");
    this.fainted = "";
    this.rows = this.cols = 0;
    /** @type {HTMLImageElement} */
    this.picture = null;
    this.what = words.patches.what;
    this.original = make("canvas", { role: "img", "aria-label": words.patches.original });
    this.listenTo(this.original);
  }

  /** The picture in its own colours beside the maps of its weights. */
  openPanes(methods) {
    super.openPanes(methods);
    const says = [make("b", { class: "title" }, words.patches.title), make("span", { class: "quiet" }, words.patches.square)];
    this.grid.prepend(make("section", { class: "original" }, [make("div", { class: "head" }, says), this.original]));
  }

  surface(index) {
    const canvas = make("canvas", index ? { role: "img" } : { role: "slider", tabindex: 0, "aria-valuemin": 1 });
    if (!index) canvas.onkeydown = (event) => this.walk(event);
    return canvas;
  }

  /** Another picture. */
  show(look) {
    [this.rows, this.cols] = look.grid;
    this.picture = new Image();
    this.picture.onload = () => { this.fainted = ""; this.frame.soon(); };
    this.picture.src = look.picture;
  }

  placeOf(j) { return [Math.floor(j / this.cols), j % this.cols]; }

  inWords(j) {
    const [row, col] = this.placeOf(j);
    return say(words.patches.place, { row: row + 1, col: col + 1 });
  }

  name(j) { return say(words.patches.name, { place: this.inWords(j) }); }

  mark(j) {
    const [r, g, b] = this.head.look.colours.slice(3 * j, 3 * j + 3);
    return make("span", { class: "patch" }, [make("i", { class: "swatch", style: `background: rgb(${r} ${g} ${b})` }), this.inWords(j)]);
  }

  tokenAt(event) {
    const { clientWidth: width, clientHeight: height } = event.currentTarget, [x, y] = placeIn(event, event.currentTarget);
    const col = Math.floor((x / width) * this.cols), row = Math.floor((y / height) * this.rows);
    return col >= 0 && col < this.cols && row >= 0 && row < this.rows ? row * this.cols + col : null;
  }

  walk(event) {
    const way = arrow(event);
    if (!this.head || (!way && event.key !== "Enter")) return;
    event.preventDefault();
    const i = this.query(), far = event.shiftKey ? LEAP : 1;
    if (!way) { this.hold(i); return; }
    const [row, col] = this.placeOf(i);
    this.step(clamp(row - far * way[1], 0, this.rows - 1) * this.cols + clamp(col + far * way[0], 0, this.cols - 1));
  }

  paint() {
    this.paintOriginal();
    this.panes.forEach((pane, index) => this.paintMap(pane, index));
  }

  /** A canvas as wide as its column, or less where it would be too tall; its pen, its size, and that of a patch. */
  sized(canvas) {
    const { rows, cols } = this, wide = canvas.parentElement.clientWidth;
    const width = Math.round(Math.min(wide, (TALLEST * cols) / rows)), height = Math.round((width * rows) / cols);
    canvas.style.width = `${width}px`;
    return { pen: surface(canvas, width, height, this.colours.font), width, height, cell: width / cols };
  }

  paintOriginal() {
    const { picture, found, colours } = this, { pen, width, height, cell } = this.sized(this.original);
    if (!picture.complete || !picture.naturalWidth) return;
    pen.imageSmoothingEnabled = !this.head.look.numbers;
    pen.drawImage(picture, 0, 0, width, height);
    if (this.key !== null) this.frameCell(pen, cell, this.key, colours.key);
    this.frameCell(pen, cell, found.query, colours.query);
    put(this.original, { "aria-label": say(words.patches.query, { query: this.inWords(found.query) }) });
  }

  paintMap({ method, surface: canvas }, index) {
    const { found, colours, cols, head } = this, { pen, width, height, cell } = this.sized(canvas);
    this.fade();
    pen.imageSmoothingEnabled = !head.look.numbers;
    pen.drawImage(this.faint, 0, 0, width, height);
    this.paintWeights(found.shown[index], index);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.layer, 0, 0, width, height);
    if (head.look.numbers) this.writeNumbers(pen, cell, index);
    if (this.lit.length > 1) {
      pen.fillStyle = css(colours.key);
      for (const j of this.lit) pen.fillRect((j % cols) * cell, Math.floor(j / cols) * cell, cell, cell);
    }
    if (this.key !== null) this.frameCell(pen, cell, this.key, colours.key);
    this.frameCell(pen, cell, found.query, colours.query);
    if (canvas.tabIndex < 0) {
      put(canvas, { "aria-label": this.mapInWords(method.label, found.shown[index]) });
      return;
    }
    put(canvas, {
      "aria-label": say(words.patches.slider, { method: method.label.toLowerCase() }), "aria-valuemax": head.n,
      "aria-valuenow": found.query + 1, "aria-valuetext": this.name(found.query),
    });
  }

  /** Whose map it is, and where it has its largest weight. */
  mapInWords(method, weights) {
    const { rows, cols, found } = this, most = weights.reduce((best, w, j) => (w > weights[best] ? j : best), 0);
    return say(words.patches.map, {
      method, rows, cols, query: this.inWords(found.query), weight: small(weights[most]), key: this.inWords(most),
    });
  }

  /** One pixel for the weight of every patch, on a layer of its own. */
  paintWeights(weights, index) {
    const { layer, cols, rows } = this;
    layer.width = cols;
    layer.height = rows;
    const brush = layer.getContext("2d"), image = brush.createImageData(cols, rows);
    for (let j = 0; j < this.head.n; j += 1) {
      const [colour, part] = this.tint(index, weights[j]);
      image.data.set(colour, 4 * j);
      image.data[4 * j + 3] = Math.round(255 * COVER * part);
    }
    brush.putImageData(image, 0, 0);
  }

  /** The picture in pale grey on the page's ground, details more than large areas: what is where, under the weights. */
  fade() {
    const { colours: { ground }, picture, faint } = this, look = `${ground} ${this.data.setting}`;
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (look === this.fainted || !picture.complete || !width) return;
    this.fainted = look;
    const pen = faint.getContext("2d", { willReadFrequently: true });
    const pixels = (across, down) => {
      faint.width = width;
      faint.height = height;
      pen.drawImage(picture, 0, 0, across, down);
      if (across < width) pen.drawImage(faint, 0, 0, across, down, 0, 0, width, height);
      return pen.getImageData(0, 0, width, height);
    };
    const broad = pixels(Math.ceil(width / BLUR_PIXELS), Math.ceil(height / BLUR_PIXELS)).data, image = pixels(width, height), { data } = image;
    const [fine, large] = this.head.look.numbers ? [WHOLE, WHOLE] : [FINE, BROAD], white = this.bright ? 255 : 0;
    const grey = (all, p) => 0.3 * all[p] + 0.59 * all[p + 1] + 0.11 * all[p + 2];
    for (let p = 0; p < data.length; p += 4) {
      const here = grey(data, p), around = grey(broad, p), step = fine * (here - around) + large * (around - white);
      for (let c = 0; c < 3; c += 1) data[p + c] = ground[c] + step;
    }
    pen.putImageData(image, 0, 0);
  }

  frameCell(pen, cell, j, colour) {
    const [row, col] = this.placeOf(j), size = Math.max(cell, LEAST_FRAME), x = (col + 0.5) * cell, y = (row + 0.5) * cell;
    for (const [stroke, thick] of [[this.colours.ground, 5], [colour, 2.5]]) {
      pen.strokeStyle = css(stroke);
      pen.lineWidth = thick;
      pen.strokeRect(x - size / 2, y - size / 2, size, size);
    }
  }

  /** The ink of a digit's pixels, black or white as can be read. */
  writeNumbers(pen, cell, index) {
    const { colours, head, found } = this, white = this.bright ? 255 : 0;
    pen.font = `${Math.round(clamp(cell * 0.34, 11, 17))}px ${colours.font}`;
    pen.textAlign = "center";
    head.look.numbers.forEach((ink, j) => {
      const step = WHOLE * (255 * (1 - ink / INKS) - white), [row, col] = this.placeOf(j);
      const [colour, part] = this.tint(index, found.shown[index][j]);
      const ground = mixed(colours.ground.map((x) => clamp(x + step, 0, 255)), colour, COVER * part);
      pen.fillStyle = luminance(ground) > 0.18 ? "#000" : "#fff";
      pen.fillText(String(ink), (col + 0.5) * cell, (row + 0.5) * cell);
    });
  }
}

export default mounted(Patches, "hold");
