"""Puzzles on kernels."""

import torch

from srviz.measure.curve import Curve
from srviz.ui.chapters.kernels import WORDS
from srviz.ui.kit.puzzle import State, worded


def even(state: State) -> bool:
    """The kernel gives i → j what it gives j → i, before the row is divided; a constant does not count."""
    curve = Curve(*(state[name] for name in ("kernel", "b", "nodes", "left", "right")))
    r = torch.linspace(0, 5, 501, dtype=torch.float64)
    there, back = curve(r), curve(-r)
    return bool(torch.allclose(there, back)) and float(there.std()) > 0.01


def shares(state: State) -> bool:
    """Each row is divided by its own sum, and the values are not centred."""
    return bool(state["divide"] == "rows" and not state["centred"])


def moved(state: State) -> bool:
    """All scores are shifted far and stretched, on the ReLU, whose map stays."""
    return bool(state["kernel"] == "relu" and abs(state["shift"]) >= 500 and state["scale"] >= 10)


PUZZLES = (
    worded(WORDS, "even", {"kernel": "relu"}, even, {"kernel": "bump"}),
    worded(WORDS, "shares", {"kernel": "relu"}, shares, {"divide": "rows", "centred": "0"}),
    worded(WORDS, "moved", {"kernel": "relu"}, moved, {"shift": "1000", "scale": "100"}),
)
