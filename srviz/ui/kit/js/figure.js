// The live figure: Plotly.js mounted once and updated in place. Figures of one group share what is pointed at and, in 3D, the camera.
// What changes often, colours above all, comes apart from the figure (paint.js), so that positions travel once.

import { clamp, make, put, svg } from "./core.js";
import { fmt } from "./text.js";

const MOVED = "srviz-paint";

function plotlyLibrary(name) {
  window.srvizPlotly ??= new Promise((done, failed) => {
    const main = document.querySelector('script[src*="/static/js/"]') ?? document.querySelector('link[href*="/static/"]');
    const found = main?.src ?? main?.href ?? `${location.origin}/static/`;
    const script = document.createElement("script");
    script.src = `${found.slice(0, found.indexOf("/static/"))}/app/static/${name}`; // wherever the app is mounted
    script.onload = () => done(window.Plotly);
    script.onerror = () => { window.srvizPlotly = undefined; failed(new Error("plotly.js did not load")); };
    document.head.append(script);
  });
  return window.srvizPlotly;
}

// what a group of figures shares
class Group {
  static named(name) {
    window.srvizGroups ??= new Map();
    if (!window.srvizGroups.has(name)) window.srvizGroups.set(name, new Group());
    return window.srvizGroups.get(name);
  }

  constructor() {
    this.members = new Set();
    this.pair = this.held = null;
    this.told = "null"; // what Python said last that it holds
    this.onkey = (event) => { if (event.key === "Escape" && this.held) this.release(); };
  }

  join(member) {
    if (!this.members.size) document.addEventListener("keydown", this.onkey);
    this.members.add(member);
    if (this.held ?? this.pair) member.show(this.held ?? this.pair, Boolean(this.held));
  }

  leave(member) {
    this.members.delete(member);
    if (this.members.size) return;
    clearTimeout(this.resting);
    document.removeEventListener("keydown", this.onkey);
    this.pair = this.held = this.sent = null;
    this.told = "null";
  }

  point(pair) {
    this.pair = pair;
    if (!this.held) this.tell(pair);
  }

  hold(pair, from) {
    const same = this.held && this.held.query === pair.query && this.held.key === pair.key;
    this.held = same ? null : pair;
    this.tell(this.held ?? this.pair);
    this.send(from);
  }

  // what is held moves on, by the arrow keys; Python hears where it came to rest
  move(pair, from) {
    this.held = pair;
    this.sent = JSON.stringify(pair);
    this.tell(pair);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.send(from), 250);
  }

  release() {
    this.held = this.pair = null;
    this.tell(null);
    this.send([...this.members].find((member) => member.data.held));
  }

  send(from) {
    clearTimeout(this.resting);
    this.sent = JSON.stringify(this.held);
    from?.send(this.held ?? { query: null, key: null });
  }

  // what Python holds is taken over where that changes, but not what it held before it heard of the last click
  keep({ query, key }) {
    const pair = query === null && key === null ? null : { query, key }, text = JSON.stringify(pair);
    if (this.sent && this.sent !== text) return;
    this.sent = null;
    if (this.told === text) return;
    this.told = text;
    this.held = pair;
    this.tell(pair ?? this.pair);
  }

  tell(pair) { for (const member of this.members) member.show(pair, Boolean(this.held)); }

  look(camera, from) { for (const member of this.members) if (member !== from) member.look(camera); }
}

// base64 → numbers
const unpack = (text, Kind) => new Kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

function set(thing, [name, ...rest], value) {
  if (rest.length) set(thing[name], rest, value);
  else thing[name] = value;
}

class Figure {
  constructor(root) {
    this.root = root;
    this.onpaint = ({ detail }) => { if (detail === this.data?.painted) this.draw(); };
    this.plot = make("div", { class: "plot", role: "figure", tabindex: "0" });
    this.over = svg("svg", { class: "over", "aria-hidden": "true" });
    this.says = make("div", { class: "says" });
    const save = (format) => make("button", {
      type: "button", title: `Save as ${format.toUpperCase()}`, "aria-label": `Save as ${format.toUpperCase()}`, onclick: () => this.save(format),
    }, format.toUpperCase());
    root.replaceChildren(make("div", { class: "figure" }, [this.plot, this.says, make("div", { class: "save" }, [save("png"), save("svg")])]));
    this.observer = new ResizeObserver(() => this.plotly && this.mounted && this.plot.offsetWidth && this.plotly.Plots.resize(this.plot));
    this.observer.observe(root);
    document.addEventListener(MOVED, this.onpaint); // the paint may come after the figure it is for
  }

