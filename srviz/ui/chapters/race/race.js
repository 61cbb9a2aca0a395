// The race on log–log axes: bets to be dragged before it, and the times as they are measured.

import { announcer, button, clamp, focusedIn, hundredth, make, mounted, put, svg } from "../../kit/js/core.js";
import { arrow, drag, holdPage, placeIn } from "../../kit/js/drag.js";
import { Frame, Rest } from "../../kit/js/pace.js";
import { count, duration, say } from "../../kit/js/text.js";
import { PAINT, Reports, paints } from "../../kit/js/wire.js";
import { apart, background, crossed, lines } from "./chart.js";
import { legend } from "./legend.js";
import { colourOf, outline } from "./marks.js";
import { betNames, boxOf, handlesAt, isFree, pathOf } from "./names.js";
import { Scale } from "./scale.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends. Seconds of a bet are powers of ten, n of a bet powers of two.
 * @typedef {object} Message
 * @property {number} epoch another one for every start
 * @property {Record<string, number[]>} start the bets as the link has them, by the name of the method
 * @property {Record<string, number[]>} blank the bets that nobody made
 * @property {Bet[]} bets on whom one bets
 * @property {number[]} places the n of every bet
 * @property {Axes} axes
 * @property {boolean} locked whether the race is on
 * @property {Line[]} lines
 * @property {Ghost[]} ghosts recorded runs
 * @property {Guide[]} guides
 * @property {Crossover | null} crossover
 * @property {string} alt
 */
/** @typedef {{least: number, most: number, low: number, high: number}} Axes powers of two of n, powers of ten of seconds */
/** @typedef {{tone: string, width: number, dash: string | null, mark: string, filled: boolean}} Style */
/** @typedef {{name: string, label: string, style: Style}} Bet */
/** @typedef {{text: string, lines: GhostLine[]}} Ghost */
/** @typedef {{name: string, style: Style, points: number[][]}} GhostLine */
/** @typedef {{text: string, power: number, n: number, seconds: number}} Guide */
/** @typedef {{n: number, low: number, high: number, text: string}} Crossover */
/** @typedef {{n: number, seconds: number | null, text: string, why: string}} Stop */
/**
 * @typedef {object} Line
 * @property {string} name of the method
 * @property {string} label
 * @property {Style} style
 * @property {number[][]} points n, the median of the seconds, its quartiles
 * @property {number | null} slope on the log–log axes
 * @property {Stop | null} stop where it ended, and why
 */
/**
 * What Python sends while the race is on.
 * @typedef {object} Feed
 * @property {string} painted
 * @property {Line[]} lines
 * @property {Crossover | null} crossover
 * @property {Guide[]} guides
 */

const FEED = "race"; // what is measured meanwhile comes as a paint of this name
const STEP = 0.1, LARGE_STEP = 0.5; // of an arrow key, in powers of ten

