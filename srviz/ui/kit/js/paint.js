// What changes often in a live figure, in a message of its own: its colours and its arithmetic. What a race or a training tells while it is
// under way comes by the same way; its page declares it.

import { onceGone } from "./core.js";
import { PAINT, paints } from "./wire.js";

/**
 * What Python sends; the figure it is for knows the rest.
 * @typedef {object} Message
 * @property {string} painted the figure it is for
 * @property {string} stamp the state of that figure to which it belongs
 * @property {string} alt
 * @property {[number, string, any][]} changes the trace, the path in it, and the new value
 * @property {number[] | null} mark a point in space that is ringed as the query
 * @property {import("./arithmetic.js").Arithmetic} [arithmetic]
 */

export default function mount({ data, parentElement }) {
  const known = paints(), root = parentElement.querySelector(".live");
  known.set(data.painted, root.paint = data);
  document.dispatchEvent(new CustomEvent(PAINT, { detail: data.painted }));
  return onceGone(parentElement, () => {
    if (known.get(data.painted) === root.paint) known.delete(data.painted); // and not one mounted since
  });
}
