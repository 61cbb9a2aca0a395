"""What can be taken away of the two routes."""

from pathlib import Path

import numpy as np

from srviz.ui.chapters.routes import WORDS
from srviz.ui.kit import compute, controls
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def caption(state: State) -> str:
    """Which tokens, and which head."""
    return WORDS("take.caption", n=controls.count(state), input=controls.chosen(state).title, head=state["head"])


def numbers(state: State) -> Columns:
    """Every token: its scores s and t, normalizer N and output y. Beside it, key by key as they are sorted: u, S, R."""
    run = compute.head_run(*controls.setting(state))
    token = np.arange(1, len(run.s) + 1)
    columns: Columns = {"token": token, "s": run.s, "t": run.t, "N": run.N, "y": run.y}
    return columns | {"sorted key": run.order + 1, "u": run.u, "S": run.S, "R": run.R}


def script(state: State) -> Script:
    """Both routes to the same outputs."""
    return Script(SCRIPTS / "routes", WORDS("title"), {"shown": controls.shown(state)})


ROUTES = Figure(
    ("two_routes",), "two-routes", WORDS("take.name"), caption, numbers, script,
    second={"input": "moons", "n": "40", "head": "3"},
)  # fmt: skip
FIGURES = (ROUTES,)
