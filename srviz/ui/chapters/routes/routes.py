"""Two routes, one answer: the controls and the player."""

from pathlib import Path

import streamlit as st

from srviz.attention import Heads, reference, trace
from srviz.inputs import Input, Tokens
from srviz.ui.chapters.routes import WORDS
from srviz.ui.kit import compute, controls, report, url
from srviz.ui.kit.component import component
from srviz.ui.kit.source import marked_source

HERE = Path(__file__).parent

LEAST, MOST = 4, 128
END = 1 << 16  # beyond the last step of every run: the page opens on the finished picture
SPEEDS = ("0.25", "0.5", "1", "2", "4", "16")
PARAMETERS = (
    *controls.parameters("china", sizes=(LEAST, MOST, 24), seed=3),
    url.whole("at", 0, END, END),
    url.choice("speed", SPEEDS, "1"),
    url.flag("real"),
)


def two_routes() -> url.State:
    """Show the controls and the player; where it stands comes back once it rests, and goes into the URL."""
    state = url.settle(*PARAMETERS)
    _, tokens = controls.row_with_picture(state, LEAST, MOST, lambda *shown: _says(state, *shown))
    run = compute.head_run(*controls.setting(state))
    setting = " ".join(map(str, (*controls.setting(state), state.epoch)))
    _place(state, setting)
    data = {
        "setting": setting,
        "at": state["at"],
        **{name: getattr(run, name).tolist() for name in ("s", "t", "order", "u", "S", "R", "N", "y")},
        "colour": None if tokens.colour is None else (tokens.colour * 255).round().astype(int).tolist(),
        "largest": run.largest,
        "speed": state["speed"],
        "speeds": list(SPEEDS),
        "coordinates": compute.HEAD_DIM,
        "sorted_source": marked_source(Heads.scored) + marked_source(trace),
        "dense_source": marked_source(reference.sliced_relu_weights) + marked_source(reference.sliced_relu),
    }
    component("routes", HERE)(key="two_routes", data=data, on_at_change=lambda: None)
    return state


def _place(state: url.State, setting: str) -> None:
    """Where the player stands: as it said last for this setting; another setting shows its finished picture."""
    told = report.last("two_routes", "at")
    before = st.session_state.get("_routes_setting", setting)
    st.session_state["_routes_setting"] = setting
    if told.get("setting") == setting:
        for name, key in (("at", "tick"), ("speed", "speed")):
            state[name], _ = state.parameters[name].read(report.as_text(told.get(key)))
    elif before != setting and before.rsplit(" ", 1)[1] == str(state.epoch):  # a control moved, not the link
        state["at"] = END


def _says(state: url.State, chosen: Input, tokens: Tokens) -> str:
    odd = chosen.fixed is None and tokens.n != state["n"]
    how = "asked" if not odd else "nearest" if tokens.grid else "all"
    size = controls.size(tokens)
    return WORDS(f"input.{how}", line=chosen.line, size=size, n=state["n"], seed=state["seed"])
