"""A puzzle on functions of a crowd."""

from srviz.ui.chapters.crowd import WORDS
from srviz.ui.chapters.crowd.run import current
from srviz.ui.kit.puzzle import State, worded


def ahead(state: State) -> bool:
    """The bump came closer than softmax to the function on screen, in a training that is over."""
    run = current()
    if run is None or run.running:
        return False
    found = {lane.spec.mixing: lane.sizes[lane.spec.recipe.n] for lane in run.tested}
    return "bump" in found and "softmax" in found and found["bump"] > found["softmax"]


PUZZLES = (
    worded(
        WORDS, "ahead", {"target": "maximum", "models": "softmax_bump"}, ahead,
        {"target": "density", "models": "softmax_bump"},
    ),
)  # fmt: skip
