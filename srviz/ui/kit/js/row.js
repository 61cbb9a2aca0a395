// One query among many tokens: its row of weights by softmax and by sliced ReLU, computed here from q, k, s and t,
// its place among the sorted keys, and the arithmetic of one pair. What the tokens look like is the page's own part.

const STRIP = 216, AXIS = 116, LANE = 62, TAIL = 40; // of the strip: height, axis, the bars above it and below it

// the rows of query i, in the browser: the formulas of dense.py and of softmax
function attend({ n, d, q, k, s, t }, i) {
  const softmax = new Float64Array(n), relu = new Float64Array(n);
  const scale = 1 / Math.sqrt(d);
  let largest = -Infinity;
  for (let j = 0; j < n; j += 1) {
    let sum = 0;
    for (let c = 0; c < d; c += 1) sum += q[i * d + c] * k[j * d + c];
    softmax[j] = sum * scale;
    if (softmax[j] > largest) largest = softmax[j];
  }
  let exps = 0, total = 0, hinges = 0, below = 0;
  for (let j = 0; j < n; j += 1) {
    softmax[j] = Math.exp(softmax[j] - largest);
    exps += softmax[j];
    const r = s[i] - t[j];
    total += Math.abs(r);
    if (r > 0) { relu[j] = r; hinges += r; below += 1; }
  }
  for (let j = 0; j < n; j += 1) {
    softmax[j] /= exps;
    if (total > 0) relu[j] /= total;
  }
  return { softmax, relu, total, below, mean: total > 0 ? hinges / total / n : 0, largest, exps };
}

// the size below which a share of the numbers lies: one bright token is not to put out the others
function quantile(numbers, share) {
  const sizes = numbers.map(Math.abs);
  if (sizes.length < 200) return Math.max(...sizes);
  sizes.sort();
  return sizes[Math.floor(share * (sizes.length - 1))];
}

// a decimal with three digits that count
function small(x) {
  const size = Math.abs(x);
  if (size === 0) return "0";
  const text = size >= 1e-4 ? size.toFixed(clamp(2 - Math.floor(Math.log10(size)), 0, 6)) : power(size, 2);
  return (x < 0 ? "−" : "") + text;
}

const count = (n) => n.toLocaleString("en");

