// A figure as a picture of its own, as one sees it: its parts, and below them its caption and where it is from.

import { make, svg } from "../core.js";
import { hexOf } from "./paint.js";
import { Recorder } from "./recorder.js";
import { Walk } from "./walk.js";

const EDGE = 20, GAP = 16, SMALL = 13, LINE = 18; // pixels around, above the caption, of its letters and of a line
const LEAST_WIDTH = 320, MOST_LINES = 3; // of the line that says where it is from
const SHARP = 2, MOST_PIXELS = 30e6; // of a picture of pixels

/** Every element in a tree and in the trees within it. @returns {any[]} */
function all(root) {
  return [root, ...[...(root.shadowRoot ?? root).children ?? []].flatMap(all)];
}

/** Let every live component draw once more, and write down what it draws. @returns {Map<Element, any[]>} */
function record(elements) {
  /** @type {Map<Element, Recorder>} */
  const recorders = new Map(), page = /** @type {any} */ (globalThis);
  page.srvizRecorder = (canvas, pen, width, height) => {
    const recorder = new Recorder(pen, width, height);
    recorders.set(canvas, recorder);
    return recorder.proxy();
  };
  try {
    for (const element of elements) if (!element._fullLayout) element.component?.draw?.();
  } finally {
    delete page.srvizRecorder;
  }
  return new Map([...recorders].map(([canvas, recorder]) => [canvas, recorder.drawing()]));
}

/** Charts draw themselves. @returns {Promise<Map<Element, any>>} */
async function charts(elements) {
  const { Plotly } = /** @type {any} */ (globalThis), found = new Map();
  for (const plot of elements.filter((element) => element._fullLayout && element.clientWidth)) {
    const options = { format: "svg", width: plot.clientWidth, height: plot.clientHeight, imageDataOnly: true, scale: SHARP };
    const drawing = new DOMParser().parseFromString(await Plotly.toImage(plot, options), "image/svg+xml").documentElement;
    for (const [name, size] of Object.entries({ width: plot.clientWidth, height: plot.clientHeight })) drawing.setAttribute(name, String(size));
    found.set(plot, document.importNode(drawing, true));
  }
  return found;
}

/** A text in lines that are no wider than this; a word that is longer is broken. */
function wrapped(text, width, font) {
  const pen = make("canvas").getContext("2d"), lines = [];
  pen.font = font;
  let line = "";
  for (const word of text.split(/(?<=[\s/?&_])/)) {
    if (!line || pen.measureText(line + word.trimEnd()).width <= width) line += word;
    else { lines.push(line); line = word; }
    while (pen.measureText(line.trimEnd()).width > width) {
      let fits = line.length - 1;
      while (fits > 1 && pen.measureText(line.slice(0, fits)).width > width) fits -= 1;
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  return [...lines, line].map((one) => one.trimEnd()).filter(Boolean);
}

/**
 * The picture of some elements of the page.
 * @param {Element[]} roots
 * @param {{caption: string, source: string, link: string}} words
 * @returns {Promise<any>} an element of SVG
 */
export async function pictureOf(roots, words) {
  await Promise.all(roots.flatMap(all).map((element) => element.component?.ready?.())); // also what nobody came near yet
  const elements = roots.flatMap(all), plots = await charts(elements), drawn = record(elements);
  const hidden = elements.filter((element) => element.matches?.(".controls")), before = hidden.map((element) => element.style.display);
  hidden.forEach((element) => { element.style.display = "none"; }); // what one works with leaves no gap
  try {
    return composed(roots, drawn, plots, words);
  } finally {
    hidden.forEach((element, k) => { element.style.display = before[k]; });
  }
}

/** The parts where they stand, and what is said below them. */
function composed(roots, drawn, plots, { caption, source, link }) {
  const boxes = roots.map((root) => root.getBoundingClientRect()).filter(({ width, height }) => width && height);
  const [left, top, right, bottom] = [["left", Math.min], ["top", Math.min], ["right", Math.max], ["bottom", Math.max]]
    .map(([side, pick]) => /** @type {any} */ (pick)(...boxes.map((box) => box[/** @type {string} */ (side)])));
  const style = getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body);
  const [ground, ink] = [style.backgroundColor, style.color].map((colour) => hexOf(colour)[0]);
  const width = Math.ceil(Math.max(LEAST_WIDTH, right - left) + 2 * EDGE), font = `${SMALL}px ${style.fontFamily}`, below = bottom - top + EDGE + GAP + SMALL;
  const said = caption ? wrapped(caption, width - 2 * EDGE, font) : [], from = wrapped(source, width - 2 * EDGE, font);
  if (from.length > MOST_LINES) from.splice(MOST_LINES - 1, from.length, `${from[MOST_LINES - 1].slice(0, -1)}…`);
  const height = Math.ceil(below + (said.length + from.length) * LINE + EDGE / 2), write = { "font-family": style.fontFamily, "font-size": SMALL, fill: ink };
  const lines = (list, first) => list.map((words, k) => svg("text", { x: EDGE, y: below + (first + k) * LINE, ...write }, words));
  const walk = new Walk({ left: left - EDGE, top: top - EDGE }, drawn, plots);
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, xmlns: "http://www.w3.org/2000/svg" }, [
    svg("title", {}, caption || source),
    svg("rect", { width, height, fill: ground }),
    ...roots.flatMap((root) => walk.of(root)),
    ...lines(said, 0),
    svg("a", { href: link, opacity: 0.75 }, lines(from, said.length)),
  ]);
}

/** As text. */
export const written = (picture) => new XMLSerializer().serializeToString(picture);

/** A file as an address that holds it. */
const dataOf = (blob) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(blob);
});

/** The fonts that the page has loaded, as a style sheet that needs nothing else. */
async function fonts(text) {
  const faces = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules]; } catch { return []; } })
    .filter((rule) => rule instanceof CSSFontFaceRule);
  const loaded = await Promise.all(faces.map(async (face) => {
    const style = /** @type {CSSFontFaceRule} */ (face).style, family = style.getPropertyValue("font-family").replace(/["']/g, "");
    const address = /url\("?([^")]+)"?\)/.exec(style.getPropertyValue("src"))?.[1];
    if (!address || !text.includes(family) || /KaTeX|Material/.test(family)) return "";
    try {
      const kept = await (await fetch(new URL(address, face.parentStyleSheet.href ?? location.href))).blob();
      const data = await dataOf(kept);
      return face.cssText.replace(/src:[^;]+;/, `src: url("${data}");`);
    } catch { return ""; }
  }));
  return loaded.join("\n");
}

/** As pixels, sharp on any screen. @returns {Promise<Blob>} */
export async function pixels(picture) {
  const { width, height } = picture.viewBox.baseVal, scale = Math.min(SHARP, Math.sqrt(MOST_PIXELS / (width * height)));
  picture.prepend(svg("style", {}, await fonts(written(picture))));
  const image = new Image(), address = URL.createObjectURL(new Blob([written(picture)], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = make("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}
