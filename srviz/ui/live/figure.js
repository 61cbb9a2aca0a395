// The live figure: Plotly.js mounted once and updated in place. Figures of one group share what is pointed at and, in 3D, the camera.

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
    this.onkey = (event) => { if (event.key === "Escape") this.release(); };
  }

  join(member) {
    if (!this.members.size) document.addEventListener("keydown", this.onkey);
    this.members.add(member);
    if (this.held ?? this.pair) member.show(this.held ?? this.pair, Boolean(this.held));
  }

  leave(member) {
    this.members.delete(member);
    if (!this.members.size) { document.removeEventListener("keydown", this.onkey); this.pair = this.held = null; }
  }

  point(pair) {
    this.pair = pair;
    if (!this.held) this.tell(pair);
  }

  hold(pair) {
    const same = this.held && this.held.query === pair.query && this.held.key === pair.key;
    this.held = same ? null : pair;
    this.tell(this.held ?? this.pair);
  }

  release() {
    this.held = this.pair = null;
    this.tell(null);
  }

  tell(pair) { for (const member of this.members) member.show(pair, Boolean(this.held)); }

  look(camera, from) { for (const member of this.members) if (member !== from) member.look(camera); }
}

class Figure {
  constructor(root) {
    this.root = root;
    this.plot = make("div", { class: "plot", role: "figure" });
    this.over = svg("svg", { class: "over", "aria-hidden": "true" });
    this.says = make("div", { class: "says" });
    const save = (format) => make("button", {
      type: "button", title: `Save as ${format.toUpperCase()}`, "aria-label": `Save as ${format.toUpperCase()}`, onclick: () => this.save(format),
    }, format.toUpperCase());
    root.replaceChildren(make("div", { class: "figure" }, [this.plot, this.says, make("div", { class: "save" }, [save("png"), save("svg")])]));
    this.observer = new ResizeObserver(() => this.plotly && this.mounted && this.plotly.Plots.resize(this.plot));
    this.observer.observe(root);
  }

  async receive(data, send) {
    this.send = send;
    const group = data.group ? Group.named(data.group) : new Group();
    if (data.group !== this.data?.group) {
      this.group?.leave(this);
      this.group = group;
    }
    const drawn = this.data?.figure;
    this.data = data;
    this.plotly = await plotlyLibrary(data.library);
    if (this.closed || this.data !== data) return;
    put(this.plot, { "aria-label": data.alt });
    if (drawn !== data.figure) await this.draw(JSON.parse(data.figure));
    this.group.join(this);
    if (!this.group.pair && !this.group.held) this.show(null, false);
  }

  async draw({ data, layout }) {
    const before = this.plot._fullLayout;
    layout.uirevision = "kept";
    if (layout.meta === "square") { delete layout.height; layout.autosize = true; this.plot.style.aspectRatio = "1"; }
    const scene = this.is3d ? before?.scene?._scene : null; // it alone knows a camera that was dragged
    if (scene) layout.scene = { ...layout.scene, camera: scene.getCamera() };
    await this.plotly.react(this.plot, data, layout, { displayModeBar: false, responsive: false });
    this.is3d = Boolean(this.plot._fullLayout.scene);
    if (!this.mounted) { this.mounted = true; this.listen(); }
    this.plot.append(this.over);
    this.show(this.group.held ?? this.group.pair, Boolean(this.group.held));
  }

  listen() {
    const { plot } = this;
    // plotly's own click fires on pressing in 3D, which would interrupt a rotation, and it covers the page while pressed
    plot.addEventListener("pointerdown", (event) => {
      const start = [event.clientX, event.clientY];
      document.addEventListener("pointerup", (up) => {
        if (this.closed || Math.hypot(up.clientX - start[0], up.clientY - start[1]) > 4) return;
        const pair = this.is3d ? this.near : this.pairAt(up);
        if (!pair) return;
        this.group.hold(pair);
        this.send({ ...pair });
      }, { capture: true, once: true });
    }, true);
    plot.addEventListener("pointermove", (event) => { if (!this.is3d && event.pointerType !== "touch") this.group.point(this.pairAt(event)); });
    plot.addEventListener("pointerleave", () => { if (!this.is3d) this.group.point(null); });
    plot.on("plotly_hover", ({ points }) => {
      if (!this.is3d) return;
      this.near = this.pairOfPoint(points[0].pointNumber);
      this.group.point(this.near);
    });
    plot.on("plotly_unhover", () => { if (this.is3d) { this.near = null; this.group.point(null); } });
    const turned = () => { if (this.is3d && !this.looking) this.group.look(plot._fullLayout.scene._scene.getCamera(), this); };
    plot.on("plotly_relayouting", turned);
    plot.on("plotly_relayout", () => {
      turned();
      this.show(this.group.held ?? this.group.pair, Boolean(this.group.held));
    });
  }

  save(format) {
    const { clientWidth: width, clientHeight: height } = this.plot;
    return this.plotly.downloadImage(this.plot, { format, filename: "srviz", width, height, scale: 2 });
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

  pairOfPoint(index) {
    const token = this.data.points?.[index];
    return token === undefined ? null : { query: token, key: null };
  }

  pairAt(event) {
    const { xaxis, yaxis } = this.plot._fullLayout;
    if (!xaxis || !yaxis) return null;
    const box = this.plot.getBoundingClientRect();
    const px = event.clientX - box.left - xaxis._offset, py = event.clientY - box.top - yaxis._offset;
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return null;
    const x = xaxis.p2l(px), y = yaxis.p2l(py);
    const { queries, keys, points } = this.data;
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
    const { queries, keys, points } = this.data;
    if (pair && xaxis && yaxis && !this.is3d) {
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
          if (k >= 0) parts.push(svg("circle", { cx: xaxis._offset + xaxis.l2p(trace.x[k]), cy: yaxis._offset + yaxis.l2p(trace.y[k]), r, fill: "none", stroke, "stroke-width": 2.5 }));
        }
      }
    }
    this.over.replaceChildren(...parts);
    this.write(pair);
  }

  write(pair) {
    const { template, terms, idle } = this.data;
    if (!template) return;
    if (!pair || pair.query === null || pair.key === null) { this.says.textContent = idle; return; }
    const parts = template.split(/\{(\w+)\}/).map((text, k) => {
      if (k % 2 === 0) return text;
      const [whose, numbers] = terms[text];
      const shade = () => this.plot._fullData[0].z[this.data.queries.indexOf(pair.query)][this.data.keys.indexOf(pair.key)];
      const number = {
        i: () => numbers[pair.query],
        j: () => numbers[pair.key],
        dot: () => numbers.q[pair.query].reduce((sum, q, c) => sum + q * numbers.k[pair.key][c], 0) * numbers.scale,
        z: shade,
        "z+i": () => shade() + numbers[pair.query],
      }[whose]();
      return make("span", { class: { s: "query", t: "key" }[text] ?? "" }, fmt(number, whose.startsWith("z") || text === "m" ? 4 : 2));
    });
    this.says.replaceChildren(...parts);
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    this.group?.leave(this);
    if (this.mounted) this.plotly.purge(this.plot);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live");
  root.figure ??= new Figure(root);
  root.figure.receive(data, (value) => setTriggerValue("click", value)).catch((error) => { root.textContent = error.message; });
  return () => { root.figure?.close(); root.figure = null; };
}
