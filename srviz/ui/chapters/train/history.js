// What was said of a training so far, in the order of the steps: losses, tests, and looks at one example.

import { octets } from "../../kit/js/wire.js";

/**
 * Numbers of one byte each: value = low + byte · step, with a low and a step for each head.
 * @typedef {object} Levels
 * @property {number[]} shape layers, heads, tokens
 * @property {number[]} low
 * @property {number[]} step
 * @property {string} levels in base64
 */
/**
 * @typedef {object} Look
 * @property {number[][]} says pairs of a class and its probability
 * @property {Levels} [received]
 * @property {Levels} [s]
 * @property {Levels} [t]
 */
/** @typedef {{metric: number, loss: number, accuracy: number, asked: number, confusion: number[][] | null}} Test */
/**
 * One thing that was said; which, its keys tell.
 * @typedef {object} Said
 * @property {number} run
 * @property {number} step
 * @property {number[]} [losses] of each step since the last such record
 * @property {number} [seconds] of all steps so far
 * @property {number} [mixing]
 * @property {Test} [test]
 * @property {Look} [look]
 */

export class History {
  /** @param {number} models */
  constructor(models) {
    this.models = Array.from({ length: models }, () => ({
      /** @type {number[]} */ losses: [],
      /** @type {{step: number, seconds: number}[]} */ clock: [{ step: 0, seconds: 0 }],
      /** @type {(Test & {step: number})[]} */ tests: [],
      /** @type {(Look & {step: number})[]} */ looks: [],
    }));
  }

  /** Take what is new of each model, in the order of its steps; what was said before is left out. @param {Said[]} records */
  take(records) {
    for (const { run, step, losses, seconds, test, look } of records) {
      const model = this.models[run], isNew = (marks) => !marks.length || marks.at(-1).step < step;
      if (losses && model.losses.length === step - losses.length) { // else some are missing; what comes at the end has all
        model.losses.push(...losses);
        model.clock.push({ step, seconds });
      }
      if (test && isNew(model.tests)) model.tests.push({ step, ...test });
      if (look && isNew(model.looks)) model.looks.push({ step, ...look });
    }
  }

  /** The last step that any model has done. */
  get last() { return Math.max(...this.models.map(({ losses }) => losses.length)); }

  /** When a step was done, in seconds of its model. */
  secondsAt(k, step) {
    const { clock } = this.models[k], after = clock.findIndex((mark) => mark.step >= step);
    if (after < 0) return clock.at(-1).seconds;
    if (after === 0) return 0;
    const a = clock[after - 1], b = clock[after];
    return a.seconds + (b.seconds - a.seconds) * (step - a.step) / (b.step - a.step);
  }

  /** The last of some marks up to a step, null for none. */
  static upTo(marks, step) { return marks.findLast((mark) => mark.step <= step) ?? null; }

  lookAt(k, step) { return History.upTo(this.models[k].looks, step); }

  testAt(k, step) { return History.upTo(this.models[k].tests, step); }
}

/** The numbers of one head. @param {Levels} levels @returns {Float64Array} */
export function head({ shape: [, heads, tokens], low, step, levels }, layer, which) {
  const k = layer * heads + which, held = octets(levels).subarray(k * tokens, (k + 1) * tokens);
  return Float64Array.from(held, (byte) => low[k] + byte * step[k]);
}
