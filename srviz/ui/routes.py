"""Two routes, one answer: the controls and the player."""

from typing import Any

import streamlit as st

from srviz.attention import dense, trace
from srviz.figures.tokens import tokens as tokens_figure
from srviz.inputs import INPUTS, Input, Tokens
from srviz.ui import compute, shell, url
from srviz.ui.chart import chart, mode
from srviz.ui.live import component
from srviz.ui.source import marked_source

LEAST, MOST = 4, 128
END = 1 << 16  # beyond the last step of every run: the page opens on the finished picture
SPEEDS = ("0.25", "0.5", "1", "2", "4", "16")
PARAMETERS = (
    url.choice("input", tuple(INPUTS), "china"),
    url.whole("n", LEAST, MOST, 24),
    url.whole("seed", 0, 9999, 3),
    url.whole("head", 1, compute.HEADS, 1),
    url.whole("at", 0, END, END),
    url.choice("speed", SPEEDS, "1"),
    url.flag("real"),
)


def two_routes() -> url.State:
    """Show the controls and the player; where it stands comes back once it rests, and goes into the URL."""
    state = url.settle(*PARAMETERS)
    chosen, tokens = _controls(state)
    number, device = state["head"] - 1, str(shell.device())
    run = compute.head_run(chosen.name, _size(chosen, state["n"]), state["seed"], number, device)
    setting = f"{chosen.name} {len(run.s)} {state['seed']} {number} {device} {state.epoch}"
    _place(state, _told(), setting)
    data = {
        "setting": setting,
        "at": state["at"],
        **{name: getattr(run, name).tolist() for name in ("s", "t", "order", "u", "S", "R", "N", "y")},
        "colour": None if tokens.colour is None else (tokens.colour * 255).round().astype(int).tolist(),
        "largest": run.largest,
        "speed": state["speed"],
        "coordinates": compute.HEAD_DIM,
        "sorted_source": marked_source(compute.scores_of_head) + marked_source(trace),
        "dense_source": marked_source(dense.sliced_relu_weights) + marked_source(dense.sliced_relu),
    }
    component("routes")(key="two_routes", data=data, on_at_change=lambda: None)
    return state


def _told() -> dict[str, Any]:
    """What the player said last: {setting, tick}, or {} where it said nothing that makes sense."""
    sent: Any = st.session_state.get("two_routes")
    told = sent.get("at") if hasattr(sent, "get") else None
    return told if isinstance(told, dict) and type(told.get("tick")) is int else {}


def _place(state: url.State, told: dict[str, Any], setting: str) -> None:
    """Where the player stands: as it said last for this setting; another setting shows its finished picture."""
    before = st.session_state.get("_routes_setting", setting)
    st.session_state["_routes_setting"] = setting
    if told.get("setting") == setting:
        state["at"] = min(max(told["tick"], 0), END)
        state["speed"] = told["speed"] if told.get("speed") in SPEEDS else state["speed"]
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
        fixed = f"This input has {min(chosen.fixed)} tokens on screen." if chosen.fixed is not None else None
        second.slider("Tokens n", LEAST, MOST, key=url.key("n"), disabled=fixed is not None, help=fixed)
        with third.popover("More", width="stretch"):
            st.number_input(
                "Seed", 0, 9999, key=url.held("seed"), help="Of the untrained projections and of made-up inputs."
            )
            st.slider("Head", 1, compute.HEADS, key=url.held("head"))
        tokens = compute.tokens(chosen.name, _size(chosen, state["n"]), state["seed"])
        size = f"{tokens.grid[0]} × {tokens.grid[1]} = {tokens.n} tokens" if tokens.grid else f"{tokens.n} tokens"
        if chosen.fixed is None and tokens.n != state["n"]:
            size += f", the nearest that patches make of {state['n']}" if tokens.grid else ", all of them"
        st.caption(f"{chosen.line} Here {size}. The projections are untrained, from seed {state['seed']}.")
    figure = tokens_figure(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=104)
    chart(figure, f"{chosen.title}, as {size}", "routes input", picture)
    return chosen, tokens


def _size(chosen: Input, n: int) -> int:
    """The number of tokens on screen; an input of fixed sizes shows its smallest."""
    return chosen.nearest(n) if chosen.fixed is None else min(chosen.fixed)
