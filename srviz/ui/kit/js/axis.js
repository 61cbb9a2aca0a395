// The numbers at an axis.

import { fmt } from "./text.js";

/** Round numbers that divide a range into about four. */
export function ticks(low, high) {
  const rough = (high - low) / 4 || 1, unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * unit).find((k) => k >= rough);
  const found = []; // + 0: a zero has no sign there
  for (let x = Math.ceil(low / step - 1e-9) * step + 0; x <= high + 1e-9 * step; x += step) found.push(x);
  return found;
}

/** A number at an axis of a length, with as many decimals as its ticks need. */
export const written = (x, span) => (x !== 0 && span < 0.5 ? fmt(x, 2) : span < 5 ? fmt(x, 1) : fmt(x, 0));
