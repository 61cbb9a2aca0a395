// The curve f of r = s − t: its drawing, and the handles that change it.

import { clamp, focusedIn, hundredth, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { fmt, say } from "../../kit/js/text.js";
import { REACH, curveOf, functionOf, isDrawn, stopsOf, viewOf } from "./model.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./kernel.js").KernelMap} KernelMap */

const TOP = 14, LEFT = 34, RIGHT = 8, BOTTOM = 46; // beside the plot, in pixels
const NARROW = 330; // pixels below which the words under the axis are short
const WIDE = 430; // pixels from which the plot is tall
const ARM = 0.75; // of r, from an end node to the handle of its slope
const STEP = 0.05, LARGE_STEP = 0.25; // of an arrow key
const CLIP = "kernel-plot-clip";
const ROUND = "M-7 0 A7 7 0 1 1 7 0 A7 7 0 1 1 -7 0 Z", SQUARE = "M-6 -6 H6 V6 H-6 Z", DIAMOND = "M0 -9 L9 0 L0 9 L-9 0 Z";
const LABEL = { wide: 108, high: 17 }; // of the number beside the point, in pixels

const isNode = (name) => name.startsWith("node"), numberOf = (name) => Number(name.slice(4));

export class Plot {
  /** @param {KernelMap} owner */
  constructor(owner) {
    this.owner = owner;
    this.element = svg("svg", { class: "plot", role: "group", "aria-label": words.plot.label });
    this.back = svg("g", { "aria-hidden": "true" });
    this.handles = svg("g");
    this.front = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
    this.element.append(this.back, this.handles, this.front);
    this.element.ondblclick = (event) => {
      if (!isDrawn(this.curve)) return;
      const [x, y] = placeIn(event, this.element);
      this.add(this.r(x), this.height(y));
    };
    this.chosen = 0; // the node that − removes
    this.width = 400;
    this.tall = 300;
    this.view = [0, 1];
    this.marks = [];
    this.ends = [];
    this.band = null;
  }

  get state() { return this.owner.state; }

  get limits() { return this.owner.data.limits; }

  get curve() { return curveOf(this.owner.state, this.owner.data); }

  // ---- where things are, in pixels ----

  /** As on the line a key on the left is on the left: r = s − t falls to the right. */
  x(r) { return LEFT + ((REACH - r) / (2 * REACH)) * (this.width - LEFT - RIGHT); }

  r(x) { return REACH - ((x - LEFT) / (this.width - LEFT - RIGHT)) * 2 * REACH; }

  y(height) {
    const [low, high] = this.view;
    return TOP + ((high - height) / (high - low)) * (this.tall - TOP - BOTTOM);
  }

  height(y) {
    const [low, high] = this.view;
    return high - ((y - TOP) / (this.tall - TOP - BOTTOM)) * (high - low);
  }

  // ---- the handles ----

  /** One element per handle, kept while it is dragged or focused. */
  rebuild() {
    const { state, curve } = this, drawn = isDrawn(curve), focused = focusedIn(this.element)?.dataset?.handle;
    this.chosen = clamp(this.chosen, 0, state.nodes.length - 1);
    this.view = viewOf(curve, this.limits.tallest);
    this.marks = drawn ? state.nodes.map((_, k) => this.handle(`node${k}`, ROUND)) : [];
    this.ends = drawn ? ["left", "right"].map((name) => this.handle(name, SQUARE)) : [];
    this.band = curve.bandwidth ? this.handle("b", DIAMOND) : null;
    this.handles.replaceChildren(...(drawn ? [this.ends[0], ...this.marks, this.ends[1]] : []), ...(this.band ? [this.band] : []));
    if (focused) this.handles.querySelector(`[data-handle="${focused}"]`)?.focus({ preventScroll: true });
  }

