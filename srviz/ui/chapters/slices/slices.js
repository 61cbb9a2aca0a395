// Slices: tokens in the plane or in space, a direction that is turned by hand or the heads of an untrained Π; the
// shadows of the tokens on a line, their ranks, and what one query gives to the others.

import { palette } from "../../kit/js/colour.js";
import { clamp, make, put, reducedMotion } from "../../kit/js/core.js";
import { fmt, judge, signed } from "../../kit/js/text.js";

const DEGREE = Math.PI / 180;
const TURN = 360;
const SHADES = 20; // of ink in the ribbons
const EASE = 3; // degrees to either side over which a ribbon changes its rank

const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);
const norm = (a) => Math.sqrt(dot(a, a));
const tenth = (x) => Math.round(x * 10) / 10;
const around = (theta) => ((theta % TURN) + TURN) % TURN;

// the unit vector at these angles; tilted out of the plane only in space
function heading(theta, tilt, dim) {
  const a = theta * DEGREE, b = dim === 3 ? tilt * DEGREE : 0;
  const flat = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b)];
  return dim === 3 ? [...flat, Math.sin(b)] : flat;
}

// the operator's formula for one query, in the browser
function attend(scores, held) {
  const s = scores[held];
  const total = scores.reduce((sum, t) => sum + Math.abs(s - t), 0);
  return { total, weights: scores.map((t) => (total > 0 ? Math.max(0, s - t) / total : 0)) };
}

const TOP = 14; // of the ribbons

const sortedBy = (scores) => scores.map((_, j) => j).sort((a, b) => scores[a] - scores[b] || a - b);

// of all neighbours on the line, the two whose distance shrinks most
function mostConfused(scores, points, order) {
  let worst = { lost: -Infinity };
  for (let k = 0; k + 1 < order.length; k += 1) {
    const i = order[k], j = order[k + 1];
    const apart = norm(points[i].map((x, c) => x - points[j][c]));
    const gap = scores[j] - scores[i];
    if (apart - gap > worst.lost) worst = { i, j, apart, gap, lost: apart - gap };
  }
  return worst;
}

// where the line of one level runs through a grid of values (rows from below), as pairs of points in grid steps
function levelLine(values, side, level) {
  const found = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let col = 0; col + 1 < side; col += 1) {
      const corners = [[col, row], [col + 1, row], [col + 1, row + 1], [col, row + 1]];
      const height = corners.map(([c, r]) => values[r * side + c] - level);
      const cuts = [];
      for (let e = 0; e < 4; e += 1) {
        const a = height[e], b = height[(e + 1) % 4];
        if (a < 0 === b < 0) continue;
        const part = a / (a - b), [p, q] = [corners[e], corners[(e + 1) % 4]];
        cuts.push([p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) found.push([cuts[k], cuts[k + 1]]);
    }
  }
  return found;
}

