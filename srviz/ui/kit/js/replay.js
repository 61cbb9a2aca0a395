// The way back through a training: a range that looks at any step, and a button that plays them all.

import { labelled, make, put, reducedMotion } from "./core.js";
import { Motion } from "./pace.js";

export class Replay {
  /**
   * @param {number} milliseconds that a whole training takes
   * @param {() => number} last the last step that there is
   * @param {import("./pace.js").Frame} frame draws what the step is of
   * @param {{range: string, play: string}} labels
   */
  constructor(milliseconds, last, frame, { range, play }) {
    this.milliseconds = milliseconds;
    this.last = last;
    this.frame = frame;
    this.motion = new Motion();
    /** @type {number | null} */
    this.at = null; // the step that is looked at; null: the last one, as it goes on
    this.range = make("input", { type: "range", min: 0, step: 1, "aria-label": range, oninput: () => this.scrub(Number(this.range.value)) });
    this.play = put(labelled(play, "▶", () => this.replay()), { class: "play" });
  }

  get step() { return this.at ?? this.last(); }

  /** Be at the last step again. */
  reset() {
    this.at = null;
    this.motion.stop();
  }

  close() { this.motion.stop(); }

  /** Look at another step; the last one is looked at as it goes on. */
  scrub(step) {
    this.motion.stop();
    this.at = step >= this.last() ? null : step;
    this.frame.soon();
  }

  /** Play all of it, where the visitor has nothing against motion. */
  fromTheBeginning() {
    this.reset();
    if (reducedMotion()) return;
    this.at = 0;
    this.replay();
  }

  replay() {
    if (this.motion.on) { this.motion.stop(); this.frame.draw(); return; }
    const last = this.last();
    if (reducedMotion()) { this.scrub(this.at === null ? 0 : last); return; }
    let now = this.at ?? 0;
    this.motion.start((since) => {
      now += last * since / this.milliseconds;
      this.at = now >= last ? null : Math.floor(now);
      if (this.at === null) this.motion.stop();
      this.frame.draw();
    });
  }

  draw() {
    const last = this.last();
    put(this.range, { max: Math.max(1, last), disabled: !last });
    this.range.value = String(this.step);
    this.play.disabled = !last;
    this.play.textContent = this.motion.on ? "❚❚" : "▶";
  }
}
