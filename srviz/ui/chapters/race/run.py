"""The race under way: started, watched, stopped and gone on with. What it has measured stays in the session."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.attention.methods import ways
from srviz.measure.bench import Run, measure
from srviz.measure.plan import Plan
from srviz.ui.chapters.race import WORDS
from srviz.ui.kit import work
from srviz.ui.kit.component import component


@dataclass
class RacePlace:
    """Where a race under way shows itself. picture: what the chart is to draw of a run."""

    run: Run
    bar: work.ProgressBar
    feed: DeltaGenerator
    picture: Callable[[Run], dict[str, Any]]


def current() -> Run | None:
    """The race of this session: under way, stopped or over."""
    run: Run | None = st.session_state.get("_race")
    return run


def start(plan: Plan) -> None:
    """Let a new race begin in the next run of the page."""
    st.session_state["_race"] = Run(plan)
    set_racing(True)


def set_racing(on: bool) -> None:
    """Whether the race of this session is under way."""
    st.session_state["_racing"] = on


def go(place: RacePlace | None) -> None:
    """Race on, as the one heavy job of this server, if a race is under way. Stop, or a closed tab, ends it at once."""
    if place is None:
        return
    run, began, number = place.run, time.monotonic(), itertools.count()

    def tell() -> None:
        place.bar.progress(_share(run), f"{_at(run)} · {time.monotonic() - began:.0f} s")

    def feed() -> None:
        with place.feed:
            component("paint")(key=f"_feed {next(number)}", data={"painted": "race"} | place.picture(run))

    with work.turn(lambda text: place.bar.progress(0.0, text)):
        work.watch(measure(run, nice=work.RACE_NICE), lambda new: None, tell, feed)
    set_racing(False)
    st.rerun()


def _share(run: Run) -> float:
    sizes = run.plan.sizes()
    if run.at is None:
        return 0.0
    done = sum(1 for row in run.rows.values() if row.n == run.at[2])
    return min(1.0, (sizes.index(run.at[2]) + done / (len(run.plan.lanes()) + 1)) / len(sizes))


def _at(run: Run) -> str:
    if run.at is None:
        return WORDS("starting")
    method, _, n = run.at
    return f"{ways()[method].label if method in ways() else WORDS('floor')}, n = {n:,}"