class Slices {
  constructor(root) {
    this.root = root;
    this.sent = 0;
    this.pointed = null;
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plane.canvas);
    this.observer.observe(this.ribbons.canvas);
  }

  close() {
    this.observer.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  // what Python says: a start (link, back button), other tokens, or the operator's answer to what was sent
  receive(data, send) {
    this.send = send;
    if (data.epoch !== this.epoch) {
      this.epoch = data.epoch;
      this.state = { ...data.start };
      this.sent = 0;
    }
    if (data.setting !== this.data?.setting) {
      this.table = this.lines = null;
      this.pointed = null;
      if (this.playing) this.pause(false);
    }
    this.data = data;
    this.n = data.points.length;
    this.dim = data.points[0].length;
    this.hand = data.scores === null;
    this.state.held = Math.min(this.state.held, this.n - 1);
    this.reach = Math.max(...data.points.map(norm));
    this.grid = data.grid && { ...data.grid, heads: decode(data.grid.values, data.grid.side ** 2) };
    if (data.answer.id === this.sent) this.compare(data.answer);
    this.draw();
  }

  compare(answer) {
    const { weights } = attend(this.scores(), this.state.held);
    const { lost } = mostConfused(this.scores(), this.data.points, sortedBy(this.scores()));
    this.largest = Math.max(Math.abs(lost - answer.lost), ...weights.map((w, j) => Math.abs(w - answer.weights[j])));
  }

  scores() {
    if (!this.hand) return this.data.scores[this.state.head];
    const way = heading(this.state.theta, this.state.tilt, this.dim);
    return this.data.points.map((x) => dot(x, way));
  }

  build() {
    const canvas = (label) => make("canvas", { role: "img", "aria-label": label });
    const knob = (name) => make("div", { class: `knob ${name}`, role: "slider", tabindex: 0, "aria-valuemin": 0 });
    this.plane = { canvas: canvas("The tokens and their shadows"), dial: knob("dial"), query: knob("query") };
    this.strip = { canvas: canvas("The line, laid flat") };
    this.ribbons = { canvas: canvas("Ranks"), marker: knob("marker") };
    this.playButton = make("button", { type: "button", onclick: () => this.toggle() });
    this.turnButton = make("button", { type: "button", onclick: () => this.overturn() }, "Half a turn");
    this.showPlaying(false);
    this.sums = make("div", { class: "sums" });
    this.confused = make("div", { class: "confused" });
    this.badge = make("span", { class: "badge waiting" });
    this.said = make("div", { class: "hidden", "aria-live": "polite" });
    this.headPicker = make("span", { class: "joined", role: "group", "aria-label": "Head" });
    this.hint = make("span", { class: "quiet push hint" });
    this.planeTitle = make("h4", {});
    this.ribbonTitle = make("h4", {});
    this.alongs = ["rank", "score"].map((along) => make("button", {
      type: "button", onclick: () => { this.state.along = along; this.release(); },
    }, along));
    this.live = make("div", { class: "slices" }, make("div", { class: "card" }, [
      make("div", { class: "stage" }, [
        make("section", {}, [
          this.planeTitle,
          make("div", { class: "over" }, [this.plane.canvas, this.plane.dial, this.plane.query]),
          make("div", { class: "over" }, [this.strip.canvas]),
        ]),
        make("section", {}, [
          make("div", { class: "row head" }, [
            this.ribbonTitle, make("span", { class: "joined push", role: "group", "aria-label": "Drawn along" }, this.alongs),
          ]),
          make("div", { class: "over" }, [this.ribbons.canvas, this.ribbons.marker]),
          this.sums, this.confused,
        ]),
      ]),
      make("div", { class: "controls row" }, [this.playButton, this.turnButton, this.headPicker, this.badge, this.hint]),
      this.said,
    ]));
    this.root.replaceChildren(this.live);
    this.listen();
  }

  listen() {
    const { plane, ribbons } = this;
    plane.canvas.onpointerdown = (event) => this.grabPlane(event);
    plane.canvas.onpointermove = (event) => this.point(this.nearest(event, 18));
    plane.canvas.onpointerleave = () => this.point(null);
    plane.dial.onpointerdown = (event) => this.drag(event, plane.dial, this.turning(event));
    ribbons.canvas.onpointermove = (event) => this.point(this.ribbonAt(event));
    ribbons.canvas.onpointerleave = () => this.point(null);
    const slide = (element) => (event) => {
      const move = (e) => this.slide(e);
      move(event);
      ribbons.marker.focus({ preventScroll: true });
      this.drag(event, element, move);
    };
    ribbons.canvas.onpointerdown = slide(ribbons.canvas);
    ribbons.marker.onpointerdown = slide(ribbons.marker);
    plane.dial.onkeydown = ribbons.marker.onkeydown = (event) => this.turnByKey(event);
    plane.query.onkeydown = (event) => this.chooseByKey(event);
  }

  // ---- what the visitor does ---------------------------------------------------------------------------------------

  at(event, element) {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // follow the pointer until it is let go; then tell the server
  drag(event, element, move, end = () => this.release()) {
    if (event.button) return;
    event.preventDefault();
    this.pause(false);
    if (element.tabIndex >= 0) element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    const before = element.onpointermove;
    element.onpointermove = (e) => { move(e); this.largest = null; this.soon(); };
    element.onpointerup = element.onpointercancel = (e) => {
      element.onpointermove = before;
      element.onpointerup = element.onpointercancel = null;
      end(e);
    };
    this.soon();
  }

  // the direction follows the pointer: around the ring, or over the sphere as it is seen
  turning(event) {
    const { plane } = this;
    const start = this.at(event, plane.canvas);
    const tip = this.tip();
    const offset = [tip[0] - start[0], tip[1] - start[1]];
    const front = tip[2] >= 0 ? 1 : -1;
    return (e) => {
      const [x, y] = this.at(e, plane.canvas);
      const u = (x + offset[0] - this.middle) / this.ring, v = (this.middle - y - offset[1]) / this.ring;
      if (this.dim === 2) { this.state.theta = tenth(around(Math.atan2(v, u) / DEGREE)) % TURN; return; }
      const far = Math.max(1, Math.hypot(u, v));
      const w = front * Math.sqrt(Math.max(0, 1 - (u * u + v * v) / (far * far)));
      const [a, b, c] = this.unturn([u / far, v / far, w]);
      this.state.tilt = tenth(Math.asin(clamp(c, -1, 1)) / DEGREE);
      if (Math.hypot(a, b) > 1e-6) this.state.theta = tenth(around(Math.atan2(b, a) / DEGREE)) % TURN;
    };
  }

  // on the figure itself: the ring turns the direction, in space the rest turns the view, and a click picks the query
  grabPlane(event) {
    const { canvas } = this.plane;
    const [x, y] = this.at(event, canvas);
    const out = Math.hypot(x - this.middle, y - this.middle);
    if (this.hand && this.dim === 2 && event.pointerType === "mouse" && Math.abs(out - this.ring) < 12) {
      const turn = (e) => {
        const [a, b] = this.at(e, canvas);
        this.state.theta = tenth(around(Math.atan2(this.middle - b, a - this.middle) / DEGREE)) % TURN;
      };
      turn(event);
      this.drag(event, canvas, turn);
      return;
    }
    const { yaw, pitch } = this.state;
    let moved = false;
    const look = (e) => {
      const [a, b] = this.at(e, canvas);
      moved ||= Math.hypot(a - x, b - y) >= 4;
      if (!moved || this.dim === 2) return;
      this.state.yaw = tenth(around(yaw - (a - x) * 0.5)) % TURN;
      this.state.pitch = tenth(clamp(pitch + (b - y) * 0.5, -90, 90));
    };
    const touch = event.pointerType === "touch";
    this.drag(event, canvas, look, (e) => {
      if (moved && this.dim === 3) { this.release(); return; }
      const found = moved || e.type === "pointercancel" ? null : this.nearest(e, touch ? 28 : 18);
      if (found === null) { this.answerAgain(); return; }
      this.state.held = found;
      this.pointed = null;
      this.plane.query.focus({ preventScroll: true });
      this.release();
    });
  }

  // nothing changed after all
  answerAgain() {
    if (this.data.answer.id === this.sent) this.compare(this.data.answer);
    this.draw();
  }

  slide(event) {
    const [x] = this.at(event, this.ribbons.canvas);
    const part = clamp((x - this.left) / (this.right - this.left), 0, 1);
    if (this.hand) this.state.theta = tenth(Math.min(part * TURN, TURN - 0.1));
    else this.state.head = Math.round(part * (this.data.scores.length - 1));
  }

  nearest(event, within) {
    if (!this.seen) return null;
    const [x, y] = this.at(event, this.plane.canvas);
    let best = null, distance = within;
    this.seen.forEach(([a, b], j) => {
      const d = Math.hypot(a - x, b - y);
      if (d < distance) { distance = d; best = j; }
    });
    return best;
  }

  ribbonAt(event) {
    if (!this.table) return null;
    const [x, y] = this.at(event, this.ribbons.canvas);
    const part = clamp((x - this.left) / (this.right - this.left), 0, 1);
    const column = this.table[Math.round(part * (this.table.length - 1))];
    const level = (this.bottom - y) / (this.bottom - TOP);
    const off = (j) => Math.abs(column.level[j] - level);
    const best = column.order.reduce((a, b) => (off(b) < off(a) ? b : a));
    return off(best) * (this.bottom - TOP) < 14 ? best : null;
  }

  point(j) {
    const pointed = j === this.state?.held ? null : j;
    if (pointed === this.pointed) return;
    this.pointed = pointed;
    this.soon();
  }

  turnByKey(event) {
    const step = event.shiftKey ? 10 : 1;
    const sideways = { ArrowRight: step, ArrowLeft: -step }[event.key];
    const upright = { ArrowUp: step, ArrowDown: -step }[event.key];
    const by = sideways ?? upright;
    if (by === undefined) return;
    event.preventDefault();
    this.pause(false);
    if (!this.hand) this.state.head = clamp(this.state.head + Math.sign(by), 0, this.data.scores.length - 1);
    else if (this.dim === 3 && upright) this.state.tilt = clamp(this.state.tilt + upright, -90, 90);
    else this.state.theta = tenth(around(this.state.theta + by)) % TURN;
    this.later();
  }

  // along the line: sideways the query, up and down the key it is compared with
  chooseByKey(event) {
    const query = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const key = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!query && !key) return;
    event.preventDefault();
    const order = sortedBy(this.scores());
    if (query) {
      this.state.held = order[clamp(order.indexOf(this.state.held) + query, 0, this.n - 1)];
      this.pointed = null;
      this.later();
    } else {
      const others = order.filter((j) => j !== this.state.held);
      this.pointed = others[clamp(others.indexOf(this.shown()) + key, 0, others.length - 1)];
      this.soon();
    }
  }

  overturn() {
    this.pause(false);
    this.state.theta = tenth(around(this.state.theta + 180)) % TURN;
    if (this.dim === 3) this.state.tilt = -this.state.tilt;
    this.release();
  }

  toggle() {
    if (this.playing) { this.pause(); return; }
    if (reducedMotion()) { this.state.theta = around(this.state.theta + 15); this.release(); return; }
    this.playing = true;
    this.showPlaying(true);
    let before = performance.now();
    const beat = (now) => {
      this.state.theta = tenth(around(this.state.theta + Math.min(now - before, 100) * 0.02)) % TURN;
      before = now;
      this.largest = null;
      this.draw();
      this.frame = requestAnimationFrame(beat);
    };
    this.frame = requestAnimationFrame(beat);
  }

  pause(telling = true) {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.showPlaying(false);
    if (telling) this.release();
  }

  showPlaying(on) {
    this.playButton.textContent = on ? "Stop" : "Turn";
  }

  soon() {
    if (this.playing) return;
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  later() {
    this.largest = null;
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), 250);
  }

  release() {
    clearTimeout(this.timer);
    this.largest = null;
    this.sent += 1;
    this.draw();
    this.send({ ...this.state, id: this.sent, epoch: this.epoch });
    const lit = attend(this.scores(), this.state.held).weights.filter((w) => w > 0).length;
    this.said.textContent = `${this.where()}: token ${this.state.held + 1} attends to ${lit} of ${this.n}`;
  }

  where() {
    const { theta, tilt, head } = this.state;
    if (!this.hand) return `head ${head + 1}`;
    return this.dim === 3 ? `θ = ${fmt(theta, 1)}°, tilted ${fmt(tilt, 1)}°` : `θ = ${fmt(theta, 1)}°`;
  }

  // the key that the arithmetic is written out for: the one pointed at, else the one with the most weight
  shown() {
    if (this.pointed !== null && this.pointed < this.n) return this.pointed;
    const order = sortedBy(this.scores());
    return order[0] === this.state.held ? order[1] : order[0];
  }

  // ---- geometry ----------------------------------------------------------------------------------------------------

  // from the space of the tokens to right, up and towards the eye
  turn(p) {
    if (this.dim === 2) return [p[0], p[1], 0];
    const a = this.state.yaw * DEGREE, b = this.state.pitch * DEGREE;
    const across = Math.cos(a) * p[0] + Math.sin(a) * p[1], deep = -Math.sin(a) * p[0] + Math.cos(a) * p[1];
    return [across, p[2] * Math.cos(b) + deep * Math.sin(b), p[2] * Math.sin(b) - deep * Math.cos(b)];
  }

  unturn([right, up, near]) {
    const a = this.state.yaw * DEGREE, b = this.state.pitch * DEGREE;
    const deep = up * Math.sin(b) - near * Math.cos(b);
    const z = up * Math.cos(b) + near * Math.sin(b);
    return [Math.cos(a) * right - Math.sin(a) * deep, Math.sin(a) * right + Math.cos(a) * deep, z];
  }

  place(p) {
    const [right, up, near] = this.turn(p);
    return [this.middle + right * this.scale, this.middle - up * this.scale, near];
  }

  tip() {
    const [right, up, near] = this.turn(heading(this.state.theta, this.state.tilt, this.dim));
    return [this.middle + right * this.ring, this.middle - up * this.ring, near];
  }

  surface({ canvas }, height) {
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
    pen.lineCap = pen.lineJoin = "round";
    return [pen, width];
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------

  draw() {
    if (!this.data || !this.plane.canvas.clientWidth) return;
    this.colours = palette(this.live);
    const scores = this.scores();
    const found = { scores, order: sortedBy(scores), ...attend(scores, this.state.held) };
    found.rank = [];
    found.order.forEach((j, k) => { found.rank[j] = k; });
    found.confused = mostConfused(scores, this.data.points, found.order);
    found.shown = this.shown();
    this.tabulate();
    this.drawPlane(found);
    this.drawStrip(found);
    this.drawRibbons(found);
    this.write(found);
  }

  // ranks and weights in every column of the ribbons: a degree, or a head; kept until the query or the tokens change
  tabulate() {
    const held = `${this.state.along} ${this.state.held} ${this.hand && this.dim === 3 ? this.state.tilt : ""}`;
    if (this.table && this.tableHeld === held) return;
    this.tableHeld = held;
    this.painted = null;
    const columns = this.hand ? Array.from({ length: TURN + 1 }, (_, a) => heading(a, this.state.tilt, this.dim)) : this.data.scores;
    this.top = 1e-9;
    this.table = columns.map((column) => {
      const scores = this.hand ? this.data.points.map((x) => dot(x, column)) : column;
      const order = sortedBy(scores), rank = [];
      order.forEach((j, k) => { rank[j] = k; });
      const { weights } = attend(scores, this.state.held);
      this.top = Math.max(this.top, ...weights);
      return { scores, order, rank, weights };
    });
    const { table, n } = this;
    const reach = this.hand ? this.reach : Math.max(...this.data.scores.flat().map(Math.abs));
    table.forEach((column, a) => {
      column.level = column.rank.map((rank, j) => {
        if (this.state.along === "score") return (column.scores[j] + reach) / (2 * reach);
        if (!this.hand) return rank / (n - 1);
        let sum = 0;
        for (let b = a - EASE; b <= a + EASE; b += 1) sum += table[(b + TURN) % TURN].rank[j];
        return sum / (2 * EASE + 1) / (n - 1);
      });
    });
  }

  // never quite 0: that is transparent black, and a gradient to it passes through grey
  fade(colour, part) { return `color-mix(in srgb, ${colour} ${Math.max(0.2, part * 100).toFixed(1)}%, transparent)`; }

  // a weight as a colour from the page's ground to its ink
  shade(weight) { return `color-mix(in srgb, ${this.colours.ink} ${(100 * weight / this.top).toFixed(1)}%, ${this.colours.ground})`; }

  drawPlane(found) {
    const { plane, colours, hand, dim, state } = this;
    const size = Math.min(plane.canvas.clientWidth, 460);
    const [pen, width] = this.surface(plane, size);
    this.middle = size / 2;
    this.ring = size / 2 - 24;
    this.scale = hand || dim === 3 ? (this.ring * 0.9) / this.reach : size / 2 / (this.grid?.reach ?? this.reach);
    pen.translate((width - size) / 2, 0);
    this.shift = (width - size) / 2;
    this.seen = this.data.points.map((x) => this.place(x));
    if (hand) this.drawDial(pen, found);
    else if (this.grid) this.drawLevels(pen, size, found);
    else this.drawGlobe(pen);
    this.drawPair(pen, found);
    this.drawTokens(pen, found);
    const [x, y] = this.tip();
    put(plane.dial, { hidden: !hand, style: `left:${x + this.shift}px; top:${y}px` });
    put(plane.dial, {
      "aria-label": dim === 3 ? "Direction of the slice: left and right turn it, up and down tilt it" : "Direction of the slice",
      "aria-valuemax": TURN, "aria-valuenow": state.theta, "aria-valuetext": this.where(),
    });
    const [a, b] = this.seen[state.held];
    put(plane.query, {
      style: `left:${a + this.shift}px; top:${b}px`, "aria-label": "Query: left and right move it along the line, up and down the key beside it",
      "aria-valuemin": 1, "aria-valuemax": this.n, "aria-valuenow": found.rank[state.held] + 1,
      "aria-valuetext": `token ${state.held + 1}, rank ${found.rank[state.held] + 1} of ${this.n}`,
    });
    put(plane.canvas, { "aria-label": `${this.n} tokens ${dim === 3 ? "in space" : "in the plane"}, ${this.where()}; the query is token ${state.held + 1}` });
    // what falls on the figure is measured from its own left edge
    this.seen = this.seen.map(([p, q, near]) => [p + this.shift, q, near]);
  }

  drawDial(pen, found) {
    const { colours, dim, state, middle, ring } = this;
    const way = heading(state.theta, state.tilt, dim);
    const s = found.scores[state.held];
    pen.save();
    pen.beginPath();
    pen.arc(middle, middle, ring, 0, 7);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.clip();
    if (dim === 2) {
      // the ramp relu(s − t), seen from above
      const from = this.place(way.map((w) => w * s)), to = this.place(way.map((w) => -w * this.reach * 1.1));
      const ramp = pen.createLinearGradient(from[0], from[1], to[0], to[1]);
      ramp.addColorStop(0, this.fade(colours.query, 0));
      ramp.addColorStop(1, this.fade(colours.query, (0.34 * (s + this.reach * 1.1)) / (2 * this.reach)));
      pen.fillStyle = ramp;
      const across = [-way[1] * 3 * this.reach, way[0] * 3 * this.reach], down = way.map((w) => -w * 6 * this.reach);
      const base = way.map((w) => w * s);
      const corner = (a, b) => this.place(base.map((x, k) => x + a * across[k] + b * down[k]));
      this.polygon(pen, [corner(-1, 0), corner(1, 0), corner(1, 1), corner(-1, 1)]);
      pen.fill();
      const [p, q] = [corner(-1, 0), corner(1, 0)];
      this.segment(pen, p, q, colours.query, 1.2);
    } else {
      this.drawGlobe(pen);
      this.drawDisc(pen, way, s);
    }
    pen.restore();
    if (dim === 2) {
      pen.strokeStyle = colours.quiet;
      pen.lineWidth = 1;
      for (let a = 0; a < TURN; a += 15) {
        const [c, d] = [Math.cos(a * DEGREE), Math.sin(a * DEGREE)], long = a % 90 ? 4 : 8;
        pen.beginPath();
        pen.moveTo(middle + c * ring, middle - d * ring);
        pen.lineTo(middle + c * (ring + long), middle - d * (ring + long));
        pen.stroke();
      }
    }
    const tip = this.tip(), tail = [2 * middle - tip[0], 2 * middle - tip[1]];
    this.segment(pen, tail, tip, colours.ink, 1.6);
    this.data.points.forEach((x, j) => {
      const shadow = this.place(way.map((w) => w * found.scores[j]));
      const marked = j === state.held || j === found.shown;
      const colour = j === state.held ? colours.query : j === found.shown ? colours.key : colours.line;
      this.segment(pen, this.seen[j], shadow, colour, marked ? 1.6 : 1);
    });
    this.data.points.forEach((x, j) => {
      const shadow = this.place(way.map((w) => w * found.scores[j]));
      const query = j === state.held;
      pen.beginPath();
      pen.arc(shadow[0], shadow[1], query || j === found.shown ? 3.6 : 2.4, 0, 7);
      pen.fillStyle = query ? colours.query : found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = query ? colours.query : colours.key;
      pen.lineWidth = 1;
      pen.fill();
      pen.stroke();
    });
    // the arrow that turns
    const angle = Math.atan2(tip[1] - middle, tip[0] - middle), length = Math.hypot(tip[0] - middle, tip[1] - middle) / ring;
    pen.save();
    pen.translate(tip[0], tip[1]);
    pen.beginPath();
    pen.arc(0, 0, 11, 0, 7);
    pen.fillStyle = dim === 3 && tip[2] < 0 ? colours.ground : colours.ink;
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.6;
    pen.fill();
    pen.stroke();
    pen.rotate(angle);
    pen.scale(Math.max(0.35, length), 1);
    this.polygon(pen, [[8, 0], [-5.5, -4.5], [-2.5, 0], [-5.5, 4.5]]);
    pen.fillStyle = dim === 3 && tip[2] < 0 ? colours.ink : colours.ground;
    pen.fill();
    pen.restore();
  }

  // the outline and the equator of the sphere of directions
  drawGlobe(pen) {
    const { middle, ring } = this;
    pen.strokeStyle = this.colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.arc(middle, middle, ring, 0, 7);
    pen.stroke();
    this.polygon(pen, Array.from({ length: 60 }, (_, k) => {
      const [right, up] = this.turn([Math.cos((k * Math.PI) / 30), Math.sin((k * Math.PI) / 30), 0]);
      return [middle + right * ring, middle - up * ring];
    }));
    pen.stroke();
  }

  // in space the tokens that the query attends to lie below a plane: its disc inside the sphere
  drawDisc(pen, way, s) {
    const { colours } = this;
    const sphere = this.ring / this.scale;
    const radius = Math.sqrt(Math.max(0, sphere * sphere - s * s));
    const other = Math.abs(way[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
    const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const first = cross(way, other), long = norm(first), u = first.map((x) => x / long), v = cross(way, u);
    const rim = Array.from({ length: 60 }, (_, k) => {
      const c = radius * Math.cos((k * Math.PI) / 30), d = radius * Math.sin((k * Math.PI) / 30);
      return this.place(way.map((w, i) => w * s + u[i] * c + v[i] * d));
    });
    this.polygon(pen, rim);
    pen.fillStyle = this.fade(colours.query, 0.1);
    pen.fill();
    pen.strokeStyle = colours.query;
    pen.lineWidth = 1.2;
    pen.stroke();
  }

  // the level sets of Π, and above them the ramp relu(s − Π(x))
  drawLevels(pen, size, found) {
    const { colours, grid, state } = this;
    const { side } = grid, values = grid.heads[state.head];
    const step = size / (side - 1);
    const s = found.scores[state.held];
    const low = grid.low, high = grid.high;
    const height = values.map((v) => low + (v * (high - low)) / 65535);
    const key = `${state.head} ${s} ${JSON.stringify(colours)}`;
    if (this.rampKey !== key) {
      this.rampKey = key;
      this.ramp ??= make("canvas");
      this.ramp.width = this.ramp.height = side;
      const brush = this.ramp.getContext("2d");
      const lowest = Math.min(...height), reach = Math.max(...height) - lowest;
      brush.clearRect(0, 0, side, side);
      brush.fillStyle = colours.query;
      for (let row = 0; row < side; row += 1) {
        for (let col = 0; col < side; col += 1) {
          const part = Math.max(0, s - height[row * side + col]) / reach;
          if (!part) continue;
          brush.globalAlpha = 0.42 * part;
          brush.fillRect(col, side - 1 - row, 1, 1);
        }
      }
    }
    pen.save();
    this.rounded(pen, 0, 0, size, size, 8);
    pen.clip();
    pen.imageSmoothingEnabled = true;
    pen.drawImage(this.ramp, -step / 2, -step / 2, size + step, size + step);
    const trace = (lines) => {
      pen.beginPath();
      for (const [[a, b], [c, d]] of lines) {
        pen.moveTo(a * step, size - b * step);
        pen.lineTo(c * step, size - d * step);
      }
      pen.stroke();
    };
    if (this.lines?.head !== state.head) {
      const levels = [];
      for (let level = Math.ceil(low / 0.25) * 0.25; level <= high; level += 0.25) levels.push(levelLine(height, side, level));
      this.lines = { head: state.head, levels };
    }
    pen.strokeStyle = this.fade(colours.quiet, 0.5);
    pen.lineWidth = 0.8;
    this.lines.levels.forEach(trace);
    pen.strokeStyle = colours.query;
    pen.lineWidth = 1.4;
    trace(levelLine(height, side, s));
    pen.restore();
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    this.rounded(pen, 0.5, 0.5, size - 1, size - 1, 8);
    pen.stroke();
  }

  drawPair(pen, { confused }) {
    const { colours } = this;
    const [a, b] = [this.seen[confused.i], this.seen[confused.j]];
    pen.setLineDash([2, 5]);
    this.segment(pen, a, b, colours.ink, 1.4);
    pen.setLineDash([]);
    for (const [x, y] of [a, b]) {
      pen.beginPath();
      pen.arc(x, y, 12.5, 0, 7);
      pen.strokeStyle = colours.ink;
      pen.lineWidth = 1.4;
      pen.stroke();
    }
  }

  drawTokens(pen, found) {
    const { colours, state, dim } = this;
    const depth = this.seen.map(([, , near]) => near);
    const order = this.seen.map((_, j) => j).sort((a, b) => depth[a] - depth[b]);
    for (const j of order) {
      const [x, y, near] = this.seen[j];
      const size = (dim === 3 ? 1 + (0.22 * near) / this.reach : 1) * (4.2 + (3.6 * found.weights[j]) / this.top);
      pen.lineWidth = j === found.shown ? 2.4 : 1.5;
      if (j === state.held) {
        pen.beginPath();
        pen.arc(x, y, 7, 0, 7);
        pen.fillStyle = colours.query;
        pen.fill();
        pen.lineWidth = 2;
        pen.strokeStyle = colours.ground;
        pen.stroke();
        continue;
      }
      pen.beginPath();
      pen.arc(x, y, size, 0, 7);
      pen.fillStyle = this.shade(found.weights[j]);
      pen.strokeStyle = colours.key;
      pen.fill();
      pen.stroke();
    }
  }

  // the line, laid flat: the same picture as on the first page
  drawStrip(found) {
    const { strip, colours, state } = this;
    const height = 116, base = 78;
    const [pen, width] = this.surface(strip, height);
    const reach = this.hand ? this.reach : Math.max(...this.data.scores[state.head].map(Math.abs)) * 1.08;
    const left = 12, right = width - 12;
    const x = (score) => left + ((score + reach) / (2 * reach)) * (right - left);
    const unit = (base - 20) / (2 * reach);
    const s = found.scores[state.held];
    this.polygon(pen, [[x(-reach), base], [x(-reach), base - (s + reach) * unit], [x(s), base]]);
    pen.fillStyle = this.fade(colours.query, 0.1);
    pen.fill();
    this.segment(pen, [x(-reach), base - (s + reach) * unit], [x(s), base], colours.query, 1.4);
    this.segment(pen, [left - 8, base], [right + 8, base], colours.ink, 1.3);
    found.scores.forEach((t, j) => {
      if (j === state.held) return;
      const w = found.weights[j];
      if (w > 0) this.segment(pen, [x(t), base], [x(t), base - (s - t) * unit], colours.key, j === found.shown ? 4 : 1.8);
    });
    for (const j of [...found.order].sort((a, b) => (a === found.shown) - (b === found.shown))) {
      if (j === state.held) continue;
      pen.beginPath();
      pen.arc(x(found.scores[j]), base, j === found.shown ? 5 : 3.4, 0, 7);
      pen.fillStyle = found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = colours.key;
      pen.lineWidth = 1.4;
      pen.fill();
      pen.stroke();
    }
    for (const j of [found.confused.i, found.confused.j]) {
      this.segment(pen, [x(found.scores[j]), base + 7], [x(found.scores[j]), base + 13], colours.ink, 1.4);
    }
    const [a, b] = [found.confused.i, found.confused.j].map((j) => x(found.scores[j]));
    this.segment(pen, [a, base + 13], [b, base + 13], colours.ink, 1.4);
    pen.fillStyle = colours.query;
    this.polygon(pen, [[x(s) - 7, base - 17], [x(s) + 7, base - 17], [x(s), base - 3]]);
    pen.fill();
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    pen.fillText("score →", right + 8, height - 8);
    pen.textAlign = "left";
    pen.fillText("the same numbers, laid flat", left - 8, height - 8);
    put(strip.canvas, { "aria-label": `The line laid flat: the query's score is ${fmt(s)}, ${found.rank[state.held]} keys lie below it` });
  }

  drawRibbons(found) {
    const { ribbons, colours, state, n, hand } = this;
    const height = Math.round(clamp(ribbons.canvas.clientWidth * 0.62, 230, 350));
    const [pen, width] = this.surface(ribbons, height);
    const count = this.table.length;
    this.left = hand ? 30 : 46;
    this.right = width - (hand ? 16 : 30);
    this.bottom = height - (hand ? 34 : 54);
    const x = (column) => this.left + (column / (count - 1)) * (this.right - this.left);
    const y = (level) => this.bottom - level * (this.bottom - TOP);
    const rise = (this.bottom - TOP) / (n - 1);
    const now = hand ? state.theta : state.head, before = this.table[Math.floor(now)], after = this.table[Math.ceil(now)];
    const level = (j) => before.level[j] + (now - Math.floor(now)) * (after.level[j] - before.level[j]);
    const ratio = devicePixelRatio || 1;
    const look = `${width} ${height} ${ratio} ${JSON.stringify(colours)}`;
    const ranked = state.along === "rank";
    if (this.painted !== look) {
      this.painted = look;
      this.paintRibbons(width, height, ratio, x, y);
    }
    pen.drawImage(this.ribbonPicture, 0, 0, width, height);
    const follow = (j, colour, thick) => {
      pen.beginPath();
      this.curve(pen, j, x, y);
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.stroke();
    };
    follow(found.shown, colours.key, 2.2);
    follow(state.held, colours.query, 3);
    const at = x(now);
    this.segment(pen, [at, 4], [at, this.bottom + 8], colours.ink, 1.6);
    const last = (j) => (j === state.held ? 2 : j === found.shown ? 1 : 0);
    for (const j of [...found.order].sort((a, b) => last(a) - last(b))) {
      const query = j === state.held;
      pen.beginPath();
      pen.arc(at, y(level(j)), query || j === found.shown ? 5 : ranked ? Math.min(3.4, rise * 0.45) : 2.6, 0, 7);
      pen.fillStyle = query ? colours.query : found.weights[j] > 0 ? colours.key : colours.ground;
      pen.strokeStyle = query ? colours.query : colours.key;
      pen.lineWidth = 1.2;
      pen.fill();
      pen.stroke();
    }
    const [low, high] = [found.confused.i, found.confused.j].map((j) => y(level(j)));
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.4;
    this.rounded(pen, at - 8, Math.min(low, high) - 7, 16, Math.abs(low - high) + 14, 8);
    pen.stroke();
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    if (ranked) {
      pen.fillText(String(n), this.left - 12, y(1));
      pen.fillText("1", this.left - 12, y(0));
    }
    pen.save();
    pen.translate(this.left - 18, (y(0) + y(1)) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(ranked ? "rank" : "score →", 0, 0);
    pen.restore();
    pen.textAlign = "center";
    if (hand) for (let a = 0; a <= TURN; a += 90) pen.fillText(`${a}°`, x(a), this.bottom + 24);
    else {
      const { left } = this.data;
      left.forEach((pairs, h) => {
        pen.fillStyle = h === state.head ? colours.ink : colours.quiet;
        pen.fillText(String(h + 1), x(h), this.bottom + 22);
        pen.fillStyle = colours.quiet;
        pen.fillText(String(pairs), x(h), this.bottom + 42);
      });
      pen.textAlign = "left";
      pen.fillText("head", 0, this.bottom + 22);
      pen.fillText("left", 0, this.bottom + 42);
    }
    put(ribbons.marker, {
      style: `left:${at}px; top:${(this.bottom + 12) / 2}px; height:${this.bottom}px`,
      "aria-label": hand ? "Direction, along the ranks" : "Head", "aria-valuemax": hand ? TURN : count, "aria-valuemin": hand ? 0 : 1,
      "aria-valuenow": hand ? state.theta : state.head + 1, "aria-valuetext": this.where(),
    });
    put(ribbons.canvas, { "aria-label": `${ranked ? "Rank" : "Score"} of every token ${hand ? "as the direction turns" : "in every head"}; inked by the weight that token ${state.held + 1} gives it` });
  }

  curve(pen, j, x, y) {
    this.table.forEach((column, a) => {
      const [p, q] = [x(a), y(column.level[j])];
      if (!a) { pen.moveTo(p, q); return; }
      if (this.hand) { pen.lineTo(p, q); return; }
      const half = (p + x(a - 1)) / 2;
      pen.bezierCurveTo(half, y(this.table[a - 1].level[j]), half, q, p, q);
    });
  }

  // every ribbon, its ink the weight that the query gives the token there
  paintRibbons(width, height, ratio, x, y) {
    const { table, n, colours, top, state } = this;
    this.ribbonPicture ??= make("canvas");
    this.ribbonPicture.width = Math.round(width * ratio);
    this.ribbonPicture.height = Math.round(height * ratio);
    const pen = this.ribbonPicture.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineCap = "round";
    const batches = Array.from({ length: SHADES + 1 }, () => new Path2D());
    for (let a = 1; a < table.length; a += 1) {
      const before = table[a - 1], now = table[a];
      for (let j = 0; j < n; j += 1) {
        if (j === state.held) continue;
        const path = batches[Math.ceil((SHADES * (before.weights[j] + now.weights[j])) / 2 / top)];
        path.moveTo(x(a - 1), y(before.level[j]));
        const half = (x(a - 1) + x(a)) / 2;
        if (this.hand) path.lineTo(x(a), y(now.level[j]));
        else path.bezierCurveTo(half, y(before.level[j]), half, y(now.level[j]), x(a), y(now.level[j]));
      }
    }
    batches.forEach((path, k) => {
      pen.strokeStyle = k ? `color-mix(in srgb, ${colours.ink} ${18 + (82 * k) / SHADES}%, ${colours.ground})` : colours.line;
      pen.lineWidth = k ? 1 + (1.2 * k) / SHADES : 0.8;
      pen.stroke(path);
    });
  }

  // ---- the numbers -------------------------------------------------------------------------------------------------

  write(found) {
    const { state, hand, dim, data } = this;
    const span = (kind, text) => make("span", { class: kind }, text);
    const [i, j] = [state.held, found.shown];
    const s = found.scores[i], t = found.scores[j];
    const way = heading(state.theta, state.tilt, dim);
    const sum = (x) => way.map((w, k) => `${signed(w)}·${signed(x[k])}`).join(" + ");
    const score = (kind, letter, k, value) => make("li", {}, [
      make("span", { class: "name" }, `token ${k + 1}`),
      hand ? `${letter} = ${sum(data.points[k])} = ` : `${letter} = Π(x), standardized: `, span(kind, fmt(value)),
    ]);
    this.planeTitle.replaceChildren(
      hand ? `Shadows on the line, ${this.where()}` : `${dim === 3 ? "Tokens in space" : "Level sets of Π"}, ${this.where()}`);
    this.ribbonTitle.replaceChildren(`${state.along === "rank" ? "Ranks" : "Scores"} ${hand ? "as the line turns" : "from head to head"}: `,
      span("query", `query ${i + 1}`), ", ", span("key", `key ${j + 1}`));
    this.alongs.forEach((button) => put(button, { "aria-pressed": String(button.textContent === state.along) }));
    this.sums.replaceChildren(make("ol", {}, [
      score("query", "s", i, s), score("key", "t", j, t),
      make("li", {}, [
        make("span", { class: "name" }, "weight"), "relu(", span("query", fmt(s)), " − ", span("key", fmt(t)), `) / ${fmt(found.total)} = `,
        make("b", {}, fmt(found.weights[j], 3)),
      ]),
    ]));
    // as many lines as the longest numbers may take, so that nothing below moves
    const [list] = this.sums.children, letter = 0.6 * parseFloat(getComputedStyle(list).fontSize);
    const lines = hand ? Math.ceil(((24 + 18 * dim) * letter) / list.clientWidth) : 1;
    for (const item of list.children) if (item !== list.lastChild) item.style.minHeight = `calc(${1.4 * lines}em + 4px)`;
    const { confused } = found;
    const parts = [make("div", {}, [
      make("i", { class: "ring" }), " Confused most: ", make("b", {}, fmt(confused.apart)), ` apart in ${dim === 3 ? "space" : "the plane"}, `,
      make("b", {}, fmt(confused.gap)), " on the line. ",
      make("span", { class: "quiet" }, "Of all neighbours on the line, the two whose distance shrinks most."),
    ])];
    if (!hand) parts.push(this.told());
    this.confused.replaceChildren(...parts);
    put(this.playButton, { hidden: !hand });
    put(this.turnButton, { hidden: !hand });
    put(this.headPicker, { hidden: hand });
    if (!hand && this.headPicker.childElementCount !== data.scores.length) {
      this.headPicker.replaceChildren(...data.scores.map((_, h) => make("button", {
        type: "button", "aria-label": `Head ${h + 1}`, onclick: () => { this.state.head = h; this.release(); },
      }, String(h + 1))));
    }
    [...this.headPicker.children].forEach((button, h) => put(button, { "aria-pressed": String(h === state.head) }));
    this.hint.textContent = `Click a point: it becomes the query${dim === 3 ? " · drag beside it: look around" : hand ? " · drag the arrow, or Tab and ← →" : ""}`;
    if (this.largest == null) {
      this.badge.className = "badge waiting";
      this.badge.textContent = this.sent && !this.playing ? "asking the operator …" : "the operator answers on release";
    } else {
      judge(this.badge, this.largest, 1e-4);
    }
    put(this.badge, { title: "largest difference between what the browser drew and what the operator computed, over all weights of the query" });
  }

  told() {
    const { left, resolution } = this.data;
    const pairs = ((this.n * (this.n - 1)) / 2).toLocaleString("en");
    const enough = left.indexOf(0);
    const all = enough < 0
      ? `All ${left.length} heads together still leave ${left.at(-1)} of ${pairs} pairs.`
      : enough === 0 ? `Head 1 alone tells all ${pairs} pairs apart.` : `Heads 1 ${enough === 1 ? "and" : "to"} ${enough + 1} together tell all ${pairs} pairs apart; head 1 alone leaves ${left[0]}.`;
    return make("div", {}, [all, " ", make("span", { class: "quiet" },
      `Told apart: in one of them |s\u00a0−\u00a0s′| is at least ${resolution}\u00a0% of |x\u00a0−\u00a0x′|. “Left”: pairs that no head so far tells apart.`)]);
  }

  // ---- strokes -----------------------------------------------------------------------------------------------------

  segment(pen, a, b, colour, thick) {
    pen.beginPath();
    pen.moveTo(a[0], a[1]);
    pen.lineTo(b[0], b[1]);
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.stroke();
  }

  polygon(pen, corners) {
    pen.beginPath();
    corners.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
  }

  rounded(pen, x, y, width, height, radius) {
    pen.beginPath();
    pen.roundRect(x, y, width, height, radius);
  }
}

// 16-bit numbers in base64, cut into heads
function decode(text, size) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const numbers = Array.from({ length: bytes.length / 2 }, (_, k) => view.getUint16(2 * k, true));
  return Array.from({ length: numbers.length / size }, (_, h) => numbers.slice(h * size, (h + 1) * size));
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.slices ??= new Slices(root);
  root.slices.receive(data, (value) => setStateValue("slice", value));
  return () => { root.slices?.close(); root.slices = null; };
}