  async receive(data, send) {
    this.send = send;
    const group = data.group ? Group.named(data.group) : new Group();
    if (data.group !== this.data?.group) {
      this.group?.leave(this);
      this.group = group;
    }
    if (this.data?.figure !== data.figure) this.parsed = JSON.parse(data.figure);
    if (this.data?.arithmetic.cells !== data.arithmetic.cells) this.cells = data.arithmetic.cells && unpack(data.arithmetic.cells, Float32Array);
    if (this.data?.points !== data.points) this.points = data.points === null ? null : unpack(data.points, Int32Array);
    this.data = data;
    this.plotly = await plotlyLibrary(data.library);
    if (this.closed || this.data !== data) return;
    await this.draw();
    if (this.closed) return;
    this.group.join(this);
    if (data.held) this.group.keep(data.held);
    this.show(this.group.held ?? this.group.pair, Boolean(this.group.held));
  }

  async draw() {
    const { figure, painted, stamp, alt, arithmetic } = this.data;
    const paint = painted ? window.srvizPaint?.get(painted) : null;
    if (!this.plotly || (painted && paint?.stamp !== stamp)) return; // it comes with a message of its own
    put(this.plot, { "aria-label": paint?.alt ?? alt });
    this.root.firstChild.classList.toggle("painted", Boolean(painted));
    this.arithmetic = paint?.arithmetic ?? arithmetic;
    put(this.says, { hidden: !this.arithmetic.template });
    this.terms = Object.fromEntries(Object.entries({ ...arithmetic.terms, ...paint?.arithmetic?.terms }).map(
      ([name, [whose, numbers]]) => [name, [whose, whose === "p" ? unpack(numbers, Float32Array) : numbers]]));
    if (this.drawn?.figure === figure && this.drawn.paint === paint) return;
    this.drawn = { figure, paint };
    const { data, layout } = this.parsed;
    for (const [trace, path, value] of paint?.changes ?? []) set(data[trace], path.split("."), value?.f4 === undefined ? value : unpack(value.f4, Float32Array));
    layout.uirevision = "kept";
    if (layout.meta === "square") { delete layout.height; layout.autosize = true; this.plot.style.aspectRatio = "1"; }
    const seen = this.mounted ? this : [...this.group.members].find((member) => member.is3d); // a new one looks as its group does
    const scene = seen?.is3d ? seen.plot._fullLayout.scene?._scene : null; // it alone knows a camera that was dragged
    if (scene) layout.scene = { ...layout.scene, camera: scene.getCamera() };
    await this.plotly.react(this.plot, data, layout, { displayModeBar: false, responsive: false, scrollZoom: false, plotGlPixelRatio: Math.min(2, devicePixelRatio) });
    if (this.closed) { this.plotly.purge(this.plot); return; } // while it was being drawn
    this.is3d = Boolean(this.plot._fullLayout.scene);
    if (!this.mounted) { this.mounted = true; this.listen(); }
    this.plot.append(this.over);
    this.show(this.group.held ?? this.group.pair, Boolean(this.group.held));
  }