  handle(name, mark) {
    const g = svg("g", { class: "handle", tabindex: 0, role: "slider", "data-handle": name }, [
      svg("circle", { class: "hit", r: 18 }), svg("circle", { class: "ring", r: 13 }), svg("path", { class: "mark", d: mark }),
    ]);
    g.onpointerdown = (event) => this.grab(event, g, name);
    holdPage(g);
    g.onkeydown = (event) => this.nudge(event, name);
    g.onfocus = () => {
      if (!isNode(name)) return;
      this.chosen = numberOf(name);
      this.drawHandles();
    };
    g.ondblclick = (event) => event.stopPropagation();
    return g;
  }

  /** Where a handle is: (r, height). */
  place(name) {
    const { b, nodes, left, right } = this.state, first = nodes[0], last = nodes[nodes.length - 1];
    if (name === "b") return [-b, functionOf(this.state, this.curve)(-b)];
    if (name === "left") return [first[0] - ARM, first[1] - ARM * left];
    if (name === "right") return [last[0] + ARM, last[1] + ARM * right];
    return nodes[numberOf(name)];
  }

  /** Move a handle to (r, height), as far as it may go. */
  move(name, r, height) {
    const { nodes } = this.state, { far, gap, tallest } = this.limits;
    if (name === "b") this.set("b", Math.abs(r));
    else if (name === "left") this.set("left", (nodes[0][1] - height) / ARM);
    else if (name === "right") this.set("right", (height - nodes[nodes.length - 1][1]) / ARM);
    else {
      const k = numberOf(name);
      const low = k ? nodes[k - 1][0] + gap : -far, high = k + 1 < nodes.length ? nodes[k + 1][0] - gap : far;
      nodes[k] = [hundredth(clamp(r, low, high)), hundredth(clamp(height, -tallest, tallest))];
    }
  }

  /** Set the bandwidth or the slope of an end. */
  set(name, value) {
    const { narrowest, widest, steepest } = this.limits;
    this.state[name] = hundredth(name === "b" ? clamp(value, narrowest, widest) : clamp(value, -steepest, steepest));
  }

  grab(event, element, name) {
    const at = (e) => {
      const [x, y] = placeIn(e, this.element);
      return [this.r(x), this.height(y)];
    };
    const [r0, h0] = at(event), [r, h] = this.place(name), before = JSON.stringify(this.state);
    const move = (e) => {
      const [r1, h1] = at(e);
      this.move(name, r + r1 - r0, h + h1 - h0);
      this.owner.stale();
    };
    const end = () => {
      if (before !== JSON.stringify(this.state)) { this.owner.release(); return; }
      this.owner.history.back();
      this.owner.draw();
    };
    if (drag(event, element, move, end)) this.owner.history.remember(this.state);
  }

  nudge(event, name) {
    if (isNode(name) && ["Delete", "Backspace", "-"].includes(event.key)) {
      event.preventDefault();
      this.remove(numberOf(name));
      this.marks[this.chosen].focus({ preventScroll: true });
      return;
    }
    if (isDrawn(this.curve) && event.key === "+") { event.preventDefault(); this.widen(); return; }
    const way = arrow(event);
    if (!way) return;
    const [across, up] = way.map((x) => x * (event.shiftKey ? LARGE_STEP : STEP));
    event.preventDefault();
    event.stopPropagation();
    this.owner.nudge(() => {
      if (!isNode(name)) { this.set(name, this.state[name] + across + up); return; }
      const [r, h] = this.place(name);
      this.move(name, r - across, h + up);
    });
  }

  // ---- nodes ----

  add(r, height) {
    const { nodes } = this.state, { far, gap, tallest, most } = this.limits, place = hundredth(clamp(r, -far, far));
    if (nodes.length >= most || nodes.some((node) => Math.abs(node[0] - place) < gap - 1e-9)) return;
    this.owner.change((state) => {
      state.nodes.push([place, hundredth(clamp(height, -tallest, tallest))]);
      state.nodes.sort((a, b) => a[0] - b[0]);
      this.chosen = state.nodes.findIndex((node) => node[0] === place);
    });
    this.marks[this.chosen].focus();
  }

