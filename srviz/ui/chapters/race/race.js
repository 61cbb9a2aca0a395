// The race on log–log axes: two bets to be dragged before it, and the times as they are measured.

const PAINT = "srviz-paint", FEED = "race";
const LEAST = 6, MOST = 20; // n = 2^6 … 2^20
const LOW = -5, HIGH = 3; // seconds, powers of ten
const TOP = 26, BOTTOM = 42, RIGHT = 14;
const BETS = ["softmax", "relu"], BET_AT = [6, 10, 14, 18]; // as in race.py
const NAMED = { softmax: "softmax", relu: "sliced ReLU" };
const LOOK = { // colour, dash of the line, shape of the mark, whether it is filled
  softmax: ["var(--softmax)", null, "circle", true], written: ["var(--softmax)", "6 4", "circle", false],
  relu: ["var(--ink)", null, "diamond", true], bump: ["var(--ink)", "6 4", "diamond", false],
  linear: ["var(--quiet)", null, "square", true], dense: ["var(--quiet)", "6 4", "square", false],
};
const SHAPE = {
  circle: (r) => `M${-r} 0 A${r} ${r} 0 1 1 ${r} 0 A${r} ${r} 0 1 1 ${-r} 0 Z`,
  diamond: (r) => `M0 ${-r * 1.3} L${r * 1.3} 0 L0 ${r * 1.3} L${-r * 1.3} 0 Z`,
  square: (r) => `M${-r * 0.9} ${-r * 0.9} H${r * 0.9} V${r * 0.9} H${-r * 0.9} Z`,
};

const look = (name) => LOOK[name] ?? ["var(--quiet)", "2 3", "square", false];
const two = (x) => Math.round(x * 100) / 100;
const whole = (n) => Math.round(n).toLocaleString("en");

// 34 µs, 1.2 ms, 4.5 s, 12 min
function span(seconds) {
  const short = (x) => (x >= 99.5 ? x.toFixed(0) : Number(x.toPrecision(2)).toString());
  if (seconds < 1e-3) return `${short(seconds * 1e6)} µs`;
  if (seconds < 1) return `${short(seconds * 1e3)} ms`;
  return seconds < 120 ? `${short(seconds)} s` : `${whole(seconds / 60)} min`;
}

// of a point: its quartiles
const spread = (point) => [point ? `half of the samples from ${span(point[2])} to ${span(point[3])}` : "not measured here"];

const TICKS = ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s"];

class Race {
  constructor(root) {
    this.root = root;
    this.sent = 0;
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
    this.feed = ({ detail }) => {
      const news = detail === FEED && window.srvizPaint?.get(FEED);
      if (!news || !this.data) return;
      Object.assign(this.data, { lines: news.lines, crossover: news.crossover, guides: news.guides });
      this.draw();
    };
    document.addEventListener(PAINT, this.feed);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.feed);
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  receive(data, send) {
    this.send = send;
    this.data = data;
    if (data.epoch !== this.epoch) {
      this.epoch = data.epoch;
      this.bet = structuredClone(data.start);
      this.sent = 0;
      clearTimeout(this.timer);
    }
    put(this.plot, { "aria-label": data.alt });
    this.draw();
  }

  build() {
    this.plot = svg("svg", { class: "plot", role: "group" });
    this.back = svg("g", { "aria-hidden": "true" });
    this.handles = svg("g");
    this.front = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
    this.bets = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
    this.names = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
    this.plot.append(this.back, this.front, this.bets, this.names, this.handles);
    this.plot.onpointermove = this.plot.onpointerdown = (event) => this.point(event.clientX - this.plot.getBoundingClientRect().left);
    this.plot.onpointerleave = (event) => event.pointerType === "mouse" && this.point(null); // a finger that is lifted leaves what it found
    this.legend = make("ul", { class: "legend" });
    this.hint = make("span", { class: "quiet hint" });
    this.live = make("div", { class: "hidden", "aria-live": "polite" });
    this.reset = make("button", { type: "button", onclick: () => { this.bet = structuredClone(this.data.blank); this.release(); } }, "Reset the bet");
    this.marks = BETS.flatMap((name) => BET_AT.map((_, k) => this.handle(name, k)));
    this.handles.append(...this.marks.map(({ g }) => g));
    this.root.replaceChildren(make("div", { class: "race" }, make("div", { class: "card" }, [
      this.plot, this.legend, make("div", { class: "row controls" }, [this.hint, make("span", { class: "push" }, this.reset)]), this.live,
    ])));
  }

