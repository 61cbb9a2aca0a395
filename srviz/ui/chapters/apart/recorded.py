"""Recorded: how many steps it takes until every token is at its target, and what one layer can do."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import streamlit as st

from srviz import places
from srviz.figures.steps import Course, steps
from srviz.figures.theme import DASHES
from srviz.lab.contexts import KINDS
from srviz.lab.mixing import mixings
from srviz.lab.train import NEAR
from srviz.lab.until import read
from srviz.ui.chapters.apart import WORDS
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Script
from srviz.ui.kit.recorded import where
from srviz.ui.kit.table import Columns, markdown
from srviz.ui.kit.take import Figure, State, away

CURVE, ONE_LAYER = "apart.json", "apart-one-layer.json"
Held = Mapping[str, Any]
Runs = Sequence[Held]


def recorded() -> None:
    """The curve and the table, behind a cover: they say who needs how long."""
    with st.expander(WORDS("recorded.title"), key="recorded", on_change="rerun") as box:
        if not box.open:
            return
        if held := _read(CURVE):
            _curve(held)
        if held := _read(ONE_LAYER):
            _table(held)
        if not held:
            st.markdown(WORDS("recorded.none"))


def _read(name: str) -> Held | None:
    path = places.RECORDED / "lab" / name
    try:
        return _file(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        logging.getLogger(__name__).warning("%s: %s", name, error)
        return None


@st.cache_resource(max_entries=2, show_spinner=False)  # nobody changes it
def _file(path: Path, changed: int) -> Held:
    """A file of results, read again when it has changed."""
    return read(path)


def claim() -> str:
    """What the recorded runs say of easy crowds and of one layer, in their numbers; nothing where there are none."""
    said = []
    if held := _read(CURVE):
        medians = [course.middle(0, _most(held)) for course in courses(held)]
        came = [steps for steps in medians if steps is not None]
        if len(came) == len(medians):
            said.append(WORDS("recorded.easy", methods=len(came), least=min(came), most=max(came)))
    if held := _read(ONE_LAYER):
        equal = [run for run in held["runs"] if kind(run) != "any"]
        share = {name: mean(run["right"] for run in runs) for name, runs in _by(equal, _method).items()}
        said.append(WORDS("recorded.oneLayer", **share))
    return " ".join(said)


# ---- steps against distance ------------------------------------------------------------------------------------------


def _curve(held: Held) -> None:
    found, most = courses(held), _most(held)
    drawing = steps(found, most, along=WORDS("curve.along"), axis=WORDS("curve.axis"), mode=mode())
    chart(drawing, alt(found, most), "steps", st.container())
    away(STEPS, {})
    seeds = len({result["run"]["seed"] for result in held["runs"]})
    st.caption(WORDS("curve.caption", seeds=seeds, most=most, provenance=provenance(held)))


def _numbers(state: State) -> Columns:
    """A row for each method and distance: the median of the steps, none where that is more than were tried."""
    held = _read(CURVE)
    assert held is not None
    most = _most(held)
    rows = [
        (course.label, course.at[k], math.nan if (steps := course.middle(k, most)) is None else float(steps))
        for course in courses(held)
        for k in range(len(course.at))
    ]
    return dict(zip(("line", "distance", "steps"), map(list, zip(*rows, strict=True)), strict=True))


def _caption(state: State) -> str:
    held = _read(CURVE)
    return alt(courses(held), _most(held)) if held else WORDS("recorded.none")


STEPS = Figure(
    ("steps",), "steps", WORDS("curve.take"), _caption, _numbers,
    lambda state: Script(Path(__file__).parent / "scripts/steps", WORDS("title")), variants=("numpy",),
    there=lambda state: _read(CURVE) is not None,
)  # fmt: skip


def _most(held: Held) -> int:
    return max(int(result["run"]["recipe"]["steps"]) for result in held["runs"])


def courses(held: Held) -> list[Course]:
    """One for each method, in the order of the runs. The distance at a closeness is the median over the seeds."""
    found = []
    for number, (name, runs) in enumerate(_by(held["runs"], _method).items()):
        of = _by(runs, lambda run: run["run"]["task"].partition("close=")[2] or "0")
        found.append(
            Course(
                mixings()[name].label,
                mixings()[name].look,
                DASHES[number % len(DASHES)],
                tuple(median(run["distance"] for run in group) for group in of.values()),
                tuple(tuple(run["until"] for run in group) for group in of.values()),
            )
        )
    return found


def _by(runs: Runs, key: Any) -> dict[str, list[Held]]:
    groups: dict[str, list[Held]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups


def _method(run: Held) -> str:
    name: str = run["run"]["method"]
    return name


def alt(found: Sequence[Course], most: int) -> str:
    """The medians at the largest and the smallest distance."""
    parts = []
    for course in found:
        ends = [course.middle(place, most) for place in (0, len(course.at) - 1)]
        first, last = (
            WORDS("curve.never", most=most) if end is None else WORDS("curve.steps", steps=end) for end in ends
        )
        far, close = course.at[0], course.at[-1]
        parts.append(WORDS("curve.course", method=course.label, first=first, far=far, last=last, close=close))
    return WORDS("curve.alt", courses="; ".join(parts))


# ---- one layer -------------------------------------------------------------------------------------------------------


def kind(run: Held) -> str:
    """The kind of the contexts of a run."""
    name: str = run["run"]["task"].partition(":")[2].partition(",")[0]
    return name


def _table(held: Held) -> None:
    st.markdown(WORDS("table.title", near=NEAR))
    st.markdown(table(held))
    runs = held["runs"]
    stuck = [run for run in runs if _is_silent(run) and run["right"] < 1]
    seeds = len({run["run"]["seed"] for run in runs})
    st.caption(WORDS("table.caption", most=_most(held), seeds=seeds, stuck=len(stuck), provenance=provenance(held)))


def table(held: Held) -> str:
    """A row for each method, a column for each kind of contexts, in Markdown."""
    lines = []
    for name, runs in _by(held["runs"], _method).items():
        of = _by(runs, kind)
        cells = []
        for one in KINDS:
            right = [run["right"] for run in of.get(one, [])]
            cells.append(WORDS("table.cell", mean=mean(right), least=min(right), most=max(right)) if right else "–")
        silent = sum(map(_is_silent, runs))
        lines.append([mixings()[name].label, *cells, WORDS("table.runs", silent=silent, runs=len(runs))])
    return markdown(["", *KINDS.values(), WORDS("table.silent")], lines, ["---"] * (len(KINDS) + 2))


def _is_silent(run: Held) -> bool:
    """Whether no head of the model gives any weight. Of a run that diverged nothing is known of its heads."""
    return bool(run.get("heads")) and run.get("silent") == run["heads"]


def provenance(held: Held) -> str:
    """Where and when it was recorded, and by which command."""
    return WORDS("recorded.provenance", where=where([held["where"]]), command=held["command"])