  /** One more node, in the middle of the widest gap, on the curve as it is. */
  widen() {
    const { far } = this.limits, places = [-far, ...this.state.nodes.map((node) => node[0]), far];
    let best = 0;
    for (let k = 1; k + 1 < places.length; k += 1) if (places[k + 1] - places[k] > places[best + 1] - places[best] + 1e-9) best = k;
    const r = (places[best] + places[best + 1]) / 2;
    this.add(r, functionOf(this.state, this.curve)(r));
  }

  remove(index = this.chosen) {
    if (this.state.nodes.length <= 1) return;
    this.owner.change((state) => {
      state.nodes.splice(index, 1);
      this.chosen = Math.min(index, state.nodes.length - 1);
    });
  }

  // ---- drawing ----

  draw() {
    this.width = this.element.clientWidth || 400;
    this.tall = this.width > WIDE ? 408 : 300;
    const { f } = this.owner.found, heights = [2, 0, -2].map((r) => say(words.plot.height, { f: fmt(f(r)), r: fmt(r, 0) })).join(", ");
    const label = say(words.plot.state, { curve: isDrawn(this.curve) ? words.plot.own : this.curve.label, heights });
    put(this.element, { viewBox: `0 0 ${this.width} ${this.tall}`, height: this.tall, "aria-label": label });
    const { row, column } = this.owner.lit(), point = row ? this.point(row, column) : { parts: [], label: [] };
    this.back.replaceChildren(...this.axes(), ...this.line(), ...point.parts);
    this.front.replaceChildren(...point.label);
    this.element.style.cursor = isDrawn(this.curve) ? "copy" : "";
    this.drawHandles();
  }

  axes() {
    const [low, high] = this.view, floor = this.tall - BOTTOM, parts = [], step = high - low > 4 ? 1 : 0.5;
    const line = (x1, y1, x2, y2, more) => parts.push(svg("line", { x1, y1, x2, y2, stroke: "var(--line)", ...more }));
    const text = (x, y, anchor, says) => parts.push(svg("text", { x, y, "text-anchor": anchor }, says));
    const room = this.width < NARROW ? "narrow" : "wide";
    for (let h = Math.ceil(low / step) * step; h <= high; h += step) {
      line(this.x(-REACH), this.y(h), this.x(REACH), this.y(h), Math.abs(h) < 1e-9 ? { stroke: "var(--ink)" } : {});
      text(LEFT - 8, this.y(h) + 4, "end", fmt(h, step < 1 ? 1 : 0));
    }
    for (let r = -REACH + 1; r < REACH; r += 1) {
      line(this.x(r), floor, this.x(r), floor + 4, { stroke: "var(--quiet)" });
      text(this.x(r), floor + 18, "middle", fmt(r, 0));
    }
    line(this.x(0), TOP, this.x(0), floor, { "stroke-dasharray": "2 4", stroke: "var(--quiet)" });
    text(this.x(REACH), floor + 38, "start", words.plot.left[room]);
    text(this.x(-REACH), floor + 38, "end", words.plot.right[room]);
    text(this.x(0) + 8, TOP + 6, "start", words.plot.query);
    return parts;
  }

  line() {
    const { f } = this.owner.found, inside = { x: LEFT, y: 0, width: Math.max(0, this.width - LEFT), height: this.tall - BOTTOM };
    const path = stopsOf(this.state, this.curve).map((r) => `${this.x(r).toFixed(2)} ${this.y(f(r)).toFixed(2)}`).join("L");
    const pen = { fill: "none", stroke: "var(--ink)", "stroke-width": 2.2, "stroke-linejoin": "round" };
    return [svg("clipPath", { id: CLIP }, svg("rect", inside)), svg("path", { d: `M${path}`, ...pen, "clip-path": `url(#${CLIP})` })];
  }

