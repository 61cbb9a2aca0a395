// A lecturer's secret stays in their tab, and not in the address bar: who loads the page again leads on.

import { mounted } from "./core.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends: the room that the session is in.
 * @typedef {object} Message
 * @property {string} code
 * @property {string} secret "" where the session does not lead
 */

/** Where a secret lies. A tab whose browser keeps nothing follows, as everybody does. */
const place = (code) => `srviz-room ${code}`;

class Hold {
  constructor(root) {
    this.told = "";
  }

  /** @param {Message} data */
  receive({ code, secret }, send) {
    try {
      if (secret) { sessionStorage.setItem(place(code), secret); return; }
      const held = sessionStorage.getItem(place(code));
      if (held && this.told !== code) send({ code, secret: held });
      this.told = code;
    } catch (error) { console.info(words.hold, error); }
  }

  close() {}
}

export default mounted(Hold, "held");
