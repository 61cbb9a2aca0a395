// Two routes, one player: a tick is one step of either route, a cell of the matrix or a step of the sort, the sums, a look-up.

import { palette } from "../../kit/js/colour.js";
import { clamp, make, put, reducedMotion, svg } from "../../kit/js/core.js";
import { fmt, power } from "../../kit/js/text.js";

const FEW = 12; // up to here every step shows its numbers
const RUN_SECONDS = 20;

// ---- the sorted route as a list of steps -----------------------------------------------------------------------------

// bottom-up merge sort, one placement a step; each step knows how the keys then stand
function sortSteps(t) {
  const n = t.length;
  let line = t.map((_, j) => j);
  const steps = [];
  let pass = 0;
  for (let width = 1; width < n; width *= 2) {
    pass += 1;
    const next = line.slice();
    for (let low = 0; low < n; low += 2 * width) {
      const middle = Math.min(low + width, n), high = Math.min(low + 2 * width, n);
      let a = low, b = middle;
      for (let slot = low; slot < high; slot += 1) {
        next[slot] = a < middle && (b >= high || t[line[a]] <= t[line[b]]) ? line[a++] : line[b++];
        const stand = next.slice(0, slot + 1).concat(line.slice(a, middle), line.slice(b, high), line.slice(high));
        steps.push({ kind: "sort", pass, slot, key: next[slot], stand });
      }
    }
    line = next;
  }
  return steps;
}

// the binary search of every query, then what it takes there
function lookUpSteps(s, sorted) {
  const steps = [];
  s.forEach((score, i) => {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const below = sorted[middle] < score;
      steps.push({ kind: "search", i, low, high, middle, below });
      if (below) low = middle + 1; else high = middle;
    }
    steps.push({ kind: "answer", i, p: low });
  });
  return steps;
}