class Race {
  constructor(root) {
    this.root = root;
    this.reports = new Reports();
    this.frame = new Frame(() => this.draw());
    this.rest = new Rest(() => this.release());
    /** @type {Message} */
    this.data = null;
    /** @type {Record<string, number[]>} */
    this.bet = {};
    this.pointed = null; // the n whose times stand in the legend
    /** @type {{g: any, bet: Bet, k: number}[]} */
    this.marks = [];
    this.build();
    this.scale = new Scale({ least: 0, most: 1, low: 0, high: 1 }, 1);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
    this.feed = (/** @type {any} */ { detail }) => {
      const news = detail === FEED && paints().get(FEED);
      if (!news || !this.data) return;
      Object.assign(this.data, { lines: news.lines, crossover: news.crossover, guides: news.guides });
      this.draw();
    };
    document.addEventListener(PAINT, this.feed);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.feed);
    this.rest.close();
    this.frame.close();
  }

  receive(data, send) {
    this.data = data;
    if (this.reports.begins(data, send)) {
      this.bet = structuredClone(data.start);
      this.rest.close();
    }
    if (!this.marks.length) this.makeHandles();
    put(this.plot, { "aria-label": data.alt });
    this.draw();
  }

  build() {
    const layer = (attributes) => svg("g", { "aria-hidden": "true", ...attributes });
    const silent = { "pointer-events": "none" };
    this.plot = svg("svg", { class: "plot", role: "group" });
    this.back = layer({});
    this.front = layer(silent);
    this.bets = layer(silent);
    this.names = layer(silent);
    this.handles = svg("g");
    this.plot.append(this.back, this.front, this.bets, this.names, this.handles);
    this.plot.onpointermove = this.plot.onpointerdown = (event) => this.point(placeIn(event, this.plot)[0]);
    this.plot.onpointerleave = (event) => event.pointerType === "mouse" && this.point(null); // a finger that is lifted leaves what it found
    this.legend = make("ul", { class: "legend" });
    this.hint = make("span", { class: "quiet hint" });
    this.live = announcer();
    this.reset = button(words.chart.reset, () => { this.bet = structuredClone(this.data.blank); this.release(); });
    this.root.replaceChildren(make("div", { class: "race" }, make("div", { class: "card" }, [
      this.plot, this.legend, make("div", { class: "row controls" }, [this.hint, make("span", { class: "push" }, this.reset)]), this.live,
    ])));
  }

  makeHandles() {
    const { bets, places, axes: { low, high } } = this.data;
    this.marks = bets.flatMap((bet) => places.map((_, k) => {
      const range = { "aria-valuemin": low, "aria-valuemax": high };
      const g = svg("g", { class: "handle", tabindex: 0, role: "slider", "data-bet": `${bet.name}${k}`, ...range }, [
        svg("circle", { class: "hit", r: 20 }), svg("circle", { class: "ring", r: 14 }),
        svg("path", { class: "mark", d: outline(bet.style, 7), stroke: colourOf(bet.style) }),
      ]);
      g.onpointerdown = (event) => this.grab(event, this.nearest(event, k));
      holdPage(g);
      g.onkeydown = (event) => this.nudge(event, bet.name, k);
      g.onfocus = g.onblur = () => this.draw();
      return { g, bet, k };
    }));
    this.handles.append(...this.marks.map(({ g }) => g));
  }

  // ---- what the visitor does ----

  /** Point at the n where something was measured next to a place, if there is one. */
  point(x) {
    const { scale } = this, found = this.data?.lines.flatMap(({ points }) => points.map(([n]) => n)) ?? [];
    const near = x === null ? null : found.find((n) => Math.abs(scale.x(n) - x) < (scale.x(2 * n) - scale.x(n)) / 2) ?? null;
    if (near === this.pointed) return;
    this.pointed = near;
    this.frame.soon();
  }

  /** Where bets lie upon each other the nearest one is meant. */
  nearest(event, k) {
    const [, at] = placeIn(event, this.plot), away = ({ bet }) => Math.abs(this.scale.y(this.bet[bet.name][k]) - at);
    return this.marks.filter((mark) => mark.k === k).sort((a, b) => away(a) - away(b))[0];
  }

  grab(event, { g, bet: { name }, k }) {
    if (this.data.locked) return;
    const before = this.bet[name][k], offset = this.scale.y(before) - placeIn(event, this.plot)[1];
    const move = (e) => {
      this.bet[name][k] = this.held(this.scale.power(placeIn(e, this.plot)[1] + offset));
      this.frame.soon();
    };
    const end = () => { if (this.bet[name][k] !== before) this.release(); };
    if (drag(event, g, move, end)) this.rest.close();
  }

  nudge(event, name, k) {
    const { low, high } = this.data.axes, way = arrow(event), step = event.shiftKey ? LARGE_STEP : STEP;
    const by = way ? step * (way[0] + way[1]) : { PageUp: 1, PageDown: -1, Home: low - high, End: high - low }[event.key];
    if (!by || this.data.locked) return;
    event.preventDefault();
    this.bet[name][k] = this.held(this.bet[name][k] + by);
    this.draw();
    this.rest.again();
  }

  held(power) { return hundredth(clamp(power, this.data.axes.low, this.data.axes.high)); }

  release() {
    this.draw();
    this.reports.tell(this.bet);
    const says = this.data.bets.map(({ name, label }) => `${label} ${this.bet[name].map((x) => duration(10 ** x)).join(", ")}`);
    this.live.textContent = say(words.chart.said, { bets: says.join("; ") });
  }

  // ---- drawing ----

  draw() {
    const { data } = this;
    if (!data) return;
    this.scale = new Scale(data.axes, this.plot.clientWidth || 700);
    const { scale } = this;
    put(this.plot, { viewBox: `0 0 ${scale.width} ${scale.tall}`, height: scale.tall });
    this.back.replaceChildren(...background(scale, data, this.pointed, this.free()));
    const { parts, labels } = lines(scale, data);
    this.front.replaceChildren(...parts);
    this.names.replaceChildren(...apart(labels, this.obstacles(), scale.right, crossed(scale, data)));
    this.drawBets();
    this.legend.replaceChildren(...legend(data, this.pointed));
    this.reset.disabled = data.locked || this.blank();
    const hint = data.lines.length ? `${words.chart.hint} ${words.chart.point}` : words.chart.hint;
    this.hint.textContent = data.locked ? words.chart.locked : hint;
  }

  /** Whether nobody has bet. */
  blank() { return this.data.bets.every(({ name }) => this.bet[name].join() === this.data.blank[name].join()); }

  /** A bet that nobody made steps back once there are times to look at. */
  idle() { return this.data.lines.length > 0 && this.blank(); }

  placeOf({ bet, k }) { return [this.scale.x(2 ** this.data.places[k]), this.scale.y(this.bet[bet.name][k])]; }

  /** The bets as they are drawn, handle by handle. */
  betPaths() { return this.data.bets.map((bet) => this.data.places.map((_, k) => this.placeOf({ bet, k }))); }

  guidePaths() { return this.data.guides.map((guide) => pathOf(this.scale, guide)); }

  /** Whether a box is on no guide, and on nothing of the bets while they are shown. */
  free() {
    const bets = this.idle() ? [] : this.betPaths(), paths = [...this.guidePaths(), ...bets];
    const boxes = [...handlesAt(bets.flat()), ...(this.idle() ? [] : this.betNames().map(boxOf))];
    return (/** @type {number[]} */ box) => isFree(box, paths, boxes);
  }

  /** What the name of a line is not to cover: the handles of the bets, and their names. */
  obstacles() {
    const handles = this.marks.map((mark) => this.placeOf(mark)).map(([x, y]) => ({ x: x - 10, y: y + 5, text: "   " }));
    const names = this.idle() ? [] : this.betNames().map(({ left, y, text }) => ({ x: left, y, text }));
    return [...handles, ...names];
  }

  drawBets() {
    const { data, scale } = this, focused = focusedIn(this.root), idle = this.idle(), last = data.places.length - 1;
    const parts = data.bets.map(({ name, style }) => svg("path", {
      class: "bet", d: scale.path(data.places.map((k, i) => [2 ** k, 10 ** this.bet[name][i]])), stroke: colourOf(style),
    }));
    this.plot.classList.toggle("idle", idle);
    for (const mark of this.marks) {
      const { g, bet, k } = mark, [x, y] = this.placeOf(mark), value = this.bet[bet.name][k];
      put(g, {
        transform: `translate(${x} ${y})`, tabindex: data.locked ? -1 : 0, "aria-disabled": String(data.locked),
        "aria-label": say(words.chart.handle, { method: bet.label, n: count(2 ** data.places[k]) }), "aria-valuenow": value, "aria-valuetext": duration(10 ** value),
      });
      g.classList.toggle("locked", data.locked);
      if (g !== focused) continue;
      const leftOf = k === last && !scale.wide, place = { x: x + (leftOf ? -16 : 16), y: y - 10, "text-anchor": leftOf ? "end" : "start" };
      parts.push(svg("text", { class: "halo", ...place, style: `fill: ${colourOf(bet.style)}` }, duration(10 ** value)));
    }
    if (!idle && !this.marks.some(({ g, k }) => g === focused && k === last)) {
      parts.push(...this.betNames().map(({ text, left, y, colour }) => svg("text", { class: "halo", x: left, y, style: `fill: ${colour}` }, text)));
    }
    this.bets.replaceChildren(...parts);
  }

  /** What stands at the last handle of each bet. */
  betNames() {
    const { bets } = this.data, texts = bets.map(({ label }) => say(words.chart.bet, { method: label }));
    return betNames(this.scale, texts, this.betPaths(), this.guidePaths()).map((name, i) => ({ ...name, colour: colourOf(bets[i].style) }));
  }
}

export default mounted(Race, "bet");
