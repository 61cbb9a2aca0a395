// Elements without markup, and how a live component is mounted.

import words from "./words.json" with { type: "json" };

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element with attributes and children.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {any} [children] one, or a list of them
 * @param {string | null} [space] the name space, of an element that is not HTML
 * @returns {any}
 */
export function make(tag, attributes = {}, children = [], space = null) {
  const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
  put(element, attributes);
  element.append(...[children].flat());
  return element;
}

/**
 * A new element of a drawing.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {any} [children]
 */
export const svg = (tag, attributes = {}, children = []) => make(tag, attributes, children, SVG);

/**
 * Set attributes: null and false take one away, a function becomes a property.
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, any>} attributes
 */
export function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else if (typeof value === "function") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** Text of a class of its own. */
export const span = (kind, text) => make("span", { class: kind }, text);

/** A button. */
export const button = (text, act, attributes = {}) => make("button", { type: "button", onclick: act, ...attributes }, text);

/** A button whose text does not say enough for everybody: a label tells what it does. */
export const labelled = (label, text, act) => button(text, act, { "aria-label": label, title: label });

/** Text that is read out when it changes, and not seen. */
export const announcer = () => make("div", { class: "hidden", "aria-live": "polite" });

export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

export const tenth = (x) => Math.round(x * 10) / 10;

export const hundredth = (x) => Math.round(x * 100) / 100;

/** Whether the visitor asked for less motion. */
export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A sentence for the hand that one has: on a phone one taps, and nothing is pointed at. */
export const byHand = (text) => (matchMedia("(hover: none)").matches
  ? words.byHand.reduce((said, [points, taps]) => said.replace(new RegExp(points, "g"), taps), text) : text);

/** The element that has the focus in the tree that an element stands in. */
export const focusedIn = (element) => element.getRootNode().activeElement;

/**
 * What an entry returns: Streamlit calls it when the element of a component has left the page. It also calls it where a second
 * message came before the first was handed over, as on a busy machine; then the element is still there, and nothing is done.
 * @param {Element | ShadowRoot} parent
 * @param {() => void} act
 */
export const onceGone = (parent, act) => () => { if (!parent.isConnected) act(); };

/**
 * The component that stands in Streamlit's element for it, made when it is first asked for; and what closes it.
 * @template {{close(): void}} C
 * @param {new (root: HTMLElement) => C} Kind
 * @param {Element | ShadowRoot} parent
 * @returns {[C, () => void]}
 */
export function standing(Kind, parent) {
  /** @type {any} */
  const root = parent.querySelector(".live");
  root.component ??= new Kind(root);
  return [root.component, onceGone(parent, () => {
    root.component?.close();
    root.component = null;
  })];
}

/**
 * What an entry exports: it makes the component once, hands it what Python says, and closes it when it is gone.
 * @param {new (root: HTMLElement) => {receive(data: any, send: (value: any) => void): void, close(): void}} Kind
 * @param {string} value the name under which the component reports to Python
 */
export const mounted = (Kind, value) => ({ data, parentElement, setStateValue }) => {
  const [component, close] = standing(Kind, parentElement);
  component.receive(data, (told) => setStateValue(value, told));
  return close;
};
