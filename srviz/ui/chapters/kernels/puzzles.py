"""Puzzles on kernels."""

import torch

from srviz.attention.kernels import KERNELS
from srviz.ui.kit.puzzle import Puzzle, State


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
    Puzzle(
        "even", "The same both ways",
        "Find a kernel that gives a key the same weight for a query, before dividing, as it would with both exchanged.",
        {"kernel": "relu"}, even,
        "Exchanging query and key turns r = s − t into −r. The curve must look the same on both sides of 0.",
        (("Choose the bump.", {"kernel": "bump"}),),
        "ReLU is not even: far to one side counts much, far to the other nothing. That makes it a direction, and not "
        "only a distance.",
    ),
    Puzzle(
        "shares", "Rows that sum to 1",
        "Let every row that has a weight at all sum to exactly 1.",
        {"kernel": "relu"}, shares,
        "It is not the curve that decides, but what a row is divided by.",
        (("Divide each row by its own sum.", {"divide": "rows", "centred": "0"}),),
        "Softmax does this. The paper divides by Σ|s − t| instead, so that no row is divided by almost nothing: the "
        "lowest query has hardly any weight of its own.",
    ),
    Puzzle(
        "moved", "Far away, and the same",
        "With ReLU, shift all scores by 500 or more and stretch them at least tenfold. Watch the map: it stays.",
        {"kernel": "relu"}, moved,
        "The controls for shift and scale move queries and keys together.",
        (("Shift by 800 and stretch by 20.", {"shift": "800", "scale": "20"}),),
        "Only differences of scores count, and a common factor cancels in relu(s − t) / Σ|s − t|. So standardizing the "
        "scores changes nothing but how exactly a computer sums them.",
    ),
)  # fmt: skip
