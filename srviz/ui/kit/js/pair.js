// The numbers of the pair that a group of figures lights up, of all its figures in one place.

import { written } from "./arithmetic.js";
import { announcer, byHand, make, mounted, put, span } from "./core.js";
import { Group } from "./group.js";
import { fmt, phrase, say } from "./text.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {string} group of the figures
 * @property {string} idle shown while nothing is pointed at
 */
/** @typedef {import("./group.js").Pair} Pair */

const FINE = 4; // digits of a weight that is read out

class PairNumbers {
  constructor(root) {
    /** @type {Message} */
    this.data = null;
    /** @type {Group} */
    this.group = null;
    this.is3d = false;
    this.arithmetic = null; // of its own it has none
    this.rows = new Map();
    this.head = make("div", { class: "head" });
    this.table = make("div", { class: "rows" });
    this.said = announcer();
    root.replaceChildren(make("div", { class: "pair-numbers" }, [this.head, this.table, this.said]));
  }

  /** @param {Message} data */
  receive(data, send) {
    this.data = data;
    if (!this.group) {
      this.group = Group.named(data.group);
      this.group.join(/** @type {any} */ (this));
    }
    this.renewed();
  }

  /** A figure of the group came, or shows something else. */
  renewed() { this.show(this.group.shown, Boolean(this.group.held)); }

  close() { this.group?.leave(/** @type {any} */ (this)); }

  /** The figures of the group whose arithmetic has a title, as they stand on the page. */
  titled() {
    const found = [...this.group.members].filter((one) => one.arithmetic?.title);
    return found.sort((a, b) => (a.root.compareDocumentPosition(b.root) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  }

  /** @param {Pair | null} pair @param {boolean} held */
  show(pair, held) {
    const { idle } = this.data, { query = null, key = null } = pair ?? {};
    const name = (kind, j) => span(kind, say(words.pair.token[kind], { i: j + 1 }));
    const said = query !== null && key !== null ? phrase(words.pair.both, { query: name("query", query), key: name("key", key) })
      : query !== null ? [name("query", query)] : [name("key", key)];
    this.head.replaceChildren(...(query === null && key === null ? [byHand(idle)]
      : [...said, held ? span("quiet hint", byHand(words.pair.held)) : ""]));
    const figures = this.titled();
    this.table.replaceChildren(...figures.map((one) => make("div", { class: "line" }, [
      span("name", one.arithmetic.title), make("span", { class: "sum" }, written(one, pair)),
    ])));
    const weights = held && query !== null && key !== null ? figures.map((one) => `${one.arithmetic.title}: ${this.weight(one, query, key)}`) : [];
    put(this.said, {}).textContent = weights.length ? say(words.pair.said, { query: query + 1, key: key + 1, weights: weights.join(", ") }) : "";
  }

  weight(figure, query, key) {
    const { queries, keys } = figure.data, row = queries.indexOf(query), column = keys.indexOf(key);
    if (row < 0 || column < 0) return words.pair.none;
    return fmt(figure.cells ? figure.cells[query * keys.length + key] : figure.plot._fullData[0].z[row][column], FINE);
  }

  /** No figure to be turned. */
  camera() { return null; }

  look(camera) {}
}

export default mounted(PairNumbers, "pair");
