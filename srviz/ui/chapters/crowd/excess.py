"""The miniature: a crowd on a line, what one head says of it, and the crowd read back from that."""

from pathlib import Path

import torch

from srviz.lab import miniature
from srviz.lab.miniature import FORMS
from srviz.ui.kit import report, source, url
from srviz.ui.kit.component import TOLERANCE, component

HERE = Path(__file__).parent
REACH, LEAST, MOST = 2.9, 2, 24  # how far a key may be from 0, and how many keys there may be
GRID = {
    "step": miniature.STEP, "low": miniature.LOW, "high": miniature.HIGH, "flat": miniature.FLAT,
    "singular": miniature.SINGULAR,
}  # fmt: skip
KEYS = (-1.9, -1.2, -1.05, -0.4, 0.35, 0.35, 1.1, 1.6)
PARAMETERS = (
    url.reals("keys", -REACH, REACH, MOST, KEYS),
    url.choice("form", tuple(FORMS), "bare"),
)


def excess(state: url.State) -> None:
    """Show it; what was dragged comes back on release and goes into the URL."""
    number = report.take(state, "excess", "excess", ("keys", "form"))
    if len(state["keys"]) < LEAST:
        state["keys"] = KEYS
    keys = list(state["keys"])
    said = FORMS[state["form"]].of(torch.tensor(keys, dtype=torch.float64))
    data = {
        "epoch": state.epoch,
        "start": {"keys": keys, "form": state["form"]},
        "answer": {"id": number, "y": [round(y, 9) for y in said.tolist()]},
        "forms": list(FORMS),
        "reach": REACH,
        "least": LEAST,
        "most": MOST,
        "grid": GRID,
        "tolerance": TOLERANCE,
    }
    component("excess", HERE)(key="excess", data=data, on_excess_change=lambda: None)


def code() -> str:
    """The source that reads the crowd back."""
    return source.text(miniature.second_differences, miniature.from_divided, miniature.from_full)
