// Two routes, one player: a tick is one step of either route, a cell of the matrix or a step of the sort, the sums, a look-up.

import { palette } from "../../kit/js/colour.js";
import { clamp, labelled, make, mounted, put, reducedMotion, svg } from "../../kit/js/core.js";
import { Motion, Rest } from "../../kit/js/pace.js";
import { power, say } from "../../kit/js/text.js";
import { Matrix } from "./matrix.js";
import { Sorted } from "./sorted.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends: one run by both routes. Numbers without a word are of one head, (n,); values are of their first coordinate.
 * @typedef {object} Message
 * @property {string} setting the name of the run
 * @property {number} at the step at which it stands
 * @property {number[]} s query scores
 * @property {number[]} t key scores
 * @property {number[]} order the keys, sorted by score
 * @property {number[]} u centred values, sorted
 * @property {number[]} S their running sums
 * @property {number[]} R the hinge sums at the sorted keys
 * @property {number[]} N normalizers
 * @property {number[]} y outputs
 * @property {number[][] | null} colour of each token, red, green and blue from 0 to 255
 * @property {number} largest difference between both routes
 * @property {string} speed
 * @property {string[]} speeds that can be chosen
 * @property {number} coordinates of a value
 * @property {[string, string][]} sorted_source lines, and the step that each belongs to
 * @property {[string, string][]} dense_source
 */

const RUN_SECONDS = 20, LEAST_STEPS_A_SECOND = 4; // of a whole run at speed 1; however few steps it has
const TELL_MILLISECONDS = 400; // until the place goes to the URL
const FRACTIONS = { 0.25: "¼", 0.5: "½" };

/** A small picture on a button, drawn and not typed: fonts differ in what they have. */
const icon = (path, open = false) => svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true", class: "icon" }, svg("path", {
  d: path, fill: open ? "none" : "currentColor", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round", "stroke-linecap": "round",
}));

