"""The scalar line of the home page: its state, and the operator's answer to it."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from srviz.attention import sliced_bump, sliced_relu
from srviz.ui.kit import report, shell, url
from srviz.ui.kit.component import TOLERANCE, component

HERE = Path(__file__).parent

MOST = 24  # tokens of a kind
LOW, HIGH = -3, 3  # scores
NARROWEST, WIDEST = 0.05, 3.0  # bandwidths
KERNELS = ("relu", "bump")
PARAMETERS = (
    url.choice("kernel", KERNELS, KERNELS[0]),
    url.real("b", NARROWEST, WIDEST, 0.8),
    url.reals("queries", LOW, HIGH, MOST, (-1.85, -0.9, 0.12, 0.83, 1.7)),
    url.reals("keys", LOW, HIGH, MOST, (-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0)),
    url.reals("values", -1, 1, MOST, (0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6)),
    url.whole("held", 1, MOST, 4),
)


PAIRS_OF = 256  # tokens of the miniature


def problem() -> None:
    """Why n² hurts: pairs are filled in while a sort is long done. Its numbers are counted, and nothing is timed."""
    component("problem", HERE)(key="problem", data=_problem())


@cache
def _problem() -> dict[str, list[float]]:
    draw = np.random.default_rng(5)
    return {name: draw.normal(size=PAIRS_OF).round(3).tolist() for name in "st"}


def scalar_line() -> url.State:
    """Show the line; what was dragged comes back on release and goes into the URL."""
    state = url.settle(*PARAMETERS)
    number = report.take(state, "scalar_line", "line", [p.name for p in PARAMETERS], from_zero=("held",))
    _fit(state)
    start = {name: state[name] for name in ("kernel", "b", "queries", "keys", "values")} | {"held": state["held"] - 1}
    answer = {"id": number, "y": answers(start)}
    data = {
        "epoch": state.epoch,
        "start": start,
        "answer": answer,
        "kernels": KERNELS,
        "limits": {"low": LOW, "high": HIGH, "most": MOST, "narrowest": NARROWEST, "widest": WIDEST},
        "tolerance": TOLERANCE,
    }
    component("line", HERE)(key="scalar_line", data=data, on_line_change=lambda: None)
    return state


def answers(line: dict[str, Any]) -> list[float]:
    """What the operator says for every query of a line, on this visitor's device."""
    where = shell.device()
    s, t, v = (torch.tensor(line[name], dtype=torch.float32, device=where) for name in ("queries", "keys", "values"))
    v = v.unsqueeze(-1)
    y = sliced_bump(s, t, v, line["b"]) if line["kernel"] == "bump" else sliced_relu(s, t, v)
    return [float(x) for x in y.squeeze(-1).cpu()]


def _fit(state: url.State) -> None:
    """One value for each key, and a held query that exists."""
    n = len(state["keys"])
    values = (*state["values"], *[round(math.sin(2.4 * j), 2) for j in range(n)])[:n]
    state["values"] = values
    state["held"] = min(state["held"], len(state["queries"]))
