// The numbers of one head and what its tokens look like, kept where the component of the page finds them: a click need
// not send them again.

import { onceGone } from "./core.js";
import { dropHead, floats, octets, shareHead, sharedHead } from "./wire.js";

/**
 * What Python sends; numbers are in base64.
 * @typedef {object} Message
 * @property {string} setting the name of the head
 * @property {number} n tokens
 * @property {number} d coordinates of a query
 * @property {any} look what the tokens look like: the page's own
 * @property {string} q
 * @property {string} k
 * @property {string} s
 * @property {string} t
 */

export default function mount({ data, parentElement }) {
  if (sharedHead()?.setting !== data.setting) {
    const numbers = Object.fromEntries(["q", "k", "s", "t"].map((name) => [name, floats(data[name])]));
    const colours = data.look.colours && octets(data.look.colours);
    shareHead({ ...data, ...numbers, look: { ...data.look, colours } });
  }
  return onceGone(parentElement, () => { if (sharedHead()?.setting === data.setting) dropHead(); });
}