class Routes {
  constructor(root) {
    this.root = root;
    this.speed = 1;
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.left.canvas);
    this.keys = (event) => this.onkey(event);
    document.addEventListener("keydown", this.keys);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.keys);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }

  receive(data, send) {
    this.send = send;
    if (data.setting === this.data?.setting) { this.draw(); return; } // called again for a new theme, say
    this.data = data;
    this.speed = Number(data.speed);
    this.speeds.value = data.speed;
    this.n = data.s.length;
    this.sorted = data.order.map((j) => data.t[j]);
    const each = (kind) => data.t.map((_, k) => ({ kind, k }));
    this.steps = [...each("project"), ...sortSteps(data.t), ...each("sums"), ...each("knots"), ...lookUpSteps(data.s, this.sorted)];
    this.starts = Object.fromEntries(["sort", "sums", "knots", "search"].map((kind) => [kind, this.steps.findIndex((step) => step.kind === kind)]));
    this.cells = this.n * this.n;
    this.last = Math.max(this.cells, this.steps.length);
    this.weight = (i, j) => (data.N[i] > 0 ? Math.max(0, data.s[i] - data.t[j]) / data.N[i] : 0);
    this.top = 0;
    data.s.forEach((_, i) => data.t.forEach((_, j) => { this.top = Math.max(this.top, this.weight(i, j)); }));
    this.answered = new Array(this.n); // the step at which a query has its answer
    this.steps.forEach((step, k) => { if (step.kind === "answer") this.answered[step.i] = k + 1; });
    put(this.bar, { max: this.last });
    const number = (...kinds) => this.steps.filter((step) => kinds.includes(step.kind)).length.toLocaleString("en");
    this.left.cost.textContent = `n² = ${this.n} × ${this.n}`;
    this.right.cost.textContent = `n log n: ${number("project")} to project, ${number("sort")} to sort, ${number("sums", "knots")} sums, ${number("search", "answer")} to look up`;
    this.fill(this.left.code, data.dense_source);
    this.fill(this.right.code, data.sorted_source);
    this.badge.textContent = `same answer: largest difference ${power(data.largest)}`;
    this.pause(false);
    this.go(data.at);
  }

  build() {
    const panel = (title) => {
      const parts = {
        cost: make("span", { class: "cost" }),
        ops: make("span", { class: "ops" }), canvas: make("canvas", { role: "img" }), says: make("div", { class: "says", "aria-live": "off" }),
        code: make("pre", { role: "region", "aria-label": `${title}: the source that runs` }),
      };
      parts.element = make("section", {}, [
        make("div", { class: "head" }, [make("h4", {}, title), parts.ops, parts.cost]),
        parts.canvas, parts.says, parts.code,
      ]);
      return parts;
    };
    this.left = panel("Every pair");
    this.right = panel("Sort, then look up");
    const press = (label, text, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.playButton = make("button", { type: "button", class: "play", onclick: () => this.toggle() });
    this.showPlaying(false);
    this.bar = make("input", { type: "range", min: 0, value: 0, "aria-label": "Step", oninput: () => { this.pause(false); this.go(Number(this.bar.value)); } });
    this.bar.onchange = () => this.tell();
    this.speeds = make("select", { "aria-label": "Speed", onchange: () => { this.speed = Number(this.speeds.value); this.tell(); } },
      [["0.25", "¼ ×"], ["0.5", "½ ×"], ["1", "1 ×"], ["2", "2 ×"], ["4", "4 ×"], ["16", "16 ×"]].map(([value, text]) => make("option", { value, selected: value === "1" }, text)));
    this.badge = make("span", { class: "badge" });
    this.live = make("div", { class: "routes", tabindex: -1, onclick: (event) => {
      if (event.detail && event.target.closest("button")) this.live.focus({ preventScroll: true }); // then Space plays
    } }, make("div", { class: "card" }, [
      make("div", { class: "player row" }, [
        make("span", { class: "group" }, [
          press("To the beginning", icon("M4 3 V13 M13 3 L6 8 L13 13 Z"), () => { this.pause(false); this.go(0); this.tell(); }),
          press("One step back", icon("M10 3 L5 8 L10 13", true), () => this.step(-1)),
          this.playButton,
          press("One step forward", icon("M6 3 L11 8 L6 13", true), () => this.step(1)),
          press("To the end", icon("M12 3 V13 M3 3 L10 8 L3 13 Z"), () => { this.pause(false); this.go(this.last); this.tell(); }),
        ]),
        this.bar, this.speeds, this.badge,
        make("span", { class: "quiet hint" }, "Space plays · ← → step · Page Up, Page Down: stage by stage"),
      ]),
      make("div", { class: "panels" }, [this.left.element, this.right.element]),
    ]));
    this.root.replaceChildren(this.live);
  }

  showPlaying(on) {
    this.playButton.replaceChildren(icon(on ? "M5 3 V13 M11 3 V13" : "M4 2 L14 8 L4 14 Z", on), on ? " Pause" : " Play");
  }

  fill(pre, lines) {
    pre.replaceChildren(...lines.map(([step, line]) => make("span", { "data-step": step }, line || " ")));
  }

  onkey(event) {
    const target = event.composedPath()[0];
    const inside = event.composedPath().includes(this.live);
    const { top, bottom } = this.live.getBoundingClientRect();
    const free = (target === document.body || target.dataset?.testid === "stMain") && bottom > 0 && top < innerHeight;
    if (event.ctrlKey || event.metaKey || event.altKey || !(inside || free)) return;
    if (event.key === " " && (event.repeat || (inside && target.tagName === "BUTTON"))) return;
    if (target === this.bar && event.key !== " " || target.tagName === "SELECT") return;
    if (event.key.startsWith("Page") && !inside) return;
    const act = {
      " ": () => this.toggle(), ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1),
      PageDown: () => this.stage(1), PageUp: () => this.stage(-1),
      ...(inside && { Home: () => this.step(-this.last), End: () => this.step(this.last) }),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  step(by) { this.pause(false); this.go(this.at + by); this.tell(); }

  // the ticks at which the sorted route begins another stage
  stage(direction) {
    const starts = [0, ...Object.values(this.starts), this.steps.length, this.last];
    const next = direction > 0 ? starts.find((k) => k > this.at) : starts.reverse().find((k) => k < this.at);
    this.pause(false);
    this.go(next ?? this.at);
    this.tell();
  }

  toggle() {
    if (this.playing) { this.pause(); return; }
    if (this.at >= this.last) this.go(0);
    if (reducedMotion()) { this.stage(1); return; }
    this.playing = true;
    this.showPlaying(true);
    let before = performance.now(), part = 0;
    const beat = (now) => {
      part += ((now - before) / 1000) * Math.max(4, this.last / RUN_SECONDS) * this.speed;
      before = now;
      const whole = Math.floor(part);
      part -= whole;
      if (whole) this.go(this.at + whole);
      if (this.at >= this.last) { this.pause(); return; }
      this.frame = requestAnimationFrame(beat);
    };
    this.frame = requestAnimationFrame(beat);
  }

  pause(telling = true) {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.showPlaying(false);
    if (telling) this.tell();
  }

  // the place goes to the URL once things are quiet
  tell() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.send({ setting: this.data.setting, tick: this.at, speed: this.speeds.value });
      put(this.right.says, { "aria-live": "polite" });
    }, 400);
  }

  go(tick) {
    this.at = clamp(tick, 0, this.last);
    this.bar.value = this.at;
    put(this.bar, { "aria-valuetext": `step ${this.at} of ${this.last}` });
    this.draw();
  }

  draw() {
    if (!this.data) return;
    this.colours = palette(this.live);
    this.drawLeft();
    this.drawRight();
  }

  surface(panel, height) {
    const { canvas } = panel;
    const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `13px ${this.colours.font}`;
    pen.textBaseline = "middle";
    return [pen, width];
  }

  size() { return Math.min(this.left.canvas.clientWidth - 28, 300); }

  // ---- left: the matrix ------------------------------------------------------------------------------------------------

  drawLeft() {
    const { n, data, colours } = this;
    const side = this.size(), height = 26 + side + 96;
    const [pen, width] = this.surface(this.left, height);
    const done = Math.min(this.at, this.cells);
    const x0 = Math.round(Math.max(28, (width - side) / 2)), y0 = 26, cell = side / n;
    const ratio = devicePixelRatio || 1, edge = (from, k) => Math.round((from + k * cell) * ratio) / ratio; // whole pixels: no seams
    pen.fillStyle = colours.key;
    pen.textAlign = "center";
    pen.fillText("keys", x0 + side / 2, 7);
    pen.save();
    pen.translate(x0 - 20, y0 + side / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillStyle = colours.query;
    pen.fillText("queries", 0, 0);
    pen.restore();
    this.swatches(pen, x0, y0 - 10, side, 6, true);
    this.swatches(pen, x0 - 10, y0, 6, side, false);
    pen.fillStyle = colours.ink;
    for (let c = 0; c < done; c += 1) {
      const i = Math.floor(c / n), j = c % n, w = this.weight(i, j);
      if (w <= 0) continue;
      pen.globalAlpha = 0.06 + 0.94 * (w / this.top);
      pen.fillRect(edge(x0, j), edge(y0, i), edge(x0, j + 1) - edge(x0, j), edge(y0, i + 1) - edge(y0, i));
    }
    pen.globalAlpha = 1;
    if (n <= FEW) {
      pen.font = `${Math.min(13, cell * 0.32)}px ${colours.font}`;
      for (let c = 0; c < done; c += 1) {
        const i = Math.floor(c / n), j = c % n, w = this.weight(i, j);
        pen.fillStyle = w === 0 ? colours.quiet : w / this.top > 0.5 ? colours.ground : colours.ink;
        pen.fillText(w === 0 ? "0" : fmt(w), x0 + (j + 0.5) * cell, y0 + (i + 0.5) * cell);
      }
      pen.font = `13px ${colours.font}`;
    }
    pen.strokeStyle = colours.line;
    pen.strokeRect(x0 - 0.5, y0 - 0.5, side + 1, side + 1);
    if (done > 0 && done < this.cells) {
      const i = Math.floor((done - 1) / n), j = (done - 1) % n;
      pen.lineWidth = 1.6;
      pen.strokeStyle = colours.query;
      pen.strokeRect(x0, y0 + i * cell, side, cell);
      pen.strokeStyle = colours.key;
      pen.strokeRect(x0 + j * cell, y0 + i * cell, cell, cell);
      pen.lineWidth = 1;
    }
    this.outputs(pen, x0, y0 + side + 22, side, (i) => done >= (i + 1) * n);
    this.sayLeft(done);
    const share = `${done.toLocaleString("en")} of ${this.cells.toLocaleString("en")} pairs`;
    this.count(this.left, done, this.cells, "pairs");
    put(this.left.canvas, { "aria-label": `Matrix of weights, queries down, keys across; ${share} computed` });
  }

  sayLeft(done) {
    const { n, data } = this;
    const span = (kind, text) => make("span", { class: kind }, text);
    const says = this.left.says;
    if (!done) { says.replaceChildren("A weight for each of the n × n pairs, a sum for each row."); this.mark(this.left, []); return; }
    const i = Math.floor((done - 1) / n), j = (done - 1) % n;
    const parts = [
      "relu(", span("query", fmt(data.s[i], 3)), " − ", span("key", fmt(data.t[j], 3)), `) / ${fmt(data.N[i], 3)} = ${fmt(this.weight(i, j), 3)}`,
    ];
    if (j === n - 1) parts.push(make("br"), span("value", `y of query ${i + 1} = ${fmt(data.y[i], 3)}`));
    says.replaceChildren(...parts);
    this.mark(this.left, j === n - 1 ? ["weights", "sum"] : ["weights"]);
  }

  // ---- right: sort, sums, look up --------------------------------------------------------------------------------------

  drawRight() {
    const { n, data, colours } = this;
    const side = this.size(), height = 26 + side + 96;
    const [pen, width] = this.surface(this.right, height);
    const done = Math.min(this.at, this.steps.length);
    const step = done ? this.steps[done - 1] : null;
    const x0 = Math.max(28, (width - side) / 2), slot = side / n, bar = Math.max(1, Math.min(slot * 0.62, 26));
    const few = n <= FEW;
    const lines = { keys: 26 + side * 0.17, sums: 26 + side * 0.5, knots: 26 + side * 0.84 };
    const sortedYet = done >= this.starts.sums;
    const stand = step?.kind === "sort" ? step.stand : sortedYet ? data.order : data.t.map((_, j) => j);
    const tall = side * 0.13 / Math.max(...data.t.map(Math.abs), 1e-9);
    pen.textAlign = "left";
    pen.fillStyle = colours.key;
    pen.fillText(sortedYet ? "keys, sorted by score" : step?.kind === "sort" ? "keys, being sorted" : "keys, in input order", x0, 7);
    // the keys, one bar a slot
    stand.forEach((j, k) => {
      if (done < this.starts.sort && k >= done) return; // not projected yet
      const x = x0 + (k + 0.5) * slot;
      const placed = step?.kind === "sort" && k === step.slot;
      pen.fillStyle = colours.key;
      pen.globalAlpha = step?.kind === "search" && (k < step.low || k >= step.high) ? 0.22 : placed || step?.kind !== "sort" ? 1 : 0.55;
      pen.fillRect(x - bar / 2, lines.keys, bar, -data.t[j] * tall || 0.6);
      if (few) this.number(pen, data.t[j], x, lines.keys - data.t[j] * tall + (data.t[j] >= 0 ? -8 : 9));
    });
    pen.globalAlpha = 1;
    this.axis(pen, x0, lines.keys, side);
    if (data.colour) stand.forEach((j, k) => this.swatch(pen, j, x0 + k * slot, 16, slot, 5));
    // the running sums
    const known = clamp(done - this.starts.sums, 0, n), knots = clamp(done - this.starts.knots, 0, n);
    const tallS = side * 0.08 / Math.max(...data.S.map(Math.abs), 1e-9), tallR = side * 0.085 / Math.max(...data.R.map(Math.abs), 1e-9);
    this.caption(pen, known, `S: running sum of the centred values, 1st of ${data.coordinates} coordinates`, x0, 26 + side * 0.345);
    this.caption(pen, knots, "R: the hinge sum at each key", x0, 26 + side * 0.675);
    this.axis(pen, x0, lines.sums, side);
    this.axis(pen, x0, lines.knots, side);
    for (let k = 0; k < known; k += 1) {
      const x = x0 + (k + 0.5) * slot;
      pen.fillStyle = colours.value;
      pen.globalAlpha = 0.75;
      pen.fillRect(x - bar / 2, lines.sums, bar, -data.S[k] * tallS || 0.6);
      pen.globalAlpha = 1;
      if (few) { this.number(pen, data.S[k], x, lines.sums - data.S[k] * tallS + (data.S[k] >= 0 ? -8 : 9)); }
    }
    pen.strokeStyle = colours.value;
    pen.fillStyle = colours.value;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let k = 0; k < knots; k += 1) pen.lineTo(x0 + (k + 0.5) * slot, lines.knots - data.R[k] * tallR);
    pen.stroke();
    for (let k = 0; k < knots; k += 1) {
      const x = x0 + (k + 0.5) * slot, y = lines.knots - data.R[k] * tallR;
      pen.beginPath();
      pen.arc(x, y, n > 40 ? 1.6 : 3.2, 0, 7);
      pen.fill();
      if (few) { this.number(pen, data.R[k], x, y + (data.R[k] >= 0 ? -10 : 11)); pen.fillStyle = colours.value; }
    }
    pen.lineWidth = 1;
    // the query that is looked up
    if (step?.kind === "search" || step?.kind === "answer") {
      const edge = step.kind === "answer" ? step.p : step.middle + 0.5;
      const x = x0 + edge * slot;
      pen.strokeStyle = pen.fillStyle = colours.query;
      pen.lineWidth = 1.8;
      pen.beginPath();
      pen.moveTo(x, 26);
      pen.lineTo(x, step.kind === "answer" ? 26 + side : lines.keys + side * 0.17);
      pen.stroke();
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(x - 6, 20); pen.lineTo(x + 6, 20); pen.lineTo(x, 30);
      pen.fill();
    }
    this.outputs(pen, x0, 26 + side + 22, side, (i) => done >= this.answered[i]);
    this.sayRight(step, done);
    this.count(this.right, done, this.steps.length, "steps");
    put(this.right.canvas, { "aria-label": `The sorted route, ${done} of ${this.steps.length} steps: ${this.right.says.textContent}` });
  }

  sayRight(step, done) {
    const { data, sorted } = this;
    const span = (kind, text) => make("span", { class: kind }, String(text));
    const says = (...parts) => this.right.says.replaceChildren(...parts);
    if (!step) {
      says("Each token's vector becomes two numbers: a query score and a key score.");
      this.mark(this.right, ["project"]);
    } else if (step.kind === "project") {
      says(`token ${step.k + 1}: query score `, span("query", fmt(data.s[step.k], 3)), ", key score ", span("key", fmt(data.t[step.k], 3)));
      this.mark(this.right, ["project"]);
    } else if (step.kind === "sort") {
      says(`merge, pass ${step.pass}: `, span("key", fmt(data.t[step.key], 3)), ` goes to place ${step.slot + 1}`);
      this.mark(this.right, ["sort"]);
    } else if (step.kind === "sums") {
      const k = step.k, u = data.u[k];
      says(span("value", k ? `S = ${fmt(data.S[k - 1], 3)} + ${bracket(u)} = ${fmt(data.S[k], 3)}` : `S = ${fmt(u, 3)}, the first centred value`));
      this.mark(this.right, ["sums"]);
    } else if (step.kind === "knots") {
      const k = step.k;
      says(span("value", k
        ? `R = ${fmt(data.R[k - 1], 3)} + ${fmt(sorted[k] - sorted[k - 1], 3)} · ${bracket(data.S[k - 1])} = ${fmt(data.R[k], 3)}`
        : "R = 0 at the lowest key"), make("br"), k ? "the R before, and the gap times the S before" : "");
      this.mark(this.right, ["knots"]);
    } else if (step.kind === "search") {
      says("is key ", span("key", fmt(sorted[step.middle], 3)), " below query ", span("query", fmt(data.s[step.i], 3)), `? ${step.below ? "yes, go right" : "no, go left"}`);
      this.mark(this.right, ["look up"]);
    } else {
      const { i, p } = step;
      if (!p) says("no key lies below ", span("query", fmt(data.s[i], 3)), ": ", span("value", "y = 0"));
      else {
        says(
          "(R + (", span("query", fmt(data.s[i], 3)), " − ", span("key", fmt(sorted[p - 1], 3)), ") · S) / N", make("br"),
          `= (${fmt(data.R[p - 1], 3)} + ${fmt(data.s[i] - sorted[p - 1], 3)} · ${bracket(data.S[p - 1])}) / ${fmt(data.N[i], 3)} = `, span("value", fmt(data.y[i], 3)));
      }
      this.mark(this.right, ["look up", "normalize"]);
    }
  }

  // ---- shared ----------------------------------------------------------------------------------------------------------

  outputs(pen, x0, y0, side, known) {
    const { data, n, colours } = this;
    const slot = side / n, bar = Math.max(1, Math.min(slot * 0.62, 26));
    const tall = 24 / Math.max(...data.y.map(Math.abs), 1e-9), middle = y0 + 44;
    pen.textAlign = "left";
    pen.fillStyle = colours.value;
    pen.fillText(`outputs y, query by query, 1st of ${data.coordinates} coordinates`, x0, y0);
    for (let i = 0; i < n; i += 1) {
      if (!known(i)) continue;
      const x = x0 + (i + 0.5) * slot;
      pen.fillStyle = colours.value;
      pen.fillRect(x - bar / 2, middle, bar, -data.y[i] * tall || 0.6);
      if (n <= FEW) this.number(pen, data.y[i], x, middle - data.y[i] * tall + (data.y[i] >= 0 ? -8 : 9));
    }
    this.axis(pen, x0, middle, side);
  }

  number(pen, value, x, y) {
    const { colours } = this;
    pen.textAlign = "center";
    pen.font = `${this.size() / this.n < 30 ? 11 : 12}px ${colours.font}`;
    pen.fillStyle = colours.ink;
    pen.fillText(fmt(value), x, y);
    pen.font = `13px ${colours.font}`;
    pen.textAlign = "left";
  }

  caption(pen, shown, text, x, y) {
    pen.globalAlpha = shown ? 1 : 0.55;
    pen.fillStyle = this.colours.value;
    pen.fillText(text, x, y);
    pen.globalAlpha = 1;
  }

  axis(pen, x, y, width) {
    pen.strokeStyle = this.colours.line;
    pen.beginPath();
    pen.moveTo(x, Math.round(y) + 0.5);
    pen.lineTo(x + width, Math.round(y) + 0.5);
    pen.stroke();
  }

  swatch(pen, j, x, y, width, height) {
    pen.fillStyle = `rgb(${this.data.colour[j].join(" ")})`;
    pen.fillRect(x, y, width + 0.3, height);
  }

  swatches(pen, x, y, width, height, across) {
    if (!this.data.colour) return;
    for (let j = 0; j < this.n; j += 1) {
      if (across) this.swatch(pen, j, x + (j * width) / this.n, y, width / this.n, height);
      else { pen.fillStyle = `rgb(${this.data.colour[j].join(" ")})`; pen.fillRect(x, y + (j * height) / this.n, width, height / this.n + 0.3); }
    }
  }

  count(panel, done, all, unit) {
    panel.ops.replaceChildren(make("b", {}, done.toLocaleString("en")), ` of ${all.toLocaleString("en")} ${unit}`);
    panel.ops.classList.toggle("done", done === all);
  }

  mark(panel, steps) {
    for (const line of panel.code.children) line.classList.toggle("now", steps.includes(line.dataset.step));
  }
}

// a small picture on a button, drawn and not typed: fonts differ in what they have
const icon = (path, open = false) =>
  svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true", class: "icon" },
    svg("path", { d: path, fill: open ? "none" : "currentColor", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round", "stroke-linecap": "round" }));

const bracket = (x) => (fmt(x, 3).startsWith("−") ? `(${fmt(x, 3)})` : fmt(x, 3));

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.routes ??= new Routes(root);
  root.routes.receive(data, (value) => setStateValue("at", value));
  return () => { root.routes?.close(); root.routes = null; };
}
