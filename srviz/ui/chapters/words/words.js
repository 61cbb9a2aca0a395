// A text as tokens: the one under the pointer is the query, and every token's ground takes the weight it gives it.

import { css, luminance, mixed } from "../../kit/js/colour.js";
import { clamp, make, mounted, put } from "../../kit/js/core.js";
import { arrow } from "../../kit/js/drag.js";
import { Row } from "../../kit/js/row/row.js";
import { say } from "../../kit/js/text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("../../kit/js/row/row.js").Message} Message */

const LABELS = 3, LINE = 17, SPACE = 8; // of the strip: rows of labels, their height, pixels between two
const MANY = 48, LONGEST = 14; // labels at most, characters of one
const SHADES = 128; // of a token's ground
const CONTRAST = 4.6; // of text on its ground, at least

/** The colour of text that can be read on this ground. */
function readable(ground, ...wanted) {
  const contrast = (colour) => {
    const [a, b] = [luminance(colour), luminance(ground)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const choices = [...wanted, [0, 0, 0], [255, 255, 255]];
  return choices.find((colour) => contrast(colour) >= CONTRAST) ?? choices[0];
}

const clothed = (ground, colours) => `background-color: ${css(ground)}; color: ${css(readable(ground, colours.ink, colours.ground))}`;

const brief = (text) => {
  const parts = [...text.replace(/\s+/gu, " ")];
  return parts.length > LONGEST ? `${parts.slice(0, LONGEST - 1).join("")}…` : parts.join("");
};

class Words extends Row {
  constructor(root) {
    super(root, "words");
    this.room = LABELS * LINE;
    this.words = [];
    this.what = words.text.what;
  }

  surface(index) {
    const box = make("div", { class: "text", dir: "auto" });
    box.onscroll = () => {
      for (const { surface } of this.panes) if (surface.scrollTop !== box.scrollTop) surface.scrollTop = box.scrollTop;
      this.frame.soon();
    };
    if (index) return box;
    box.onkeydown = (event) => this.walk(event);
    return put(box, { tabindex: 0, role: "group" });
  }

  /** Another text: the tokens as they stand in it, with the spaces and line ends between them. */
  show(look) {
    this.words = look.words;
    for (const pane of this.panes) {
      pane.tokens = look.words.map((word, j) => make("span", { "data-token": j }, word));
      pane.surface.replaceChildren(...pane.tokens.flatMap((token, j) => (look.gaps[j] ? [look.gaps[j], token] : [token])));
      pane.marked = [];
    }
  }

  name(j) { return say(words.text.name, { word: this.words[j], token: j + 1 }); }

  caption(i) { return `  ${brief(this.words[i])}`; }

  mark(j) {
    const token = say(words.text.token, { token: j + 1 });
    return make("span", { class: "token" }, [make("bdi", {}, brief(this.words[j])), make("span", { class: "quiet" }, ` ${token}`)]);
  }

  tokenAt(event) {
    const touched = this.root.getRootNode().elementFromPoint(event.clientX, event.clientY)?.dataset?.token;
    return touched === undefined ? null : Number(touched);
  }

  /** Left and right as the text runs, up and down to the nearest token of another line. */
  walk(event) {
    const way = arrow(event);
    if (!this.head || (!way && event.key !== "Enter")) return;
    event.preventDefault();
    const i = this.query(), { tokens, surface } = this.panes[0];
    const forwards = getComputedStyle(surface).direction === "rtl" ? -1 : 1;
    if (!way) this.hold(i);
    else if (way[0]) this.step(clamp(i + forwards * way[0], 0, this.head.n - 1));
    else this.step(this.inNextLine(i, -way[1]));
    const box = surface.getBoundingClientRect(), token = tokens[this.query()].getBoundingClientRect();
    if (token.top < box.top || token.bottom > box.bottom) surface.scrollTop += token.top - box.top - box.height / 2;
  }

  /** The token that is nearest below another (down = 1) or above it (down = −1); the same where there is no other line. */
  inNextLine(i, down) {
    const { tokens } = this.panes[0], here = tokens[i].getBoundingClientRect();
    let best = i, least = Infinity;
    tokens.forEach((token, j) => {
      const box = token.getBoundingClientRect(), fall = down * (box.top - here.top);
      const far = fall + Math.abs(box.left + box.right - here.left - here.right) / 1e3;
      if (fall > here.height / 2 && far < least) { least = far; best = j; }
    });
    return best;
  }

  paint() {
    const views = this.panes.map((pane) => this.inView(pane));
    this.panes.forEach((pane, index) => {
      this.clothe(pane, index, views[index]);
      const { tokens, surface, marked } = pane;
      for (const token of marked.splice(0)) token.className = "";
      const mark = (j, kind) => { tokens[j].className = kind; marked.push(tokens[j]); };
      for (const j of this.lit) mark(j, "key");
      if (this.key !== null) mark(this.key, "key");
      mark(this.found.query, "query");
      if (surface.tabIndex < 0) return;
      put(surface, { "aria-label": say(words.text.state, { query: this.name(this.found.query) }) });
    });
  }

  /** Give the tokens that are seen the ground of their weights. */
  clothe({ tokens }, index, view) {
    const { colours, found } = this, weights = found.shown[index], looks = {}, [from, to] = view;
    tokens.slice(from, to).forEach((token, k) => {
      const weight = weights[from + k], [colour, part] = this.tint(index, weight), shade = Math.round(SHADES * part);
      const look = (looks[weight < 0 ? -shade : shade] ??= clothed(mixed(colours.ground, colour, shade / SHADES), colours));
      if (token.look !== look) token.style.cssText = token.look = look;
    });
  }

  /** From which token to which one sees the text: of a long one the others wait until they are scrolled to. */
  inView({ tokens, surface }) {
    const top = surface.scrollTop + surface.offsetTop - 60, bottom = top + surface.clientHeight + 120;
    if (surface.scrollHeight <= surface.clientHeight) return [0, tokens.length];
    const first = (y) => {
      let low = 0, high = tokens.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (tokens[middle].offsetTop < y) low = middle + 1; else high = middle;
      }
      return low;
    };
    return [first(top), first(bottom)];
  }

  /** On the strip: the key, both ends, and of the others as many as find room, spread over the order. */
  labels(pen, x, width) {
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    const { colours } = this, placed = this.placed(pen, x, width);
    pen.lineWidth = 1;
    for (const { j, at, y } of placed) {
      pen.beginPath();
      pen.moveTo(at, this.strip.base + 4);
      pen.lineTo(at, y - 12);
      pen.strokeStyle = j === this.key ? css(colours.key) : colours.line;
      pen.stroke();
    }
    pen.lineWidth = 4;
    pen.strokeStyle = css(colours.ground);
    for (const { j, text, middle, y } of placed) {
      pen.strokeText(text, middle, y);
      pen.fillStyle = css(j === this.key ? colours.key : colours.ink);
      pen.fillText(text, middle, y);
    }
  }

  placed(pen, x, width) {
    const { head, order } = this, step = Math.max(1, head.n / MANY);
    const spread = Array.from({ length: Math.ceil(head.n / step) }, (_, k) => order[Math.floor(k * step)]);
    const free = Array.from({ length: LABELS }, () => []), placed = [];
    for (const j of new Set([this.partner(), order[0], order[head.n - 1], ...spread])) {
      const text = brief(this.words[j]), half = pen.measureText(text).width / 2 + SPACE / 2, at = x(head.t[j]);
      const middle = clamp(at, half, width - half);
      const level = free.findIndex((taken) => taken.every(([a, b]) => middle + half < a || middle - half > b));
      if (level < 0) continue;
      free[level].push([middle - half, middle + half]);
      placed.push({ j, text, middle, at, y: this.strip.base + 38 + level * LINE });
    }
    return placed;
  }
}

export default mounted(Words, "hold");
