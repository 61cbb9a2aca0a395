"""Two routes, one answer: the controls and the player."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from srviz.attention import dense
from srviz.attention.trace import STEPS, source
from srviz.figures.tokens import tokens as tokens_figure
from srviz.inputs import INPUTS, Input, Tokens
from srviz.ui import compute, shell, url
from srviz.ui.chart import chart, mode
from srviz.ui.live import component

LEAST, MOST = 4, 128
END = 1 << 16  # beyond the last step of every run: the page opens on the finished picture
PARAMETERS = (
    url.choice("input", tuple(INPUTS), "china"),
    url.whole("n", LEAST, MOST, 24),
    url.whole("seed", 0, 9999, 7),
    url.whole("head", 1, compute.HEADS, 1),
    url.whole("at", 0, END, END),
    url.flag("real"),
)


def two_routes() -> url.State:
    """Show the controls and the player; where it stands comes back once it rests, and goes into the URL."""
    told = _told()
    state = url.settle(*PARAMETERS, acted=told != st.session_state.get("_routes_told"))
    st.session_state["_routes_told"] = told
    chosen, tokens = _controls(state)
    number = state["head"] - 1
    run = compute.head_run(chosen.name, chosen.nearest(state["n"]), state["seed"], number, str(shell.device()))
    setting = f"{chosen.name} {len(run.s)} {state['seed']} {number} {state.epoch}"
    _place(state, told, setting)
    data = {
        "setting": setting,
        "at": state["at"],
        **{name: getattr(run, name).tolist() for name in ("s", "t", "order", "u", "S", "R", "N", "y")},
        "colour": None if tokens.colour is None else (tokens.colour * 255).round().astype(int).tolist(),
        "largest": run.largest,
        "steps": STEPS,
        "sorted_source": source(),
        "dense_source": _dense_source(),
    }
    component("routes")(key="two_routes", data=data, on_at_change=lambda: None)
    return state


def _told() -> dict[str, Any]:
    """What the player said last: {setting, tick}, or {} where it said nothing that makes sense."""
    sent: Any = st.session_state.get("two_routes")
    told = sent.get("at") if hasattr(sent, "get") else None
    return told if isinstance(told, dict) and isinstance(told.get("tick"), int) else {}


def _place(state: url.State, told: dict[str, Any], setting: str) -> None:
    """Where the player stands: as it said last for this setting; another setting shows its finished picture."""
    before = st.session_state.get("_routes_setting", setting)
    st.session_state["_routes_setting"] = setting
    if told.get("setting") == setting:
        state["at"] = min(max(told["tick"], 0), END)
    elif before != setting and before.rsplit(" ", 1)[1] == str(state.epoch):  # a control moved, not the link
        state["at"] = END


def _controls(state: url.State) -> tuple[Input, Tokens]:
    picture, controls = st.columns([1, 5], gap="large", vertical_alignment="center")
    with controls:
        first, second, third = st.columns([1.5, 1.6, 0.9], gap="medium", vertical_alignment="bottom")
        name = first.selectbox(
            "Input", list(INPUTS), key=url.key("input"), format_func=lambda key: INPUTS[key].title, filter_mode=None
        )
        chosen = INPUTS[name]
        fixed = "This input has 64 tokens on screen." if chosen.fixed is not None else None
        second.slider("Tokens n", LEAST, MOST, key=url.key("n"), disabled=fixed is not None, help=fixed)
        with third.popover("More", width="stretch"):
            st.number_input(
                "Seed", 0, 9999, key=url.key("seed"), help="Of the untrained projections and of made-up inputs."
            )
            st.slider("Head", 1, compute.HEADS, key=url.key("head"))
        tokens = compute.tokens(chosen.name, chosen.nearest(state["n"]), state["seed"])
        size = f"{tokens.grid[0]} × {tokens.grid[1]} = {tokens.n} tokens" if tokens.grid else f"{tokens.n} tokens"
        st.caption(f"{chosen.line} Here {size}. The projections are untrained, from seed {state['seed']}.")
    figure = tokens_figure(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=104)
    chart(figure, f"{chosen.title}, as {size}", "routes input", picture)
    return chosen, tokens


@cache
def _dense_source() -> list[tuple[str, str]]:
    """The lines of the dense formula that do the work: (step, line), read from the functions themselves."""
    weights = _body(dense.sliced_relu_weights).partition("if effective")[0]
    parts = (("weights", weights), ("sum", _body(dense.sliced_relu)))
    return [(step, line) for step, text in parts for line in text.splitlines()]


def _body(function: Callable[..., object]) -> str:
    """The source of a function after its docstring."""
    return inspect.cleandoc("\n" + inspect.getsource(function).split('"""')[2]) + "\n"
