// What a part of the page shows, as SVG: boxes, lines of text, drawings, canvases and pictures, each where it stands.

import { make, svg } from "../core.js";
import { hexOf } from "./paint.js";
import { fontOf, pixelsOf } from "./recorder.js";

// what one works with and does not look at, and what is there for who does not see
const LEFT_OUT = [
  "button", "input", "select", "textarea", "label", ".controls", ".hint", ".hidden", ".take", ".badge", "style", "script", "template", "[hidden]",
  "[data-testid=stElementToolbar]", ".katex-mathml", ".row:has(select, input):not(:has(svg, canvas))", ".group:has(button)",
].join(", ");
const UNSEEN = [".hidden", "[hidden]", "title", "desc", "foreignObject"].join(", "); // in a drawing
const LOOKS = [
  "fill", "fill-opacity", "fill-rule", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "paint-order", "text-anchor", "dominant-baseline", "font-size", "font-weight", "font-style", "font-family", "font-variant-numeric",
];
const PLAIN = {
  fill: "rgb(0, 0, 0)", stroke: "none", opacity: "1", "fill-opacity": "1", "stroke-opacity": "1", "fill-rule": "nonzero", "stroke-dasharray": "none",
  "stroke-linecap": "butt", "stroke-linejoin": "miter", "paint-order": "normal", "text-anchor": "start", "dominant-baseline": "auto", "font-style": "normal",
  "font-variant-numeric": "normal", "font-weight": "400",
};
const SIDES = ["Top", "Right", "Bottom", "Left"], INTO = [[0, 1], [-1, 0], [0, -1], [1, 0]]; // and which way the inside is

const pixels = (x) => Math.round(x * 100) / 100;

/** A colour as attributes: {fill, fill-opacity}. */
function paint(name, colour) {
  const [shade, part] = hexOf(colour);
  return { [name]: shade, [`${name}-opacity`]: part < 1 ? part : null };
}

/** The radius of the corners of a box. */
function roundness(style, { width, height }) {
  const given = style.borderTopLeftRadius, most = Math.min(width, height) / 2;
  return Math.min(given.endsWith("%") ? most : parseFloat(given) || 0, most);
}

/** @typedef {{words: string, rect: {left: number, top: number, width: number, height: number}}} Line of a text */

export class Walk {
  /**
   * @param {{left: number, top: number}} origin of the picture, in the window
   * @param {Map<Element, any[]>} drawn what recorders have written of canvases
   * @param {Map<Element, any>} plots pictures of charts, as elements of SVG
   */
  constructor(origin, drawn, plots) {
    this.origin = origin;
    this.drawn = drawn;
    this.plots = plots;
    this.clips = 0;
    this.probe = make("canvas").getContext("2d");
  }

