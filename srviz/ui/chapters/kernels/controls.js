// The controls around the curve and the map.

import { button, hundredth, labelled, make, put, span } from "../../kit/js/core.js";
import { change, count, fmt, judge, phrase, power, say } from "../../kit/js/text.js";
import { isDrawn } from "./model.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./kernel.js").KernelMap} KernelMap */
/** @typedef {import("./kernel.js").Curve} Curve */

/** The place of the nearest number in a list. */
const nearest = (list, x) => list.reduce((best, y, k) => (Math.abs(y - x) < Math.abs(list[best] - x) ? k : best), 0);

/** What was done to the raw scores, in words. */
function moves({ shift, scale, queries, standard }) {
  return [
    shift && say(words.scores.made.shift, { by: change(shift) }), scale !== 1 && say(words.scores.made.scale, { by: scale }),
    queries && say(words.scores.made.queries, { by: change(queries) }), !standard && words.scores.made.raw,
  ].filter(Boolean);
}

export class Controls {
  /** @param {KernelMap} owner */
  constructor(owner) {
    this.owner = owner;
    this.picks = make("div", { class: "pick row", role: "group", "aria-label": words.curve.kernels });
    this.starts = make("span", { class: "group starts" });
    /** @type {Curve[]} */
    this.curves = [];
    this.formula = make("h2");
    this.caption = make("h2");
    this.buildDrawing();
    this.buildRules();
    this.buildScores();
    this.undo = labelled(words.undo, `↶ ${words.undo}`, () => owner.undo());
    this.badge = make("span", { class: "badge waiting", title: words.badge.title });
    this.row = make("div", { class: "controls row" }, [this.opener, this.scored, this.undo, make("span", { class: "push" }, this.badge)]);
  }

  /** The nodes of a drawn curve; and the hint that stands in their place otherwise. */
  buildDrawing() {
    const { plot } = this.owner;
    this.more = labelled(words.curve.nodes.add, "+", () => plot.widen());
    this.less = labelled(words.curve.nodes.remove, "−", () => plot.remove());
    this.nodes = make("span");
    this.drawing = make("div", { class: "draw row" }, [make("span", { class: "group" }, [this.less, this.nodes, this.more]), this.starts]);
    this.drag = span("quiet", "");
    this.hint = make("div", { class: "draw row" }, this.drag);
  }

  /** What is done to the weights: their order, the centring, the divisor. */
  buildRules() {
    const { owner } = this;
    this.orders = [false, true].map((sorted) => button(
      sorted ? words.rules.sorted : words.rules.unsorted, () => owner.change((state) => { state.sorted = sorted; })));
    this.centring = button(words.rules.centre, () => owner.change((state) => { state.centred = !state.centred; }));
    const choose = () => owner.change((state) => { state.divide = this.divide.value; });
    this.divide = make("select", { "aria-label": words.rules.label, onchange: choose },
      Object.keys(owner.data.divisors).map((value) => make("option", { value }, words.rules.by[value])));
    this.rules = make("div", { class: "rules row" }, [
      make("span", { class: "joined", role: "group", "aria-label": words.rules.orders }, this.orders), this.centring,
      make("label", { class: "group" }, [words.rules.divide, this.divide]),
    ]);
  }

  /** The panel in which the raw scores are moved, and what is said of it while it is closed. */
  buildScores() {
    const { owner } = this, { shifts, scales, queries, asTheyWere } = owner.data.moves;
    const reset = () => owner.change((state) => { Object.assign(state, asTheyWere); });
    this.opener = button(words.scores.open, () => this.open(this.panel.hidden), { "aria-expanded": "false" });
    this.movedText = make("span", {});
    this.scored = make("span", { class: "group" }, [this.movedText, button(words.scores.resetAll, reset)]);
    this.standard = button(words.scores.standard, () => owner.change((state) => { state.standard = !state.standard; }));
    this.effect = make("p");
    this.sliders = [
      this.slider("shift", [0, shifts.length - 1, 1], (k) => shifts[k], (x) => nearest(shifts, x)),
      this.slider("scale", [0, scales.length - 1, 1], (k) => scales[k], (x) => nearest(scales, x)),
      this.slider("queries", [-queries, queries, 0.1], hundredth, (x) => x),
    ];
    this.panel = make("div", { class: "more", hidden: true }, [
      make("div", { class: "row" }, [words.scores.change, this.standard, button(words.scores.reset, reset)]),
      make("div", { class: "sliders" }, this.sliders.map(({ label }) => label)), this.effect,
    ]);
  }