// any colour of the theme as [r, g, b]
const brush = document.createElement("canvas").getContext("2d");
function rgb(colour) {
  brush.fillStyle = "#000";
  brush.fillStyle = colour;
  return [1, 3, 5].map((k) => parseInt(brush.fillStyle.slice(k, k + 2), 16));
}
const mixed = (a, b, part) => a.map((x, c) => Math.round(x + (b[c] - x) * part));
const css = (colour) => `rgb(${colour.join(" ")})`;
function luminance(colour) {
  const [r, g, b] = colour.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

class Row {
  constructor(root, name) {
    this.root = root;
    this.held = -1; // the query that a click holds
    this.preview = null; // the query under the pointer, while none is held
    this.key = null; // the key pointed at
    this.lit = []; // all keys pointed at: a bar of the strip has several
    this.room = 0; // below the strip, for labels
    this.said = make("div", { class: "hidden", "aria-live": "polite" });
    this.hint = make("span", { class: "quiet" });
    this.free = make("button", { type: "button", onclick: () => this.hold(-1) }, "Let go");
    this.badge = make("span", { class: "badge waiting" });
    this.sums = make("div", { class: "sums" });
    this.strip = make("canvas", { role: "slider", tabindex: 0, "aria-valuemin": 1 });
    this.panes = ["softmax", "relu"].map((method) => this.pane(method));
    this.live = make("div", { class: `row-of ${name}` }, make("div", { class: "card" }, [
      make("div", { class: "row state" }, [this.hint, this.free, make("span", { class: "push" }, this.badge)]),
      make("div", { class: "panes" }, this.panes.map((pane) => make("section", {}, [
        make("div", { class: "head" }, [pane.title, pane.note]), pane.surface,
        make("div", { class: "legend" }, [pane.low, pane.ramp, pane.high]),
      ]))),
      make("div", { class: "over" }, this.strip),
      this.sums, this.said,
    ]));
    this.root.replaceChildren(this.live);
    this.listen();
    this.observer = new ResizeObserver(() => this.soon());
    this.observer.observe(this.strip);
    this.themes = setInterval(() => {
      const look = JSON.stringify(palette(this.live));
      if (look !== this.look) { this.look = look; this.soon(); }
    }, 500);
  }

  pane(method) {
    const part = (tag, kind) => make(tag, { class: kind });
    return {
      method, surface: this.surface(method), title: part("b", "title"), note: part("span", "quiet"),
      low: part("span", "end"), ramp: part("i", "ramp"), high: part("span", "end"),
    };
  }

  listen() {
    this.arrived = () => { this.take(); this.draw(); };
    this.escaped = (event) => {
      const elsewhere = event.composedPath().some((element) => element.matches?.("input, textarea, [data-baseweb=popover]"));
      if (event.key === "Escape" && this.held >= 0 && !elsewhere) this.hold(-1);
    };
    window.addEventListener("srviz-head", this.arrived);
    window.addEventListener("keydown", this.escaped);
    for (const { surface } of this.panes) {
      surface.onpointermove = (event) => this.over(this.tokenAt(event));
      surface.onpointerleave = () => this.over(null);
      surface.onpointercancel = () => this.over(null);
      surface.onpointerdown = (event) => { this.down = event.button ? null : [event.clientX, event.clientY]; };
      surface.onpointerup = (event) => this.up(event);
    }
    this.strip.onpointermove = this.strip.onpointerdown = (event) => this.along(event);
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onkeydown = (event) => this.alongByKey(event);
    this.strip.onblur = () => this.point(null);
  }

  close() {
    window.removeEventListener("srviz-head", this.arrived);
    window.removeEventListener("keydown", this.escaped);
    this.observer.disconnect();
    clearInterval(this.themes);
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  // what Python says: what is shown and which query is held there, and the operator's rows
  receive(data, send) {
    this.send = send;
    const other = data.setting !== this.data?.setting;
    if (other || data.epoch !== this.data.epoch) {
      clearTimeout(this.timer);
      this.held = data.held;
      this.preview = this.key = this.asked = null;
      this.lit = [];
    }
    this.data = data;
    this.compared = null;
    if (other) this.head = null;
    this.take();
    this.draw();
  }

  take() {
    if (window.srvizHead?.setting !== this.data?.setting || this.head === window.srvizHead) return;
    this.head = window.srvizHead;
    this.found = null;
    const { t, n } = this.head;
    this.order = Uint32Array.from({ length: n }, (_, j) => j).sort((a, b) => t[a] - t[b] || a - b);
    this.rank = new Uint32Array(n);
    this.order.forEach((j, k) => { this.rank[j] = k; });
    this.reach = this.ends();
    this.show(this.head.look);
  }

  ends() {
    let low = Infinity, high = -Infinity;
    for (const scores of [this.head.s, this.head.t]) for (const x of scores) { low = Math.min(low, x); high = Math.max(high, x); }
    return high > low ? [low, high] : [low - 1, high + 1];
  }

  // ---- what the visitor does ---------------------------------------------------------------------------------------

  query() { return this.held >= 0 ? this.held : this.preview ?? this.data.rest; }

  // over a token: while none is held it is the query, else it is the key
  over(j) {
    if (this.held >= 0) { this.point(j); return; }
    if (j === this.preview) return;
    this.preview = j;
    this.soon();
  }

  point(j, lit = j === null ? [] : [j]) {
    if (j === this.key && lit.length === this.lit.length) return;
    this.key = j;
    this.lit = lit;
    this.soon();
  }

  up(event) {
    const { down } = this;
    this.down = null;
    if (!down || !this.head) return;
    const moved = Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 8;
    const j = this.tokenAt(event);
    if (j === null || (moved && (event.pointerType === "mouse" || this.held >= 0))) return;
    this.hold(j === this.held ? -1 : j);
  }

  hold(j) {
    if (!this.head) return;
    clearTimeout(this.timer);
    this.preview = j < 0 ? this.held : null;
    this.held = j;
    this.key = null;
    this.lit = [];
    this.asked = j < 0 ? this.data.rest : j;
    this.draw();
    this.send({ held: j, setting: this.data.setting, epoch: this.data.epoch });
    const { below } = this.found;
    this.said.textContent = j < 0 ? "Let go." : `${this.name(j)} is the query; ${count(below)} of ${count(this.head.n)} keys lie below it.`;
  }

  // the keyboard moves the query; the server is told once it rests
  step(j) {
    this.held = j;
    this.preview = this.key = null;
    this.lit = [];
    this.asked = null;
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hold(j), 250);
  }

  // along the strip the key is chosen: the pointer takes all keys of a bar, an arrow key the next one
  along(event) {
    if (!this.bars) return;
    const x = event.clientX - this.strip.getBoundingClientRect().left;
    const near = this.bars.reduce((best, bar) => (Math.abs(bar.x - x) < Math.abs(best.x - x) ? bar : best));
    if (Math.abs(near.x - x) > 14) { this.point(null); return; }
    this.point(this.order[(near.from + near.to - 1) >> 1], [...this.order.subarray(near.from, near.to)]);
  }

  alongByKey(event) {
    const far = Math.max(1, Math.round(this.head?.n / 20));
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far }[event.key];
    if (!by || !this.head) return;
    event.preventDefault();
    const from = this.key === null ? this.rank[this.partner()] : this.rank[this.key] + by;
    this.point(this.order[clamp(from, 0, this.head.n - 1)]);
  }

  // the key that the arithmetic is written out for: the one pointed at, else the one that weighs most
  partner() { return this.key ?? this.order[0]; }

  soon() { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); }); }

  // ---- drawing -----------------------------------------------------------------------------------------------------

  draw() {
    this.width = this.strip.clientWidth; // read before anything changes: the browser would have to lay out again
    if (!this.head || !this.width) return;
    const i = this.query(), { raw } = this.data;
    if (this.found?.query !== i || this.found.raw !== raw) {
      const rows = attend(this.head, i);
      const shown = { softmax: rows.softmax, relu: raw ? rows.relu : rows.relu.map((w) => w - rows.mean) };
      const top = { softmax: quantile(shown.softmax, 0.995), relu: quantile(shown.relu, 0.995) };
      if (raw) top.softmax = top.relu = Math.max(top.softmax, top.relu); // weights of one kind share a scale
      const beyond = (method) => shown[method].some((w) => Math.abs(w) > top[method]);
      this.found = { ...rows, query: i, raw, shown, top, beyond: { softmax: beyond("softmax"), relu: beyond("relu") } };
      this.compared = null;
    }
    this.compare();
    const look = palette(this.live), dark = luminance(rgb(look.ground)) < 0.2;
    const plain = Object.fromEntries(["ground", "ink", "query", "key"].map((name) => [name, rgb(look[name])]));
    this.colours = { ...plain, quiet: look.quiet, line: look.line, font: look.font,
      low: rgb(dark ? "#DFA65A" : "#8C510A"), high: rgb(dark ? "#4FC4B6" : "#01665E") }; // as in figures/theme.py
    for (const pane of this.panes) this.entitle(pane);
    this.paint();
    this.drawStrip();
    this.write();
  }

  signed(method) { return method === "relu" && !this.found.raw; }

  // the colour of a weight and how much of it covers what lies below, 0 to 1
  tint(method, weight) {
    const part = this.found.top[method] > 0 ? Math.min(1, Math.abs(weight) / this.found.top[method]) : 0;
    return [this.signed(method) ? (weight < 0 ? this.colours.low : this.colours.high) : this.colours.ink, part];
  }

  entitle({ method, title, note, low, ramp, high }) {
    const { found, colours } = this;
    const signed = this.signed(method), top = small(found.top[method]);
    title.textContent = method === "softmax" ? "Softmax" : `Sliced ReLU, ${signed ? "effective" : "raw"}`;
    const sum = method === "softmax" ? 1 : found.mean * this.head.n;
    note.textContent = signed ? "what is above the row's mean is teal, below it brown" : `the row sums to ${method === "relu" ? fmt(sum) : sum}`;
    low.textContent = signed && found.top[method] ? `−${top}` : "0";
    high.textContent = found.beyond[method] ? `${top} and beyond` : top;
    const ends = signed ? [colours.low, colours.ground, colours.high] : [colours.ground, colours.ink];
    ramp.style.background = `linear-gradient(to right, ${ends.map(css).join(", ")})`;
  }

  // the sorted keys as bars along the axis of scores, coloured above by sliced ReLU and below by softmax
  drawStrip() {
    const { strip, head, found, colours } = this;
    const { width } = this, height = STRIP + this.room, ratio = devicePixelRatio || 1;
    if (strip.width !== Math.round(width * ratio)) {
      strip.width = Math.round(width * ratio);
      strip.height = Math.round(height * ratio);
      strip.style.height = `${height}px`;
    }
    const pen = strip.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `13px ${colours.font}`;
    const left = 12, right = width - 12, [low, high] = this.reach;
    const x = (score) => left + ((score - low) / (high - low)) * (right - left);
    const pitch = head.n < 300 ? 8 : 5;
    this.bars = this.cut(x, pitch);
    const most = Math.max(...this.bars.map((bar) => bar.to - bar.from));
    const s = head.s[found.query], at = x(s);
    // the ramp relu(s − t), as on the first page
    pen.beginPath();
    pen.moveTo(left, AXIS);
    pen.lineTo(left, AXIS - (76 * (at - left)) / (right - left));
    pen.lineTo(at, AXIS);
    pen.fillStyle = `color-mix(in srgb, ${css(colours.query)} 12%, transparent)`;
    pen.fill();
    const fill = (method, bar) => {
      let sum = 0;
      for (let k = bar.from; k < bar.to; k += 1) sum += found.shown[method][this.order[k]];
      const [colour, part] = this.tint(method, sum / (bar.to - bar.from));
      return css(mixed(colours.ground, colour, part));
    };
    for (const bar of this.bars) {
      const share = (bar.to - bar.from) / most, wide = pitch - 1;
      const tall = Math.max(3, LANE * share), deep = Math.max(3, TAIL * share);
      const pointed = this.key !== null && this.rank[this.key] >= bar.from && this.rank[this.key] < bar.to;
      pen.fillStyle = fill("relu", bar);
      pen.fillRect(bar.x - wide / 2, AXIS - tall - 1, wide, tall);
      pen.fillStyle = fill("softmax", bar);
      pen.fillRect(bar.x - wide / 2, AXIS + 1, wide, deep);
      pen.strokeStyle = css(colours.key);
      pen.lineWidth = pointed ? 2 : 0.5;
      if (pointed || pitch > 5) {
        pen.strokeRect(bar.x - wide / 2, AXIS - tall - 1, wide, tall);
        pen.strokeRect(bar.x - wide / 2, AXIS + 1, wide, deep);
      }
    }
    if (pitch === 5) this.outline(pen, pitch, most, css(colours.key));
    const line = (a, b, colour, thick) => {
      pen.beginPath();
      pen.moveTo(...a);
      pen.lineTo(...b);
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.stroke();
    };
    line([left - 8, AXIS], [right + 8, AXIS], css(colours.ink), 1.3);
    line([at, 26], [at, AXIS + TAIL + 6], css(colours.query), 1.4);
    pen.beginPath();
    pen.moveTo(at - 8, 20);
    pen.lineTo(at + 8, 20);
    pen.lineTo(at, 34);
    pen.fillStyle = css(colours.query);
    pen.fill();
    this.labels(pen, x, width);
    pen.fillStyle = css(colours.query);
    pen.textBaseline = "alphabetic";
    pen.textAlign = at > width / 2 ? "right" : "left";
    pen.fillText(`s = ${fmt(s)}${this.caption(found.query)}`, at + (at > width / 2 ? -13 : 13), 31);
    pen.fillStyle = colours.quiet;
    pen.textAlign = "center";
    pen.strokeStyle = css(colours.ground);
    pen.lineWidth = 4;
    for (let score = Math.ceil(low); score <= high; score += 1) {
      if (x(score) > left + 14 && x(score) < right - 14) {
        pen.strokeText(fmt(score, 0), x(score), AXIS + TAIL + 22);
        pen.fillText(fmt(score, 0), x(score), AXIS + TAIL + 22);
      }
    }
    const narrow = width < 560;
    pen.textAlign = "left";
    pen.fillText(narrow ? "above: sliced, below: softmax" : "bars: how many keys have that score; above coloured by sliced ReLU, below by softmax", left - 8, height - 8);
    pen.textAlign = "right";
    pen.fillText("score →", right + 8, height - 8);
    put(strip, {
      "aria-label": `The ${count(head.n)} keys sorted by score: arrow keys choose the key that is compared`, "aria-valuemax": head.n,
      "aria-valuenow": this.rank[this.partner()] + 1,
      "aria-valuetext": `${this.name(this.partner())}, score ${fmt(head.t[this.partner()])}`,
    });
  }

  // neighbours on the axis in one bar each: where it stands, and which part of the sorted keys it has
  cut(x, pitch) {
    const bars = [];
    const { t, n } = this.head;
    for (let k = 0; k < n; k += 1) {
      const slot = Math.floor(x(t[this.order[k]]) / pitch);
      if (bars.length && bars.at(-1).slot === slot) bars.at(-1).to = k + 1;
      else bars.push({ slot, x: (slot + 0.5) * pitch, from: k, to: k + 1 });
    }
    return bars;
  }

  outline(pen, pitch, most, colour) {
    pen.strokeStyle = colour;
    pen.lineWidth = 0.8;
    for (const [up, room] of [[-1, LANE], [1, TAIL]]) {
      pen.beginPath();
      let last = null;
      for (const bar of this.bars) {
        const y = AXIS + up * (Math.max(3, (room * (bar.to - bar.from)) / most) + 1), [a, b] = [bar.x - pitch / 2, bar.x + pitch / 2];
        if (bar.slot - 1 !== last) pen.moveTo(a, AXIS);
        pen.lineTo(a, y);
        pen.lineTo(b, y);
        last = bar.slot;
      }
      pen.stroke();
    }
  }

  // what a page adds: a name beside the query's score, and labels below the strip
  caption() { return ""; }

  labels() {}

  // ---- the numbers -------------------------------------------------------------------------------------------------

  write() {
    const { head, found } = this;
    const i = found.query, j = this.partner();
    const s = head.s[i], t = head.t[j], r = head.d;
    let product = 0;
    for (let c = 0; c < r; c += 1) product += head.q[i * r + c] * head.k[j * r + c];
    product /= Math.sqrt(r);
    const span = (kind, text) => make("span", { class: kind }, text);
    const total = found.exps * Math.exp(found.largest);
    const line = (name, parts) => make("li", {}, [span("name", name), make("span", {}, parts)]);
    const relu = ["relu(", span("query", fmt(s)), " − ", span("key", signed(t)), `) / ${sized(found.total)} = `, make("b", {}, small(found.relu[j]))];
    if (!found.raw) relu.push(` − row mean ${small(found.mean)} = `, make("b", {}, small(found.shown.relu[j])));
    this.sums.replaceChildren(
      make("div", { class: "pair" }, [
        make("span", {}, [span("query", "query "), this.mark(i)]),
        make("span", {}, [
          span("key", this.key === null ? "farthest key " : "key "), this.mark(j),
          this.lit.length > 1 ? span("quiet", `, one of ${count(this.lit.length)} with this score`) : "",
        ]),
        span("quiet", found.below ? `${count(found.below)} of ${count(head.n)} keys lie below the query` : "no key lies below the query: it attends to nothing"),
      ]),
      make("ul", {}, [
        line("Sliced ReLU", relu),
        line("Softmax", ["exp(q·k/√d = ", fmt(product), `) / ${Number.isFinite(total) ? sized(total) : "Σ exp"} = `, make("b", {}, small(found.softmax[j]))]),
      ]));
    this.free.hidden = this.held < 0;
    const touch = matchMedia("(hover: none)").matches;
    this.hint.textContent = this.held < 0
      ? `${touch ? `Tap a ${this.what}: it is the query.` : `The ${this.what} under the pointer is the query. A click holds it.`}`
      : `${touch ? "Slide a finger over" : "Held. Point at"} a ${this.what} or the strip: that is the key.${touch ? "" : " Esc lets go."}`;
    judge(this.badge, this.compared);
    if (this.compared === null && this.asked !== found.query) this.badge.textContent = "the operator answers to a click";
    put(this.badge, { title: "largest difference between what the browser drew and what the operator computed, over both rows" });
  }

  compare() {
    const { answer } = this.data, { found } = this;
    if (answer.setting !== this.data.setting || answer.query !== found.query || answer.raw !== found.raw) { this.compared = null; return; }
    if (this.compared !== null && this.compared !== undefined) return;
    this.compared = 0;
    for (const method of ["softmax", "relu"]) {
      const theirs = new Float32Array(Uint8Array.from(atob(answer[method]), (c) => c.charCodeAt(0)).buffer);
      theirs.forEach((w, j) => { this.compared = Math.max(this.compared, Math.abs(w - found.shown[method][j])); });
    }
  }
}

const sized = (x) => (Math.abs(x) < 100 ? fmt(x) : Math.round(x).toLocaleString("en"));
