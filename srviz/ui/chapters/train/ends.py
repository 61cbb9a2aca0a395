"""What a training came to: beside the bet, beside recorded runs with other seeds."""

import math
from collections.abc import Sequence

import streamlit as st

from srviz.lab import Task
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.run import Lane, Watched


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
                "ends.model", label=lane.spec.of_mixing.label, metric=says(task, lane.end["metric"]),
                asked=lane.end["asked"], step=1e3 * step, share=share, parameters=lane.parameters,
            )
        )  # fmt: skip
    text = "  \n".join(parts)
    done = [lane for lane in run.lanes if lane.end]
    if len(done) == 2:
        ahead = points(task, done)
        off = abs(ahead - run.bet)
        first, leader = (done[k].spec.of_mixing.label for k in (0, 0 if ahead >= 0 else 1))
        bet = f"{run.bet:+.0f}" if run.bet else "0"
        how = "guessed" if off <= 2 else "missed"
        text += "\n\n" + WORDS(f"ends.bet.{how}", leader=leader, ahead=abs(ahead), bet=bet, first=first, off=off)
    return text


def says(task: Task, metric: float) -> str:
    """A metric in words."""
    return WORDS(f"ends.metric.{task.metric}", metric=metric)


def points(task: Task, lanes: Sequence[Lane]) -> float:
    """By how many hundredths the first is ahead of the second."""
    first, second = (100 * (lane.end or {})["metric"] for lane in lanes)
    return float(first - second if task.better_up else second - first)