class Routes {
  constructor(root) {
    this.root = root;
    /** @type {Message} */
    this.data = null;
    this.at = 0; // the step at which both routes stand
    this.last = 0;
    this.motion = new Motion();
    this.rest = new Rest(() => {
      this.send({ setting: this.data.setting, tick: this.at, speed: this.speeds.value });
      put(this.sorted.says, { "aria-live": "polite" });
    }, TELL_MILLISECONDS);
    this.matrix = new Matrix();
    this.sorted = new Sorted();
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.matrix.canvas);
    this.keys = (event) => this.onkey(event);
    document.addEventListener("keydown", this.keys);
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.keys);
    this.motion.stop();
    this.rest.close();
  }

  receive(data, send) {
    this.send = send;
    if (data.setting === this.data?.setting) { this.draw(); return; } // called again for a new theme, say
    this.data = data;
    this.speeds.replaceChildren(...data.speeds.map((value) => make("option", { value }, `${FRACTIONS[value] ?? value} ×`)));
    this.speeds.value = data.speed;
    this.matrix.receive(data);
    this.sorted.receive(data);
    this.last = Math.max(this.matrix.all, this.sorted.all);
    put(this.bar, { max: this.last });
    this.badge.textContent = say(words.player.badge, { largest: power(data.largest) });
    this.pause(false);
    this.go(data.at);
  }

  build() {
    this.playButton = make("button", { type: "button", class: "play", onclick: () => this.toggle() });
    this.showPlaying(false);
    this.bar = make("input", { type: "range", min: 0, value: 0, "aria-label": words.player.step });
    this.bar.oninput = () => { this.pause(false); this.go(Number(this.bar.value)); };
    this.bar.onchange = () => this.rest.again();
    this.speeds = make("select", { "aria-label": words.player.speed, onchange: () => this.rest.again() });
    this.badge = make("span", { class: "badge" });
    this.live = make("div", { class: "routes", tabindex: -1 }, make("div", { class: "card" }, [
      make("div", { class: "player row" }, [
        make("span", { class: "group" }, [
          labelled(words.player.first, icon("M4 3 V13 M13 3 L6 8 L13 13 Z"), () => this.jump(0)),
          labelled(words.player.back, icon("M10 3 L5 8 L10 13", true), () => this.jump(this.at - 1)),
          this.playButton,
          labelled(words.player.forward, icon("M6 3 L11 8 L6 13", true), () => this.jump(this.at + 1)),
          labelled(words.player.last, icon("M12 3 V13 M3 3 L10 8 L3 13 Z"), () => this.jump(this.last)),
        ]),
        this.bar, this.speeds, this.badge,
        make("span", { class: "quiet hint" }, words.player.keyboard),
      ]),
      make("div", { class: "panels" }, [this.matrix.element, this.sorted.element]),
    ]));
    this.live.onclick = (event) => {
      if (event.detail && event.target.closest("button")) this.live.focus({ preventScroll: true }); // then Space plays
    };
    this.root.replaceChildren(this.live);
  }

  showPlaying(on) {
    this.playButton.replaceChildren(icon(on ? "M5 3 V13 M11 3 V13" : "M4 2 L14 8 L4 14 Z", on), ` ${on ? words.player.pause : words.player.play}`);
  }

  // ---- what the visitor does ----

  /** Keys are heard inside the player, and anywhere on the page while it is seen and nothing else has the focus. */
  onkey(event) {
    const target = event.composedPath()[0], inside = event.composedPath().includes(this.live);
    const { top, bottom } = this.live.getBoundingClientRect();
    const free = (target === document.body || target.dataset?.testid === "stMain") && bottom > 0 && top < innerHeight;
    if (event.ctrlKey || event.metaKey || event.altKey || !(inside || free)) return;
    if (event.key === " " && (event.repeat || (inside && target.tagName === "BUTTON"))) return;
    if ((target === this.bar && event.key !== " ") || target.tagName === "SELECT") return;
    if (event.key.startsWith("Page") && !inside) return;
    const act = {
      " ": () => this.toggle(), ArrowRight: () => this.jump(this.at + 1), ArrowLeft: () => this.jump(this.at - 1),
      PageDown: () => this.stage(1), PageUp: () => this.stage(-1),
      ...(inside && { Home: () => this.jump(0), End: () => this.jump(this.last) }),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Stand still at a step. */
  jump(tick) {
    this.pause(false);
    this.go(tick);
    this.rest.again();
  }

  /** To the step at which the sorted route begins another stage. */
  stage(direction) {
    const starts = [0, ...Object.values(this.sorted.starts), this.sorted.all, this.last];
    this.jump((direction > 0 ? starts.find((k) => k > this.at) : starts.reverse().find((k) => k < this.at)) ?? this.at);
  }

  toggle() {
    if (this.motion.on) { this.pause(); return; }
    if (this.at >= this.last) this.go(0);
    if (reducedMotion()) { this.stage(1); return; }
    this.showPlaying(true);
    let part = 0;
    this.motion.start((since) => {
      part += (since / 1000) * Math.max(LEAST_STEPS_A_SECOND, this.last / RUN_SECONDS) * Number(this.speeds.value);
      const whole = Math.floor(part);
      part -= whole;
      if (whole) this.go(this.at + whole);
      if (this.at >= this.last) this.pause();
    });
  }

  pause(telling = true) {
    if (!this.motion.on) return;
    this.motion.stop();
    this.showPlaying(false);
    if (telling) this.rest.again();
  }

  go(tick) {
    this.at = clamp(tick, 0, this.last);
    this.bar.value = this.at;
    put(this.bar, { "aria-valuetext": say(words.player.at, { at: this.at, last: this.last }) });
    this.draw();
  }

  draw() {
    if (!this.data) return;
    const colours = palette(this.live), side = this.matrix.room;
    for (const panel of [this.matrix, this.sorted]) panel.draw(Math.min(this.at, panel.all), colours, side);
  }
}

export default mounted(Routes, "at");
