"""What a training came to: beside the bet, beside recorded runs with other seeds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from srviz.lab import Task
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.recorded import bounded, differs, recorded_lines
from srviz.ui.chapters.train.run import Watched
from srviz.ui.kit.training import Lane


def ends(task: Task, run: Watched | None) -> None:
    """The results of a training that is not under way; nothing without one."""
    if run is None or not any(lane.end for lane in run.lanes):
        return
    st.subheader(WORDS("ends.title"), anchor=False)
    st.markdown(verdict(task, run))


def verdict(task: Task, run: Watched) -> str:
    """The test, the time, and the bet."""
    parts = []
    for lane in run.lanes:
        if lane.end is None:
            continue
        step = lane.end["seconds"] / max(1, lane.step)
        share = lane.end["mixing"] / lane.end["seconds"] if lane.end["seconds"] else math.nan
        parts.append(
            WORDS(
                "ends.model", label=lane.label, metric=says(task, lane.end),
                step=1e3 * step, share=share, parameters=lane.parameters,
            )
        )  # fmt: skip
        parts += _recorded(lane)
    text = "  \n".join(parts)
    done = [lane for lane in run.lanes if lane.end]
    if len(done) == 2:
        text += "\n\n" + " ".join(_compared([lane.label for lane in done], points(task, done), run.bet))
    return text


def _recorded(lane: Lane) -> list[str]:
    """What recorded runs of this method came to with other seeds, and how far they were of another kind."""
    line = next((line for line in recorded_lines(lane.spec.task) if line.mixing == lane.spec.mixing), None)
    if line is None:
        return []
    low, high = bounded(line)
    metric, seeds = lane.spec.of_task.metric, len(line.values)
    said = WORDS(f"ends.recorded.{metric}", seeds=seeds, mean=line.mean, low=low, high=high)
    here, there = lane.spec.recipe, line.recipe
    if here != there:
        said += " " + WORDS("ends.otherwise", recipe=differs(there, here))
    return [f":gray[{said}]"]


def _compared(labels: Sequence[str], ahead: float, bet: float) -> list[str]:
    """Who is ahead, and how near the bet comes to it, where there was one. ahead, bet: in points, of the first."""
    level = round(abs(ahead), 1) == 0
    said = [WORDS("ends.level") if level else WORDS("ends.ahead", leader=labels[ahead < 0], ahead=abs(ahead))]
    if bet:
        many, off = "one" if abs(bet) == 1 else "many", abs(ahead - bet)
        said.append(WORDS(f"ends.bet.{many}", backed=labels[bet < 0], points=f"{abs(bet):.0f}"))
        said.append(WORDS("ends.guessed") if off <= 2 else WORDS("ends.missed", off=off))
    return [*said, WORDS("ends.seeds")]


def says(task: Task, end: Mapping[str, Any]) -> str:
    """The metric of a test in words."""
    return WORDS(f"ends.metric.{task.metric}", metric=end["metric"], asked=end["asked"])


def points(task: Task, lanes: Sequence[Lane]) -> float:
    """By how many hundredths the first is ahead of the second."""
    first, second = (100 * (lane.end or {})["metric"] for lane in lanes)
    return float(first - second if task.better_up else second - first)
