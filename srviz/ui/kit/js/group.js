// What a group of figures shares: the pair of tokens that is pointed at or held and, in 3D, the camera.

import { Motion, Rest } from "./pace.js";

/** @typedef {{query: number | null, key: number | null}} Pair */
/**
 * A figure, or what stands for several of them; renewed: told that a member came or shows something else.
 * @typedef {import("./figure.js").Figure & {renewed?: () => void}} Figure
 */

const STILL_FRAMES = 40; // after which a camera is taken to be at rest

/** A camera as far as it is seen. */
const words = ({ eye, center, up }) => [eye, center, up].flatMap(({ x, y, z }) => [x, y, z].map((v) => v.toFixed(4))).join(" ");

/** Groups by their name, of the whole page: every figure is a component of its own. @returns {Map<string, Group>} */
const groups = () => (/** @type {any} */ (globalThis).srvizGroups ??= new Map());

export class Group {
  /** @param {string} name a figure without one is a group of its own */
  static named(name) {
    if (!name) return new Group();
    if (!groups().has(name)) groups().set(name, new Group());
    return groups().get(name);
  }

  constructor() {
    /** @type {Set<Figure>} */
    this.members = new Set();
    /** @type {Pair | null} */
    this.pair = null; // under the pointer
    /** @type {Pair | null} */
    this.held = null;
    this.sent = null; // what Python was told last, until it says the same
    this.told = "null"; // what Python said last that it holds
    this.from = null; // the figure in which the arrow keys move what is held
    /** @type {Figure | null} */
    this.voice = null; // the figure that Python hears
    /** @type {Figure | null} */
    this.turned = null; // the figure that was turned last, which the others follow
    this.motion = new Motion();
    this.still = 0; // frames since its camera moved
    this.seen = ""; // that camera, in words
    this.rest = new Rest(() => this.send(this.from));
    this.onkey = (event) => { if (event.key === "Escape" && this.held) this.release(); };
  }

  /** What is shown: what is held, else what is pointed at. */
  get shown() { return this.held ?? this.pair; }

  join(member) {
    if (!this.members.size) document.addEventListener("keydown", this.onkey);
    this.members.add(member);
    if (this.shown) member.show(this.shown, Boolean(this.held));
    for (const one of this.members) one.renewed?.();
  }

  leave(member) {
    this.members.delete(member);
    if (this.turned === member) this.turned = null;
    if (this.members.size) return;
    this.rest.close();
    this.motion.stop();
    document.removeEventListener("keydown", this.onkey);
    this.pair = this.held = this.sent = this.turned = null;
    this.told = "null";
  }

  point(pair) {
    this.pair = pair;
    if (!this.held) this.tell(pair);
  }

  /** Hold a pair, or let it go where it is held already. */
  hold(pair, from) {
    const same = this.held && this.held.query === pair.query && this.held.key === pair.key;
    this.held = same ? null : pair;
    this.tell(this.shown);
    this.send(from);
  }

  /** What is held moves on, by the arrow keys; Python hears where it came to rest. */
  move(pair, from) {
    this.held = pair;
    this.sent = JSON.stringify(pair);
    this.tell(pair);
    this.from = from;
    this.rest.again();
  }

  release() {
    this.held = this.pair = null;
    this.tell(null);
    this.send([...this.members].find(({ data }) => data.held && (data.queries || data.points)));
  }

  /**
   * Tell Python what is held. Where the page keeps that, one figure tells it all: if two did in one run of the page,
   * nobody could say which of them was the last.
   */
  send(from) {
    this.rest.close();
    this.sent = JSON.stringify(this.held);
    if (!from?.data.held || !this.members.has(this.voice)) this.voice = from;
    this.voice?.send(this.held ?? { query: null, key: null });
  }

  /** What Python holds is taken over where that changes, but not what it held before it heard of the last click. */
  keep({ query, key }) {
    const pair = query === null && key === null ? null : { query, key }, text = JSON.stringify(pair);
    if (this.sent && this.sent !== text) return;
    this.sent = null;
    if (this.told === text) return;
    this.told = text;
    this.held = pair;
    this.tell(this.shown);
  }

  tell(pair) { for (const member of this.members) member.show(pair, Boolean(this.held)); }

  /** One of the figures was turned: the others follow, also while it moves on a little after it was let go. */
  look(from) {
    this.turned = from;
    this.still = 0;
    this.follow();
    if (!this.motion.on) this.motion.start(() => this.follow());
  }

  follow() {
    const camera = this.turned?.camera(), seen = camera ? words(camera) : "";
    this.still = seen === this.seen ? this.still + 1 : 0;
    if (!camera || this.still > STILL_FRAMES) { this.motion.stop(); return; }
    if (seen === this.seen) return;
    this.seen = seen;
    for (const member of this.members) if (member !== this.turned) member.look(camera);
  }
}