  /** A slider of one number of the state; `to` and `from` translate between its steps and that number. */
  slider(name, [min, max, step], to, from) {
    const text = words.scores.sliders[name], value = make("b");
    const input = make("input", { type: "range", min, max, step, "aria-label": text });
    input.oninput = () => this.owner.slideTo(name, to(Number(input.value)));
    input.onchange = () => this.owner.slidTo();
    return { name, input, value, from, label: make("label", {}, [make("span", {}, text), value, input]) };
  }

  /** The buttons of the curves: Python says which there are. */
  offer(curves) {
    if (curves.length === this.curves.length && curves.every(({ name }, k) => name === this.curves[k].name)) return;
    const { owner } = this;
    this.curves = curves;
    this.picks.replaceChildren(...curves.map(({ name, label, note, why }) => button(
      note ? [label, " ", make("sup", {}, note)] : label, () => owner.pick(name), { title: why || null })));
    const starts = curves.flatMap(({ start }) => start ?? []);
    this.starts.replaceChildren(words.curve.start, ...starts.map(({ label, ...drawing }) => button(label, () => owner.change((state) => {
      Object.assign(state, structuredClone(drawing));
      owner.plot.chosen = 0;
    }))));
  }

  open(on) {
    this.panel.hidden = !on;
    put(this.opener, { "aria-expanded": String(on) });
    if (this.owner.found) this.draw();
  }

  /** Open the panel where the scores are moved, close it where they are not. */
  openIfMoved() { this.open(moves(this.owner.state).length > 0); }

  draw() {
    const { owner, curves } = this, { state, data, found: { curve } } = owner, drawn = isDrawn(curve);
    const pressed = (element, on) => put(element, { "aria-pressed": String(on) });
    [...this.picks.children].forEach((pick, k) => pressed(pick, curves[k].name === state.kernel));
    this.orders.forEach((order, k) => pressed(order, Boolean(k) === state.sorted));
    pressed(this.centring, state.centred);
    pressed(this.standard, state.standard);
    this.divide.value = state.divide;
    put(this.divide, { title: say(words.rules.divided, { by: words.rules.by[state.divide] }) });
    this.undo.disabled = owner.history.empty;
    this.drawing.style.display = drawn ? "" : "none";
    this.hint.style.display = drawn ? "none" : "";
    this.drag.textContent = curve.bandwidth ? say(words.curve.bandwidth, { b: fmt(state.b) }) : "";
    this.nodes.textContent = say(state.nodes.length > 1 ? words.curve.nodes.many : words.curve.nodes.one, { n: state.nodes.length });
    this.less.disabled = state.nodes.length <= 1;
    this.more.disabled = state.nodes.length >= data.limits.most;
    this.formula.replaceChildren(...(drawn
      ? [make("b", {}, "f(r)"), `: ${curve.formula}`] : ["f(r) = ", make("b", {}, curve.formula), ", r = s − t"]));
    this.caption.replaceChildren(...this.captionOf(curve));
    this.drawScores();
    judge(this.badge, owner.agreed, data.tolerance);
    if (curve.note) this.badge.textContent = this.badge.textContent.replace(words.badge.operator, words.badge.every);
  }

  /** What the map shows, as a formula. */
  captionOf(curve) {
    const { state: { divide, centred }, data: { divisors }, followed } = this.owner, by = divisors[divide] && ` / ${divisors[divide]}`;
    const now = say(curve.usual ? words.caption.usual : words.caption.followed, { by: words.rules.by[divide], who: curve.usual });
    const weights = make("b", {}, centred ? words.caption.effective : words.caption.weights);
    return [...phrase(centred ? words.caption.centred : words.caption.plain, { weights, by }), ...(followed ? [make("span", {}, now)] : [])];
  }

  drawScores() {
    const { state, data, agreed, moved } = this.owner, made = moves(state);
    for (const { name, input, value, from } of this.sliders) {
      input.value = from(state[name]);
      value.textContent = name === "scale" ? `× ${state.scale}` : change(state[name]);
      put(input, { "aria-valuetext": value.textContent });
    }
    this.scored.hidden = !this.panel.hidden || !made.length;
    this.movedText.textContent = say(words.scores.moved, { made: made.join(", ") });
    const far = () => make("b", {}, moved < 0.01 ? power(moved) : fmt(moved, moved < 10 ? 2 : 0));
    this.effect.replaceChildren(...(state.shift === 0 && state.scale === 1 && state.queries === 0 ? [span("quiet", words.scores.try)]
      : agreed === null ? [span("quiet", words.scores.asking)]
      : phrase(words.scores.effect, { moved: far(), n: count(data.answer.many) })));
  }
}
