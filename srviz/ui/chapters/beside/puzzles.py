"""A puzzle beside softmax."""

from srviz.attention.methods import METHODS
from srviz.ui.chapters.beside.beside import weights_of
from srviz.ui.kit.puzzle import Puzzle, State


def agreed(state: State) -> bool:
    """The query that is held gives its largest weight to one key by both methods."""
    query = state["query"]
    if not query:
        return False
    softmax, relu = (weights_of(state, METHODS[name]) for name in ("softmax", "relu"))
    return (
        query <= len(softmax)
        and int(softmax[query - 1].argmax()) == int(relu[query - 1].argmax())
        and bool(relu[query - 1].max() > 0)
    )


PUZZLES = (
    Puzzle(
        "agreed", "Where both look",
        "Find a query that gives its largest weight to the same key by softmax and by sliced ReLU. Click a cell of "
        "its row to hold it.",
        {}, agreed,
        "Sliced ReLU always gives the most to the key with the lowest score. Look for a row in which softmax does so "
        "too.",
        (("Choose head 2, and hold a pair in the row of query 2.", {"head": "2", "query": "2", "key": "1"}),),
        "For sliced ReLU the favourite of every query is the same key, the lowest on the line. Softmax has a "
        "favourite for each query. They agree by accident, and that is one thing that a single ramp cannot do.",
    ),
)  # fmt: skip
