"""Puzzles on the scalar line."""

from srviz.ui.chapters.line import WORDS
from srviz.ui.chapters.line.line import answers
from srviz.ui.kit.puzzle import State, worded

APART, SAME = 0.5, 0.005  # scores, outputs
HEARD = 0.3  # the least spread of outputs that are told from 0


def _line(state: State) -> dict[str, object]:
    return {name: list(state[name]) for name in ("queries", "keys", "values")} | {
        name: state[name] for name in ("kernel", "b")
    }


def nothing(state: State) -> bool:
    """Query 3 lies left of every key, so that no hinge is open for it."""
    queries = state["queries"]
    return state["kernel"] == "relu" and len(queries) >= 3 and min(state["keys"]) >= queries[2]


def one_key(state: State) -> bool:
    """Exactly one key within the bandwidth of query 4."""
    queries = state["queries"]
    seen = [key for key in state["keys"] if len(queries) >= 4 and abs(queries[3] - key) < state["b"]]
    return state["kernel"] == "bump" and len(seen) == 1 and len(state["keys"]) >= 5


def twins(state: State) -> bool:
    """Two queries far apart with one output, which is not 0."""
    y, s = answers(_line(state)), state["queries"]
    pairs = [(i, j) for i in range(len(s)) for j in range(i)]
    far = [(i, j) for i, j in pairs if abs(s[i] - s[j]) >= APART and state["kernel"] == "relu"]
    return any(abs(y[i] - y[j]) <= SAME and abs(y[i]) > 10 * SAME for i, j in far)


def silent(state: State) -> bool:
    """All outputs are 0, though the held query gives weight to several keys, and values are not 0."""
    s = state["queries"][min(state["held"], len(state["queries"])) - 1]
    open_ = sum(key < s for key in state["keys"])
    values = max(abs(value) for value in state["values"])
    return state["kernel"] == "relu" and open_ >= 3 and values >= HEARD and max(map(abs, answers(_line(state)))) < 1e-6


PUZZLES = (
    worded(WORDS, "nothing", {"kernel": "relu"}, nothing, {"queries": "-1.85_-0.9_-2.5_0.83_1.7"}),
    worded(WORDS, "one-key", {"kernel": "bump"}, one_key, {"b": "0.2"}),
    worded(
        WORDS, "twins", {"kernel": "relu"}, twins,
        {"values": "1_1_1_1_-1_-1_-1_-1_-1"}, {"queries": "-1.85_0.57_0.12_1.09_2.9", "held": "2"},
    ),
    worded(WORDS, "silent", {"kernel": "relu"}, silent, {"values": "0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5"}),
)  # fmt: skip
