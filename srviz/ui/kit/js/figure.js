// The live figure: Plotly.js mounted once and updated in place. Figures of one group share what is pointed at and, in 3D, the camera.
// What changes often, colours above all, comes apart from the figure (paint.js), so that positions travel once.

import { written } from "./arithmetic.js";
import { clamp, make, put, standing, svg } from "./core.js";
import { arrow } from "./drag.js";
import { Group } from "./group.js";
import { lens, marks, pairAt } from "./pointing.js";
import { say } from "./text.js";
import { PAINT, floats, integers, octets, paints } from "./wire.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./arithmetic.js").Arithmetic} Arithmetic */
/** @typedef {import("./group.js").Pair} Pair */
/**
 * What Python sends.
 * @typedef {object} Message
 * @property {string} library the name of plotly.js among the static files
 * @property {string} figure in JSON
 * @property {string} alt
 * @property {string} group
 * @property {number[] | null} queries the token of every row of a heatmap
 * @property {number[] | null} keys the token of every column
 * @property {string | null} points the token of every point of the first trace, int32 in base64
 * @property {Arithmetic} arithmetic
 * @property {Pair | null} held of a page that keeps what is held
 * @property {string} painted the name of its paint, "" where it has none
 * @property {string} stamp the state of the figure to which a paint belongs
 */

const CLICK_PIXELS = 4; // a pointer that moved farther did not click
const AHEAD = "75%"; // of the window's height: how far from it a figure is drawn already
const LIBRARY_MILLISECONDS = 3000; // after which plotly.js is loaded also where no figure is near yet: a print waits for nothing
const OPTIONS = { displayModeBar: false, responsive: false, scrollZoom: false };

/** Plotly.js, loaded once for all figures of the page, from wherever the app is mounted. */
function plotlyLibrary(name) {
  /** @type {any} */
  const page = window;
  page.srvizPlotly ??= new Promise((done, failed) => {
    /** @type {any} */
    const main = document.querySelector('script[src*="/static/js/"]') ?? document.querySelector('link[href*="/static/"]');
    const found = main?.src ?? main?.href ?? `${location.origin}/static/`;
    const script = document.createElement("script");
    script.src = `${found.slice(0, found.indexOf("/static/"))}/app/static/${name}`;
    script.onload = () => done(page.Plotly);
    script.onerror = () => { page.srvizPlotly = undefined; failed(new Error(words.figure.library)); };
    document.head.append(script);
  });
  return page.srvizPlotly;
}

/** Set what a path of names leads to. */
function set(thing, path, value) {
  const [name, ...rest] = path;
  if (rest.length) set(thing[name], rest, value);
  else thing[name] = value;
}

export class Figure {
  constructor(root) {
    this.root = root;
    /** @type {Message} */
    this.data = null;
    /** @type {Group} */
    this.group = null;
    /** @type {any} */
    this.plotly = null;
    /** @type {any} */
    this.parsed = null; // the figure that Python sent last
    /** @type {any} */
    this.drawn = null; // the figure and the paint that are on the screen
    /** @type {Arithmetic} */
    this.arithmetic = null;
    /** @type {Record<string, [string, any]>} */
    this.terms = {};
    this.cells = null;
    /** @type {Int32Array | null} */
    this.points = null;
    this.mounted = this.is3d = this.closed = this.looking = false;
    this.drawing = 0; // how often plotly draws it just now
    this.wanted = null; // the camera of the figure that is turned
    /** @type {Promise<void> | null} */
    this.first = null; // its first drawing
    this.came = false; // near the window
    this.near = () => {};
    /** @type {AbortController} */
    this.press = null;
    this.send = (pair) => {};
    this.onpaint = (/** @type {any} */ { detail }) => {
      if (detail !== this.data?.painted) return;
      if (!this.drawn) this.reserve();
      this.draw();
    };
    this.plot = make("div", { class: "plot", role: "figure", tabindex: "0" });
    this.over = svg("svg", { class: "over", "aria-hidden": "true" });
    this.says = make("div", { class: "says" });
    this.face = make("div", { class: "figure" }, [this.plot, this.says]);
    root.replaceChildren(this.face);
    this.observer = new ResizeObserver(() => this.mounted && this.plot.offsetWidth && this.plotly.Plots.resize(this.plot));
    this.observer.observe(root);
    document.addEventListener(PAINT, this.onpaint); // the paint may come after the figure it is for
  }

  /** @param {Message} data */
  async receive(data, send) {
    this.send = send;
    if (data.group !== this.data?.group) {
      this.group?.leave(this);
      this.group = Group.named(data.group);
    }
    if (this.data?.figure !== data.figure) this.parsed = JSON.parse(data.figure);
    if (this.data?.arithmetic.cells !== data.arithmetic.cells) this.cells = data.arithmetic.cells && floats(data.arithmetic.cells);
    if (this.data?.points !== data.points) this.points = data.points === null ? null : integers(data.points);
    this.data = data;
    this.reserve();
    if (this.came) return this.render();
    this.first ??= this.approach().then(() => this.render());
    return this.first;
  }

