"""Where things are for a pointer, once the page has come to rest.

A page goes on moving for a while after its script has run: fonts, formulas and pictures arrive late on a busy machine.
"""

REST_FRAMES = 8  # for so long a box has to stay where it is
AT_REST = """async (element, frames) => {
  let last = "", same = 0;
  for (let seen = 0; same < frames && seen < 100 * frames; seen++) {
    await new Promise(requestAnimationFrame);
    const { x, y, width, height } = element.getBoundingClientRect();
    const now = [x, y, width, height].join();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}"""


def box_at_rest(locator):
    """The box of an element that no longer moves: x, y, width and height in pixels of the window."""
    locator.evaluate(AT_REST, REST_FRAMES)
    return locator.bounding_box()


def middle(locator):
    """The middle of an element that no longer moves."""
    box = box_at_rest(locator)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def press(page):
    """A click that lasts some frames, as a hand's does: plotly asks in each what a pressed pointer is on."""
    page.mouse.down()
    page.evaluate("async () => { for (let k = 0; k < 4; k++) await new Promise(requestAnimationFrame); }")
    page.mouse.up()
