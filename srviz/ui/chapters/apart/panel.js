// Where one model has the tokens: as they travel through its layers, and how many are where they should be.

import { make, put, svg } from "../../kit/js/core.js";
import { phrase, say } from "../../kit/js/text.js";
import { mark, nameOf, seen } from "./marks.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./separate.js").Crowds} Crowds */
/**
 * What a panel shows.
 * @typedef {object} Shown
 * @property {Crowds[]} stages where the tokens are, stage by stage
 * @property {string[]} names of the stages
 * @property {Crowds} targets
 * @property {number[][]} twins pairs of one token in two crowds, as places among all
 * @property {number} near within which a token is where it should be, in both coordinates
 * @property {number} through how far, from 0 to 1
 * @property {number[]} pair the crowds that are compared
 * @property {boolean[][]} lit which tokens of each crowd are the one pointed at
 * @property {string} note
 */

const EDGE = 1.33; // what lies farther out is drawn there

/** How many tokens are near their targets, and how many pairs of twins are farther apart than that. */
export function counts(places, targets, twins, near) {
  const there = (k) => places[k].every((x, c) => Math.abs(x - targets[k][c]) <= near);
  const apart = ([a, b]) => places[a].some((x, c) => Math.abs(x - places[b][c]) > near);
  return { near: places.filter((_, k) => there(k)).length, apart: twins.filter(apart).length };
}

/** Between two stages. @param {Crowds[]} stages @returns {Crowds} */
export function between(stages, through) {
  const at = through * (stages.length - 1), k = Math.min(Math.floor(at), stages.length - 2), part = at - k;
  return stages[k].map((crowd, c) => crowd.map((place, j) => place.map((x, d) => x + part * (stages[k + 1][c][j][d] - x))));
}

const inside = (place) => place.map((x) => Math.max(-EDGE, Math.min(EDGE, x)));

export class JourneyPanel {
  constructor() {
    this.name = make("h2");
    this.picture = svg("svg", { role: "img" });
    this.stage = make("div", { class: "quiet stage-name" });
    this.near = make("div");
    this.apart = make("div");
    this.note = make("div", { class: "quiet note" });
    this.element = make("section", { class: "panel" }, [this.name, make("div", { class: "square" }, this.picture), this.stage, this.near, this.apart, this.note]);
  }

  title(label, tone) {
    this.name.replaceChildren(make("span", { class: "swatch", style: `--tone: var(--${tone})` }), label);
    this.label = label;
  }

  /** @param {Shown} shown */
  draw({ stages, names, targets, twins, near, through, pair, lit, note }) {
    const size = this.element.clientWidth || 240, places = between(stages, through), flat = places.flat(), aims = targets.flat();
    put(this.picture, { width: size, height: size, viewBox: `0 0 ${size} ${size}` });
    const parts = [svg("rect", { class: "frame", x: 0.5, y: 0.5, width: size - 1, height: size - 1, rx: 8 })];
    const of = (c) => (c === pair[0] ? "first" : c === pair[1] ? "second" : "other");
    places.forEach((crowd, c) => {
      if (of(c) === "other") for (const place of crowd) parts.push(mark("other", ...seen(inside(place), size), 2.2));
    });
    const at = through * (stages.length - 1), done = Math.ceil(at);
    pair.forEach((c, side) => {
      const which = side ? "second" : "first";
      places[c].forEach((place, j) => {
        const way = [...stages.slice(0, done).map((stage) => stage[c][j]), place].map((p) => seen(inside(p), size).map((x) => x.toFixed(1)).join(","));
        parts.push(svg("polyline", { class: `trail ${which}${lit[c][j] ? " lit" : ""}`, points: way.join(" ") }));
        parts.push(mark(which, ...seen(targets[c][j], size), side ? 5.6 : 6.5, { class: `${which} hollow` }));
      });
    });
    pair.forEach((c, side) => places[c].forEach((place) => parts.push(mark(side ? "second" : "first", ...seen(inside(place), size), side ? 3 : 3.8))));
    this.picture.replaceChildren(...parts);
    const found = counts(flat, aims, twins, near), k = Math.round(at);
    this.stage.textContent = Math.abs(at - k) < 0.01 ? names[k] : `${names[Math.floor(at)]} → ${names[Math.ceil(at)]}`;
    const count = (now, all) => make("b", { class: now === all ? "value" : "" }, say(words.panels.count, { now, all }));
    this.near.replaceChildren(...phrase(words.panels.near, { count: count(found.near, flat.length), near }));
    this.apart.replaceChildren(...phrase(words.panels.apart, { count: count(found.apart, twins.length) }));
    this.note.textContent = note;
    const [first, second] = pair.map(nameOf), stage = this.stage.textContent;
    put(this.picture, { "aria-label": say(words.panels.label, { model: this.label, first, second, stage, near: found.near, all: flat.length }) });
  }
}