  /**
   * Until it comes near what the visitor sees, or is printed, or a picture of it is wanted. What is far below, or behind
   * a closed cover, need not be drawn.
   * @returns {Promise<void>}
   */
  approach() {
    return new Promise((done) => {
      const options = { root: document.querySelector("[data-testid=stMain]"), rootMargin: `${AHEAD} 0px` };
      const watch = new IntersectionObserver((found) => { if (found.some(({ isIntersecting }) => isIntersecting)) this.near(); }, options);
      const later = setTimeout(() => plotlyLibrary(this.data.library).catch(() => {}), LIBRARY_MILLISECONDS);
      this.near = () => {
        this.came = true;
        clearTimeout(later);
        watch.disconnect();
        removeEventListener("beforeprint", this.near);
        done();
      };
      addEventListener("beforeprint", this.near);
      watch.observe(this.plot);
    });
  }

  /** Until it is drawn, wherever it is. */
  async ready() {
    this.near();
    await this.first;
  }

  async render() {
    const { data } = this;
    if (this.closed) return;
    this.plotly = await plotlyLibrary(data.library);
    if (this.closed || this.data !== data) return;
    await this.draw();
    if (this.closed) return;
    this.group.join(this);
    if (data.held) this.group.keep(data.held);
    this.showGroup();
  }

  close() {
    this.closed = true;
    this.near();
    this.press?.abort();
    this.observer.disconnect();
    document.removeEventListener(PAINT, this.onpaint);
    this.group?.leave(this);
    if (this.mounted) this.purge();
  }

  /** Let plotly forget the figure, once it does not draw it any more: its own steps would look for what is gone. */
  purge() { if (!this.drawing) this.plotly.purge(this.plot); }

  // ---- drawing ----

  /** The place of a figure that is not drawn yet, so that nothing moves when it is, and what it shows in words. */
  reserve() {
    const { data: { painted, alt }, parsed: { layout } } = this, square = layout.meta === "square";
    if (!this.drawn) {
      const paint = paints().get(painted);
      put(this.plot, { "aria-label": paint?.alt ?? alt });
      if (paint || !painted) this.calculates(paint);
    }
    Object.assign(this.plot.style, { aspectRatio: square ? "1" : "", minHeight: square ? "" : `${layout.height ?? 0}px` });
  }

  /** Take the arithmetic of a paint, or else of the figure; the line that says it has a place only where there is one. */
  calculates(paint) {
    this.arithmetic = paint?.arithmetic ?? this.data.arithmetic;
    put(this.says, { hidden: !this.arithmetic.template || Boolean(this.arithmetic.title) });
  }

  async draw() {
    const { figure, painted, stamp, alt, arithmetic } = this.data, paint = painted ? paints().get(painted) : null;
    if (!this.plotly || (painted && paint?.stamp !== stamp)) return; // it comes with a message of its own
    put(this.plot, { "aria-label": paint?.alt ?? alt });
    this.face.classList.toggle("painted", Boolean(painted));
    this.calculates(paint);
    const unpacked = ([whose, numbers]) => /** @type {[string, any]} */ ([whose, whose === "p" ? floats(numbers) : numbers]);
    const terms = Object.entries({ ...arithmetic.terms, ...paint?.arithmetic?.terms });
    this.terms = Object.fromEntries(terms.map(([name, term]) => [name, unpacked(term)]));
    if (this.drawn?.figure === figure && this.drawn.paint === paint) return;
    this.drawn = { figure, paint };
    const { data, layout } = this.parsed;
    for (const [trace, path, value] of paint?.changes ?? []) {
      set(data[trace], path.split("."), value?.f4 === undefined ? value : floats(value.f4));
    }
    this.arrange(data, layout);
    this.drawing += 1;
    try {
      await this.plotly.react(this.plot, this.lit(data), layout, { ...OPTIONS, plotGlPixelRatio: Math.min(2, devicePixelRatio) });
    } finally { this.drawing -= 1; }
    if (this.closed) { this.purge(); return; } // while it was being drawn
    this.is3d = Boolean(this.plot._fullLayout.scene);
    if (!this.mounted) {
      this.mounted = true;
      this.listen();
      if (this.group.turned) this.look(this.group.turned.camera()); // which may have been turned while this was being drawn
    }
    this.plot.append(this.over);
    this.showGroup();
  }

