"""What can be taken away of a race."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np

from srviz.measure.bench import Run
from srviz.measure.growth import points, slope
from srviz.measure.plan import Row
from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.bet import FAST, SLOW
from srviz.ui.chapters.race.memory import MEMORY
from srviz.ui.chapters.race.result import in_threads
from srviz.ui.chapters.race.run import current
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, File, State

SCRIPTS = Path(__file__).parent / "scripts"


def _run() -> Run:
    run = current()
    assert run is not None
    return run


def there(state: State) -> bool:
    """Whether anything has been measured."""
    run = current()
    return run is not None and any(row.seconds for row in run.rows.values())


def caption(state: State) -> str:
    """What was measured, and how."""
    if not there(state):
        return WORDS("take.nothing")
    plan = _run().plan
    return WORDS(
        "take.measured", direction=WORDS(f"direction.{plan.directions[0]}"), heads=plan.heads, d=plan.d,
        dtype=plan.dtype, threads=in_threads(plan.threads), device=_run().provenance.get("device", ""),
    )  # fmt: skip


def numbers(state: State) -> Columns:
    """Every row that was measured; what has no number is empty."""
    rows = sorted(_run().rows.values(), key=lambda row: (row.method, row.n))
    columns: Columns = {}
    for name in (field.name for field in fields(Row)):
        column = [getattr(row, name) for row in rows]
        columns[name] = np.array(["" if one is None else str(one) for one in column], dtype=object)
    return columns


def _measured() -> dict[str, dict[str, float]]:
    rows = list(_run().rows.values())
    found = {name: {str(row.n): float(row.seconds or 0) for row in points(rows, name)} for name in _run().plan.methods}
    return {name: times for name, times in found.items() if times}


def script(state: State) -> Script:
    """How the times grow, from the medians; and, in PyTorch, the race of two methods again."""
    plan = _run().plan
    shape = {"largest": max(row.n for row in _run().rows.values()), "heads": plan.heads, "d": plan.d}
    shape |= {"batch": plan.batch, "threads": plan.threads, "backward": plan.directions[0] == "backward"}
    own = {"measured": _measured(), "first": SLOW, "second": FAST}
    return Script(SCRIPTS / "race", WORDS("title"), own={"numpy": own, "torch": shape})


def files(state: State) -> list[File]:
    """The run as data: also device, versions, threads and date."""
    return [File("JSON", "race.json", "application/json", lambda: json.dumps(_run().document(), indent=1))]


def checked(state: State) -> Columns:
    """The slopes, as the page computes them."""
    rows = list(_run().rows.values())
    found = [slope(points(rows, name)) for name in _measured()]
    return {"slope": np.array([np.nan if one is None else one for one in found])}


RACE = Figure(("race",), "race", WORDS("take.name"), caption, numbers, script, files, there=there, checked=checked)
FIGURES = (RACE, MEMORY)
