// The scalar line: queries above an axis, keys below; the held query attends while you drag.

const LOW = -3, HIGH = 3, MOST = 24; // as in line.py, which holds whatever comes to them
const AXIS = 232, VALUES = 338, HEIGHT = 392, UNIT = 36, PEAK = 150, VALUE_UNIT = 34, MARGIN = 26;

// the operator's formulas for one query, in the browser: weights, normalizer, output
function attend(state, s) {
  const { keys, values } = state;
  const n = keys.length;
  if (state.kernel === "bump") {
    const weights = keys.map((t) => Math.max(0, 1 - Math.abs(s - t) / state.b) / n);
    return { weights, total: n, y: weights.reduce((sum, w, j) => sum + w * values[j], 0) };
  }
  const total = keys.reduce((sum, t) => sum + Math.abs(s - t), 0);
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const weights = keys.map((t) => (total > 0 ? Math.max(0, s - t) / total : 0));
  return { weights, total, y: weights.reduce((sum, w, j) => sum + w * (values[j] - mean), 0) };
}

class Line {
  constructor(root) {
    this.root = root;
    this.history = [];
    this.sent = 0;
    this.pointed = null;
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  // what Python says: a start (link, back button) or the operator's answer to what was sent
  receive(data, send) {
    this.send = send;
    if (data.epoch !== this.epoch) {
      this.epoch = data.epoch;
      this.state = structuredClone(data.start);
      this.history = [];
      this.sent = 0;
      this.asked = this.largest = null;
      clearTimeout(this.timer);
      this.rebuild();
    }
    this.asked ??= structuredClone(this.state);
    if (data.answer.id === this.sent && JSON.stringify(this.asked) === JSON.stringify(this.state)) {
      const drawn = this.state.queries.map((s) => attend(this.state, s).y);
      this.largest = Math.max(...drawn.map((y, i) => Math.abs(y - data.answer.y[i])));
    }
    this.draw();
  }

  build() {
    this.plot = svg("svg", { role: "group", "aria-label": "Queries above an axis of scores, keys below it" });
    this.back = svg("g");
    this.tokens = svg("g");
    this.front = svg("g", { "aria-hidden": "true" });
    this.plot.append(this.back, this.tokens, this.front);
    this.sums = make("div", { class: "sums" });
    this.live = make("div", { class: "hidden", "aria-live": "polite" });
    const press = (label, text, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.kernels = ["relu", "bump"].map((kernel) =>
      make("button", { type: "button", onclick: () => this.change((s) => { s.kernel = kernel; }) }, kernel === "relu" ? "ReLU" : "bump"));
    this.counts = { queries: make("span", { class: "count" }), keys: make("span", { class: "count" }) };
    const stepper = (what) => {
      const less = press(`Remove one of the ${what}`, "−", () => this.remove(what));
      const more = press(`Add one to the ${what}`, "+", () => this.add(what));
      this.steps.push([what, less, more]);
      return make("span", { class: "group" }, [make("span", {}, what), less, this.counts[what], more]);
    };
    this.steps = [];
    this.undoButton = press("Undo", "↶ Undo", () => this.undo());
    this.controls = make("div", { class: "controls row" }, [
      make("span", { class: "joined", role: "group", "aria-label": "Kernel" }, this.kernels),
      stepper("queries"), stepper("keys"),
      press("Draw new positions and values", "Shuffle", () => this.shuffle()),
      this.undoButton,
      make("span", { class: "quiet push hint" }, "Tab picks a token · ← → move it"),
    ]);
    this.root.replaceChildren(make("div", { class: "line" }, make("div", { class: "card" }, [
      make("div", { class: "stage" }, [this.plot, this.sums]), this.controls, this.live,
    ])));
    this.root.onkeydown = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); this.undo(); }
    };
  }

  // every change goes through here: remembered for undo, drawn, sent
  change(act) {
    this.remember();
    act(this.state);
    this.rebuild();
    this.draw();
    this.release();
  }

  remember() {
    this.history.push(structuredClone(this.state));
    if (this.history.length > 100) this.history.shift();
  }

  undo() {
    if (!this.history.length) return;
    this.state = this.history.pop();
    this.rebuild();
    this.draw();
    this.release();
  }

  release() {
    this.largest = null;
    this.sent += 1;
    this.asked = structuredClone(this.state);
    this.draw();
    this.send({ ...structuredClone(this.state), id: this.sent, epoch: this.epoch });
    const held = this.state.queries[this.state.held];
    this.live.textContent = `Query at ${fmt(held)}: output ${fmt(attend(this.state, held).y, 3)}`;
  }

  add(what) {
    this.change((state) => {
      const taken = state[what];
      taken.push(round(LOW * 0.9 + Math.random() * (HIGH - LOW) * 0.9));
      if (what === "keys") state.values.push(round(Math.random() * 2 - 1));
    });
  }

  remove(what) {
    this.change((state) => {
      state[what].pop();
      if (what === "keys") state.values.pop();
      state.held = Math.min(state.held, state.queries.length - 1);
    });
  }

  shuffle() {
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    this.change((state) => {
      state.queries = state.queries.map(() => round(clamp(normal() * 1.2, LOW, HIGH)));
      state.keys = state.keys.map(() => round(clamp(normal() * 1.2, LOW, HIGH)));
      state.values = state.values.map(() => round(Math.random() * 2 - 1));
      state.held = state.queries.indexOf(Math.max(...state.queries));
    });
  }

  x(score) { return MARGIN + ((score - LOW) / (HIGH - LOW)) * (this.width - 2 * MARGIN); }

  score(x) { return LOW + ((x - MARGIN) / (this.width - 2 * MARGIN)) * (HIGH - LOW); }

  // one element per token, kept while it is dragged or focused
  rebuild() {
    const { queries, keys } = this.state;
    const focused = this.root.getRootNode().activeElement?.dataset?.token;
    const mark = {
      q: () => svg("path", { class: "mark", d: "M-8 -19 H8 L0 -4 Z" }),
      k: () => svg("circle", { class: "mark", cy: 15, r: keys.length > 14 ? 5 : 7 }),
      v: () => svg("circle", { class: "mark", r: 4.5 }),
      b: () => svg("path", { class: "mark", d: "M0 -7 L7 0 L0 7 L-7 0 Z" }),
    };
    const ring = { q: [0, -13, 15], k: [0, 15, 13], v: [0, 0, 10], b: [0, 0, 12] };
    const token = (kind, index) => {
      const [cx, cy, r] = ring[kind];
      const g = svg("g", { class: `token ${kind}`, tabindex: 0, role: "slider", "data-token": `${kind}${index}` }, [
        svg("circle", { class: "hit", cx, cy, r: kind === "v" ? 11 : 17 }), svg("circle", { class: "ring", cx, cy, r }), mark[kind](),
      ]);
      g.onpointerdown = (event) => this.grab(event, kind, this.nearest(event, kind, index));
      g.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // the page is not to scroll
      g.onkeydown = (event) => this.nudge(event, kind, index);
      g.onfocus = () => this.hold(kind, index);
      if (kind === "k") {
        g.onpointerenter = () => { this.pointed = index; this.draw(); };
        g.onpointerleave = () => { this.pointed = null; this.draw(); };
      }
      return g;
    };
    this.marks = {
      q: queries.map((_, i) => token("q", i)), k: keys.map((_, j) => token("k", j)), v: keys.map((_, j) => token("v", j)),
      b: this.state.kernel === "bump" ? [token("b", 0)] : [],
    };
    this.tokens.replaceChildren(...this.marks.q, ...this.marks.k, ...this.marks.b, ...this.marks.v);
    if (focused) this.tokens.querySelector(`[data-token="${focused}"]`)?.focus();
  }

  read(kind, index) {
    return { q: () => this.state.queries[index], k: () => this.state.keys[index], v: () => this.state.values[index], b: () => this.state.b }[kind]();
  }

  write(kind, index, value) {
    const state = this.state;
    if (kind === "q") state.queries[index] = clamp(round(value), LOW, HIGH);
    if (kind === "k") state.keys[index] = clamp(round(value), LOW, HIGH);
    if (kind === "v") state.values[index] = clamp(round(value), -1, 1);
    if (kind === "b") state.b = clamp(round(value), 0.05, 3);
  }

  // a query that has the focus is held; it is told once it keeps it
  hold(kind, index) {
    if (kind !== "q" || this.state.held === index) return;
    this.state.held = index;
    this.draw();
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.nudging = false; this.release(); }, 250);
  }

  // where marks overlap the nearest is meant, not the one drawn last
  nearest(event, kind, index) {
    const box = this.plot.getBoundingClientRect();
    const apart = (k) => {
      const x = kind === "q" ? this.state.queries[k] : this.state.keys[k];
      const up = kind === "v" ? VALUES - this.state.values[k] * VALUE_UNIT - (event.clientY - box.top) : 0;
      return Math.hypot(this.x(x) - (event.clientX - box.left), up);
    };
    return kind === "b" ? index : this.marks[kind].map((_, k) => k).sort((a, b) => apart(a) - apart(b))[0];
  }

  grab(event, kind, index) {
    if (event.button) return;
    const element = this.marks[kind][index];
    event.preventDefault();
    clearTimeout(this.timer);
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    const box = this.plot.getBoundingClientRect();
    const before = this.read(kind, index);
    if (kind === "q") this.state.held = index;
    const at = (e) => (kind === "v" ? (VALUES - (e.clientY - box.top)) / VALUE_UNIT : this.score(e.clientX - box.left));
    const offset = kind === "b" ? 0 : before - at(event);
    this.remember();
    let moved = false;
    element.onpointermove = (e) => {
      const wanted = at(e) + offset;
      this.write(kind, index, kind === "b" ? Math.abs(wanted - this.state.queries[this.state.held]) : wanted);
      moved ||= this.read(kind, index) !== before;
      this.largest = null;
      this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
    };
    element.onpointerup = element.onpointercancel = () => {
      element.onpointermove = element.onpointerup = element.onpointercancel = null;
      if (!moved) this.history.pop();
      if (moved || kind === "q") this.release();
    };
    this.draw();
  }

  nudge(event, kind, index) {
    const left = kind === "b" && this.state.queries[this.state.held] > HIGH / 2; // the handle is on that side
    const step = (event.shiftKey ? 0.25 : 0.05) * (left ? -1 : 1);
    const upright = kind === "v";
    const moves = { ArrowRight: upright ? 0 : step, ArrowLeft: upright ? 0 : -step, ArrowUp: step, ArrowDown: -step };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.nudging) this.remember();
    this.nudging = true;
    this.write(kind, index, this.read(kind, index) + moves[event.key]);
    this.largest = null;
    this.draw();
    this.later();
  }

  draw() {
    if (!this.state) return;
    this.width = this.plot.clientWidth || 600;
    put(this.plot, { viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT });
    const { state } = this;
    const s = state.queries[state.held];
    const found = attend(state, s);
    this.drawBack(s, found);
    this.drawTokens(found);
    this.drawFront(s, found);
    this.drawSums(s, found);
    this.kernels.forEach((button, i) => put(button, { "aria-pressed": String(["relu", "bump"][i] === state.kernel) }));
    for (const [what, less, more] of this.steps) {
      this.counts[what].textContent = state[what].length;
      less.disabled = state[what].length <= 1;
      more.disabled = state[what].length >= MOST;
    }
    this.undoButton.disabled = !this.history.length;
  }

  height(r) {
    return this.state.kernel === "bump" ? Math.max(0, 1 - Math.abs(r) / this.state.b) * PEAK : Math.max(0, r) * UNIT;
  }

  drawBack(s, found) {
    const { state } = this;
    const at = this.x(s);
    // the kernel over the axis, cut off where the axis ends
    const reach = state.kernel === "bump" ? [Math.max(s - state.b, LOW), s, Math.min(s + state.b, HIGH)] : [LOW, s];
    const corners = reach.map((t) => `${this.x(t)} ${AXIS - this.height(s - t)}`).join(" L");
    const edge = `M${corners}`;
    const shape = `M${this.x(reach[0])} ${AXIS} L${corners} L${this.x(reach.at(-1))} ${AXIS} Z`;
    const parts = [
      svg("path", { d: shape, fill: "var(--query)", "fill-opacity": 0.1 }),
      svg("path", { d: edge, fill: "none", stroke: "var(--query)", "stroke-width": 1.6 }),
      svg("line", { x1: MARGIN - 12, x2: this.width - MARGIN + 12, y1: AXIS, y2: AXIS, stroke: "var(--ink)", "stroke-width": 1.4 }),
      svg("line", { x1: MARGIN - 12, x2: this.width - MARGIN + 12, y1: VALUES, y2: VALUES, stroke: "var(--line)", "stroke-width": 1.2 }),
    ];
    for (let score = LOW; score <= HIGH; score += 1) {
      parts.push(
        svg("line", { x1: this.x(score), x2: this.x(score), y1: AXIS - 3, y2: AXIS + 3, stroke: "var(--ink)" }),
        svg("text", { x: this.x(score), y: AXIS + 44, "text-anchor": "middle" }, fmt(score, 0)));
    }
    const points = [];
    for (let x = MARGIN; x <= this.width - MARGIN; x += 2) {
      points.push(`${x} ${(VALUES - attend(state, this.score(x)).y * VALUE_UNIT).toFixed(2)}`);
    }
    parts.push(svg("path", { d: `M${points.join("L")}`, fill: "none", stroke: "var(--value)", "stroke-width": 1.2, "stroke-opacity": 0.75, "stroke-dasharray": "1 3", "stroke-linecap": "round" }));
    const taken = [-Infinity, -Infinity, -Infinity]; // where the labels of each height end
    const order = state.keys.map((_, j) => j).sort((a, b) => state.keys[a] - state.keys[b]);
    for (const j of order) {
      const x = this.x(state.keys[j]);
      parts.push(svg("line", { x1: x, x2: x, y1: VALUES, y2: VALUES - state.values[j] * VALUE_UNIT, stroke: "var(--value)", "stroke-width": 2 }));
      const top = this.height(s - state.keys[j]);
      if (found.weights[j] <= 0) continue;
      parts.push(svg("line", { x1: x, x2: x, y1: AXIS, y2: AXIS - top, stroke: "var(--key)", "stroke-width": j === this.pointed ? 5 : 3 }));
      const level = taken.findIndex((end) => x - end > 32);
      if (j === this.pointed || level >= 0) {
        parts.push(svg("text", { class: "weight", x, y: Math.max(10, AXIS - top - 7 - 14 * Math.max(0, level)) }, fmt(found.weights[j])));
        taken[Math.max(0, level)] = x;
      }
    }
    this.back.replaceChildren(...parts);
  }

  drawTokens(found) {
    const { state } = this;
    const describe = (g, x, y, label, now, low, high) => put(g, {
      transform: `translate(${x} ${y})`, "aria-label": label, "aria-valuenow": round(now), "aria-valuemin": low, "aria-valuemax": high, "aria-valuetext": fmt(now),
    });
    this.marks.q.forEach((g, i) => {
      describe(g, this.x(state.queries[i]), AXIS, `query ${i + 1}${i === state.held ? ", held" : ""}`, state.queries[i], LOW, HIGH);
      g.classList.toggle("held", i === state.held);
    });
    this.marks.k.forEach((g, j) => {
      describe(g, this.x(state.keys[j]), AXIS, `key ${j + 1}, weight ${fmt(found.weights[j])}`, state.keys[j], LOW, HIGH);
      g.classList.toggle("lit", found.weights[j] > 0);
    });
    this.marks.v.forEach((g, j) => describe(g, this.x(state.keys[j]), VALUES - state.values[j] * VALUE_UNIT, `value of key ${j + 1}`, state.values[j], -1, 1));
    for (const g of this.marks.b) {
      const s = state.queries[state.held];
      const side = s <= HIGH / 2 ? 1 : -1; // by the query alone: the handle stays with the pointer
      describe(g, clamp(this.x(s + side * state.b), MARGIN - 10, this.width - MARGIN + 10), AXIS, "bandwidth", state.b, 0.05, 3);
    }
  }

  drawFront(s, found) {
    const x = this.x(s);
    const y = VALUES - found.y * VALUE_UNIT;
    const up = found.y >= 0 ? 1 : -1;
    const end = this.width - MARGIN + 12;
    const halo = { stroke: "var(--ground)", "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" };
    const parts = [
      svg("text", { x: clamp(x, 26, this.width - 26), "text-anchor": "middle", ...halo, class: "name", y: AXIS - 28 }, `s = ${fmt(s)}`),
      svg("text", { x: end, y: AXIS + 62, "text-anchor": "end" }, "score →"),
      svg("text", { x: MARGIN - 12, y: VALUES + 50, class: "out" }, this.width > 420 ? "values v of the keys · dotted: y wherever s is" : "values v of the keys"),
      svg("text", { x: end, y: VALUES + 50, class: "out", "text-anchor": "end" }, `y = ${fmt(found.y, 3)}`),
      svg("line", { x1: x, x2: x, y1: VALUES, y2: y, stroke: "var(--value)", "stroke-width": 4 }),
      Math.abs(found.y) * VALUE_UNIT > 3
        ? svg("path", { d: `M${x - 6} ${y + 6 * up} L${x} ${y - 3 * up} L${x + 6} ${y + 6 * up} Z`, fill: "var(--value)" })
        : svg("circle", { cx: x, cy: y, r: 4, fill: "var(--value)" }),
    ];
    for (const part of parts) put(part, { "pointer-events": "none" });
    this.front.replaceChildren(...parts);
  }

  drawSums(s, found) {
    const { state } = this;
    const bump = state.kernel === "bump";
    const span = (kind, text) => make("span", { class: kind }, text);
    const lit = state.keys.map((_, j) => j).filter((j) => found.weights[j] > 0).sort((a, b) => found.weights[b] - found.weights[a]);
    const rows = lit.map((j) => make("li", { class: j === this.pointed ? "pointed" : "" }, bump
      ? ["(1 − |", span("query", fmt(s)), " − ", span("key", fmt(state.keys[j])), `|/${fmt(state.b)})/${state.keys.length} = ${fmt(found.weights[j], 3)}`]
      : ["relu(", span("query", fmt(s)), " − ", span("key", fmt(state.keys[j])), `)/${fmt(found.total)} = ${fmt(found.weights[j], 3)}`]));
    const nothing = bump ? "No key is nearer than the bandwidth." : "No key lies to its left.";
    const badge = judge(make("span", { class: "badge", title: "largest difference of what the browser drew and what the operator computed, over all queries" }), this.largest ?? null);
    this.sums.replaceChildren(
      make("h4", {}, "What the held query receives"),
      lit.length ? make("ol", lit.length > 9 ? { tabindex: 0, "aria-label": "weights" } : {}, rows) : make("p", {}, `${nothing} It receives nothing.`),
      make("div", { class: "total" }, [
        make("div", { class: "quiet" }, bump ? `n = ${state.keys.length} keys, b = ${fmt(state.b)}` : `N = Σ|s − t| = ${fmt(found.total)}`),
        bump ? "" : make("div", { class: "quiet" }, `mean of v = ${fmt(state.values.reduce((sum, v) => sum + v, 0) / state.values.length, 3)}`),
        make("div", { class: "value" }, bump ? `y = Σ w·v = ${fmt(found.y, 3)}` : `y = Σ w·(v − mean) = ${fmt(found.y, 3)}`),
      ]),
      badge);
  }
}

const round = (x) => Math.round(x * 100) / 100;

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.line ??= new Line(root);
  root.line.receive(data, (value) => setStateValue("line", value));
  return () => { root.line?.close(); root.line = null; };
}
