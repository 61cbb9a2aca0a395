// The theme's colours, for what is drawn on a canvas.

import { make } from "./core.js";

const MIXED = "in srgb"; // the space of colours in which they fade

/**
 * The colours of the page as the browser resolved them, as CSS text.
 * @param {Element} root an element inside the component
 */
export function palette(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ground: read("--ground"), ink: read("--ink"), quiet: read("--quiet"), line: read("--line"), query: read("--query"),
    key: read("--key"), value: read("--value"), softmax: read("--st-violet-text-color"), font: style.fontFamily,
  };
}

let brush = null;

/** Any colour as [r, g, b], each from 0 to 255. */
export function rgb(colour) {
  brush ??= make("canvas").getContext("2d");
  brush.fillStyle = "#000";
  brush.fillStyle = colour;
  return [1, 3, 5].map((k) => parseInt(brush.fillStyle.slice(k, k + 2), 16));
}

/** [r, g, b] as CSS text. */
export const css = (channels) => `rgb(${channels.join(" ")})`;

/** From one [r, g, b] a part of the way, 0 to 1, to another. */
export const mixed = (from, to, part) => from.map((x, c) => Math.round(x + (to[c] - x) * part));

/** The relative luminance of [r, g, b], from 0 to 1, as the rules of contrast define it. */
export function luminance(channels) {
  const [r, g, b] = channels.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * The two ends of the scale of signed weights that belong to the page's ground.
 * @param {Record<"light" | "dark", string[]>} ends brown and teal of each theme, as Python sends them
 * @param {string} ground
 */
export const signedEnds = (ends, ground) => ends[luminance(rgb(ground)) < 0.2 ? "dark" : "light"];

/** A colour of which a part, 0 to 1, is seen. Never quite 0: that is transparent black, and a gradient to it passes through grey. */
export const fade = (colour, part) => `color-mix(${MIXED}, ${colour} ${Math.max(0.2, part * 100).toFixed(1)}%, transparent)`;
