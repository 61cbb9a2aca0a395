"""What a training came to: beside the bet, beside recorded runs with other seeds."""

import math
from collections.abc import Sequence

import streamlit as st

from srviz.lab import Task
from srviz.ui.chapters.train.run import Lane, Watched


def ends(task: Task, run: Watched | None) -> None:
    """The results of a training that is not under way; nothing without one."""
    if run is None or not any(lane.end for lane in run.lanes):
        return
    st.subheader("What it came to", anchor=False)
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
            f"**{lane.spec.of_mixing.label}**: {says(task, lane.end['metric'])} of the test's {lane.end['asked']:,}, "
            f"{1e3 * step:.0f} ms a step, of which mixing the tokens takes {share:.0%}. It has {lane.parameters:,} "
            "parameters."
        )
    text = "  \n".join(parts)
    done = [lane for lane in run.lanes if lane.end]
    if len(done) == 2:
        ahead = points(task, done)
        off = abs(ahead - run.bet)
        leader = done[0 if ahead >= 0 else 1].spec.of_mixing.label
        bet = f"{run.bet:+.0f}" if run.bet else "0"
        text += (
            f"\n\n{leader} is {abs(ahead):.1f} points ahead. You bet {bet} for {done[0].spec.of_mixing.label}"
            f"{': well guessed.' if off <= 2 else f', which is {off:.0f} points off.'} Another seed may differ by some "
            "points."
        )
    return text


def says(task: Task, metric: float) -> str:
    """A metric in words."""
    return f"{metric:.3f} right" if task.metric == "accuracy" else f"{metric:.2f} bits a letter"


def points(task: Task, lanes: Sequence[Lane]) -> float:
    """By how many hundredths the first is ahead of the second."""
    first, second = (100 * (lane.end or {})["metric"] for lane in lanes)
    return float(first - second if task.better_up else second - first)