  /** The keys of a query on the curve, and one of them with its number. */
  point(row, column) {
    const { f, s, t } = this.owner.found, [low, high] = this.view, parts = [], query = { stroke: "var(--query)", "stroke-width": 1.6 };
    const dot = (r, size, fill) => {
      const h = f(r);
      if (Math.abs(r) <= REACH && h >= low && h <= high) parts.push(svg("circle", { cx: this.x(r), cy: this.y(h), r: size, fill }));
    };
    for (const key of t) dot(s[row - 1] - key, 2.8, "var(--key)");
    const r = s[row - 1] - t[column - 1], h = f(r), x = this.x(clamp(r, -REACH, REACH)), y = this.y(clamp(h, low, high));
    parts.push(svg("line", { x1: x, y1: y, x2: x, y2: this.tall - BOTTOM, ...query }));
    parts.push(svg("line", { x1: this.x(REACH), y1: y, x2: x, y2: y, ...query, "stroke-dasharray": "3 3" }));
    dot(r, 6, "var(--query)");
    const halo = { stroke: "var(--ground)", "stroke-width": 5, "paint-order": "stroke", "stroke-linejoin": "round" };
    const [left, base] = this.clear(x, y);
    return { parts, label: [svg("text", { x: left, y: base, class: "strong", ...halo }, `f(${fmt(r)}) = ${fmt(h, 3)}`)] };
  }

  /** Where a label beside the point (x, y) covers least of the curve: its left end and its baseline. */
  clear(x, y) {
    const { wide, high } = LABEL, least = LEFT + 4, most = this.width - wide, { f } = this.owner.found;
    const places = [
      [x + 11, y - 10], [x - wide - 11, y - 10], [x + 11, y + 22], [x - wide - 11, y + 22], [x - wide / 2, y - 34], [x - wide / 2, y + 46],
      [most, 26], [least, 26],
    ].map(([left, base]) => [clamp(left, least, most), clamp(base, 14, this.tall - BOTTOM - 6)]);
    const covered = (/** @type {number[]} */ [left, base]) => {
      let count = 0;
      for (let k = 0; k <= 24; k += 1) {
        const height = this.y(f(this.r(left - 3 + (k * (wide + 6)) / 24)));
        count += Number(height > base - high && height < base + 7);
      }
      const onPoint = x > left - 8 && x < left + wide + 8 && y > base - high - 6 && y < base + 10;
      return count + (onPoint ? 30 : 0);
    };
    return places.reduce((best, next) => (covered(next) < covered(best) ? next : best));
  }

  drawHandles() {
    const { state, limits, view: [low, high] } = this, { tallest, steepest, narrowest, widest } = limits;
    const set = (g, name, label, now, least, most, text) => {
      const [r, h] = this.place(name);
      put(g, {
        transform: `translate(${this.x(clamp(r, -REACH, REACH))} ${this.y(clamp(h, low + 0.05, high - 0.05))})`,
        "aria-label": label, "aria-valuenow": now, "aria-valuemin": least, "aria-valuemax": most, "aria-valuetext": text,
      });
    };
    this.marks.forEach((g, k) => {
      const [r, h] = state.nodes[k];
      set(g, `node${k}`, say(words.plot.node, { k: k + 1, n: state.nodes.length }), h, -tallest, tallest, `r = ${fmt(r)}, f = ${fmt(h)}`);
      g.classList.toggle("chosen", k === this.chosen && state.nodes.length > 1);
    });
    this.ends.forEach((g, k) => {
      const name = k ? "right" : "left";
      set(g, name, words.plot.slope[name], state[name], -steepest, steepest, fmt(state[name]));
    });
    if (this.band) set(this.band, "b", words.plot.bandwidth, state.b, narrowest, widest, fmt(state.b));
  }
}
