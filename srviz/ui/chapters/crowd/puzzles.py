"""A puzzle on functions of a crowd."""

from srviz.ui.chapters.crowd.run import current
from srviz.ui.kit.puzzle import Puzzle, State


def ahead(state: State) -> bool:
    """The bump came closer than softmax to the function on screen, in a training that is over."""
    run = current()
    if run is None or run.running:
        return False
    found = {run.specs[k].mixing: sizes[run.specs[k].recipe.n] for k, sizes in run.sizes.items()}
    return "bump" in found and "softmax" in found and found["bump"] > found["softmax"]


PUZZLES = (
    Puzzle(
        "ahead", "Ahead of softmax",
        "Find a function of the crowd that the sliced bump learns better than softmax in the same number of steps. "
        "Train both.",
        {"target": "maximum", "models": "softmax_bump"}, ahead,
        "The bump weighs what is near x, and nothing else. Which function of the menu asks for just that?",
        (("Ask how dense the crowd is at x. Now press Train.", {"target": "density", "models": "softmax_bump"}),),
        "One head of the bump counts a neighbourhood. Softmax divides each row by its own sum, and has to find how "
        "much there is by other means.",
    ),
)  # fmt: skip
