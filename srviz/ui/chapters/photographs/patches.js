// A picture as patches: the one under the pointer is the query, and its two rows of weights lie over the picture.

const TALLEST = 460, COVER = 0.86; // of a map: pixels, and how much a full weight hides
const FINE = 0.6, BROAD = 0.12, WHOLE = 0.4; // how much of a picture shows: its details, its large areas; and of a digit

class Patches extends Row {
  constructor(root) {
    super(root, "patches");
    this.layer = make("canvas");
    this.faint = make("canvas");
    this.what = "patch";
  }

  surface(method) {
    const canvas = make("canvas", method === "softmax" ? { role: "slider", tabindex: 0, "aria-valuemin": 1 } : { role: "img" });
    if (method === "softmax") canvas.onkeydown = (event) => this.walk(event);
    return canvas;
  }

  // another picture
  show(look) {
    [this.rows, this.cols] = look.grid;
    this.picture = new Image();
    this.picture.onload = () => { this.fainted = ""; this.soon(); };
    this.picture.src = look.picture;
  }

  name(j) { return `Patch in row ${Math.floor(j / this.cols) + 1}, column ${(j % this.cols) + 1}`; }

  mark(j) {
    const [r, g, b] = this.head.look.colours.slice(3 * j, 3 * j + 3);
    const place = `row ${Math.floor(j / this.cols) + 1}, column ${(j % this.cols) + 1}`;
    return make("span", { class: "patch" }, [make("i", { class: "swatch", style: `background: rgb(${r} ${g} ${b})` }), place]);
  }

  tokenAt(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const col = Math.floor(((event.clientX - box.left) / box.width) * this.cols);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    return col >= 0 && col < this.cols && row >= 0 && row < this.rows ? row * this.cols + col : null;
  }

  walk(event) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!this.head || (!by && event.key !== "Enter")) return;
    event.preventDefault();
    const i = this.query(), far = event.shiftKey ? 5 : 1;
    if (!by) { this.hold(i); return; }
    const row = clamp(Math.floor(i / this.cols) + far * by[0], 0, this.rows - 1);
    const col = clamp((i % this.cols) + far * by[1], 0, this.cols - 1);
    this.step(row * this.cols + col);
  }

  paint() {
    for (const pane of this.panes) this.paintMap(pane);
  }

  paintMap({ method, surface }) {
    const { found, colours, rows, cols, head } = this;
    const wide = surface.parentElement.clientWidth, ratio = devicePixelRatio || 1;
    const width = Math.round(Math.min(wide, (TALLEST * cols) / rows)), height = Math.round((width * rows) / cols);
    if (surface.width !== Math.round(width * ratio) || surface.height !== Math.round(height * ratio)) {
      surface.width = Math.round(width * ratio);
      surface.height = Math.round(height * ratio);
      put(surface, { style: `width: ${width}px; height: ${height}px` });
    }
    const pen = surface.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.fade();
    pen.imageSmoothingEnabled = !head.look.numbers;
    pen.drawImage(this.faint, 0, 0, width, height);
    this.layer.width = cols;
    this.layer.height = rows;
    const brush = this.layer.getContext("2d"), image = brush.createImageData(cols, rows), weights = found.shown[method];
    for (let j = 0; j < head.n; j += 1) {
      const [colour, part] = this.tint(method, weights[j]);
      image.data.set(colour, 4 * j);
      image.data[4 * j + 3] = Math.round(255 * COVER * part);
    }
    brush.putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.layer, 0, 0, width, height);
    const cell = width / cols;
    if (this.head.look.numbers) this.writeNumbers(pen, cell, method);
    pen.strokeStyle = css(colours.key);
    pen.lineWidth = 1;
    if (this.lit.length > 1) {
      pen.fillStyle = css(colours.key);
      for (const j of this.lit) pen.fillRect((j % cols) * cell, Math.floor(j / cols) * cell, cell, cell);
    }
    if (this.key !== null) this.frameCell(pen, cell, this.key, colours.key);
    this.frameCell(pen, cell, found.query, colours.query);
    put(surface, { "aria-label": `${method === "softmax" ? "Softmax" : "Sliced ReLU"}: weights of the query over the ${rows} × ${cols} patches` });
    if (surface.tabIndex < 0) return;
    put(surface, { "aria-label": "Query: arrow keys move it over the picture; its softmax weights are drawn here", "aria-valuemax": head.n });
    put(surface, { "aria-valuenow": found.query + 1, "aria-valuetext": this.name(found.query) });
  }

  // the picture in pale grey on the page's ground, details more than large areas: what is where, under the weights
  fade() {
    const { ground } = this.colours, { picture, faint } = this, look = `${ground} ${this.data.setting}`;
    const [width, height] = [picture.naturalWidth, picture.naturalHeight];
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
    const broad = pixels(Math.ceil(width / 24), Math.ceil(height / 24)).data, image = pixels(width, height), { data } = image;
    const [fine, large] = this.head.look.numbers ? [WHOLE, WHOLE] : [FINE, BROAD];
    const bright = luminance(ground) > 0.5 ? 255 : 0;
    const grey = (all, p) => 0.3 * all[p] + 0.59 * all[p + 1] + 0.11 * all[p + 2];
    for (let p = 0; p < data.length; p += 4) {
      const here = grey(data, p), around = grey(broad, p), step = fine * (here - around) + large * (around - bright);
      for (let c = 0; c < 3; c += 1) data[p + c] = ground[c] + step;
    }
    pen.putImageData(image, 0, 0);
  }

  frameCell(pen, cell, j, colour) {
    const size = Math.max(cell, 9), x = ((j % this.cols) + 0.5) * cell, y = (Math.floor(j / this.cols) + 0.5) * cell;
    for (const [stroke, thick] of [[this.colours.ground, 5], [colour, 2.5]]) {
      pen.strokeStyle = css(stroke);
      pen.lineWidth = thick;
      pen.strokeRect(x - size / 2, y - size / 2, size, size);
    }
  }

  writeNumbers(pen, cell, method) {
    const { colours, head, found } = this;
    pen.font = `${Math.round(clamp(cell * 0.34, 11, 17))}px ${colours.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    head.look.numbers.forEach((ink, j) => {
      const bright = luminance(colours.ground) > 0.5 ? 255 : 0, step = WHOLE * (255 * (1 - ink / 16) - bright);
      const [colour, part] = this.tint(method, found.shown[method][j]);
      const below = mixed(colours.ground.map((x) => clamp(x + step, 0, 255)), colour, COVER * part);
      pen.fillStyle = luminance(below) > 0.18 ? "#000" : "#fff";
      pen.fillText(String(ink), ((j % this.cols) + 0.5) * cell, (Math.floor(j / this.cols) + 0.5) * cell);
    });
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.patches ??= new Patches(root);
  root.patches.receive(data, (value) => setStateValue("hold", value));
  return () => { root.patches?.close(); root.patches = null; };
}
