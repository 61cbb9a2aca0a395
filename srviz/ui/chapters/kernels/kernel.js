// A curve f(r), r = s − t, and its map: what is dragged on the curve redraws every weight of the map.

import { clamp, make, put, reducedMotion, svg } from "../../kit/js/core.js";
import { fmt, judge, power, signed } from "../../kit/js/text.js";

const REACH = 5, FAR = 4, TALL = 3, STEEP = 4, GAP = 0.05, MOST_NODES = 24, ARM = 0.75; // of a drawn curve
const TOP = 14, LEFT = 34, BOTTOM = 46; // of the plot, in pixels
const SLIDE = 800; // milliseconds from one order to the other
const TINY = 1.1754943508222875e-38;
const BLANK = { row: 0, column: 0 };

const NAMES = [
  ["relu", "ReLU"], ["bump", "bump"], ["distance", "distance |r|"], ["laplace", "Laplace"], ["gauss", "Gauss"], ["drawn", "draw your own"],
];
const N2 = { laplace: "The operator here has no sorted route for it: all n² pairs", gauss: "Not made of straight pieces: all n² pairs" };
const AS = { relu: "as the paper does for ReLU", bump: "as the paper does for the bump", laplace: "as softmax does", gauss: "as softmax does" };
const DIVIDE = [["distance", "Σ|s − t|"], ["n", "n"], ["one", "nothing"], ["rows", "the row sum"]];
const VIEW = { relu: [-0.6, 5.2], distance: [-0.6, 5.2], bump: [-0.25, 1.25], laplace: [-0.25, 1.25], gauss: [-0.25, 1.25], drawn: [-3.3, 3.3] };
const SHIFTS = [-1000, -100, -10, -1, 0, 1, 10, 100, 1000], SCALES = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100];
const SENT = ["kernel", "b", "nodes", "left", "right", "divide", "centred", "sorted", "standard", "shift", "scale", "queries", "row", "column"];

const two = (x) => Math.round(x * 100) / 100;
const total = (list) => list.reduce((sum, x) => sum + x, 0);
const largest = (list) => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

// ---- the formulas ----------------------------------------------------------------------------------------------------

// the value at r of the curve that a state holds
function curve(state) {
  const { kernel, b, nodes, left, right } = state;
  if (kernel === "relu") return (r) => Math.max(0, r);
  if (kernel === "distance") return (r) => Math.abs(r);
  if (kernel === "bump") return (r) => Math.max(0, 1 - Math.abs(r) / b);
  if (kernel === "laplace") return (r) => Math.exp(-Math.abs(r) / b);
  if (kernel === "gauss") return (r) => Math.exp(-((r / b) ** 2) / 2);
  return (r) => {
    const [piece, slope] = segment(nodes, left, right, r);
    return piece[1] + slope * (r - piece[0]);
  };
}

// the node from which a drawn curve is straight up to r, and the slope there
function segment(nodes, left, right, r) {
  const after = nodes.findIndex((node) => node[0] > r);
  if (after === 0) return [nodes[0], left];
  if (after < 0) return [nodes[nodes.length - 1], right];
  const [a, c] = [nodes[after - 1], nodes[after]];
  return [a, (c[1] - a[1]) / (c[0] - a[0])];
}

// raw scores, scaled and shifted, then standardized together
function scores(state, data) {
  let s = data.s.map((x) => x * state.scale + state.shift + state.queries), t = data.t.map((x) => x * state.scale + state.shift);
  if (!state.standard) return [s, t];
  const middle = (total(s) / s.length + total(t) / t.length) / 2;
  s = s.map((x) => x - middle);
  t = t.map((x) => x - middle);
  const square = (list) => total(list.map((x) => x * x)) / list.length;
  const deviation = Math.sqrt((square(s) + square(t)) / 2 + 1e-6);
  return [s.map((x) => x / deviation), t.map((x) => x / deviation)];
}

// every weight, row sum and output
function compute(state, data) {
  const n = data.s.length, f = curve(state), [s, t] = scores(state, data);
  const weights = new Float64Array(n * n), sums = new Array(n), raw = new Array(n), divisor = new Array(n), y = new Array(n);
  let most = 0, least = 0;
  for (let i = 0; i < n; i += 1) {
    let sum = 0, far = 0;
    for (let j = 0; j < n; j += 1) {
      const r = s[i] - t[j];
      weights[i * n + j] = f(r);
      sum += weights[i * n + j];
      far += Math.abs(r);
    }
    const total = { distance: far, n, one: 1, rows: sum }[state.divide];
    const over = Math.abs(total) < TINY ? 0 : total; // float32 has no more digits there
    const mean = over === 0 ? 0 : sum / over / n;
    divisor[i] = over;
    raw[i] = mean * n;
    sums[i] = 0;
    y[i] = 0;
    for (let j = 0; j < n; j += 1) {
      const w = (over === 0 ? 0 : weights[i * n + j] / over) - (state.centred ? mean : 0);
      weights[i * n + j] = w;
      sums[i] += w;
      y[i] += w * data.v[j];
      most = Math.max(most, w);
      least = Math.min(least, w);
    }
  }
  return { n, f, s, t, weights, sums, raw, divisor, y, most, least: least > -1e-15 ? 0 : least };
}

function ranks(list) {
  const order = list.map((_, i) => i).sort((a, b) => list[a] - list[b] || a - b);
  const rank = new Array(list.length);
  order.forEach((i, place) => { rank[i] = place; });
  return rank;
}

