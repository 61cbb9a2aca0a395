// The elements of the page's live part, and what each of them does.

import { announcer, button, labelled, make, put } from "../../kit/js/core.js";
import { History as Undo } from "../../kit/js/undo.js";
import { DEGREE } from "./marks.js";

/** @typedef {import("./apart.js").Apart} Apart */

const BADGE = "largest difference between the browser and the operator: the labels of all crowds, and the smallest gap";
const LEGEND = [
  ["first", "token of the first"], ["second", "of the second"], ["both", "of both"], ["hollow", "targets"], ["side", "what has a weight"],
];

/** @param {Apart} owner */
export function faceOf(owner) {
  const choose = (side) => make("select", {
    "aria-label": `The ${side ? "second" : "first"} crowd`, class: side ? "second" : "first",
    onchange: (/** @type {any} */ event) => owner.compareWith(side, Number(event.target.value)),
  });
  const pickers = [choose(0), choose(1)];
  const undoButton = button("Undo", () => owner.takeBack());
  const resetButton = button("As drawn", () => owner.reset());
  const badge = make("span", { class: "badge waiting push", title: BADGE });
  const closeness = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Closeness of B to A" });
  const turning = make("input", { type: "range", min: 0, max: 359, step: 1, "aria-label": "Direction of the slice in degrees" });
  const closeText = make("div", { class: "quiet says" });
  const bestButton = button("Best slice and place", () => { owner.state.turn = -1; owner.changed(); owner.release(); });
  const headPicker = make("span", { class: "joined", role: "group", "aria-label": "Head" });
  const labels = make("div", { class: "labels" });
  const sums = make("div", { class: "sums" });
  const lines = make("div", { class: "lines" });
  const travel = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "How far through the layers" });
  const play = put(labelled("Let the tokens travel", "▶", () => owner.go()), { class: "play" });
  const steps = make("input", { type: "range", min: 0, step: 1, "aria-label": "Step of the fit" });
  const stepText = make("span", { class: "quiet" });
  const course = make("div", { class: "course" });
  const training = make("div", { class: "training" }, [course, make("div", { class: "row scrub" }, [steps, stepText])]);
  const grid = make("div", { class: "panels" });
  const live = announcer();
  closeness.oninput = () => owner.approach(Number(closeness.value));
  turning.oninput = () => owner.choose({ turn: Number(turning.value) * DEGREE });
  travel.oninput = () => { owner.motion.stop(); owner.state.through = Number(travel.value); owner.frame.soon(); };
  steps.oninput = () => { owner.fits.at = Number(steps.value); owner.frame.soon(); };
  for (const range of [closeness, turning, travel]) range.onchange = () => owner.release();
  const face = make("div", { class: "apart card" }, [
    make("div", { class: "row top" }, [
      make("span", {}, "Compare crowd"), pickers[0], make("span", {}, "with"), pickers[1], undoButton, resetButton, badge,
    ]),
    make("div", { class: "stage" }, [
      make("section", {}, [
        make("h2", {}, "The crowds: drag tokens and targets"), owner.picture.element,
        make("div", { class: "legend" }, LEGEND.map(([kind, text]) => make("span", { class: `entry ${kind}` }, [make("i"), text]))),
        make("label", { class: "range" }, [make("span", {}, "Move B’s own tokens to A’s"), closeness]), closeText,
      ]),
      make("section", {}, [
        make("div", { class: "row" }, [make("h2", {}, "Built: a slice, and a place on it"), make("span", { class: "push" }, headPicker)]),
        owner.slice.element,
        make("div", { class: "row" }, [make("label", { class: "range" }, [make("span", {}, "Direction"), turning]), bestButton]),
        labels, sums,
      ]),
    ]),
    lines,
    make("div", { class: "row scrub" }, [play, make("span", {}, "Through the layers"), travel]),
    grid, training, live,
  ]);
    Undo.listen(face, () => owner.takeBack());
  return {
    face, pickers, undoButton, resetButton, badge, closeness, turning, closeText, bestButton, headPicker, labels, sums, lines, travel, play,
    steps, stepText, course, training, grid, live,
  };
}
