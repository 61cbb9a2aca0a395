"""Trainings with several seeds: those that are recorded, and the sweeps of this machine."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from srviz import places
from srviz.attention.methods import Look
from srviz.figures import lab as figures
from srviz.lab import Task
from srviz.lab.mixing import mixings
from srviz.lab.summary import Line, lines
from srviz.lab.sweep import read, runs
from srviz.ui.kit.chart import chart, mode

MOST_BYTES = 8_000_000  # of a file of results
MOST_FILES = 12
RECORDED = "methods.jsonl"  # the recorded runs of every method, each at the rate that did best
AXES = {"accuracy": "share of right answers in the test", "bits": "bits a letter in the test, less is better"}


@dataclass(frozen=True)
class File:
    """A file of results. wanted: how many runs its plan has, 0 where there is no plan beside it."""

    name: str
    results: tuple[Mapping[str, Any], ...]
    wanted: int


def recorded(task: Task) -> None:
    """What other seeds came to, behind a cover: it says who wins. And how far the sweeps of this machine are."""
    with st.expander(
        "The same with other seeds, recorded (it says who wins)", key="recorded", on_change="rerun"
    ) as box:
        if not box.open:
            return
        found = next((file for file in files(places.RECORDED / "lab") if file.name == RECORDED), None)
        mine = [line for line in _lines(found.results if found else ()) if line.task == task.name]
        if not mine:
            st.markdown(f"Nothing is recorded of {task.title.lower()} yet.")
        else:
            _show(task, mine, "recorded")
            st.caption(_provenance(mine))
        for file in files(places.sweeps()):
            ours = [line for line in _lines(file.results) if line.task == task.name]
            st.markdown(
                f"**A sweep on this machine**: {len(file.results)} of {file.wanted or len(file.results)} runs are over."
            )
            if ours:
                _show(task, ours, f"sweep {file.name}")


def _show(task: Task, found: Sequence[Line], key: str) -> None:
    """Intervals, and how the test went along the steps or the seconds."""
    outcomes = [
        figures.Outcome(_label(line, found), _look(line), line.values, line.mean, *_bounded(line)) for line in found
    ]
    words = "; ".join(f"{one.label} {one.mean:.3f} ({one.low:.3f} to {one.high:.3f})" for one in outcomes)
    drawing = figures.intervals(outcomes, axis=AXES[task.metric], mode=mode())
    chart(drawing, f"The test over seeds, mean and 95 % interval: {words}", f"intervals {key}", st.container())
    along = st.segmented_control(
        "Along", ["steps", "seconds"], default="steps", required=True, key=f"along {key}", label_visibility="collapsed"
    )
    column = 0 if along == "steps" else 1
    drawn = {_label(line, found): (_look(line), *_course(line, column)) for line in found}
    drawing = figures.curves(drawn, along=str(along), axis=AXES[task.metric].split(",")[0], mode=mode())
    chart(drawing, f"How the test went along the {along}, in the mean over seeds", f"course {key}", st.container())


def _label(line: Line, among: Sequence[Line]) -> str:
    """The name of a line, with its rate where another line has the same name."""
    label = mixings()[line.mixing].label
    alike = [one for one in among if one.mixing == line.mixing]
    return label if len(alike) == 1 else f"{label}, rate {line.recipe.rate:g}"


def _look(line: Line) -> Look:
    method = mixings()[line.mixing].method
    return method.look if method else Look()


def _bounded(line: Line) -> tuple[float, float]:
    """The interval of the mean; the mean alone where one seed tells nothing of a spread."""
    return line.interval if len(line.values) > 1 else (line.mean, line.mean)


def _course(line: Line, column: int) -> tuple[list[float], list[float]]:
    """Where along, and the mean of the test there, over the seeds. column: 0 for steps, 1 for seconds."""
    tests = [result["tests"] for result in line.results if "diverged" not in result]
    rows = list(zip(*tests, strict=False))
    return [sum(t[column] for t in row) / len(row) for row in rows], [sum(t[2] for t in row) / len(row) for row in rows]


def _lines(results: Iterable[Mapping[str, Any]]) -> list[Line]:
    return [line for line in lines(results) if line.values]


def _provenance(found: Sequence[Line]) -> str:
    """When and on what it was recorded, and what the numbers are."""
    seeds = sorted({len(line.values) for line in found})
    most = seeds[-1]
    many = "One seed each, which says little of the next" if most == 1 else f"{most} seeds each, or fewer"
    many = f"{most} seeds each" if len(seeds) == 1 and most > 1 else many
    return (
        f"{many}. Each dot is a seed, the mark is their mean, and the bar is its 95 % interval by Student's t. Every "
        f"method learned with the best of four learning rates, which was found with another seed. {where(found[0])}. "
        "Each run had one thread, beside other work on the same machine, so compare seconds only with each other."
    )


def where(line: Line) -> str:
    """When and on what a line was recorded."""
    told = line.results[0].get("where", {})
    words = [str(told.get(name, "")) for name in ("date", "processor", "torch")]
    return ", ".join("".join(c for c in word if c.isalnum() or c in " .-+()@") for word in words)


def files(folder: Path) -> list[File]:
    """The files of results in a folder; what is none is left out, and logged."""
    found = []
    for path in sorted(folder.glob("*.jsonl"))[:MOST_FILES] if folder.is_dir() else ():
        try:
            state = path.stat()
            found.append(_read(str(path), state.st_mtime_ns, state.st_size))
        except (OSError, ValueError) as error:
            logging.getLogger(__name__).warning("%s: %s", path.name, error)
    return found


@st.cache_resource(max_entries=MOST_FILES, show_spinner=False)
def _read(path: str, changed: int, size: int) -> File:
    """A file of results, read again when it has changed."""
    if size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    file = Path(path)
    plan = file.with_suffix(".plan.json")
    wanted = len(runs(json.loads(plan.read_text("utf-8")))) if plan.exists() else 0
    return File(file.name, tuple(read(file)), wanted)
