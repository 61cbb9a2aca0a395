// The elements of the page's live part, and what each of them does.

import { announcer, button, labelled, make, put } from "../../kit/js/core.js";
import { RADIANS_PER_DEGREE } from "../../kit/js/formulas.js";
import { Undo } from "../../kit/js/undo.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./apart.js").Apart} Apart */

/** @param {Apart} owner */
export function faceOf(owner) {
  const pickers = ["first", "second"].map((which, side) => make("select", {
    "aria-label": words.top[which], class: which,
    onchange: (/** @type {any} */ event) => owner.compareWith(side, Number(event.target.value)),
  }));
  const undoButton = button(words.top.undo, () => owner.takeBack());
  const resetButton = button(words.top.reset, () => owner.reset());
  const badge = make("span", { class: "badge waiting", title: words.top.badge });
  const closeness = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": words.crowds.closeness });
  const turning = make("input", { type: "range", min: 0, max: 359, step: 1, "aria-label": words.slice.degrees });
  const closeText = make("div", { class: "quiet says" });
  const bestButton = button(words.slice.best, () => { owner.state.turn = -1; owner.changed(); owner.release(); });
  const headPicker = make("span", { class: "joined", role: "group", "aria-label": words.slice.heads });
  const labels = make("div", { class: "labels" });
  const sums = make("div", { class: "sums" });
  const lines = make("div", { class: "lines" });
  const travel = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": words.travel.far });
  const play = put(labelled(words.travel.play, "▶", () => owner.go()), { class: "play" });
  const steps = make("input", { type: "range", min: 0, step: 1, "aria-label": words.course.slider });
  const stepText = make("span", { class: "quiet" });
  const course = make("div", { class: "course" });
  const training = make("div", { class: "training" }, [course, make("div", { class: "row scrub" }, [steps, stepText])]);
  const grid = make("div", { class: "panels" });
  const live = announcer();
  closeness.oninput = () => owner.approach(Number(closeness.value));
  turning.oninput = () => owner.choose({ turn: Number(turning.value) * RADIANS_PER_DEGREE });
  travel.oninput = () => { owner.motion.stop(); owner.state.through = Number(travel.value); owner.frame.soon(); };
  steps.oninput = () => { owner.fits.at = Number(steps.value); owner.frame.soon(); };
  for (const range of [closeness, turning, travel]) range.onchange = () => owner.release();
  const face = make("div", { class: "apart card" }, [
    make("div", { class: "row top" }, [
      make("span", {}, words.top.compare), pickers[0], make("span", {}, words.top.with), pickers[1], undoButton, resetButton,
      make("span", { class: "push" }, badge),
    ]),
    make("div", { class: "stage" }, [
      make("section", {}, [
        make("h2", {}, words.crowds.title), owner.picture.element,
        make("div", { class: "legend" }, Object.entries(words.crowds.legend).map(([kind, text]) =>
          make("span", { class: `entry ${kind}` }, [make("i"), text]))),
        make("label", { class: "range" }, [make("span", {}, words.crowds.move), closeness]), closeText,
      ]),
      make("section", {}, [
        make("div", { class: "row" }, [make("h2", {}, words.slice.title), make("span", { class: "push" }, headPicker)]),
        owner.slice.element,
        make("div", { class: "row" }, [make("label", { class: "range" }, [make("span", {}, words.slice.direction), turning]), bestButton]),
        labels, sums,
      ]),
    ]),
    lines,
    make("div", { class: "row scrub" }, [play, make("span", {}, words.travel.through), travel]),
    grid, training, live,
  ]);
  Undo.listen(face, () => owner.takeBack());
  return {
    face, pickers, undoButton, resetButton, badge, closeness, turning, closeText, bestButton, headPicker, labels, sums, lines, travel, play,
    steps, stepText, course, training, grid, live,
  };
}
