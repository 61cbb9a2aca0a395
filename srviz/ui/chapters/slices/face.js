// The elements of the page's live part, and what each of them does.

import { announcer, button, make, span } from "../../kit/js/core.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./slices.js").Slices} Slices */

/** What the ribbons show, in the order of the buttons. */
export const ALONGS = /** @type {("rank" | "score")[]} */ (["rank", "score"]);

/** @param {Slices} owner */
export function faceOf(owner) {
  const playButton = button(words.face.turn, () => owner.toggle());
  const turnButton = button(words.face.half, () => owner.overturn());
  const sums = make("div", { class: "sums" });
  const confused = make("div", { class: "confused" });
  const badge = make("span", { class: "badge waiting" });
  const said = announcer();
  const headPicker = make("span", { class: "joined", role: "group", "aria-label": words.face.head });
  const heads = make("span", { class: "group" }, [span("quiet", words.face.heads), headPicker]);
  const hint = make("span", { class: "quiet push hint" });
  const planeTitle = make("h2", {});
  const ribbonTitle = make("h2", {});
  const alongs = ALONGS.map((along) => button(words.face.along[along], () => {
    owner.state.along = along;
    owner.release();
  }));
  const live = make("div", { class: "slices" }, make("div", { class: "card" }, [
    make("div", { class: "stage" }, [
      make("section", {}, [planeTitle, owner.plane.element, owner.strip.element]),
      make("section", {}, [
        make("div", { class: "row head" }, [
          ribbonTitle, make("span", { class: "group push" }, [
            span("quiet", words.face.height), make("span", { class: "joined", role: "group", "aria-label": words.face.shows }, alongs),
          ]),
        ]),
        owner.ribbons.element, sums, confused,
      ]),
    ]),
    make("div", { class: "controls row" }, [playButton, turnButton, heads, badge, hint]),
    said,
  ]));
  return { live, playButton, turnButton, sums, confused, badge, said, headPicker, heads, hint, planeTitle, ribbonTitle, alongs };
}