  /**
   * The traces as they are drawn. Where points are lit, their scale of colours holds the bar's scale once for each band
   * of light, and a point stands in its own band. The bar belongs to a trace without points.
   */
  lit(data) {
    const [points] = data;
    if (points?.meta?.light === undefined) return data;
    const { light, bands, bar } = points.meta, { color, cmin, cmax } = points.marker, band = octets(light);
    const across = (x) => clamp((x - cmin) / (cmax - cmin || 1), 0, 1 - 1e-6);
    const shown = [...data];
    shown[0] = { ...points, marker: { ...points.marker, color: Float32Array.from(color, (x, k) => band[k] + across(x)), cmin: 0, cmax: bands } };
    shown[bar] = { ...data[bar], marker: { ...data[bar].marker, cmin, cmax } };
    return shown;
  }

  /** Keep what the visitor has turned or zoomed; a figure that is new looks as its group does. */
  arrange(data, layout) {
    layout.uirevision = "kept";
    if (layout.meta === "square") { delete layout.height; layout.autosize = true; }
    const seen = this.mounted ? this : this.group.turned ?? [...this.group.members].find((member) => member.is3d), camera = seen?.camera();
    if (camera && data.some(({ type }) => type?.endsWith("3d"))) layout.scene = { ...layout.scene, camera };
  }

  /** In 3D the camera, which only the scene knows where it was dragged: it moves on a little when it is let go. */
  camera() { return (this.is3d ? this.plot._fullLayout.scene?._scene?.getCamera() : null) ?? null; }

  /** Show the pair of the group. */
  showGroup() { this.show(this.group.shown, Boolean(this.group.held)); }

  /** Light a pair up, and write out its arithmetic. @param {Pair | null} pair @param {boolean} held */
  show(pair, held) {
    if (!this.mounted) return;
    this.over.replaceChildren(...marks(this, pair, held));
    if (this.arithmetic.template && !this.arithmetic.title) this.says.replaceChildren(...written(this, pair));
  }

  // ---- what the visitor does ----

  listen() {
    const { plot, says } = this;
    plot.addEventListener("pointerdown", (event) => this.pressed(event), true);
    plot.addEventListener("keydown", (event) => this.walk(event));
    plot.addEventListener("focus", () => put(says, { "aria-live": "polite" }));
    plot.addEventListener("blur", () => put(says, { "aria-live": null }));
    plot.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" && !(this.is3d && event.buttons)) this.group.point(pairAt(this, event));
    });
    plot.addEventListener("pointerleave", () => this.group.point(null));
    const turned = () => {
      if (this.is3d && !this.looking) this.group.look(this);
      requestAnimationFrame(() => { if (!this.closed) this.showGroup(); });
    };
    plot.on("plotly_relayouting", turned);
    plot.on("plotly_relayout", turned);
  }

  /** Plotly's own click fires on pressing in 3D, which would interrupt a rotation, and it covers the page while pressed. */
  pressed(event) {
    if (event.button) return;
    this.press?.abort();
    const press = this.press = new AbortController(), options = { capture: true, signal: press.signal };
    document.addEventListener("pointercancel", () => press.abort(), options); // a finger that scrolls the page
    document.addEventListener("pointerup", (up) => {
      if (up.pointerId !== event.pointerId) return;
      press.abort();
      const moved = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY) > CLICK_PIXELS, pair = moved ? null : pairAt(this, up);
      if (pair) this.choose(pair);
    }, options);
  }

  choose(pair) {
    if (!this.data.painted) { this.group.hold(pair, this); return; }
    this.group.point(pair); // the paint that answers says what was clicked
    this.send({ ...pair });
  }

  /** Arrows move the pair cell by cell or point by point, Enter holds it. */
  walk(event) {
    const { points, group, data: { queries, keys } } = this, { query, key } = group.shown ?? { query: null, key: null }, way = arrow(event);
    if (event.key === "Enter" || event.key === " ") {
      if (query !== null) this.choose({ query, key: queries ? key : null });
    } else if (way && (queries ?? points)) {
      const [right, down] = [way[0], -way[1]];
      const next = (list, now, step) => list[clamp(list.indexOf(now) + step, 0, list.length - 1)];
      const pair = queries ? { query: next(queries, query, down), key: next(keys, key, right) }
        : { query: next(points, query, down + right), key: group.held ? key : null };
      if (group.held) group.move(pair, this); else group.point(pair);
    } else return;
    event.preventDefault();
  }

  /** Another figure of the group was turned: the last camera counts, however many come while one is being drawn. */
  look(camera) {
    if (!this.is3d || !camera) return;
    this.wanted = camera;
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

  /** In 3D: where a point in space is seen. */
  lens() { return lens(this.plot); }
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const [figure, close] = standing(Figure, parentElement);
  figure.receive(data, (value) => setTriggerValue("click", value)).catch((error) => {
    console.error(error);
    if (!figure.closed) put(figure.says, { hidden: false }).textContent = say(words.figure.failed, { why: error.message });
  });
  return close;
}
