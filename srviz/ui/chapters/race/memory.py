"""The memory that the calls of a race took, and what can be taken away of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from srviz.attention.methods import ways
from srviz.figures import race as figures
from srviz.measure.bench import Run
from srviz.measure.growth import DECADE, points, slope
from srviz.measure.plan import Plan
from srviz.numbers import size
from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.run import current
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away

SCRIPTS = Path(__file__).parent / "scripts"
KEY = "race memory"
MOST = 1 << 20  # tokens, for which it is said what a matrix would take


def peaks(run: Run | None) -> dict[str, dict[int, int]]:
    """By method and n: the most bytes that one call held beyond what was there, where that was measured."""
    if run is None:
        return {}
    rows = list(run.rows.values())
    found = {name: {row.n: row.peak for row in points(rows, name) if row.peak} for name in run.plan.methods}
    return {name: held for name, held in found.items() if held}


def shown(run: Run) -> None:
    """The figure of a run, with what it leaves out and how it was measured."""
    found, plan, rows = peaks(run), run.plan, list(run.rows.values())
    st.subheader(WORDS("memory.title"), anchor=False)
    if not found:
        st.caption(WORDS("memory.none"))
        return
    lines = {
        name: (ways()[name].label, ways()[name].look, list(held), list(held.values())) for name, held in found.items()
    }
    drawing = figures.memory(lines, {n: _width(plan) * n for n in plan.sizes()}, mode=mode())
    chart(drawing, _label(run), KEY, st.container())
    away(MEMORY, {})
    written = size(plan.batch * plan.heads * MOST**2 * plan.itemsize)
    below = ", ".join(ways()[name].label for name in plan.methods if name not in found and points(rows, name))
    how = next((row.peak_how for row in rows if row.peak), "")
    said = [WORDS("memory.most")]
    if how:
        said.append(WORDS("memory.how", how=how))
    if plan.device == "cpu":
        said.append(WORDS("memory.least"))
    if below:
        said.append(WORDS("memory.below", methods=below))
    st.caption(" ".join([*said, WORDS("memory.written", n=MOST, size=written, values=size(_width(plan) * MOST))]))


def _width(plan: Plan) -> int:
    """Bytes of the values of one token."""
    return plan.batch * plan.heads * plan.d * plan.itemsize


def _label(run: Run) -> str:
    sizes = (
        WORDS("memory.size", method=ways()[name].label, size=size(held[max(held)]), n=max(held))
        for name, held in peaks(run).items()
    )
    return WORDS("memory.label", sizes="; ".join(sizes))


def _run() -> Run:
    run = current()
    assert run is not None
    return run


def _numbers(state: State) -> Columns:
    """Every call: its method, n, the bytes that it held, and those of its values alone."""
    cells = [(name, n, held) for name, found in peaks(current()).items() for n, held in found.items()]
    methods, sizes, held = zip(*cells, strict=True)
    return {
        "method": list(methods),
        "n": np.array(sizes),
        "bytes": np.array(held),
        "bytes_of_values": np.array(sizes) * _width(_run().plan),
    }


def _script(state: State) -> Script:
    """How the memory grows, from what was measured over the last decade of n."""
    measured_bytes = {
        name: {str(n): held for n, held in found.items() if n * DECADE >= max(found)}
        for name, found in peaks(current()).items()
    }
    own = {"measured": measured_bytes, "of_values": _width(_run().plan)}
    return Script(SCRIPTS / "memory", WORDS("title"), own)


def _checked(state: State) -> Columns:
    """The slopes of the lines, by the rule of the times."""
    rows = list(_run().rows.values())
    found = []
    for name in peaks(current()):
        held = [replace(row, seconds=float(row.peak)) for row in points(rows, name) if row.peak]
        found.append(slope(held))
    return {"slope": np.array([np.nan if one is None else one for one in found])}


MEMORY = Figure(
    (KEY,), "race-memory", WORDS("take.memory"), lambda state: _label(_run()), _numbers, _script, variants=("numpy",),
    there=lambda state: bool(peaks(current())), checked=_checked,
)  # fmt: skip
