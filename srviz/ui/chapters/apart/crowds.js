// The tokens of the crowds and the targets of the two that are compared, all of which can be dragged.

import { make, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { fmt, say } from "../../kit/js/text.js";
import { below, mark, nameOf, seen, unseen } from "./marks.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./apart.js").Apart} Apart */

const STEP = 0.02, LARGE_STEP = 0.1; // of an arrow key
const TOKEN = 7, TARGET = 7.5, SMALL = 3.5, FINGER = 15; // radii in pixels

export class Crowds {
  /** @param {Apart} owner */
  constructor(owner) {
    this.owner = owner;
    this.size = 320;
    /** @type {Map<string, any>} */
    this.handles = new Map();
    this.back = svg("g");
    this.front = svg("g");
    this.picture = svg("svg", { role: "group", "aria-label": words.crowds.label }, [this.back, this.front]);
    this.element = make("div", { class: "square" }, this.picture);
  }

  /** Something that can be dragged, made once, so that a pointer stays with it. */
  handle(key, kind, k) {
    if (!this.handles.has(key)) {
      const group = svg("g", { class: "handle", tabindex: 0, role: "button" });
      group.onpointerdown = (event) => this.grab(event, group, kind, k);
      group.onkeydown = (event) => this.byKey(event, kind, k);
      const token = () => (kind === "token" ? k : this.owner.data.crowds.members.flat()[k]);
      group.onpointerenter = group.onfocus = () => this.owner.point(token());
      group.onpointerleave = group.onblur = () => this.owner.point(null);
      holdPage(group);
      this.handles.set(key, group);
      this.front.append(group);
    }
    return this.handles.get(key);
  }

  grab(event, group, kind, k) {
    const { owner } = this;
    if (owner.data.running) return;
    const start = placeIn(event, this.picture), at = seen(owner.placeOf(kind, k), this.size);
    const offset = [at[0] - start[0], at[1] - start[1]];
    let moved = false;
    drag(event, group, (e) => {
      if (!moved) owner.remember();
      moved = true;
      const [a, b] = placeIn(e, this.picture);
      owner.put(kind, k, unseen([a + offset[0], b + offset[1]], this.size));
    }, () => { if (moved) owner.release(); });
  }

  byKey(event, kind, k) {
    const way = arrow(event), { owner } = this;
    if (!way || owner.data.running) return;
    event.preventDefault();
    const by = event.shiftKey ? LARGE_STEP : STEP, [x, y] = owner.placeOf(kind, k);
    owner.remember();
    owner.put(kind, k, [x + by * way[0], y + by * way[1]]);
    owner.later();
  }

  draw() {
    const { owner } = this, { state: { first, second }, data: { crowds } } = owner;
    this.size = Math.min(this.element.clientWidth, 460) || 320;
    put(this.picture, { width: this.size, height: this.size, viewBox: `0 0 ${this.size} ${this.size}` });
    this.drawBack();
    const used = new Set(), pair = [first, second], both = crowds.members[first].filter((k) => crowds.members[second].includes(k)).length;
    const label = say(words.crowds.pair, { first: nameOf(first), second: nameOf(second), tokens: crowds.members[first].length, both });
    put(this.picture, { "aria-label": label });
    crowds.pool.forEach((_, k) => {
      const holders = pair.map((c) => crowds.members[c].includes(k)), key = `token ${k}`;
      const [x, y] = seen(owner.placeOf("token", k), this.size), group = this.handle(key, "token", k);
      used.add(key);
      put(group, { transform: `translate(${x} ${y})`, "aria-label": this.says(k, holders) });
      const grip = svg("circle", { class: "grip", r: FINGER }), [a, b] = holders;
      const shown = a && b ? [mark("first", 0, 0, TOKEN), mark("second", 0, 0, TOKEN * 0.55, { class: "second inside" })]
        : a ? [mark("first", 0, 0, TOKEN)] : b ? [mark("second", 0, 0, TOKEN * 0.85)] : [mark("other", 0, 0, SMALL)];
      group.replaceChildren(grip, ...shown);
    });
    pair.forEach((c, side) => crowds.members[c].forEach((_, j) => {
      const k = c * crowds.members[c].length + j, key = `target ${k}`, which = side ? "second" : "first";
      const place = owner.placeOf("target", k), [x, y] = seen(place, this.size), group = this.handle(key, "target", k);
      used.add(key);
      const says = say(words.crowds.target, { crowd: nameOf(c), token: crowds.members[c][j] + 1, x: fmt(place[0]), y: fmt(place[1]) });
      put(group, { transform: `translate(${x} ${y})`, "aria-label": says });
      group.replaceChildren(svg("circle", { class: "grip", r: FINGER }), mark(which, 0, 0, side ? TARGET * 0.85 : TARGET, { class: `${which} hollow` }));
    }));
    for (const [key, group] of this.handles) {
      if (used.has(key)) continue;
      group.remove();
      this.handles.delete(key);
    }
  }

  says(k, /** @type {boolean[]} */ [a, b]) {
    const { owner: { state: { first, second } } } = this, [x, y] = this.owner.placeOf("token", k);
    const where = a && b ? "both" : a ? "first" : b ? "second" : "other";
    return say(words.crowds.token[where], { token: k + 1, first: nameOf(first), second: nameOf(second), x: fmt(x), y: fmt(y) });
  }

  /** The side of the plane that a head sees from its place, and the ways from the tokens to their targets. */
  drawBack() {
    const { owner, size } = this, { state: { first, second }, data: { crowds } } = owner, { turn, place } = owner.shownHead();
    const corners = below(turn, place).map((p) => seen(p, size).map((x) => x.toFixed(1)).join(",")).join(" ");
    const middle = [Math.cos(turn) * place, Math.sin(turn) * place], side = [-Math.sin(turn), Math.cos(turn)];
    const [a, b] = [-3, 3].map((far) => seen([middle[0] + far * side[0], middle[1] + far * side[1]], size));
    const ways = [first, second].flatMap((c, which) => crowds.members[c].map((k, j) => {
      const [x, y] = seen(owner.placeOf("token", k), size), [u, v] = seen(owner.placeOf("target", c * crowds.members[c].length + j), size);
      return svg("line", { class: `way ${which ? "second" : "first"}${owner.pointed === k ? " lit" : ""}`, x1: x, y1: y, x2: u, y2: v });
    }));
    this.back.replaceChildren(
      svg("rect", { class: "frame", x: 0.5, y: 0.5, width: size - 1, height: size - 1, rx: 8 }),
      svg("polygon", { class: "seen", points: corners }),
      svg("line", { class: "place", x1: a[0], y1: a[1], x2: b[0], y2: b[1] }), ...ways,
    );
  }
}
