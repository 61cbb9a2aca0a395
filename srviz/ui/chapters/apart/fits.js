// What was said of fitted models so far: where they had the tokens, layer by layer, at some of their steps.

import { svg } from "../../kit/js/core.js";
import { count, say } from "../../kit/js/text.js";
import { shorts } from "../../kit/js/wire.js";
import { counts } from "./panel.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./separate.js").Crowds} Crowds */
/** @typedef {{shape: number[], levels: string}} Places layers, crowds, tokens, 2; 16 bits each, in base64 */
/** @typedef {{places: Places, silent: number[]}} Look */
/** @typedef {{run: number, step: number, look: Look}} Told */
/** @typedef {{step: number, stages: Crowds[], silent: number[]}} Seen */

const LEFT = 44, RIGHT = 12, TOP = 24, BOTTOM = 26, HEIGHT = 150; // pixels of the chart

export class Fits {
  constructor() {
    /** @type {Map<number, Seen>[]} */
    this.models = [];
    /** @type {number | null} */
    this.at = null; // the step that is looked at; null: the last one
  }

  /** Take what was told; what was told before is told again and does no harm. @param {Told[]} records */
  take(records, { unit, middle }) {
    for (const { run, step, look } of records) {
      const known = (this.models[run] ??= new Map());
      if (known.has(step)) continue;
      const [layers, crowds, n] = look.places.shape, numbers = shorts(look.places.levels);
      const at = (k) => (numbers[k] - middle) * unit;
      const stages = Array.from({ length: layers }, (_, l) => Array.from({ length: crowds }, (__, c) => Array.from({ length: n }, (___, j) => {
        const k = 2 * ((l * crowds + c) * n + j);
        return [at(k), at(k + 1)];
      })));
      known.set(step, { step, stages, silent: look.silent });
    }
  }

  /** What is known of each model, in the order of the steps. @param {number} models @returns {Seen[][]} */
  of(models) {
    return Array.from({ length: models }, (_, k) => [...(this.models[k]?.values() ?? [])].sort((a, b) => a.step - b.step));
  }

  /** The last step of which any model told. */
  get last() { return Math.max(0, ...this.models.flatMap((known) => [...(known?.keys() ?? [])])); }

  /** The last look up to the step that is looked at. @returns {Seen | null} */
  lookAt(k) {
    const step = this.at ?? Infinity;
    return this.of(this.models.length)[k]?.findLast((seen) => seen.step <= step) ?? null;
  }
}

/** How many tokens are near their targets, along the steps of the fits. */
export function course(all, { models, near }, targets, twins, at, most, width) {
  const x = (step) => LEFT + (step / most) * (width - LEFT - RIGHT), aims = targets.flat();
  const y = (count) => HEIGHT - BOTTOM - (count / aims.length) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    svg("text", { class: "title", x: 0, y: 13 }, words.course.title),
    ...[0, aims.length].flatMap((v) => [svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }), svg("text", { x: LEFT - 7, y: y(v) + 4, "text-anchor": "end" }, String(v))]),
    svg("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, say(words.course.steps, { steps: count(most) })),
    svg("text", { x: LEFT, y: HEIGHT - 6 }, "0"),
    svg("line", { class: "at", x1: x(at), x2: x(at), y1: TOP, y2: HEIGHT - BOTTOM }),
  ];
  all.forEach((looks, k) => {
    const places = looks.map(({ step, stages }) => [x(step), y(counts(stages.at(-1).flat(), aims, twins, near).near)]);
    const { tone, dashed } = models[k];
    parts.push(svg("path", { class: "curve", stroke: `var(--${tone})`, "stroke-dasharray": dashed ? "6 4" : null, d: places.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("") }));
  });
  return svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": say(words.course.label, { near }) }, parts);
}
