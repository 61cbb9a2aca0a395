"""A puzzle beside softmax."""

from srviz.attention.methods import METHODS
from srviz.ui.chapters.beside import WORDS
from srviz.ui.chapters.beside.beside import weights_of
from srviz.ui.kit.puzzle import State, worded

SOFTMAX, RELU = METHODS["softmax"], METHODS["relu"]


def agreed(state: State) -> bool:
    """The query that is held gives its largest weight to one key by both methods."""
    query = state["query"]
    if not query:
        return False
    softmax, relu = (weights_of(state, method) for method in (SOFTMAX, RELU))
    return (
        query <= len(softmax)
        and int(softmax[query - 1].argmax()) == int(relu[query - 1].argmax())
        and bool(relu[query - 1].max() > 0)
    )


PUZZLES = (worded(WORDS, "agreed", {}, agreed, {"head": "2", "query": "2", "key": "1"}),)
