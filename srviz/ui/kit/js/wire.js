// What goes over the wire: numbers in base64, reports to Python, and what components of one page tell each other.

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Numbers of float32, little-endian, in base64. */
export const floats = (text) => new Float32Array(bytes(text).buffer);

/** Numbers of int32. */
export const integers = (text) => new Int32Array(bytes(text).buffer);

/** Numbers of 16 bits without a sign. */
export const shorts = (text) => new Uint16Array(bytes(text).buffer);

/** Numbers of 8 bits without a sign. */
export const octets = bytes;

// Every component is a module of its own: what they share stands in the page.
/** @type {any} */
const page = globalThis;

/** The reports of one component: numbered, so that an answer can be told from the answer to an earlier one. */
export class Reports {
  constructor() {
    this.number = 0;
    this.epoch = undefined;
    this.send = (told) => {};
  }

  /**
   * Take over the way to Python; true where it begins anew: a link was opened, the back button pressed, or Streamlit built
   * the component once more. In the last case Python's answer is about the last report of the one that is gone.
   */
  begins(data, send) {
    this.send = send;
    if (data.epoch === this.epoch) return false;
    this.epoch = data.epoch;
    this.number = data.answer?.id ?? 0;
    return true;
  }

  /** No two reports of a page have the same number: Python does not hear one of which it has heard the number. */
  tell(values) {
    this.number = page.srvizTold = Math.max(page.srvizTold ?? 0, this.number) + 1;
    this.send({ ...structuredClone(values), id: this.number, epoch: this.epoch });
  }

  /** Whether an answer is about the last report. */
  answered(answer) { return answer.id === this.number; }
}

/** The event that tells that a head arrived. */
export const HEAD = "srviz-head";

/** The event that tells that a paint arrived. */
export const PAINT = "srviz-paint";

/** The numbers of the head that the page shows, null where none arrived. */
export const sharedHead = () => page.srvizHead ?? null;

export function shareHead(head) {
  page.srvizHead = head;
  window.dispatchEvent(new Event(HEAD));
}

export const dropHead = () => { delete page.srvizHead; };

/** What changes often in the figures of the page, by the name of the figure. */
export const paints = () => (page.srvizPaint ??= new Map());
