// The elements of the page's live part, and what each of them does.

import { announcer, button, make, span } from "../../kit/js/core.js";

/** @typedef {import("./slices.js").Slices} Slices */

/** @param {Slices} owner */
export function faceOf(owner) {
  const playButton = button("Turn the line", () => owner.toggle());
  const turnButton = button("Half a turn", () => owner.overturn());
  const sums = make("div", { class: "sums" });
  const confused = make("div", { class: "confused" });
  const badge = make("span", { class: "badge waiting" });
  const said = announcer();
  const headPicker = make("span", { class: "joined", role: "group", "aria-label": "Head" });
  const heads = make("span", { class: "group" }, [span("quiet", "head:"), headPicker]);
  const hint = make("span", { class: "quiet push hint" });
  const planeTitle = make("h2", {});
  const ribbonTitle = make("h2", {});
  const alongs = /** @type {("rank" | "score")[]} */ (["rank", "score"]).map((along) => button(along, () => {
    owner.state.along = along;
    owner.release();
  }));
  const live = make("div", { class: "slices" }, make("div", { class: "card" }, [
    make("div", { class: "stage" }, [
      make("section", {}, [planeTitle, owner.plane.element, owner.strip.element]),
      make("section", {}, [
        make("div", { class: "row head" }, [
          ribbonTitle, make("span", { class: "group push" }, [
            span("quiet", "height:"), make("span", { class: "joined", role: "group", "aria-label": "What the ribbons show" }, alongs),
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
