// What is dragged by a pointer or moved by arrow keys.

/**
 * Follow the pointer that went down on an element until it is let go.
 * @param {PointerEvent} event
 * @param {any} element
 * @param {(event: PointerEvent) => void} move called while the pointer moves
 * @param {(event: PointerEvent) => void} end called once, when it is let go or the browser takes it away
 * @returns {boolean} false where it was another button than the first, and nothing is followed
 */
export function drag(event, element, move, end) {
  if (event.button) return false;
  event.preventDefault();
  if (element.tabIndex >= 0) element.focus({ preventScroll: true });
  element.setPointerCapture(event.pointerId);
  const before = element.onpointermove;
  element.onpointermove = move;
  element.onpointerup = element.onpointercancel = (last) => {
    element.onpointermove = before;
    element.onpointerup = element.onpointercancel = null;
    end(last);
  };
  return true;
}

/** Keep the page from scrolling while a finger drags a mark: touch-action is not heeded inside a drawing. */
export const holdPage = (element) => element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

/** Where a pointer is, in the element's own pixels from its corner. */
export function placeIn(event, element) {
  const box = element.getBoundingClientRect(), zoom = element.currentCSSZoom ?? 1;
  return [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom];
}

/**
 * Where an arrow key goes: [1 to the right, 1 upwards], or null for any other key.
 * @param {KeyboardEvent} event
 * @returns {[number, number] | null}
 */
export const arrow = (event) => {
  switch (event.key) {
    case "ArrowRight": return [1, 0];
    case "ArrowLeft": return [-1, 0];
    case "ArrowUp": return [0, 1];
    case "ArrowDown": return [0, -1];
    default: return null;
  }
};
