"""Puzzles on the scalar line."""

from srviz.ui.chapters.line.line import answers
from srviz.ui.kit.puzzle import Puzzle, State

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
    Puzzle(
        "nothing", "Query 3 gets nothing",
        "With the ReLU kernel, place tokens so that query 3, the third triangle from the left, gives no weight to any "
        "key. Leave all keys where they are, if you can.",
        {"kernel": "relu"}, nothing,
        "A ReLU weight is relu(s − t): it is 0 wherever the key t lies to the right of the query s.",
        (("Move query 3, the third triangle, to the left of every key.", {"queries": "-1.85_-0.9_-2.5_0.83_1.7"}),),
        "A query left of every key has no open hinge. Its weights are all 0, and so is its output.",
    ),
    Puzzle(
        "one-key", "One key only",
        "With the bump kernel, let query 4 give weight to exactly one of at least five keys.",
        {"kernel": "bump"}, one_key,
        "The bump sees the keys within its bandwidth b on both sides. The diamond on the axis is its handle.",
        (("Make the bandwidth smaller than the distance to the second-nearest key.", {"b": "0.2"}),),
        "A small bandwidth makes the bump local: it can pick a single key, which a ramp cannot.",
    ),
    Puzzle(
        "twins", "Two queries, one answer",
        "With the ReLU kernel, find two queries at least 0.5 apart whose outputs are equal to 0.005, and not 0.",
        {"kernel": "relu"}, twins,
        "The output rises and falls along the line. Two places on the two sides of a hill have the same height.",
        (
            ("Give all keys on the left the value 1 and all others −1: the output has one hill.",
             {"values": "1_1_1_1_-1_-1_-1_-1_-1"}),
            ("Place one query on each side of the hill, at the same height.",
             {"queries": "-1.85_0.57_0.12_1.09_2.9", "held": "2"}),
        ),
        "A head hands on one number for each of its values. What happens to be the same there cannot be told apart by "
        "what comes later; another head looks along another line.",
    ),
    Puzzle(
        "silent", "Heard, and yet nothing said",
        "With the ReLU kernel, let every output be exactly 0, while the held query gives weight to at least three "
        "keys and some value is 0.3 or more.",
        {"kernel": "relu"}, silent,
        "Values are centred before they are summed. What is left of values that are all the same?",
        (("Give all keys the same value.", {"values": "0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5"}),),
        "Centring takes the mean off the values. Where all are the same nothing is left: a head tells how values "
        "differ along its line, and not what they have in common.",
    ),
)  # fmt: skip
