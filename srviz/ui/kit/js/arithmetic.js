// The arithmetic of the pair that is pointed at, written out with its numbers.

import { byHand, make } from "./core.js";
import { dot } from "./formulas.js";
import { fmt, placed } from "./text.js";

/**
 * A template with names in braces, and for each name whose number it is and the numbers; see figure.py, `Arithmetic`.
 * @typedef {object} Arithmetic
 * @property {string} template
 * @property {string} idle shown while nothing is pointed at
 * @property {string} title where it is written with those of other figures, whose it is; see pair.js
 * @property {Record<string, [string, any]>} terms
 * @property {string | null} cells of a heatmap that is drawn coarser than it is, in base64
 */
/** @typedef {import("./figure.js").Figure} Figure */

const KINDS = { s: "query", t: "key" }; // the colour of a term, by its name
const FINE = 4, COARSE = 2; // digits of a weight or a mean, of everything else

/** The parts of the text: of the pair where all its numbers are there, else the idle one. @param {Figure} figure */
export function written(figure, pair) {
  const { template, idle } = figure.arithmetic, query = pair?.query ?? null, key = pair?.key ?? null;
  const { queries, keys } = figure.data, row = queries?.indexOf(query), column = keys?.indexOf(key);
  if (row < 0 || column < 0) return [byHand(idle)]; // of tokens that are no longer there
  const values = new Map(namesIn(template).map((name) => [name, number(figure, figure.terms[name], query, key, row, column)]));
  if ([...values.values()].includes(undefined)) return [byHand(idle)];
  return numbered(template, (name) => fmt(values.get(name), figure.terms[name][0].startsWith("z") || name === "mean" ? FINE : COARSE));
}

const NAME = /\{(\w+)\}/;

const namesIn = (template) => template.split(NAME).filter((_, k) => k % 2);

/** The parts of a formula, with numbers for the names in braces. @param {string} template @param {(name: string) => string} number */
export const numbered = (template, number) => template.split(NAME).map((part, k, parts) => (
  k % 2 ? make("span", { class: KINDS[part] ?? "" }, placed(number(part), parts[k - 1], parts[k + 1])) : part));

/** The number of one term, undefined where there is none. */
function number(figure, [whose, numbers], query, key, row, column) {
  const { points, plot, cells, data: { keys } } = figure;
  if (whose === "p") return numbers[points.indexOf(query)];
  if (whose === "colour") return figure.parsed.data[0].marker.color[points.indexOf(query)];
  if (query === null || key === null) return undefined;
  const shade = () => (cells ? cells[query * keys.length + key] : plot._fullData[0].z[row][column]);
  return {
    i: () => numbers[query],
    j: () => numbers[key],
    dot: () => dot(numbers.q[query], numbers.k[key]) * numbers.scale,
    z: shade,
    "z+i": () => shade() + numbers[query],
  }[whose]();
}