  box(element) {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: pixels(left - this.origin.left), y: pixels(top - this.origin.top), width: pixels(width), height: pixels(height) };
  }

  /** @returns {any[]} */
  of(node) {
    if (node.nodeType === Node.TEXT_NODE) return this.text(node);
    if (node.nodeType !== Node.ELEMENT_NODE || (node.matches(LEFT_OUT))) return [];
    const style = getComputedStyle(node), box = this.box(node);
    if (style.display === "none" || style.opacity === "0") return [];
    const found = style.visibility === "hidden" ? [] : this.itself(node, style, box);
    if (found) return this.faded([...found, ...this.within(node, style, box)], style);
    return this.faded([this.picture(node, box)], style);
  }

  /** What an element has of its own before what is in it; null where it is a picture as a whole. */
  itself(node, style, box) {
    if (this.plots.has(node) || ["svg", "canvas", "img"].includes(node.localName)) return null;
    return [...this.ground(style, box), ...this.borders(style, box)];
  }

  within(node, style, box) {
    const parts = [...(node.shadowRoot ?? node).childNodes].flatMap((child) => this.of(child));
    if (!parts.length || (style.overflowX === "visible" && style.overflowY === "visible")) return parts;
    const id = `seen${(this.clips += 1)}`;
    return [svg("clipPath", { id }, svg("rect", box)), svg("g", { "clip-path": `url(#${id})` }, parts)];
  }

  faded(parts, style) {
    return style.opacity === "1" || !parts.length ? parts : [svg("g", { opacity: style.opacity }, parts)];
  }

  picture(node, box) {
    const view = { ...box, viewBox: `0 0 ${box.width} ${box.height}`, overflow: "visible" };
    if (this.plots.has(node)) {
      const marks = [...node.querySelectorAll(":scope > .over")].flatMap((over) => this.of(over));
      return svg("g", {}, [svg("svg", { ...box, overflow: "visible" }, this.plots.get(node)), ...marks]);
    }
    if (this.drawn.has(node)) return svg("svg", { ...view, overflow: "hidden" }, this.drawn.get(node));
    if (node.localName === "svg") return this.drawing(node, box);
    const shown = node.localName === "canvas" ? node : this.copied(node), rendering = getComputedStyle(node).imageRendering;
    return svg("image", { ...box, href: pixelsOf(shown), preserveAspectRatio: "none", style: rendering === "auto" ? null : `image-rendering: ${rendering}` });
  }

  /** An image of the page on a canvas, whose pixels can be read. */
  copied(image) {
    const canvas = make("canvas", { width: image.naturalWidth || 1, height: image.naturalHeight || 1 });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas;
  }

  /** A copy of a drawing that has its looks in itself and not in a style sheet. */
  drawing(node, box) {
    const copy = svg("svg", { ...box, overflow: getComputedStyle(node).overflowX, viewBox: node.getAttribute("viewBox"), preserveAspectRatio: node.getAttribute("preserveAspectRatio") });
    copy.append(...[...node.childNodes].flatMap((child) => this.shape(child)));
    return copy;
  }

  shape(node) {
    if (node.nodeType === Node.TEXT_NODE) return [node.cloneNode()];
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(UNSEEN)) return [];
    const style = getComputedStyle(node), copy = node.cloneNode(false);
    if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return [];
    for (const name of node.getAttributeNames()) if (/^(class|style|role|tabindex|aria-|data-|pointer-events)/.test(name)) copy.removeAttribute(name);
    if (!["defs", "linearGradient", "stop", "clipPath"].includes(node.localName)) this.dress(copy, style);
    if (copy.getAttribute("fill") === "none" && copy.getAttribute("stroke") === null && !["text", "tspan", "g", "svg"].includes(node.localName)) return [];
    copy.append(...[...node.childNodes].flatMap((child) => this.shape(child)));
    if (node.localName === "text") copy.setAttribute("xml:space", "preserve");
    return [copy];
  }

  dress(copy, style) {
    const bare = copy.localName === "g";
    for (const name of LOOKS) {
      copy.removeAttribute(name);
      const value = style.getPropertyValue(name).trim();
      if (!value || value === PLAIN[name] || (name.startsWith("font") && copy.localName !== "text" && copy.localName !== "tspan")) continue;
      if (bare && name !== "opacity") continue; // what is in it has its own looks
      if (name === "fill" || name === "stroke") {
        const [shade, part] = value === "none" ? ["none", 1] : hexOf(value);
        copy.setAttribute(name, part ? shade : "none");
        if (part && part < 1) copy.setAttribute(`${name}-opacity`, String(part));
      } else if (!(name.startsWith("stroke") && style.stroke === "none")) copy.setAttribute(name, value.replace(/px\b/g, ""));
    }
    if (copy.getAttribute("fill") === null && style.fill === "none") copy.setAttribute("fill", "none");
  }

  // ---- boxes ----

  ground(style, box) {
    const [, part] = hexOf(style.backgroundColor), found = [];
    if (part && box.width && box.height) found.push(svg("rect", { ...box, rx: roundness(style, box) || null, ...paint("fill", style.backgroundColor) }));
    const ramp = /^linear-gradient\((?:(?:to (right|left|bottom|top)|(-?[\d.]+)deg), )?(.*)\)$/.exec(style.backgroundImage);
    return ramp ? [...found, ...this.ramp(ramp, style, box)] : found;
  }

  /** A gradient, of a scale of colours, say. */
  ramp(found, style, box) {
    const [, way, degrees, list] = found;
    const stops = list.match(/(?:[a-z]+\([^()]*\)|#\w+)(?:\s+[\d.]+%)?/g) ?? [], id = `scale${(this.clips += 1)}`;
    const across = way === "right" || degrees === "90", [width, height] = style.backgroundSize.split(" ");
    const size = (given, whole) => (given?.endsWith("px") ? parseFloat(given) : given?.endsWith("%") ? (whole * parseFloat(given)) / 100 : whole);
    const [w, h] = [size(width, box.width), size(height, box.height)];
    const colours = stops.map((stop, k) => {
      const [, colour, at] = /^(.*?)(?:\s+([\d.]+)%)?$/.exec(stop), [shade, part] = hexOf(colour);
      return svg("stop", { offset: at ? Number(at) / 100 : k / Math.max(1, stops.length - 1), "stop-color": shade, "stop-opacity": part < 1 ? part : null });
    });
    return [
      svg("linearGradient", { id, x1: 0, y1: 0, x2: across ? 1 : 0, y2: across ? 0 : 1 }, colours),
      svg("rect", { x: box.x + (box.width - w) / 2, y: box.y + (box.height - h) / 2, width: w, height: h, fill: `url(#${id})` }),
    ];
  }

  borders(style, { x, y, width, height }) {
    const sides = SIDES.map((side) => {
      const [wide, colour] = [parseFloat(style[`border${side}Width`]) || 0, style[`border${side}Color`]];
      return { wide: style[`border${side}Style`] === "none" || !hexOf(colour)[1] ? 0 : wide, colour };
    });
    const [first] = sides;
    if (!sides.some(({ wide }) => wide)) return [];
    if (sides.every(({ wide, colour }) => wide === first.wide && colour === first.colour)) {
      const half = first.wide / 2, rx = Math.max(0, roundness(style, { width, height }) - half) || null;
      const rect = { x: x + half, y: y + half, width: Math.max(0, width - first.wide), height: Math.max(0, height - first.wide), rx };
      return [svg("rect", { ...rect, fill: "none", "stroke-width": first.wide, ...paint("stroke", first.colour) })];
    }
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    return sides.flatMap(({ wide, colour }, k) => {
      const [[x1, y1], [x2, y2]] = [corners[k], corners[(k + 1) % 4]], [dx, dy] = INTO[k].map((part) => (part * wide) / 2);
      const line = { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy, "stroke-width": wide, ...paint("stroke", colour) };
      return wide ? [svg("line", line)] : [];
    });
  }

  // ---- text ----

  /** A text, line by line as the browser has broken it; as wide as it is here in any other font, too. */
  text(node) {
    const parent = node.parentElement ?? node.getRootNode().host;
    if (!node.data.trim() || !parent) return [];
    const style = getComputedStyle(parent);
    if (style.visibility === "hidden") return [];
    this.probe.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const [weight, size, family] = fontOf(this.probe.font), { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = this.probe.measureText("x");
    return this.lines(node).map(({ words, rect }) => svg("text", {
      x: pixels(rect.left - this.origin.left), y: pixels(rect.top - this.origin.top + rect.height / 2 + (up - down) / 2),
      textLength: pixels(rect.width), lengthAdjust: "spacingAndGlyphs", "font-family": family, "font-size": size, "font-weight": weight === "400" ? null : weight,
      "font-style": style.fontStyle === "normal" ? null : style.fontStyle, "xml:space": "preserve", direction: style.direction === "rtl" ? "rtl" : null,
      "font-variant-numeric": style.fontVariantNumeric === "normal" ? null : style.fontVariantNumeric, ...paint("fill", style.color),
      ...(style.textDecorationLine.includes("underline") ? { "text-decoration": "underline" } : {}),
    }, words));
  }

  /** @returns {Line[]} */
  lines(node) {
    const found = [];
    let from = 0;
    for (const piece of node.data.match(/\s+|\S+/g) ?? []) {
      const rects = this.rects(node, from, from += piece.length);
      if (rects.length > 1 && piece.trim()) { // a word longer than a line
        let at = from - piece.length;
        for (const letter of piece) found.push(...this.joined(found, letter, this.rects(node, at, at += letter.length)[0]));
      } else found.push(...this.joined(found, /^\s/.test(piece) ? " " : piece, rects[0]));
    }
    return found;
  }

  rects(node, from, to) {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return [...range.getClientRects()].filter(({ width, height }) => width && height);
  }

  /** Add words to the last line where they stand on it; else they begin a line, which is returned. @param {Line[]} found @returns {Line[]} */
  joined(found, words, rect) {
    const last = found.at(-1);
    if (!rect) return [];
    const { left, right, top, width, height } = rect;
    if (!last || Math.abs(last.rect.top - top) >= height / 2) return words.trim() ? [{ words, rect: { left, top, width, height } }] : [];
    const first = Math.min(last.rect.left, left);
    last.words += words;
    last.rect.width = Math.max(last.rect.left + last.rect.width, right) - first;
    last.rect.left = first;
    return [];
  }
}
