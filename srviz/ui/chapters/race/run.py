"""The race of a session: what it has measured stays there, also when it is stopped and gone on with."""

import streamlit as st

from srviz.attention.methods import ways
from srviz.measure.bench import Run
from srviz.measure.plan import Plan
from srviz.ui.chapters.race import WORDS


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


def share(run: Run) -> float:
    """The part of the race that is run, from 0 to 1."""
    sizes = run.plan.sizes()
    if run.at is None:
        return 0.0
    done = sum(1 for row in run.rows.values() if row.n == run.at[2])
    return min(1.0, (sizes.index(run.at[2]) + done / (len(run.plan.lanes()) + 1)) / len(sizes))


def doing(run: Run) -> str:
    """What is being timed, in words."""
    if run.at is None:
        return WORDS("starting")
    method, _, n = run.at
    return f"{ways()[method].label if method in ways() else WORDS('floor')}, n = {n:,}"
