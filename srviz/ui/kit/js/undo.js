// What a visitor can take back.

const MOST_STATES = 100;

export class Undo {
  constructor() {
    this.states = [];
  }

  get empty() { return !this.states.length; }

  /** Keep a state as it is before a change. */
  remember(state) {
    this.states.push(structuredClone(state));
    if (this.states.length > MOST_STATES) this.states.shift();
  }

  /** Take the last state away and return it: to go back to it, or because nothing changed after all. */
  back() { return this.states.pop(); }

  clear() { this.states = []; }

  /** Call `undo` on Ctrl+Z or Command+Z inside an element. */
  static listen(root, undo) {
    root.onkeydown = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
      event.preventDefault();
      undo();
    };
  }
}