  listen() {
    const { plot } = this;
    // plotly's own click fires on pressing in 3D, which would interrupt a rotation, and it covers the page while pressed
    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.press?.abort();
      const press = this.press = new AbortController(), options = { capture: true, signal: press.signal };
      document.addEventListener("pointercancel", () => press.abort(), options); // a finger that scrolls the page
      document.addEventListener("pointerup", (up) => {
        if (up.pointerId !== event.pointerId) return;
        press.abort();
        const pair = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY) > 4 ? null : this.pairAt(up);
        if (pair) this.choose(pair);
      }, options);
    }, true);
    plot.addEventListener("keydown", (event) => this.walk(event));
    plot.addEventListener("focus", () => put(this.says, { "aria-live": "polite" }));
    plot.addEventListener("blur", () => put(this.says, { "aria-live": null }));
    plot.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" && !(this.is3d && event.buttons)) this.group.point(this.pairAt(event));
    });
    plot.addEventListener("pointerleave", () => this.group.point(null));
    const turned = () => {
      if (this.is3d && !this.looking) this.group.look(plot._fullLayout.scene._scene.getCamera(), this);
      requestAnimationFrame(() => { if (!this.closed) this.show(this.group.held ?? this.group.pair, Boolean(this.group.held)); });
    };
    plot.on("plotly_relayouting", turned);
    plot.on("plotly_relayout", turned);
  }

  choose(pair) {
    if (!this.data.painted) { this.group.hold(pair, this); return; }
    this.group.point(pair); // the paint that answers says what was clicked
    this.send({ ...pair });
  }

  // arrows move the pair cell by cell or point by point, Enter holds it
  walk(event) {
    const { points, data: { queries, keys } } = this;
    const { query, key } = this.group.held ?? this.group.pair ?? { query: null, key: null };
    if (event.key === "Enter" || event.key === " ") {
      if (query !== null) this.choose({ query, key: queries ? key : null });
    } else if (event.key.startsWith("Arrow") && (queries ?? points)) {
      const down = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0, right = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
      const next = (list, now, step) => list[clamp(list.indexOf(now) + step, 0, list.length - 1)];
      const pair = queries ? { query: next(queries, query, down), key: next(keys, key, right) }
        : { query: next(points, query, down + right), key: this.group.held ? key : null };
      if (this.group.held) this.group.move(pair, this); else this.group.point(pair);
    } else return;
    event.preventDefault();
  }

  save(format) {
    const { clientWidth: width, clientHeight: height } = this.plot;
    const filename = ["srviz", ...(this.plot.getAttribute("aria-label").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].join("-").slice(0, 60);
    return this.plotly.downloadImage(this.plot, { format, filename, width, height, scale: 2 });
  }

  // another figure of the group was turned
  look(camera) {
    if (!this.is3d) return;
    this.wanted = camera; // the last one counts, however many come while one is being drawn
    if (this.looking) return;
    this.looking = true;
    const follow = () => {
      const next = this.wanted;
      this.plotly.relayout(this.plot, { "scene.camera": next }).then(() => {
        if (!this.closed && this.wanted !== next) follow();
        else this.looking = false;
      });
    };
    follow();
  }

  // in 3D: a function from a point in space to where it is seen, in pixels from the corner of the plot, and its depth
  lens() {
    const scene = this.plot._fullLayout.scene._scene, [a, b, c] = scene.dataScale;
    const { model, view, projection } = scene.glplot.cameraParams;
    const m = [model, view, projection].reduce((done, next) => done.map((_, k) => {
      const column = k - k % 4, row = k % 4;
      return next[row] * done[column] + next[row + 4] * done[column + 1] + next[row + 8] * done[column + 2] + next[row + 12] * done[column + 3];
    }), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const box = scene.glplot.canvas.getBoundingClientRect(), own = this.plot.getBoundingClientRect();
    return (x, y, z) => {
      const p = x * a, q = y * b, r = z * c;
      const w = m[3] * p + m[7] * q + m[11] * r + m[15];
      return [
        box.left - own.left + (1 + (m[0] * p + m[4] * q + m[8] * r + m[12]) / w) / 2 * box.width,
        box.top - own.top + (1 - (m[1] * p + m[5] * q + m[9] * r + m[13]) / w) / 2 * box.height,
        (m[2] * p + m[6] * q + m[10] * r + m[14]) / w,
      ];
    };
  }

  // in 3D: of the points right under the pointer the one in front, else the nearest
  pointAt(event) {
    if (!this.points) return null;
    const own = this.plot.getBoundingClientRect(), at = this.lens(), place = this.plot._fullData[0];
    let best = -1, least = Infinity;
    for (let k = 0; k < this.points.length; k++) {
      const [x, y, depth] = at(place.x[k], place.y[k], place.z[k]), apart = Math.hypot(x - event.clientX + own.left, y - event.clientY + own.top);
      const cost = apart > 12 ? Infinity : apart < 4 ? depth : 2 + apart; // depth is from −1 to 1
      if (cost < least) { least = cost; best = k; }
    }
    return best < 0 ? null : { query: this.points[best], key: null };
  }

  pairAt(event) {
    if (this.is3d) return this.pointAt(event);
    const { xaxis, yaxis } = this.plot._fullLayout;
    if (!xaxis || !yaxis) return null;
    const box = this.plot.getBoundingClientRect();
    const px = event.clientX - box.left - xaxis._offset, py = event.clientY - box.top - yaxis._offset;
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return null;
    const x = xaxis.p2l(px), y = yaxis.p2l(py);
    const { points, data: { queries, keys } } = this;
    if (queries && keys) {
      const query = queries[Math.round(y)], key = keys[Math.round(x)];
      return query === undefined || key === undefined ? null : { query, key };
    }
    if (!points) return null;
    const trace = this.plot._fullData[0];
    let best = null, least = 18;
    points.forEach((token, k) => {
      const apart = Math.hypot(xaxis.l2p(trace.x[k]) - px, yaxis.l2p(trace.y[k]) - py);
      if (apart < least) { least = apart; best = token; }
    });
    return best === null ? null : { query: best, key: null };
  }

  // light up the pair: a row, a column and their cell, or two points
  show(pair, held) {
    if (!this.mounted) return;
    const parts = [];
    const { xaxis, yaxis } = this.plot._fullLayout;
    const { points, data: { queries, keys } } = this;
    const circle = (cx, cy, r, stroke) => parts.push(svg("circle", { cx, cy, r, fill: "none", stroke, "stroke-width": 2.5 }));
    if (this.is3d) {
      const at = this.lens(), place = this.plot._fullData[0], k = pair && points ? points.indexOf(pair.query) : -1;
      const ring = (x, y, z, r, stroke) => circle(...at(x, y, z).slice(0, 2), r, stroke);
      if (k >= 0) ring(place.x[k], place.y[k], place.z[k], 7, "var(--ink)");
      if (this.drawn.paint?.mark) ring(...this.drawn.paint.mark, 9, "var(--query)"); // also where it is behind
    } else if (pair && xaxis && yaxis && !this.is3d) {
      const width = held ? 2 : 1.4;
      const box = (x, y, w, h, stroke) => parts.push(svg("rect", { x, y, width: Math.abs(w), height: Math.abs(h), fill: "none", stroke, "stroke-width": width }));
      if (queries && keys) {
        const row = queries.indexOf(pair.query), column = keys.indexOf(pair.key);
        const edge = (axis, k) => axis._offset + axis.l2p(k);
        if (row >= 0) box(xaxis._offset, Math.min(edge(yaxis, row - 0.5), edge(yaxis, row + 0.5)), xaxis._length, edge(yaxis, row + 0.5) - edge(yaxis, row - 0.5), "var(--query)");
        if (column >= 0) box(edge(xaxis, column - 0.5), yaxis._offset, edge(xaxis, column + 0.5) - edge(xaxis, column - 0.5), yaxis._length, "var(--key)");
      } else if (points) {
        const trace = this.plot._fullData[0];
        for (const [token, stroke, r] of [[pair.key, "var(--key)", 8], [pair.query, "var(--query)", 6]]) {
          const k = token === null ? -1 : points.indexOf(token);
          const word = k >= 0 && trace.mode === "text" ? this.plot.querySelectorAll(".scatterlayer .textpoint")[k] : null;
          if (word) {
            const own = this.plot.getBoundingClientRect(), { left, top, width: wide, height: high } = word.getBoundingClientRect();
            const by = r / 2 - 1; // the key's ring around the query's, where they are one word
            parts.push(svg("rect", {
              x: left - own.left - 2 - by, y: top - own.top - by, width: wide + 4 + 2 * by, height: high + 2 * by, rx: 4, fill: "none", stroke, "stroke-width": 2,
            }));
          } else if (k >= 0) circle(xaxis._offset + xaxis.l2p(trace.x[k]), yaxis._offset + yaxis.l2p(trace.y[k]), r, stroke);
        }
      }
    }
    this.over.replaceChildren(...parts);
    this.write(pair);
  }

  write(pair) {
    const { template, idle } = this.arithmetic;
    if (!template) return;
    const [query, key] = [pair?.query ?? null, pair?.key ?? null];
    const { queries, keys } = this.data, row = queries?.indexOf(query), column = keys?.indexOf(key);
    if (row < 0 || column < 0) { this.says.textContent = idle; return; } // of tokens that are no longer there
    const shade = () => (this.cells ? this.cells[query * keys.length + key] : this.plot._fullData[0].z[row][column]);
    const number = (text) => {
      const [whose, numbers] = this.terms[text];
      if (whose === "p") return numbers[this.points.indexOf(query)];
      if (whose === "colour") return this.plot.data[0].marker.color[this.points.indexOf(query)];
      if (query === null || key === null) return undefined;
      return {
        i: () => numbers[query],
        j: () => numbers[key],
        dot: () => numbers.q[query].reduce((sum, q, c) => sum + q * numbers.k[key][c], 0) * numbers.scale,
        z: shade,
        "z+i": () => shade() + numbers[query],
      }[whose]();
    };
    const found = template.split(/\{(\w+)\}/).map((text, k) => (k % 2 ? [text, number(text)] : [null, text]));
    if (found.some(([, value]) => value === undefined)) { this.says.textContent = idle; return; }
    this.says.replaceChildren(...found.map(([name, value], k) => {
      if (name === null) return value;
      const text = fmt(value, this.terms[name][0].startsWith("z") || name === "mean" ? 4 : 2);
      const taken = value < 0 && /− $/.test(found[k - 1]?.[1]); // 0.83 − (−0.41)
      return make("span", { class: { s: "query", t: "key" }[name] ?? "" }, taken ? `(${text})` : text);
    }));
  }

  close() {
    this.closed = true;
    this.press?.abort();
    this.observer.disconnect();
    document.removeEventListener(MOVED, this.onpaint);
    this.group?.leave(this);
    if (this.mounted) this.plotly.purge(this.plot);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live");
  root.figure ??= new Figure(root);
  root.figure.receive(data, (value) => setTriggerValue("click", value)).catch((error) => {
    console.error(error);
    if (root.figure) put(root.figure.says, { hidden: false }).textContent = `This figure could not be drawn: ${error.message}`;
  });
  return () => { root.figure?.close(); root.figure = null; };
}
