// The meaning of a word, shown while its link is pointed at, has the focus, or was tapped.

import { make, mounted } from "./core.js";

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {Record<string, string>} meanings of each word, by the address of its link
 */

const GAP = 8, EDGE = 12; // pixels to the word, to the edge of the window

class Glossary {
  constructor(root) {
    this.meanings = {};
    this.word = null; // whose meaning is shown
    this.panel = make("div", { class: "meaning", popover: "manual", "aria-live": "polite" });
    root.replaceChildren(this.panel);
    this.listeners = Object.entries({
      click: (event) => this.click(event),
      pointerover: (event) => { if (event.pointerType === "mouse") this.show(this.of(event)); },
      focusin: (event) => this.show(this.of(event)),
      keydown: (event) => { if (event.key === "Escape") this.show(null); },
      scroll: () => this.show(null),
    });
    for (const [name, listen] of this.listeners) document.addEventListener(name, listen, { capture: true });
  }

  close() {
    for (const [name, listen] of this.listeners) document.removeEventListener(name, listen, { capture: true });
  }

  receive(data, send) { this.meanings = data.meanings; }

  /** The link of a word that an event is about. */
  of(event) {
    const link = event.composedPath()[0].closest?.('a[href*="#term-"]');
    return link && this.meanings[link.hash.slice(1)] ? link : null;
  }

  /** A link of a word leads nowhere: a tap shows its meaning, a second one hides it. */
  click(event) {
    const link = this.of(event);
    if (!link) { this.show(null); return; }
    event.preventDefault();
    event.stopPropagation();
    const tapped = event.pointerType && event.pointerType !== "mouse";
    this.show(tapped && this.word === link && this.tapped ? null : link);
    this.tapped = tapped;
  }

  show(link) {
    if (link === this.word) return;
    this.word = link;
    this.tapped = false;
    if (this.panel.matches(":popover-open")) this.panel.hidePopover();
    if (!link) return;
    this.panel.replaceChildren(make("b", {}, link.textContent), " ", this.meanings[link.hash.slice(1)]);
    this.panel.showPopover();
    const word = link.getClientRects()[0] ?? link.getBoundingClientRect(), { offsetWidth: width, offsetHeight: height } = this.panel;
    const under = word.bottom + GAP + height < innerHeight;
    this.panel.style.left = `${Math.max(EDGE, Math.min(word.left, innerWidth - width - EDGE))}px`;
    this.panel.style.top = `${under ? word.bottom + GAP : word.top - GAP - height}px`;
  }
}

export default mounted(Glossary, "glossary");
