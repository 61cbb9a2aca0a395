"""Puzzles on slices."""

import numpy as np
import torch
from numpy.typing import NDArray

from srviz.measure.slices import direction, most_variance
from srviz.ui.chapters.slices import WORDS
from srviz.ui.chapters.slices.slices import points
from srviz.ui.kit.puzzle import State, worded

SAME = 0.01  # scores that count as one
WIDEST = 0.002  # of the largest variance that may be missed


def _cloud(state: State) -> tuple[str, int, int]:
    return state["input"], state["n"], state["seed"]


def _scores(state: State) -> NDArray[np.float64]:
    x = torch.from_numpy(points(*_cloud(state)))
    found: NDArray[np.float64] = (x.double() @ direction(state["theta"]).double()).numpy()
    return found


def _flat(state: State) -> bool:
    return bool(state["by"] == "hand" and points(*_cloud(state)).shape[1] == 2)


def separated(state: State) -> bool:
    """On the slice all tokens of one cluster lie before all of the other."""
    if not _flat(state) or state["input"] != "clusters":
        return False
    one, other = np.array_split(_scores(state), [state["n"] // 2])  # the first half is one cluster
    return bool(one.max() < other.min() or other.max() < one.min())


def confused(state: State) -> bool:
    """The first two tokens have one score, though they are not one point."""
    x = points(*_cloud(state))
    if not _flat(state) or state["input"] != "moons" or float(np.abs(x[0] - x[1]).max()) < 10 * SAME:
        return False
    scores = _scores(state)
    return bool(abs(scores[0] - scores[1]) <= SAME)


def widest(state: State) -> bool:
    """The slice along which the scores vary most."""
    if not _flat(state) or state["input"] != "moons":
        return False
    most = most_variance(torch.from_numpy(points(*_cloud(state))).double())
    return float(_scores(state).var()) >= (1 - WIDEST) * most


PUZZLES = (
    worded(WORDS, "separated", {"input": "clusters", "theta": "135", "by": "hand"}, separated, {"theta": "37"}),
    worded(WORDS, "confused", {"input": "moons", "theta": "60", "by": "hand"}, confused, {"theta": "7"}),
    worded(WORDS, "widest", {"input": "moons", "theta": "80", "by": "hand"}, widest, {"theta": "135"}),
)
