// A canvas whose pixels are those of the screen, and the strokes that all drawings share.

/** How many pixels of the screen one of an element's own has: a page that is presented is larger than its pixels. */
export const density = (element) => (devicePixelRatio || 1) * (element.currentCSSZoom ?? 1);

/**
 * Make a canvas as sharp as the screen, empty, and return the pen that draws on it in CSS pixels. While the figure is taken
 * away the pen also writes down what it draws: so a drawing that is kept for later is drawn again then.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width in CSS pixels
 * @param {number} height in CSS pixels
 * @param {string} font the family of its text
 */
export function surface(canvas, width, height, font) {
  const ratio = density(canvas);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = `13px ${font}`;
  pen.textBaseline = "middle";
  return /** @type {any} */ (globalThis).srvizRecorder?.(canvas, pen, width, height) ?? pen;
}

/** Whether what is drawn now is written down too, because a visitor takes the figure away: see take/picture.js. */
export const recording = () => Boolean(/** @type {any} */ (globalThis).srvizRecorder);

/** A straight line. */
export function segment(pen, from, to, colour, thick) {
  pen.beginPath();
  pen.moveTo(from[0], from[1]);
  pen.lineTo(to[0], to[1]);
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.stroke();
}

/** Begin a closed path through corners. */
export function polygon(pen, corners) {
  pen.beginPath();
  corners.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

/** Begin a whole circle. */
export function circle(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
}

/** Begin a rectangle with round corners. */
export function rounded(pen, x, y, width, height, radius) {
  pen.beginPath();
  pen.roundRect(x, y, width, height, radius);
}

/** A text that reads upwards, its middle at a place. */
export function upright(pen, text, x, y) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText(text, 0, 0);
  pen.restore();
}
