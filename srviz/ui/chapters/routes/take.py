"""What can be taken away of the two routes."""

from pathlib import Path

import numpy as np

from srviz.ui.chapters.routes import WORDS
from srviz.ui.chapters.routes.real import first_coordinate
from srviz.ui.kit import compute, controls, shell
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


def real_caption(state: State) -> str:
    """Which tokens, and what of their output."""
    chosen = controls.chosen(state)
    return WORDS("take.output", n=f"{chosen.most:,}", input=chosen.title, head=state["head"])


def real_numbers(state: State) -> Columns:
    """Every token: where it lies, its colour where it has one, and the first coordinate of its output."""
    chosen = controls.chosen(state)
    tokens = compute.tokens(chosen.name, chosen.most, state["seed"])
    y = first_coordinate(chosen.name, chosen.most, state["seed"], state["head"] - 1, str(shell.device()))
    columns: Columns = {"token": np.arange(1, tokens.n + 1)}
    drawn = {"place": tokens.place} | ({} if tokens.colour is None else {"colour": tokens.colour})
    for name, parts in drawn.items():
        columns |= {f"{name}{k + 1}": [f"{x:.6g}" for x in part] for k, part in enumerate(np.atleast_2d(parts.T))}
    return columns | {"y": y}


def real_script(state: State) -> Script:
    """The sorted route alone: no program needs the matrix."""
    return Script(SCRIPTS / "real", WORDS("title"), {"shown": controls.shown(state, n=controls.chosen(state).most)})


REAL = Figure(
    ("real input", "real output"), "all-tokens", WORDS("take.real"), real_caption, real_numbers, real_script,
    second={"input": "moons", "head": "3"},
)  # fmt: skip
FIGURES = (ROUTES, REAL)
