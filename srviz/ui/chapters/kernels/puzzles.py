"""Puzzles on kernels."""

import torch

from srviz.attention.kernels import KERNELS
from srviz.ui.chapters.kernels import WORDS
from srviz.ui.kit.puzzle import State, worded


def even(state: State) -> bool:
    """The kernel gives i → j what it gives j → i, before the row is divided; a constant does not count."""
    kernel = KERNELS.get(state["kernel"])
    if kernel is None:
        return False
    r = torch.linspace(0, 3, 301, dtype=torch.float64)
    there, back = kernel.f(r), kernel.f(-r)
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
    worded(WORDS, "moved", {"kernel": "relu"}, moved, {"shift": "800", "scale": "20"}),
)
