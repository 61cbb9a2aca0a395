// A trained model of one layer, computed in the browser: what it answers at any place x, of a crowd that is dragged.

import { ROWS, effective, mean, standard } from "../../kit/js/formulas.js";
import { floats } from "../../kit/js/wire.js";

/** @typedef {import("./language.js").Member} Member */
/**
 * @typedef {object} Weights
 * @property {string} kind the rule of its rows, "mean" for a plain mean
 * @property {number} heads
 * @property {boolean} scored whether it takes scores
 * @property {boolean} standardized whether its scores are
 * @property {boolean} centred whether its values are centred
 * @property {number[]} bandwidths of each head
 * @property {{norms: number, scores: number}} epsilons what is added to the variance, in layer norms and where scores are standardized
 * @property {boolean} payload whether it is given payloads
 * @property {number} middle what is added to unit times what it says
 * @property {number} unit
 * @property {Record<string, {shape: number[], numbers: string}>} parts its parameters by their names, numbers in base64
 */
/**
 * What a token is inside the model.
 * @typedef {object} Token
 * @property {Float64Array} embedded
 * @property {Float64Array} qkv
 * @property {Float64Array | null} s raw scores of each head
 * @property {Float64Array | null} t
 */

const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
];

/** erf to 1.2e-7 (Numerical Recipes, the Chebyshev fit of erfc). */
export function erf(x) {
  const z = Math.abs(x), t = 1 / (1 + 0.5 * z);
  const tail = t * Math.exp(ERFC.reduceRight((found, a) => a + t * found, 0) - z * z);
  return x >= 0 ? 1 - tail : tail - 1;
}

export const gelu = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));

/** One map x W + b. */
class Linear {
  constructor(weight, bias) {
    this.out = weight.shape[0];
    this.into = weight.shape[1];
    this.weight = floats(weight.numbers);
    this.bias = bias ? floats(bias.numbers) : new Float32Array(this.out);
  }

  /** @param {ArrayLike<number>} x @returns {Float64Array} */
  of(x) {
    const y = Float64Array.from(this.bias), { weight, into } = this;
    for (let i = 0; i < this.out; i += 1) {
      let sum = 0;
      for (let j = 0, at = i * into; j < into; j += 1) sum += weight[at + j] * x[j];
      y[i] += sum;
    }
    return y;
  }
}

/** A layer norm. */
class Norm {
  constructor(weight, bias, epsilon) {
    this.weight = floats(weight.numbers);
    this.bias = floats(bias.numbers);
    this.epsilon = epsilon;
  }

  /** @param {Float64Array} x @returns {Float64Array} */
  of(x) {
    const middle = mean(x), by = 1 / Math.sqrt(mean(x.map((one) => (one - middle) ** 2)) + this.epsilon);
    return x.map((one, k) => (one - middle) * by * this.weight[k] + this.bias[k]);
  }
}

/** @param {Float64Array} a @param {Float64Array} b @returns {Float64Array} */
const sum = (a, b) => a.map((x, k) => x + b[k]);

export class Learned {
  /** @param {Weights} weights */
  constructor(weights) {
    this.weights = weights;
    const { parts } = weights, linear = (name) => new Linear(parts[`${name}.weight`], parts[`${name}.bias`]);
    const norm = (name) => new Norm(parts[`${name}.weight`], parts[`${name}.bias`], weights.epsilons.norms);
    /** @type {[Linear, Linear, Norm]} */
    this.embed = [linear("embed.0"), linear("embed.2"), norm("embed.3")];
    this.before = norm("blocks.0.before_mix");
    this.middle = norm("blocks.0.before_pointwise");
    this.pointwise = [linear("blocks.0.pointwise.0"), linear("blocks.0.pointwise.2")];
    this.last = norm("norm");
    this.head = linear("head");
    this.out = linear("blocks.0.mix.out");
    this.into = linear(weights.kind === "mean" ? "blocks.0.mix.values" : "blocks.0.mix.qkv");
    const pi = ["blocks.0.mix.slice.pi.0", "blocks.0.mix.slice.pi.2"];
    this.slices = !weights.scored ? [] : `${pi[0]}.weight` in parts ? pi.map(linear) : [linear("blocks.0.mix.slice.pi")];
    this.width = this.out.out;
    this.d = this.width / weights.heads;
  }

  /** Whether rows by this rule can be computed here. */
  static knows(kind) { return kind === "mean" || kind in ROWS; }

  scores(x) {
    const [first, then] = this.slices;
    return then ? then.of(first.of(x).map(gelu)) : first.of(x);
  }

  /** What a token is. @returns {Token} */
  token(place, payload) {
    const [first, second, norm] = this.embed, x = this.weights.payload ? [place, payload] : [place];
    const embedded = norm.of(second.of(first.of(x).map(gelu))), qkv = this.into.of(this.before.of(embedded)), w = this.width;
    if (!this.weights.scored) return { embedded, qkv, s: null, t: null };
    return { embedded, qkv, s: this.scores(qkv.subarray(0, w)), t: this.scores(qkv.subarray(w, 2 * w)) };
  }

  /**
   * What the model answers at probes, of a crowd.
   * @param {Token[]} crowd
   * @param {Token[]} probes
   */
  answers(crowd, probes) {
    const mixed = this.weights.kind === "mean" ? this.means(crowd, probes) : this.attended(crowd, probes);
    const { middle, unit } = this.weights, [wide, narrow] = this.pointwise;
    return probes.map(({ embedded }, i) => {
      const after = sum(embedded, this.out.of(mixed[i]));
      const x = sum(after, narrow.of(wide.of(this.middle.of(after)).map(gelu)));
      return middle + unit * this.head.of(this.last.of(x))[0];
    });
  }

  means(crowd, probes) {
    const shared = new Float64Array(this.width);
    for (const { qkv } of crowd) for (let c = 0; c < shared.length; c += 1) shared[c] += qkv[c] / crowd.length;
    return probes.map(() => shared);
  }

  attended(crowd, probes) {
    const { d, width, weights: { heads, kind, scored, centred, bandwidths } } = this, row = ROWS[kind];
    const mixed = probes.map(() => new Float64Array(width));
    for (let h = 0; h < heads; h += 1) {
      const part = (tokens, which) => {
        const found = new Float64Array(tokens.length * d), from = which * width + h * d;
        tokens.forEach(({ qkv }, i) => found.set(qkv.subarray(from, from + d), i * d));
        return found;
      };
      const head = { n: crowd.length, d, q: part(probes, 0), k: part(crowd, 1), s: null, t: null };
      if (scored) [head.s, head.t] = this.scored(crowd, probes, h);
      const values = part(crowd, 2);
      probes.forEach((_, i) => {
        const found = row(head, i, bandwidths[h]), given = centred ? effective(found) : found.weights;
        for (let j = 0; j < head.n; j += 1) {
          for (let c = 0; c < d; c += 1) mixed[i][h * d + c] += given[j] * values[j * d + c];
        }
      });
    }
    return mixed;
  }

  /** The scores of one head, of the probes and of the crowd, shifted and scaled by the crowd's: a probe is not counted. */
  scored(crowd, probes, h) {
    const s = crowd.map((token) => token.s[h]), t = crowd.map((token) => token.t[h]);
    if (!this.weights.standardized) return [probes.map((token) => token.s[h]), t];
    const of = standard(s, t, this.weights.epsilons.scores);
    return [probes.map((token) => of(token.s[h])), t.map(of)];
  }
}
