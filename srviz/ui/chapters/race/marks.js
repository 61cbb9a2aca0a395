// How a line of the race looks, by the style that Python sends with it.

import { svg } from "../../kit/js/core.js";

/** @typedef {import("./race.js").Style} Style */

const SHAPES = {
  circle: (r) => `M${-r} 0 A${r} ${r} 0 1 1 ${r} 0 A${r} ${r} 0 1 1 ${-r} 0 Z`,
  diamond: (r) => `M0 ${-r * 1.3} L${r * 1.3} 0 L0 ${r * 1.3} L${-r * 1.3} 0 Z`,
  square: (r) => `M${-r * 0.9} ${-r * 0.9} H${r * 0.9} V${r * 0.9} H${-r * 0.9} Z`,
};
const SIZE = 4.5; // of the mark of a measurement, in pixels

/** The colour of a style, as CSS text. @param {Style} style */
export const colourOf = ({ tone }) => `var(--${tone})`;

/** The outline of a style's mark around 0. @param {Style} style @param {number} size */
export const outline = ({ mark }, size) => SHAPES[mark](size);

/** What a line is drawn with. @param {Style} style */
export const stroke = (style) => ({ stroke: colourOf(style), "stroke-width": style.width, "stroke-dasharray": style.dash });

/** The mark of one measurement. @param {Style} style */
export const mark = (style, x, y) => svg("path", {
  d: outline(style, SIZE), transform: `translate(${x} ${y})`, fill: style.filled ? colourOf(style) : "var(--ground)",
  stroke: colourOf(style), "stroke-width": 1.5,
});
