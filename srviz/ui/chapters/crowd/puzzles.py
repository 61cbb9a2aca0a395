"""A puzzle on functions of a crowd."""

from srviz.attention.methods import METHODS
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.chapters.crowd.run import current
from srviz.ui.kit.puzzle import State, worded

SOFTMAX, BUMP = METHODS["softmax"].name, METHODS["bump"].name
MODELS = f"{SOFTMAX}_{BUMP}"  # as the link names them


def ahead(state: State) -> bool:
    """The bump came closer than softmax to the function on screen, in a training that is over."""
    run = current()
    if run is None or run.running:
        return False
    found = {lane.spec.mixing: lane.sizes[lane.spec.recipe.n] for lane in run.tested}
    return BUMP in found and SOFTMAX in found and found[BUMP] > found[SOFTMAX]


PUZZLES = (
    worded(
        WORDS, "ahead", {"target": "maximum", "models": MODELS}, ahead,
        {"target": "density", "models": MODELS},
    ),
)  # fmt: skip