class KernelMap {
  constructor(root) {
    this.root = root;
    this.history = [];
    this.sent = 0;
    this.pointed = BLANK;
    this.chosen = 0;
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
    this.observer.observe(this.canvas);
    this.keys = (event) => {
      if (event.key === "Escape" && this.state?.row && !event.defaultPrevented) this.hold(BLANK);
    };
    document.addEventListener("keydown", this.keys);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.keys);
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.sliding);
  }

  // what Python says: a start (link, back button), another input, or the operator's answer to what was sent
  receive(data, send) {
    this.send = send;
    const other = data.setting !== this.data?.setting;
    this.data = data;
    if (data.epoch !== this.epoch) {
      this.epoch = data.epoch;
      this.state = structuredClone(data.start);
      if (this.state.divide === "usual") this.state.divide = data.usual[this.state.kernel];
      this.history = [];
      this.followed = false;
      this.sent = 0;
      this.chosen = 0;
      this.slid = this.state.sorted ? 1 : 0;
      this.open(this.moves().length > 0);
      this.rebuild();
    }
    if (other) {
      Object.assign(this.state, { row: data.start.row, column: data.start.column });
      this.pointed = BLANK;
      this.agreed = null;
    }
    this.update();
    if (data.answer.id === this.sent) {
      const { y, sums } = this.found, { answer } = data;
      const part = (ours, theirs) => largest(ours.map((x, i) => x - theirs[i])) / (largest(theirs) > 1e-12 ? largest(theirs) : 1);
      this.agreed = Math.max(part(y, answer.y), part(sums, answer.sums));
      this.moved = answer.change;
    }
    this.draw();
  }

  // ---- the parts -------------------------------------------------------------------------------------------------------

  build() {
    const press = (label, text, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.picks = NAMES.map(([kernel, name]) => make("button", {
      type: "button", title: N2[kernel] ?? null, onclick: () => this.pick(kernel),
    }, N2[kernel] ? [name, " ", make("sup", {}, kernel === "gauss" ? "needs n²" : "n² here")] : name));
    this.plot = svg("svg", { class: "plot", role: "group", "aria-label": "The curve f of r = s − t" });
    this.back = svg("g", { "aria-hidden": "true" });
    this.handles = svg("g");
    this.front = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
    this.plot.append(this.back, this.handles, this.front);
    this.plot.ondblclick = (event) => {
      if (this.state.kernel !== "drawn") return;
      const box = this.plot.getBoundingClientRect();
      this.add(this.r(event.clientX - box.left), this.height(event.clientY - box.top));
    };
    this.formula = make("h4");
    this.more_ = press("Add a node in the widest gap", "+", () => this.widen());
    this.less = press("Remove the chosen node", "−", () => this.remove());
    this.nodeCount = make("span");
    const from = (label, nodes, left, right) => make("button", {
      type: "button", onclick: () => this.change((state) => { Object.assign(state, { nodes: structuredClone(nodes), left, right }); this.chosen = 0; }),
    }, label);
    const bell = [-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3].map((r) => [r, r % 3 ? two(Math.exp((-r * r) / 2)) : r ? 0 : 1]);
    this.drawing = make("div", { class: "draw row" }, [
      make("span", { class: "group" }, [this.less, this.nodeCount, this.more_]),
      make("span", { class: "group" }, ["start from", from("ReLU", [[0, 0]], 0, 1), from("|r|", [[0, 0]], -1, 1), from("Gauss, 10 pieces", bell, 0, 0)]),
    ]);
    this.hint = make("div", { class: "draw row quiet" });

    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-roledescription": "kernel map" });
    this.canvas.onpointermove = (event) => { if (!this.state.row) this.point(this.cell(event)); };
    this.canvas.onpointerleave = () => { if (!this.state.row) this.point(BLANK); };
    this.canvas.onclick = (event) => {
      const cell = this.cell(event);
      this.hold(cell.row === this.state.row && cell.column === this.state.column ? BLANK : cell);
    };
    this.canvas.onkeydown = (event) => this.walk(event);
    this.caption = make("h4");
    this.says = make("div", { class: "says" });
    this.live = make("div", { class: "hidden", "aria-live": "polite" });

    this.orders = [false, true].map((sorted) => make("button", {
      type: "button", onclick: () => this.change((state) => { state.sorted = sorted; }),
    }, sorted ? "sorted by score" : "input order"));
    this.centring = make("button", { type: "button", onclick: () => this.change((state) => { state.centred = !state.centred; }) }, "centre values");
    this.divide = make("select", { "aria-label": "Divide each row by", onchange: () => this.change((state) => { state.divide = this.divide.value; }) },
      DIVIDE.map(([value, text]) => make("option", { value }, text)));
    this.opener = make("button", { type: "button", "aria-expanded": "false", onclick: () => this.open(this.panel.hidden) }, "Scores …");
    this.undoButton = press("Undo", "↶ Undo", () => this.undo());
    this.badge = make("span", { class: "badge waiting", title: "largest difference, over all row sums and outputs, between the browser's and the operator's, as a part of the largest" });
    this.rules = make("div", { class: "rules row" }, [
      make("span", { class: "joined", role: "group", "aria-label": "Order of the map" }, this.orders),
      this.centring,
      make("label", { class: "group" }, ["divide by", this.divide]),
    ]);
    this.moved_ = make("span", {});
    this.back_ = make("button", { type: "button", onclick: () => this.asTheyWere() }, "Reset the scores");
    this.scored = make("span", { class: "group" }, [this.moved_, this.back_]);
    this.controls = make("div", { class: "controls row" }, [
      this.opener, this.scored, this.undoButton, make("span", { class: "push" }, this.badge),
    ]);

    const slider = (name, text, low, high, step, to, from_) => {
      const input = make("input", { type: "range", min: low, max: high, step, "aria-label": text });
      const value = make("b");
      input.oninput = () => {
        if (!this.nudging) this.remember();
        this.nudging = true;
        this.state[name] = to(Number(input.value));
        this.stale();
      };
      input.onchange = () => { this.nudging = false; this.release(); };
      this.sliders.push({ name, input, value, from: from_ });
      return make("label", {}, [make("span", {}, text), value, input]);
    };
    this.sliders = [];
    this.standard = make("button", { type: "button", onclick: () => this.change((state) => { state.standard = !state.standard; }) }, "standardize together");
    this.change_ = make("p");
    const nearest = (list, x) => list.reduce((best, y, k) => (Math.abs(y - x) < Math.abs(list[best] - x) ? k : best), 0);
    const rows = [
      slider("shift", "shift all scores", 0, SHIFTS.length - 1, 1, (k) => SHIFTS[k], (x) => nearest(SHIFTS, x)),
      slider("scale", "scale all scores", 0, SCALES.length - 1, 1, (k) => SCALES[k], (x) => nearest(SCALES, x)),
      slider("queries", "shift the queries only", -3, 3, 0.1, two, (x) => x),
    ];
    this.panel = make("div", { class: "more", hidden: true }, [
      make("div", { class: "row" }, [
        "The raw scores, before the curve sees them:", this.standard,
        make("button", { type: "button", onclick: () => this.asTheyWere() }, "Reset"),
      ]),
      make("div", { class: "sliders" }, rows), this.change_,
    ]);
    this.face = make("div", { class: "kernel" }, make("div", { class: "card" }, [
      make("div", { class: "stage" }, [
        make("div", {}, [make("div", { class: "pick row", role: "group", "aria-label": "Kernel" }, this.picks), this.formula, this.plot, this.drawing, this.hint]),
        make("div", {}, [this.rules, this.caption, this.canvas]),
      ]),
      this.says, this.controls, this.panel, this.live,
    ]));
    this.root.replaceChildren(this.face);
    this.root.onkeydown = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); this.undo(); }
    };
  }

  open(on) {
    this.panel.hidden = !on;
    put(this.opener, { "aria-expanded": String(on) });
    if (this.found) this.drawControls();
  }

  colours() {
    const style = getComputedStyle(this.face), dark = luma(style.getPropertyValue("--ground")) < 0.5;
    return {
      ...palette(this.face), softmax: style.getPropertyValue("--st-violet-text-color").trim(),
      low: dark ? "#DFA65A" : "#8C510A", high: dark ? "#4FC4B6" : "#01665E",
    };
  }

  // ---- changing --------------------------------------------------------------------------------------------------------

  pick(kernel) {
    if (kernel === this.state.kernel) return;
    const divide = this.data.usual[kernel], followed = divide !== this.state.divide;
    this.change((state) => { state.kernel = kernel; state.divide = divide; }, followed);
  }

  // every change goes through here: remembered for undo, drawn, sent
  change(act, followed = false) {
    this.remember();
    act(this.state);
    this.followed = followed; // the divisor followed the curve, unasked
    this.settled();
  }

  settled() {
    this.rebuild();
    this.update();
    this.slide();
    this.release();
  }

  remember() {
    this.history.push(structuredClone(this.state));
    if (this.history.length > 100) this.history.shift();
  }

  undo() {
    if (!this.history.length) return;
    this.state = this.history.pop();
    if (Math.max(this.state.row, this.state.column) > this.data.s.length) Object.assign(this.state, BLANK);
    this.settled();
  }

  // something moves: the operator's last answer is no longer about what is seen
  stale() {
    this.agreed = null;
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.update(); this.draw(); });
  }

  release() {
    this.agreed = null;
    this.sent += 1;
    this.update();
    this.draw();
    const told = Object.fromEntries(SENT.map((name) => [name, structuredClone(this.state[name])]));
    if (told.divide === this.data.usual[told.kernel]) told.divide = "usual";
    this.send({ ...told, id: this.sent, epoch: this.epoch });
    this.live.textContent = this.says.textContent;
  }

  // what was done to the raw scores, in words
  moves() {
    const { shift, scale, queries, standard } = this.state, by = (x) => `${x > 0 ? "+" : ""}${String(x).replace("-", "−")}`;
    return [shift && `all ${by(shift)}`, scale !== 1 && `all × ${scale}`, queries && `queries ${by(queries)}`, !standard && "not standardized"].filter(Boolean);
  }

  asTheyWere() { this.change((state) => { Object.assign(state, { shift: 0, scale: 1, queries: 0, standard: true }); }); }

  update() {
    this.found = compute(this.state, this.data);
    this.rank = [ranks(this.found.s), ranks(this.found.t)];
  }

  slide() {
    const goal = this.state.sorted ? 1 : 0;
    cancelAnimationFrame(this.sliding);
    if (this.slid === goal || reducedMotion()) { this.slid = goal; return; }
    const began = performance.now(), start = this.slid;
    const beat = (now) => {
      const part = clamp((now - began) / SLIDE, 0, 1);
      this.slid = start + (goal - start) * part;
      this.drawMap();
      if (part < 1) this.sliding = requestAnimationFrame(beat);
    };
    this.sliding = requestAnimationFrame(beat);
  }

  add(r, height) {
    const { nodes } = this.state;
    const place = two(clamp(r, -FAR, FAR));
    if (nodes.length >= MOST_NODES || nodes.some((node) => Math.abs(node[0] - place) < GAP - 1e-9)) return;
    this.change((state) => {
      state.nodes.push([place, two(clamp(height, -TALL, TALL))]);
      state.nodes.sort((a, b) => a[0] - b[0]);
      this.chosen = state.nodes.findIndex((node) => node[0] === place);
    });
    this.marks[this.chosen].focus();
  }

  // a node more, in the middle of the widest gap, on the curve as it is
  widen() {
    const { nodes } = this.state;
    const ends = [-FAR, ...nodes.map((node) => node[0]), FAR];
    let best = 0;
    for (let k = 1; k + 1 < ends.length; k += 1) if (ends[k + 1] - ends[k] > ends[best + 1] - ends[best] + 1e-9) best = k;
    const r = best === 0 ? (ends[0] + ends[1]) / 2 : (ends[best] + ends[best + 1]) / 2;
    this.add(r, curve(this.state)(r));
  }

  remove(index = this.chosen) {
    if (this.state.nodes.length <= 1) return;
    this.change((state) => {
      state.nodes.splice(index, 1);
      this.chosen = Math.min(index, state.nodes.length - 1);
    });
  }

  // ---- the curve -------------------------------------------------------------------------------------------------------

  x(r) { return LEFT + ((r + REACH) / (2 * REACH)) * (this.width - LEFT - 8); }

  r(x) { return ((x - LEFT) / (this.width - LEFT - 8)) * 2 * REACH - REACH; }

  y(height) {
    const [low, high] = VIEW[this.state.kernel];
    return TOP + ((high - height) / (high - low)) * (this.tall - TOP - BOTTOM);
  }

  height(y) {
    const [low, high] = VIEW[this.state.kernel];
    return high - ((y - TOP) / (this.tall - TOP - BOTTOM)) * (high - low);
  }

  // one element per handle, kept while it is dragged or focused
  rebuild() {
    const { state } = this;
    const focused = this.root.getRootNode().activeElement?.dataset?.handle;
    const handle = (name, mark) => {
      const g = svg("g", { class: "handle", tabindex: 0, role: "slider", "data-handle": name }, [
        svg("circle", { class: "hit", r: 18 }), svg("circle", { class: "ring", r: 13 }), svg("path", { class: "mark", d: mark }),
      ]);
      g.onpointerdown = (event) => this.grab(event, g, name);
      g.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // touch-action is not heeded inside an svg
      g.onkeydown = (event) => this.nudge(event, name);
      g.onfocus = () => { if (name.startsWith("node")) { this.chosen = Number(name.slice(4)); this.drawHandles(); } };
      g.ondblclick = (event) => event.stopPropagation();
      return g;
    };
    const round = "M-7 0 A7 7 0 1 1 7 0 A7 7 0 1 1 -7 0 Z", square = "M-6 -6 H6 V6 H-6 Z", diamond = "M0 -9 L9 0 L0 9 L-9 0 Z";
    const drawn = state.kernel === "drawn";
    this.chosen = clamp(this.chosen, 0, state.nodes.length - 1);
    this.marks = drawn ? state.nodes.map((_, k) => handle(`node${k}`, round)) : [];
    this.ends = drawn ? ["left", "right"].map((name) => handle(name, square)) : [];
    this.band = ["bump", "laplace", "gauss"].includes(state.kernel) ? handle("b", diamond) : null;
    this.handles.replaceChildren(...(drawn ? [this.ends[0], ...this.marks, this.ends[1]] : []), ...(this.band ? [this.band] : []));
    if (focused) this.handles.querySelector(`[data-handle="${focused}"]`)?.focus({ preventScroll: true });
  }

  place(name) {
    const { state } = this, { nodes } = state, f = curve(state);
    if (name === "b") return [state.b, f(state.b)];
    if (name === "left") return [nodes[0][0] - ARM, nodes[0][1] - ARM * state.left];
    if (name === "right") return [nodes[nodes.length - 1][0] + ARM, nodes[nodes.length - 1][1] + ARM * state.right];
    return nodes[Number(name.slice(4))];
  }

  move(name, r, height) {
    const { state } = this, { nodes } = state;
    if (name === "b") state.b = two(clamp(Math.abs(r), 0.1, 4));
    else if (name === "left") state.left = two(clamp((nodes[0][1] - height) / ARM, -STEEP, STEEP));
    else if (name === "right") state.right = two(clamp((height - nodes[nodes.length - 1][1]) / ARM, -STEEP, STEEP));
    else {
      const k = Number(name.slice(4));
      const low = k ? nodes[k - 1][0] + GAP : -FAR, high = k + 1 < nodes.length ? nodes[k + 1][0] - GAP : FAR;
      nodes[k] = [two(clamp(r, low, high)), two(clamp(height, -TALL, TALL))];
    }
  }

  grab(event, element, name) {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    const box = this.plot.getBoundingClientRect();
    const at = (e) => [this.r(e.clientX - box.left), this.height(e.clientY - box.top)];
    const [r0, h0] = at(event), [r, h] = this.place(name);
    const before = structuredClone(this.state);
    this.remember();
    element.onpointermove = (e) => {
      const [r1, h1] = at(e);
      this.move(name, r + r1 - r0, h + h1 - h0);
      this.stale();
    };
    element.onpointerup = element.onpointercancel = () => {
      element.onpointermove = element.onpointerup = element.onpointercancel = null;
      if (JSON.stringify(before) === JSON.stringify(this.state)) { this.history.pop(); this.draw(); } else this.release();
    };
  }

  nudge(event, name) {
    if (name.startsWith("node") && ["Delete", "Backspace", "-"].includes(event.key)) {
      event.preventDefault();
      this.remove(Number(name.slice(4)));
      this.marks[this.chosen].focus({ preventScroll: true });
      return;
    }
    if (this.state.kernel === "drawn" && event.key === "+") { event.preventDefault(); this.widen(); return; }
    const step = event.shiftKey ? 0.25 : 0.05;
    const [across, up] = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key] ?? [0, 0];
    if (!across && !up) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.nudging) this.remember();
    this.nudging = true;
    if (name === "b") this.state.b = two(clamp(this.state.b + across + up, 0.1, 4));
    else if (name === "left" || name === "right") this.state[name] = two(clamp(this.state[name] + across + up, -STEEP, STEEP));
    else { const [r, h] = this.place(name); this.move(name, r + across, h + up); }
    this.agreed = null;
    this.update();
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.nudging = false; this.release(); }, 250);
  }

  // ---- the map ---------------------------------------------------------------------------------------------------------

  cell(event) {
    const box = this.canvas.getBoundingClientRect(), { x0, y0, side } = this.frameOf(box.width), n = this.found.n;
    const column = Math.floor(((event.clientX - box.left - x0) / side) * n), row = Math.floor(((event.clientY - box.top - y0) / side) * n);
    if (row < 0 || row >= n) return BLANK;
    const find = (side_, place) => this.state.sorted ? this.rank[side_].indexOf(place) + 1 : place + 1;
    if (column < 0 || column >= n) return BLANK;
    return { row: find(0, row), column: find(1, column) };
  }

  point(cell) {
    if (cell.row === this.pointed.row && cell.column === this.pointed.column) return;
    this.pointed = cell;
    this.draw();
  }

  hold(cell) {
    this.state.row = cell.row;
    this.state.column = cell.column;
    this.pointed = cell;
    this.release();
  }

  lit() { return this.state.row ? { row: this.state.row, column: this.state.column } : this.pointed; }

  walk(event) {
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.hold(this.state.row ? BLANK : this.pointed);
    }
    if (!by) return;
    event.preventDefault();
    const n = this.found.n, now = this.lit();
    const step = (side, from, along) => {
      if (!from) return this.state.sorted ? this.rank[side].indexOf(0) + 1 : 1;
      const place = clamp((this.state.sorted ? this.rank[side][from - 1] : from - 1) + along, 0, n - 1);
      return this.state.sorted ? this.rank[side].indexOf(place) + 1 : place + 1;
    };
    const cell = { row: step(0, now.row, now.row ? by[0] : 0), column: step(1, now.column, now.column ? by[1] : 0) };
    if (this.state.row) this.hold(cell); else this.point(cell);
    this.live.textContent = this.says.textContent;
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.state || !this.found) return;
    this.width = this.plot.clientWidth || 400;
    this.tall = this.width > 430 ? 408 : 300;
    put(this.plot, { viewBox: `0 0 ${this.width} ${this.tall}`, height: this.tall });
    this.drawCurve();
    this.drawHandles();
    this.drawMap();
    this.drawSays();
    this.drawControls();
  }

  drawCurve() {
    const { state, found } = this, [low, high] = VIEW[state.kernel], parts = [];
    const line = (x1, y1, x2, y2, more = {}) => parts.push(svg("line", { x1, y1, x2, y2, stroke: "var(--line)", ...more }));
    const step = high - low > 4 ? 1 : 0.5;
    for (let h = Math.ceil(low / step) * step; h <= high; h += step) {
      line(this.x(-REACH), this.y(h), this.x(REACH), this.y(h), Math.abs(h) < 1e-9 ? { stroke: "var(--ink)" } : {});
      parts.push(svg("text", { x: LEFT - 8, y: this.y(h) + 4, "text-anchor": "end" }, fmt(h, step < 1 ? 1 : 0)));
    }
    for (let r = -REACH + 1; r < REACH; r += 1) {
      line(this.x(r), this.tall - BOTTOM, this.x(r), this.tall - BOTTOM + 4, { stroke: "var(--quiet)" });
      parts.push(svg("text", { x: this.x(r), y: this.tall - BOTTOM + 18, "text-anchor": "middle" }, fmt(r, 0)));
    }
    line(this.x(0), TOP, this.x(0), this.tall - BOTTOM, { "stroke-dasharray": "2 4", stroke: "var(--quiet)" });
    parts.push(svg("text", { x: this.x(-REACH), y: this.tall - BOTTOM + 38 }, "← key right of the query"));
    parts.push(svg("text", { x: this.x(REACH), y: this.tall - BOTTOM + 38, "text-anchor": "end" }, "key left of the query →"));
    const stops = state.kernel === "drawn" ? [-REACH, ...state.nodes.map((node) => node[0]), REACH]
      : state.kernel === "bump" ? [-REACH, -state.b, 0, state.b, REACH]
      : ["relu", "distance"].includes(state.kernel) ? [-REACH, 0, REACH]
      : Array.from({ length: 201 }, (_, k) => -REACH + (k * REACH) / 100);
    const path = stops.map((r) => `${this.x(r).toFixed(2)} ${this.y(found.f(r)).toFixed(2)}`).join("L");
    const id = "kernel-plot-clip";
    parts.push(svg("clipPath", { id }, svg("rect", { x: LEFT, y: 0, width: Math.max(0, this.width - LEFT), height: this.tall - BOTTOM })));
    parts.push(svg("path", { d: `M${path}`, fill: "none", stroke: "var(--ink)", "stroke-width": 2.2, "stroke-linejoin": "round", "clip-path": `url(#${id})` }));
    const { row, column } = this.lit(), front = [];
    if (row) {
      const s = found.s[row - 1];
      found.t.forEach((t) => {
        const r = s - t, h = found.f(r);
        if (Math.abs(r) <= REACH && h >= low && h <= high) parts.push(svg("circle", { cx: this.x(r), cy: this.y(h), r: 2.8, fill: "var(--key)" }));
      });
      const r = s - found.t[column - 1], h = found.f(r), x = this.x(clamp(r, -REACH, REACH)), y = this.y(clamp(h, low, high));
      line(x, y, x, this.tall - BOTTOM, { stroke: "var(--query)", "stroke-width": 1.6 });
      line(this.x(-REACH), y, x, y, { stroke: "var(--query)", "stroke-width": 1.6, "stroke-dasharray": "3 3" });
      if (Math.abs(r) <= REACH && h >= low && h <= high) parts.push(svg("circle", { cx: x, cy: y, r: 6, fill: "var(--query)" }));
      const halo = { stroke: "var(--ground)", "stroke-width": 5, "paint-order": "stroke", "stroke-linejoin": "round" };
      const [left, base] = this.clear(x, y);
      front.push(svg("text", { x: left, y: base, class: "strong", ...halo }, `f(${fmt(r)}) = ${fmt(h, 3)}`));
    }
    this.back.replaceChildren(...parts);
    this.front.replaceChildren(...front);
    this.plot.style.cursor = state.kernel === "drawn" ? "copy" : "";
  }

  // where a label beside the point (x, y) covers least of the curve: its left end and its baseline
  clear(x, y) {
    const wide = 108, high = 17, least = LEFT + 4, most = this.width - wide;
    const places = [[x + 11, y - 10], [x - wide - 11, y - 10], [x + 11, y + 22], [x - wide - 11, y + 22], [x - wide / 2, y - 34], [x - wide / 2, y + 46], [most, 26], [least, 26]]
      .map(([left, base]) => [clamp(left, least, most), clamp(base, 14, this.tall - BOTTOM - 6)]);
    const covered = ([left, base]) => {
      let count = 0;
      for (let k = 0; k <= 24; k += 1) {
        const at = left - 3 + (k * (wide + 6)) / 24, height = this.y(this.found.f(this.r(at)));
        count += height > base - high && height < base + 7;
      }
      const onPoint = x > left - 8 && x < left + wide + 8 && y > base - high - 6 && y < base + 10;
      return count + 30 * onPoint;
    };
    return places.reduce((best, next) => (covered(next) < covered(best) ? next : best));
  }

  drawHandles() {
    const { state } = this, [low, high] = VIEW[state.kernel];
    const set = (g, name, label, now, min, max, text) => {
      const [r, h] = this.place(name);
      put(g, {
        transform: `translate(${this.x(clamp(r, -REACH, REACH))} ${this.y(clamp(h, low + 0.05, high - 0.05))})`,
        "aria-label": label, "aria-valuenow": now, "aria-valuemin": min, "aria-valuemax": max, "aria-valuetext": text,
      });
    };
    this.marks.forEach((g, k) => {
      const [r, h] = state.nodes[k];
      set(g, `node${k}`, `node ${k + 1} of ${state.nodes.length}`, h, -TALL, TALL, `r = ${fmt(r)}, f = ${fmt(h)}`);
      g.classList.toggle("chosen", k === this.chosen && state.nodes.length > 1);
    });
    this.ends.forEach((g, k) => {
      const name = k ? "right" : "left";
      set(g, name, `slope of the ${name} end`, state[name], -STEEP, STEEP, fmt(state[name]));
    });
    if (this.band) set(this.band, "b", "bandwidth b", state.b, 0.1, 4, fmt(state.b));
  }

  // where the map stands, and how large its words are: 0 where there are none, or no room for them
  frameOf(width) {
    const meters = width > 430 ? 96 : 64, words = this.data.words;
    const at = (x0, y0) => ({ x0, y0, meters, side: Math.max(60, Math.min(width - x0 - meters - 12, 400)), letters: 0 });
    if (!words) return at(34, 32);
    const room = Math.min(96, 34 + 6.5 * Math.max(...words.map((word) => word.length))), roomy = at(room, room - 2);
    const cell = roomy.side / words.length;
    return cell < 10.5 ? at(34, 32) : { ...roomy, letters: Math.min(13, cell) };
  }

  // a token in words: its number, and the word it is where it is one
  named(k) { return this.data.words ? `${k} “${this.data.words[k - 1]}”` : `${k}`; }

  drawMap() {
    const { canvas, found, data, state } = this;
    const width = canvas.clientWidth, { x0, y0, side, meters, letters } = this.frameOf(width), height = y0 + side + 40;
    const ratio = devicePixelRatio || 1, colours = this.colours();
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `13px ${colours.font}`;
    pen.textBaseline = "middle";
    const { n, weights } = found, cell = side / n, still = this.slid === 0 || this.slid === 1;
    const ease = this.slid * this.slid * (3 - 2 * this.slid);
    const stand = this.rank.map((rank) => rank.map((place, i) => i + (place - i) * ease));
    const edge = (from, k) => (still ? Math.round((from + k * cell) * ratio) / ratio : from + k * cell); // whole pixels: no seams
    const size = Math.max(found.most, -found.least) || 1, scale = shades(colours, found.least < 0);
    for (let i = 0; i < n; i += 1) {
      const top = edge(y0, stand[0][i]), high = edge(y0, stand[0][i] + 1) - top;
      for (let j = 0; j < n; j += 1) {
        const shade = scale(weights[i * n + j] / size);
        if (!shade) continue;
        const left = edge(x0, stand[1][j]);
        pen.fillStyle = shade;
        pen.fillRect(left, top, edge(x0, stand[1][j] + 1) - left, high);
      }
    }
    pen.strokeStyle = colours.line;
    pen.strokeRect(x0 - 0.5, y0 - 0.5, side + 1, side + 1);
    if (data.colour) {
      data.colour.forEach((rgb, i) => {
        pen.fillStyle = `rgb(${rgb.join(" ")})`;
        pen.fillRect(edge(x0, stand[1][i]), y0 - 9, edge(x0, stand[1][i] + 1) - edge(x0, stand[1][i]) + 0.2, 6);
        pen.fillRect(x0 - 9, edge(y0, stand[0][i]), 6, edge(y0, stand[0][i] + 1) - edge(y0, stand[0][i]) + 0.2);
      });
    }
    if (letters) this.drawWords(pen, colours, x0, y0, cell, letters, stand);
    pen.textAlign = "center";
    pen.fillStyle = colours.key;
    pen.fillText(state.sorted ? "keys, sorted by t" : "keys, in input order", x0 + side / 2, 10);
    pen.save();
    pen.translate(10, y0 + side / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillStyle = colours.query;
    pen.fillText(state.sorted ? "queries, sorted by s" : "queries, in input order", 0, 0);
    pen.restore();
    this.drawMeters(pen, colours, x0 + side + 12, y0, meters, side, stand[0], edge);
    this.drawLegend(pen, colours, x0, y0 + side + 14, side, size, scale);
    const { row, column } = this.lit();
    if (row) {
      const top = edge(y0, stand[0][row - 1]), left = edge(x0, stand[1][column - 1]);
      pen.lineWidth = 1.6;
      pen.strokeStyle = colours.query;
      pen.strokeRect(x0, top, side, cell);
      pen.strokeStyle = colours.key;
      pen.strokeRect(left, y0, cell, side);
      pen.lineWidth = 1;
    }
    const kind = state.centred ? "effective weights" : "weights";
    put(canvas, { "aria-label": `${kind} of ${n} queries, down, and ${n} keys, across, ${state.sorted ? "sorted by score" : "in input order"}; arrows move, Enter holds, Escape lets go` });
  }

  // the words along both axes, beside their rows and above their columns
  drawWords(pen, colours, x0, y0, cell, letters, stand) {
    const { row, column } = this.lit(), { font } = pen, room = x0 - 26;
    pen.font = `${letters}px ${colours.font}`;
    this.data.words.forEach((word, i) => {
      pen.fillStyle = i === row - 1 ? colours.query : row ? colours.quiet : colours.ink;
      pen.textAlign = "right";
      pen.fillText(word, x0 - 5, y0 + (stand[0][i] + 0.5) * cell, room);
      pen.save();
      pen.translate(x0 + (stand[1][i] + 0.5) * cell, y0 - 5);
      pen.rotate(-Math.PI / 2);
      pen.fillStyle = i === column - 1 ? colours.key : row ? colours.quiet : colours.ink;
      pen.textAlign = "left";
      pen.fillText(word, 0, 0, room);
      pen.restore();
    });
    pen.font = font;
  }

  // one bar a row: what the row sums to; softmax's rows are the violet line
  drawMeters(pen, colours, x, y, width, side, stand, edge) {
    const { sums, n } = this.found, { row } = this.lit();
    const low = Math.min(0, ...sums), high = Math.max(1, ...sums), span = high - low;
    const at = (value) => x + ((value - low) / span) * (width - 6);
    for (let i = 0; i < n; i += 1) {
      const top = edge(y, stand[i]), tall = edge(y, stand[i] + 1) - top, inset = tall > 5 ? 1 : 0;
      pen.fillStyle = i === row - 1 ? colours.query : colours.ink;
      pen.globalAlpha = i === row - 1 ? 1 : 0.62;
      pen.fillRect(Math.min(at(0), at(sums[i])), top + inset, Math.max(Math.abs(at(sums[i]) - at(0)), 1), tall - 2 * inset);
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.softmax;
    pen.lineWidth = 1.6;
    pen.beginPath();
    this.data.softmax.forEach((sum, i) => { const top = y + stand[i] * (side / n); pen.moveTo(at(sum), top); pen.lineTo(at(sum), top + side / n); });
    pen.stroke();
    pen.lineWidth = 1;
    pen.textAlign = "left";
    pen.fillStyle = colours.quiet;
    pen.fillText("row sums", x, 10);
    pen.textAlign = "center";
    pen.fillText("0", at(0), y + side + 12);
    pen.fillStyle = colours.softmax;
    if (at(1) - at(0) > 14) pen.fillText("1", at(1), y + side + 12);
    pen.textAlign = "left";
    if (high > 1.5) { pen.fillStyle = colours.quiet; pen.textAlign = "right"; if (at(high) - at(1) > 20) pen.fillText(short(high), x + width, y + side + 12); }
    pen.textAlign = "right";
    pen.fillStyle = colours.softmax;
    pen.fillText("softmax", x + width - 2, y + side + 29);
  }

  drawLegend(pen, colours, x, y, side, size, scale) {
    const both = this.found.least < 0, wide = Math.min(150, side * 0.45), steps = 48, from = short(size);
    pen.textAlign = "left";
    pen.fillStyle = colours.quiet;
    const start = both ? `−${from}` : "0", lead = pen.measureText(start).width + 7;
    pen.fillText(start, x, y + 4);
    for (let k = 0; k < steps; k += 1) {
      pen.fillStyle = scale(both ? (2 * k) / (steps - 1) - 1 : k / (steps - 1)) || colours.ground;
      pen.fillRect(x + lead + (k * wide) / steps, y, wide / steps + 0.5, 9);
    }
    pen.strokeStyle = colours.line;
    pen.strokeRect(x + lead - 0.5, y - 0.5, wide + 1, 10);
    pen.fillStyle = colours.quiet;
    pen.fillText(from, x + lead + wide + 7, y + 4);
  }

  drawSays() {
    const { state, found } = this, { row, column } = this.lit();
    const span = (kind, text) => make("span", { class: kind }, text);
    if (!row) {
      const { sums } = found, low = Math.min(...sums), high = Math.max(...sums);
      this.says.replaceChildren(
        make("span", { class: "quiet" }, "Point at a cell: its numbers stand here, and its r on the curve. A click or tap holds; Esc or a second one lets go."), make("br"),
        `rows sum to ${Math.abs(high - low) < 5e-4 ? fmt(high, 3) : `${fmt(low, 3)} … ${fmt(high, 3)}`}${state.divide === "distance" || state.divide === "rows" ? "" : `, divided by ${state.divide === "n" ? `n = ${found.n}` : "nothing"}`}`);
      return;
    }
    const s = found.s[row - 1], t = found.t[column - 1], r = s - t, f = found.f(r), over = found.divisor[row - 1];
    const q = span("query", fmt(s)), k = span("key", signed(t)), b = fmt(state.b);
    const by = state.divide === "one" ? "" : ` / ${state.divide === "n" ? found.n : signed(over)}`;
    const weight = over === 0 ? 0 : f / over;
    const terms = {
      relu: ["relu(", q, " − ", k, ")"],
      distance: ["|", q, " − ", k, "|"],
      bump: ["max(0, 1 − |", q, " − ", k, `| / ${b})`],
      laplace: ["exp(−|", q, " − ", k, `| / ${b})`],
      gauss: ["exp(−(", q, " − ", k, `)² / (2 · ${b}²))`],
      drawn: ["f(", q, " − ", k, ")"],
    }[state.kernel];
    if (state.kernel === "drawn") {
      const [node, slope] = segment(state.nodes, state.left, state.right, r);
      terms.push(` = ${fmt(node[1])} + ${signed(slope)} · (${fmt(r)} − ${signed(node[0])}) = ${fmt(f, 3)}`);
    }
    const lines = [make("span", {}, over === 0
      ? [...terms, `${by}: the divisor is 0, so the weight is 0`]
      : state.kernel === "drawn" && state.divide !== "one"
        ? [...terms, make("br"), `${signed(f, 3)}${by} = `, make("b", {}, fmt(weight, 4))]
        : [...terms, `${by} = `, make("b", {}, fmt(weight, 4))])];
    if (state.centred) {
      const mean = found.raw[row - 1] / found.n;
      lines.push(make("br"), `centred: ${fmt(weight, 4)} − ${fmt(found.raw[row - 1], 3)} / ${found.n} = `, make("b", {}, fmt(weight - mean, 4)));
    }
    lines.push(make("br"), span("query", `query ${this.named(row)}`), ", ", span("key", `key ${this.named(column)}`), `${state.row ? ", held" : ""}: row sum `, make("b", {}, fmt(found.sums[row - 1], 3)),
      state.centred ? ` (before centring ${fmt(found.raw[row - 1], 3)})` : "", " · softmax's row: ", span("softmax", fmt(this.data.softmax[row - 1], 3)));
    this.says.replaceChildren(...lines);
  }

  drawControls() {
    const { state } = this;
    const drawn = state.kernel === "drawn";
    this.picks.forEach((button, k) => put(button, { "aria-pressed": String(NAMES[k][0] === state.kernel) }));
    this.orders.forEach((button, k) => put(button, { "aria-pressed": String(Boolean(k) === state.sorted) }));
    put(this.centring, { "aria-pressed": String(state.centred) });
    put(this.standard, { "aria-pressed": String(state.standard) });
    this.divide.value = state.divide;
    this.undoButton.disabled = !this.history.length;
    this.drawing.style.display = drawn ? "" : "none";
    this.hint.style.display = drawn ? "none" : "";
    this.nodeCount.textContent = `${state.nodes.length} node${state.nodes.length > 1 ? "s" : ""}`;
    this.less.disabled = state.nodes.length <= 1;
    this.more_.disabled = state.nodes.length >= MOST_NODES;
    this.hint.textContent = this.band ? `Drag the diamond: b = ${fmt(state.b)}` : "";
    const says = {
      relu: "max(0, r)", distance: "|r|", bump: "max(0, 1 − |r| / b)", laplace: "exp(−|r| / b)", gauss: "exp(−r² / 2b²)",
      drawn: "drag the nodes and the two end slopes",
    };
    this.formula.replaceChildren("f(r) = ", make("b", {}, says[state.kernel]), ", r = s − t");
    if (drawn) this.formula.replaceChildren(make("b", {}, "f(r)"), ": drag nodes and end slopes; double-click adds a node");
    const name = DIVIDE.find(([value]) => value === state.divide)[1];
    this.caption.replaceChildren(make("b", {}, state.centred ? "Effective weights" : "Weights"),
      ` f(s − t)${state.divide === "one" ? "" : state.divide === "distance" ? " / Σ|s − t|" : state.divide === "n" ? " / n" : " / Σf"}${state.centred ? ", less their row's mean" : ""}`,
      ...(this.followed ? [make("span", {}, `; now divided by ${name}${AS[state.kernel] ? `, ${AS[state.kernel]}` : ""}`)] : []));
    put(this.divide, { title: `Each row is divided by ${name}` });
    for (const { name: key, input, value, from } of this.sliders) {
      input.value = from(state[key]);
      const text = key === "scale" ? `× ${state[key]}` : `${state[key] > 0 ? "+" : ""}${String(state[key]).replace("-", "−")}`;
      value.textContent = text;
      put(input, { "aria-valuetext": text });
    }
    const moved = state.shift !== 0 || state.scale !== 1 || state.queries !== 0, moves = this.moves();
    this.scored.hidden = !this.panel.hidden || !moves.length;
    this.moved_.textContent = `Scores moved: ${moves.join(", ")}.`;
    this.change_.replaceChildren(...(!moved
      ? [make("span", { class: "quiet" }, "Move them, and see how far the outputs move with them.")]
      : this.agreed == null ? [make("span", { class: "quiet" }, "asking the operator …")]
      : ["The outputs moved by at most ", make("b", {}, this.moved < 0.01 ? power(this.moved) : fmt(this.moved, this.moved < 10 ? 2 : 0)), ` of the largest: the operator in float32, on ${this.data.answer.many.toLocaleString("en")} tokens.`]));
    judge(this.badge, this.agreed ?? null, 1e-4);
    if (N2[state.kernel]) this.badge.textContent = this.badge.textContent.replace("operator", "n² operator");
  }
}

// at most four characters of a positive number
const short = (x) => (x >= 100 ? fmt(x, 0) : x >= 10 ? fmt(x, 1) : x >= 1 ? fmt(x, 2) : x >= 0.01 ? fmt(x, 3) : power(x));

function channels(colour) {
  const hex = colour.trim().match(/^#([0-9a-f]{6})$/i);
  if (hex) return [0, 2, 4].map((k) => parseInt(hex[1].slice(k, k + 2), 16));
  return (colour.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);
}

const luma = (colour) => { const [r, g, b] = channels(colour); return (0.3 * r + 0.59 * g + 0.11 * b) / 255; };

// colours of weights from −1 to 1: from the page's ground to its ink, or to brown and teal; "" where it is the ground
function shades(colours, both) {
  const ground = channels(colours.ground);
  const ramp = (end) => {
    const to = channels(end);
    return Array.from({ length: 129 }, (_, k) => `rgb(${ground.map((g, c) => Math.round(g + ((to[c] - g) * k) / 128)).join(" ")})`);
  };
  const up = ramp(both ? colours.high : colours.ink), down = both ? ramp(colours.low) : [];
  return (part) => {
    const k = Math.round(clamp(Math.abs(part), 0, 1) * 128);
    return k === 0 && Math.abs(part) < 1e-9 ? "" : (part < 0 ? down : up)[Math.max(k, part === 0 ? 0 : 1)];
  };
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.kernelMap ??= new KernelMap(root);
  root.kernelMap.receive(data, (value) => setStateValue("kernel", value));
  return () => { root.kernelMap?.close(); root.kernelMap = null; };
}
