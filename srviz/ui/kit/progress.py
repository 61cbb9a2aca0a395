"""What a visitor has done in the course: names that stand in the link of every page, and in the session."""

from pathlib import Path

import streamlit as st

from srviz.ui.kit import url

KEPT = (url.SOLVED, url.ANSWERED)


def names(of: url.Parameter) -> list[str]:
    """The names of one kind that were reached in this session, or by who made the link."""
    found: list[str] = st.session_state.setdefault(f"_{of.name}", [])
    return found


def answered() -> None:
    """The question of this page was answered rightly."""
    add(url.ANSWERED, name(st.session_state["_script"]))


def was_answered() -> bool:
    """Whether the question of this page has been answered rightly, in this session or by who made the link."""
    return name(st.session_state["_script"]) in (*names(url.ANSWERED), *url.current()[url.ANSWERED.name])


def add(of: url.Parameter, one: str) -> None:
    """Remember a name."""
    if one and one not in names(of) and len(names(of)) < url.MOST_SOLVED:
        names(of).append(one)


def carry() -> None:
    """What the link holds into the session, and what the session holds into the page's link; after the page's body."""
    state: url.State | None = st.session_state.get("_state")
    if state is None:
        return
    for parameter in KEPT:
        if parameter.name not in state.parameters:
            continue
        for one in state[parameter.name]:
            add(parameter, one)
        if state[parameter.name] != names(parameter):
            state[parameter.name] = list(names(parameter))


def name(script: str) -> str:
    """What the question of a page is called in a link: "pages/4_Beside_softmax.py" → "beside-softmax"."""
    return Path(script).stem.partition("_")[2].lower().replace("_", "-")
