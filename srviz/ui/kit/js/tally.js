// How many of a class chose what: a bar for each choice. Whatever was typed is text here, and never markup.

import { make, mounted } from "./core.js";

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {string[]} labels of the choices
 * @property {number[]} counts how many chose each
 * @property {number | null} right the choice that is right, where that is shown
 */

class Tally {
  constructor(root) {
    this.list = make("ol", { class: "tally" });
    root.replaceChildren(this.list);
  }

  close() {}

  /** @param {Message} data */
  receive({ labels, counts, right }) {
    if (this.list.children.length !== labels.length) {
      this.list.replaceChildren(...labels.map(() => make("li", {}, [make("span", { class: "what" }), make("i", {}, make("i")), make("b")])));
    }
    const most = Math.max(1, ...counts);
    labels.forEach((label, k) => {
      const [what, bar, count] = this.list.children[k].children;
      what.textContent = label;
      bar.firstElementChild.style.width = `${(100 * counts[k]) / most}%`;
      count.textContent = k === right ? `${counts[k]} ✓` : String(counts[k]);
      this.list.children[k].classList.toggle("right", k === right);
    });
  }
}

export default mounted(Tally, "tally");
