// Present: the keys of a projector press the buttons of the page, and a ring makes the pointer large.

import { make, mounted } from "./core.js";

/**
 * What Python sends: which screen it is. The buttons stand in the page.
 * @typedef {object} Message
 * @property {[string, number]} screen the name of the chapter, and the number of the step, 0 where it has none
 */

const LARGEST = 1.7, LEAST = 1, SCROLLED = 1.3; // of the zoom; of what does not fit and is scrolled
const WIDE = 1000, BAR = 76, OVER = 1.15; // pixels: of a wide screen, and of its foot that the buttons take; of the room, from which one scrolls
const WAYS = { ArrowLeft: "back", PageUp: "back", ArrowRight: "next", PageDown: "next", Escape: "leave" };
/** Who needs the keys more than the way through the steps: a slider, a field, a token that is moved. */
const MOVED = [
  "input", "select", "textarea", "[contenteditable=true]", "[role=slider]", "[role=radio]", "[role=tab]", "[role=option]", "[data-token]",
  "[tabindex='0']:not(button)",
].join(", ");
const OWN = ["BUTTON", "A", "SUMMARY"]; // what Space presses by itself

/** The buttons that play, as a person sees them: those of live components stand in roots of their own. */
function players() {
  /** @type {any[]} */
  const hosts = [...document.querySelectorAll(".st-key-body *")].filter((element) => element.shadowRoot);
  const found = hosts.flatMap((host) => [...host.shadowRoot.querySelectorAll("button.play")]);
  return found.filter((button) => button.getClientRects().length && !button.disabled);
}

class Present {
  constructor(root) {
    this.ring = make("div", { class: "pointer", "aria-hidden": "true" });
    root.replaceChildren(this.ring);
    this.keys = (event) => this.onkey(event);
    this.moves = (event) => {
      this.ring.style.translate = `${event.clientX}px ${event.clientY}px`;
      this.ring.classList.toggle("seen", event.pointerType === "mouse");
    };
    window.addEventListener("keydown", this.keys, true);
    window.addEventListener("pointermove", this.moves, true);
    this.fits = () => { this.zoom = innerWidth < WIDE ? LEAST : LARGEST; this.scrolled = false; this.fit(); };
    window.addEventListener("resize", this.fits);
    this.observer = new ResizeObserver(() => this.fit());
    this.screen = "";
  }

  close() {
    window.removeEventListener("keydown", this.keys, true);
    window.removeEventListener("pointermove", this.moves, true);
    window.removeEventListener("resize", this.fits);
    this.observer.disconnect();
    document.documentElement.style.removeProperty("--present-zoom");
  }

  /** @param {Message} data */
  receive({ screen }) {
    const body = document.querySelector(".st-key-body");
    this.stepped = screen[1] > 0;
    if (body) this.observer.observe(body);
    if (this.screen !== String(screen)) { this.screen = String(screen); this.fits(); }
  }

  /** As large as the screen has room for: what a step shows becomes smaller until it fits. */
  fit() {
    const body = document.querySelector(".st-key-body"), figure = body?.getBoundingClientRect();
    if (!figure) return;
    const { scrollTop = 0 } = document.querySelector("[data-testid=stMain]") ?? {};
    const room = innerHeight - BAR - figure.top - scrollTop;
    if (this.stepped && !this.scrolled && figure.height > room) {
      this.scrolled = this.zoom === LEAST && figure.height > OVER * room && innerWidth >= WIDE;
      this.zoom = this.scrolled ? SCROLLED : Math.max(LEAST, Math.min(this.zoom - 0.02, (this.zoom * room) / figure.height));
    }
    document.documentElement.style.setProperty("--present-zoom", this.zoom.toFixed(3));
  }

  onkey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog]")) return;
    const target = event.composedPath()[0], busy = target.matches?.(MOVED), paged = event.key.startsWith("Page");
    if (event.key === "Escape" && busy) { target.blur(); return; }
    if (busy && !(paged && !target.matches("textarea"))) return;
    if (event.key === " ") { this.play(event, target); return; }
    const way = WAYS[event.key];
    if (!way) return;
    /** @type {HTMLElement} */
    const button = document.querySelector(`.st-key-present_${way} :is(button, a)`);
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) button?.click();
  }

  /** Play or pause what is on screen; on a button or the head of a cover, Space is its own. */
  play(event, target) {
    const [first] = players();
    if (!first || event.repeat || OWN.includes(target.tagName)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    first.click();
  }
}

export default mounted(Present, "present");
