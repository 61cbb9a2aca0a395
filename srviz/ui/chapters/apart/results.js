// Where the construction and the fitted models have the tokens, and how the fits went.

import { put } from "../../kit/js/core.js";
import { count } from "../../kit/js/text.js";
import { course } from "./fits.js";

/** @typedef {import("./apart.js").Apart} Apart */

const STAGES = ["the tokens", "after attention: lifted by the label", "after the pointwise map"];
const LIFT = [0.16, 0.3]; // how far the largest label lifts a token in the picture
const BUILT = "Our own construction: computed now, exact up to the rounding of 64 bits. Nothing is trained.";

/** @param {Apart} owner */
export function drawResults(owner) {
  const { data, state, built, fits, panels } = owner, crowds = owner.crowds(), targets = owner.targets(), twins = twinsOf(data.crowds.members);
  const lit = data.crowds.members.map((row) => row.map((k) => k === owner.pointed));
  const common = { targets, twins, near: data.near, through: state.through, pair: [state.first, state.second], lit };
  panels[0].draw({ ...common, stages: [crowds, lifted(crowds, built.labels.map(([label]) => label)), built.reached], names: STAGES, note: BUILT });
  data.models.forEach(({ steps }, k) => {
    const look = fits.lookAt(k);
    if (!look) return;
    const names = look.stages.map((_, layer) => (layer ? `read after layer ${layer}` : "read after the embedding"));
    const [heads, silent] = look.silent, says = silent ? ` ${silent} of ${heads} heads ${silent > 1 ? "are" : "is"} silent: no query sees a key.` : "";
    const note = `${look.step ? `After ${count(look.step)} of ${count(steps)} steps.` : "Not trained yet."}${says}`;
    panels[k + 1].draw({ ...common, stages: look.stages, names, note });
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
  stepText.textContent = `step ${count(at)}`;
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