  handle(name, k) {
    const [colour, , shape] = look(name);
    const g = svg("g", { class: "handle", tabindex: 0, role: "slider", "data-bet": `${name}${k}`, "aria-valuemin": LOW, "aria-valuemax": HIGH }, [
      svg("circle", { class: "hit", r: 20 }), svg("circle", { class: "ring", r: 14 }), svg("path", { class: "mark", d: SHAPE[shape](7), stroke: colour }),
    ]);
    g.onpointerdown = (event) => this.grab(event, this.nearest(event, k));
    g.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // the page is not to scroll
    g.onkeydown = (event) => this.nudge(event, name, k);
    g.onfocus = g.onblur = () => this.draw();
    return { g, name, k };
  }

  // the n whose times stand in the legend: the one that is pointed at, where something was measured there
  point(x) {
    const found = this.data?.lines.flatMap(({ points }) => points.map(([n]) => n)) ?? [];
    const near = x === null ? null : found.find((n) => Math.abs(this.x(n) - x) < (this.x(2 * n) - this.x(n)) / 2) ?? null;
    if (near === this.pointed) return;
    this.pointed = near;
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  // where both bets lie upon each other the nearer one is meant
  nearest(event, k) {
    const at = event.clientY - this.plot.getBoundingClientRect().top;
    return BETS.map((name) => this.marks.find((mark) => mark.name === name && mark.k === k))
      .sort((a, b) => Math.abs(this.y(this.bet[a.name][k]) - at) - Math.abs(this.y(this.bet[b.name][k]) - at))[0];
  }

  grab(event, { g, name, k }) {
    if (event.button || this.data.locked) return;
    event.preventDefault();
    clearTimeout(this.timer);
    g.focus({ preventScroll: true });
    g.setPointerCapture(event.pointerId);
    const top = this.plot.getBoundingClientRect().top, before = this.bet[name][k];
    const offset = this.y(before) - (event.clientY - top);
    g.onpointermove = (e) => {
      this.bet[name][k] = this.held(this.power(e.clientY - top + offset));
      this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
    };
    g.onpointerup = g.onpointercancel = () => {
      g.onpointermove = g.onpointerup = g.onpointercancel = null;
      if (this.bet[name][k] !== before) this.release();
    };
  }

  nudge(event, name, k) {
    const step = event.shiftKey ? 0.5 : 0.1;
    const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: 1, PageDown: -1, Home: LOW - HIGH, End: HIGH - LOW }[event.key];
    if (!by || this.data.locked) return;
    event.preventDefault();
    this.bet[name][k] = this.held(this.bet[name][k] + by);
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), 250);
  }

  held(power) { return two(clamp(power, LOW, HIGH)); }

  release() {
    this.sent += 1;
    this.draw();
    this.send({ ...structuredClone(this.bet), id: this.sent, epoch: this.epoch });
    this.live.textContent = `The bet: ${BETS.map((name) => `${NAMED[name]} ${this.bet[name].map((x) => span(10 ** x)).join(", ")}`).join("; ")}`;
  }

  // ---- drawing -------------------------------------------------------------------------------------------------------

  x(n) { return this.left + ((Math.log2(n) - LEAST + 0.25) / (MOST - LEAST + 0.5)) * (this.width - this.left - RIGHT); }

  y(power) { return TOP + ((HIGH - power) / (HIGH - LOW)) * (this.tall - TOP - BOTTOM); }

  power(y) { return HIGH - ((y - TOP) / (this.tall - TOP - BOTTOM)) * (HIGH - LOW); }

  at(n, seconds) { return `${this.x(n).toFixed(1)} ${this.y(Math.log10(seconds)).toFixed(1)}`; }

  draw() {
    if (!this.data) return;
    this.width = this.plot.clientWidth || 700;
    this.wide = this.width > 620;
    this.left = this.wide ? 62 : 52;
    this.tall = this.wide ? 500 : 400;
    put(this.plot, { viewBox: `0 0 ${this.width} ${this.tall}`, height: this.tall });
    this.drawBack();
    this.drawLines();
    this.drawBets();
    this.drawLegend();
    this.reset.disabled = this.data.locked || BETS.every((name) => this.bet[name].join() === this.data.blank[name].join());
    this.hint.textContent = this.data.locked ? "The race is on: bets are closed." : `Dashed with handles: your bet. Drag them, or Tab and ↑ ↓.${this.data.lines.length ? " Point at the chart to read the times at one n." : ""}`;
  }

  drawBack() {
    const parts = [], floor = this.tall - BOTTOM, end = this.width - RIGHT;
    const put_ = (tag, attributes, text) => parts.push(svg(tag, attributes, text === undefined ? [] : text));
    for (let power = LOW; power <= HIGH; power += 1) {
      put_("line", { x1: this.left, x2: end, y1: this.y(power), y2: this.y(power), stroke: "var(--line)" });
      put_("text", { x: this.left - 8, y: this.y(power) + 4, "text-anchor": "end" }, TICKS[power - LOW]);
    }
    for (let k = LEAST; k <= MOST; k += this.wide ? 2 : 4) {
      put_("line", { x1: this.x(2 ** k), x2: this.x(2 ** k), y1: floor, y2: floor + 4, stroke: "var(--quiet)" });
      put_("text", { x: this.x(2 ** k), y: floor + 19, "text-anchor": k > 18 ? "end" : "middle" }, whole(2 ** k));
    }
    put_("text", { x: this.left, y: 13 }, "time of one call");
    put_("text", { x: end, y: floor + 37, "text-anchor": "end" }, "tokens n →");
    parts.push(svg("clipPath", { id: "race-clip" }, svg("rect", { x: this.left, y: TOP - 8, width: Math.max(0, end - this.left), height: floor - TOP + 16 })));
    for (const { text, n, seconds, power } of this.data.guides) {
      const value = (m) => seconds * (power === 2 ? (m / n) ** 2 : (m * Math.log2(m)) / (n * Math.log2(n)));
      const path = Array.from({ length: MOST - LEAST + 1 }, (_, k) => this.at(2 ** (LEAST + k), value(2 ** (LEAST + k)))).join("L");
      put_("path", { d: `M${path}`, class: "guide", "clip-path": "url(#race-clip)" });
      let m = 2 ** MOST;
      while (m > 2 ** LEAST && (Math.log10(value(m)) > HIGH - 0.2 || this.taken(this.x(m), this.y(Math.log10(value(m))) - 7))) m /= 1.1;
      put_("text", { x: Math.min(this.x(m), end) - 6, y: this.y(Math.log10(value(m))) - 7, "text-anchor": "end" }, text);
    }
    if (this.pointed) put_("line", { x1: this.x(this.pointed), x2: this.x(this.pointed), y1: TOP - 8, y2: floor, stroke: "var(--quiet)" });
    const cross = this.data.crossover;
    if (cross) {
      if (cross.low && cross.high && cross.high > cross.low) {
        put_("rect", { x: this.x(cross.low), width: Math.max(1, this.x(cross.high) - this.x(cross.low)), y: TOP - 8, height: floor - TOP + 8, class: "band" });
      }
      put_("line", { x1: this.x(cross.n), x2: this.x(cross.n), y1: TOP - 8, y2: floor, class: "cross" });
      put_("text", { x: this.x(cross.n) + 6, y: floor - 8, class: "strong halo" }, `sliced is faster from n ≈ ${whole(Number(cross.n.toPrecision(2)))}`);
    }
    this.back.replaceChildren(...parts);
  }

  // whether a name of a guide that ends at this place would lie on a bet's handle or name
  taken(x, y) {
    if (this.idle()) return false;
    const handles = this.marks.map(({ name, k }) => [this.x(2 ** BET_AT[k]), this.y(this.bet[name][k]) + 5, 12]);
    const names = this.betNames().map(([, at, high]) => [at, high, 50]);
    return [...handles, ...names].some(([at, high, half]) => x > at - half && x - 70 < at + half && Math.abs(y - high) < 18);
  }

  drawLines() {
    const parts = [], labels = [], clip = "url(#race-clip)";
    for (const ghost of this.data.ghosts) {
      for (const { name, points } of ghost.lines) {
        const [colour] = look(name);
        if (points.length > 1) parts.push(svg("path", { class: "ghost", d: `M${points.map(([n, y]) => this.at(n, y)).join("L")}`, stroke: colour, "clip-path": clip }));
      }
    }
    for (const { name, label, points, stop } of this.data.lines) {
      const [colour, dash, shape, filled] = look(name);
      if (points.length > 1) {
        parts.push(svg("path", { d: `M${points.map(([n, y]) => this.at(n, y)).join("L")}`, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash, "clip-path": clip }));
      }
      for (const [n, middle, lower, upper] of points) {
        const x = this.x(n), y = this.y(Math.log10(middle));
        parts.push(svg("line", { x1: x, x2: x, y1: this.y(Math.log10(lower)), y2: this.y(Math.log10(upper)), stroke: colour, "stroke-width": 1.5 }));
        parts.push(svg("path", { d: SHAPE[shape](4.5), transform: `translate(${x} ${y})`, fill: filled ? colour : "var(--ground)", stroke: colour, "stroke-width": 1.5 }));
      }
      let [n, seconds] = points.at(-1) ?? [2 ** LEAST, 10 ** LOW], text = label;
      if (stop) {
        n = stop.n;
        seconds = stop.seconds ?? seconds;
        text = `${label}: ${stop.text}`;
        const x = this.x(n), y = clamp(this.y(Math.log10(seconds)), TOP, this.tall - BOTTOM);
        parts.push(svg("path", { class: "stop", d: `M${x - 5} ${y - 5} L${x + 5} ${y + 5} M${x + 5} ${y - 5} L${x - 5} ${y + 5}`, stroke: colour }));
      }
      if (this.wide) labels.push({ x: this.x(n) + 12, y: clamp(this.y(Math.log10(seconds)), TOP, this.tall - BOTTOM) + 4, text, colour });
    }
    this.front.replaceChildren(...parts);
    this.names.replaceChildren(...this.apart(labels));
  }

  // labels that would lie on each other, on a bet's handle or on its name are moved down
  apart(labels) {
    const width = (text) => text.length * 6.7, taken = this.marks.map(({ name, k }) => ({ x: this.x(2 ** BET_AT[k]) - 10, y: this.y(this.bet[name][k]) + 5, text: "   " }));
    for (const [text, x, y] of this.idle() ? [] : this.betNames()) taken.push({ x: x - width(text) / 2, y, text });
    const placed = [];
    for (const label of labels.sort((a, b) => a.y - b.y)) {
      const over = this.width - RIGHT - label.x - width(label.text);
      if (over < 0) Object.assign(label, { x: label.x + over, y: label.y - 16 });
      for (const other of [...taken, ...placed].sort((a, b) => a.y - b.y)) {
        const apart = label.x > other.x + width(other.text) || other.x > label.x + width(label.text);
        if (!apart && Math.abs(label.y - other.y) < 16) label.y = other.y + 16;
      }
      placed.push(label);
    }
    return placed.map(({ x, y, text, colour }) => svg("text", { class: "halo", x, y, style: `fill: ${colour}` }, text));
  }

  // a bet that nobody made steps back once there are times to look at
  idle() { return this.data.lines.length > 0 && BETS.every((name) => this.bet[name].join() === this.data.blank[name].join()); }

  drawBets() {
    const focused = this.root.getRootNode().activeElement, parts = [], idle = this.idle();
    this.plot.classList.toggle("idle", idle);
    for (const name of BETS) {
      const [colour] = look(name), path = BET_AT.map((k, i) => this.at(2 ** k, 10 ** this.bet[name][i])).join("L");
      parts.push(svg("path", { class: "bet", d: `M${path}`, stroke: colour }));
    }
    for (const { g, name, k } of this.marks) {
      const x = this.x(2 ** BET_AT[k]), value = this.bet[name][k], y = this.y(value);
      put(g, {
        transform: `translate(${x} ${y})`, tabindex: this.data.locked ? -1 : 0, "aria-disabled": String(Boolean(this.data.locked)),
        "aria-label": `bet for ${NAMED[name]} at n = ${whole(2 ** BET_AT[k])}`, "aria-valuenow": value, "aria-valuetext": span(10 ** value),
      });
      g.classList.toggle("locked", Boolean(this.data.locked));
      if (g === focused) {
        const right = k === BET_AT.length - 1 && !this.wide;
        parts.push(svg("text", { class: "halo", x: x + (right ? -16 : 16), y: y - 10, "text-anchor": right ? "end" : "start", style: `fill: ${look(name)[0]}` }, span(10 ** value)));
      }
    }
    if (!idle && !this.marks.some(({ g, k }) => g === focused && k === BET_AT.length - 1)) {
      for (const [text, x, y, colour] of this.betNames()) parts.push(svg("text", { class: "halo", x, y, "text-anchor": "middle", style: `fill: ${colour}` }, text));
    }
    this.bets.replaceChildren(...parts);
  }

  // what stands at the last handle of each bet: text, middle, height, colour
  betNames() {
    const last = BETS.map((name) => this.y(this.bet[name].at(-1))), by = last[0] <= last[1] ? [-16, 24] : [24, -16];
    return BETS.map((name, i) => [`bet: ${NAMED[name]}`, this.x(2 ** BET_AT.at(-1)), last[i] + by[i], look(name)[0]]);
  }

  drawLegend() {
    const items = this.data.lines.map(({ name, label, points, slope, stop }) => {
      const [colour, dash, shape, filled] = look(name), last = this.pointed ? points.find(([n]) => n === this.pointed) : points.at(-1);
      const key = svg("svg", { width: 34, height: 14, viewBox: "0 0 34 14", "aria-hidden": "true" }, [
        svg("line", { x1: 0, x2: 34, y1: 7, y2: 7, stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }),
        svg("path", { d: SHAPE[shape](4.5), transform: "translate(17 7)", fill: filled ? colour : "var(--ground)", stroke: colour, "stroke-width": 1.5 }),
      ]);
      const grows = slope === null ? "" : ["time ∝ n", make("sup", {}, fmt(slope, 2))];
      const says = [
        ...(last ? [[`${span(last[1])} at n = ${whole(last[0])}`]] : []), ...(this.pointed ? [spread(last)] : [...(grows ? [grows] : []), ...(stop ? [[`n = ${whole(stop.n)}: ${stop.why}`]] : [])]),
      ];
      const words = says.flatMap((part, i) => (i ? [" · ", ...part] : part));
      return make("li", {}, [key, make("span", {}, [make("b", {}, label), " ", make("span", { class: "quiet" }, words)])]);
    });
    for (const { title } of this.data.ghosts) {
      const key = svg("svg", { width: 34, height: 14, viewBox: "0 0 34 14", "aria-hidden": "true" }, svg("line", { x1: 0, x2: 34, y1: 7, y2: 7, class: "ghost", stroke: "var(--ink)" }));
      items.push(make("li", {}, [key, make("span", { class: "quiet" }, `thin, recorded: fused softmax and sliced ReLU on ${title}`)]));
    }
    this.legend.replaceChildren(...items);
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.race ??= new Race(root);
  root.race.receive(data, (value) => setStateValue("bet", value));
  return () => { root.race?.close(); root.race = null; };
}
