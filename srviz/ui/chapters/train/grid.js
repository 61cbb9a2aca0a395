// A small histogram for each head of each layer: where its scores lie, or what its tokens get.

import { make, put, svg } from "../../kit/js/core.js";
import { say } from "../../kit/js/text.js";
import { head } from "./history.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./history.js").Look} Look */

const WIDE = 64, HIGH = 38, BINS = 22;

/** How many of some numbers lie in each bin between two ends. */
export function counts(numbers, low, high) {
  const bins = new Array(BINS).fill(0);
  for (const x of numbers) bins[Math.min(BINS - 1, Math.max(0, Math.floor((x - low) / (high - low || 1) * BINS)))] += 1;
  return bins;
}

/** The outline of a histogram, from the ground up. */
function outline(bins, most) {
  const y = (count) => (HIGH - (HIGH - 3) * count / most).toFixed(1);
  return `M0 ${HIGH}${bins.map((count, k) => `L${(k * WIDE / BINS).toFixed(1)} ${y(count)}L${((k + 1) * WIDE / BINS).toFixed(1)} ${y(count)}`).join("")}L${WIDE} ${HIGH}Z`;
}

/** Shapes of one head: queries and keys along its line, or the shares that its tokens get. @param {Look} look */
export function shapes(look, layer, which) {
  if (!look.received) return [];
  const sets = look.s && look.t ? [head(look.s, layer, which), head(look.t, layer, which)] : [head(look.received, layer, which)];
  const all = sets.flatMap((set) => [...set]), low = Math.min(...all), high = Math.max(...all);
  const found = sets.map((set) => counts(set, low, high)), most = Math.max(...found.flat());
  const kinds = sets.length > 1 ? ["of-query", "of-key"] : ["of-share"];
  return found.map((bins, k) => svg("path", { class: kinds[k], d: outline(bins, most) }));
}

export class Grid {
  /** @param {(layer: number, head: number) => void} choose */
  constructor(choose) {
    this.choose = choose;
    this.element = make("div", { class: "grid", role: "group" });
    /** @type {{button: any, drawing: any, layer: number, head: number}[]} */
    this.cells = [];
  }

  /** Make as many as there are heads. */
  build(layers, heads, label) {
    put(this.element, { "aria-label": say(words.pane.heads, { label }), style: `--heads: ${heads}` });
    this.cells = Array.from({ length: layers * heads }, (_, k) => {
      const layer = Math.floor(k / heads), which = k % heads, name = say(words.pane.one, { layer: layer + 1, head: which + 1 });
      const drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" });
      const button = make("button", { type: "button", "aria-label": name, title: name, onclick: () => this.choose(layer, which) }, drawing);
      return { button, drawing, layer, head: which };
    });
    this.element.replaceChildren(...this.cells.map(({ button }) => button));
  }

  /** @param {Look | null} look */
  draw(look, chosen) {
    for (const { button, drawing, layer, head: which } of this.cells) {
      drawing.replaceChildren(...(look ? shapes(look, layer, which) : []));
      put(button, { "aria-pressed": String(layer === chosen.layer && which === chosen.head) });
    }
  }
}
