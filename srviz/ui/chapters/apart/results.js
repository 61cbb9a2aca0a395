// Where the construction and the fitted models have the tokens, and how the fits went.

import { put } from "../../kit/js/core.js";
import { count, say } from "../../kit/js/text.js";
import { course } from "./fits.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./apart.js").Apart} Apart */

const LIFT = [0.16, 0.3]; // how far the largest label lifts a token in the picture

/** @param {Apart} owner */
export function drawResults(owner) {
  const { data, state, built, fits, panels } = owner, crowds = owner.crowds(), targets = owner.targets(), twins = twinsOf(data.crowds.members);
  const lit = data.crowds.members.map((row) => row.map((k) => k === owner.pointed));
  const common = { targets, twins, near: data.near, through: state.through, pair: [state.first, state.second], lit };
  const stages = [crowds, lifted(crowds, built.labels.map(([label]) => label)), built.reached];
  panels[0].draw({ ...common, stages, names: words.stages.built, note: words.notes.built });
  data.models.forEach(({ steps }, k) => {
    const look = fits.lookAt(k);
    if (!look) return;
    const names = look.stages.map((_, layer) => (layer ? say(words.stages.layer, { layer }) : words.stages.embedding));
    const notes = [look.step ? say(words.notes.after, { step: count(look.step), steps: count(steps) }) : words.notes.untrained];
    const [heads, silent] = look.silent;
    if (silent) notes.push(say(words.notes.silent[silent > 1 ? "many" : "one"], { silent, heads }));
    panels[k + 1].draw({ ...common, stages: look.stages, names, note: notes.join(" ") });
  });
  const all = fits.of(data.models.length);
  owner.parts.training.hidden = all.every((looks) => looks.length < 2);
  if (!owner.parts.training.hidden) drawCourse(owner, all, targets, twins);
}

/** @param {Apart} owner */
function drawCourse({ data, fits, parts: { steps, stepText, course: place } }, all, targets, twins) {
  const most = Math.max(...data.models.map((model) => model.steps)), { last } = fits, at = fits.at ?? last;
  put(steps, { max: last });
  steps.value = String(at);
  stepText.textContent = say(words.course.step, { step: count(at) });
  if (at >= last) fits.at = null;
  place.replaceChildren(course(all, data, targets, twins, at, most, Math.max(260, place.clientWidth)));
}

/** The tokens in a picture that shows their third number, too: those of each crowd are lifted by its label. */
function lifted(crowds, labels) {
  const low = Math.min(...labels), high = Math.max(...labels), reach = (high - low) / 2 || 1;
  return crowds.map((crowd, c) => crowd.map((place) => place.map((x, d) => x + (LIFT[d] * (labels[c] - (low + high) / 2)) / reach)));
}

/** Every pair of one token in two crowds, as places among all. @param {number[][]} members @returns {number[][]} */
function twinsOf(members) {
  const flat = members.flat();
  return flat.flatMap((k, i) => flat.slice(i + 1).flatMap((other, j) => (k === other ? [[i, i + 1 + j]] : [])));
}
