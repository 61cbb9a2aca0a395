"""The scalar line of the home page: its state, and the operator's answer to it."""

import math
from typing import Any, TypeGuard

import streamlit as st
import torch

from srviz.attention import sliced_bump, sliced_relu
from srviz.ui import shell, url
from srviz.ui.live import component

MOST = 24  # tokens of a kind
PARAMETERS = (
    url.choice("kernel", ("relu", "bump"), "relu"),
    url.real("b", 0.05, 3.0, 0.8),
    url.reals("queries", -3, 3, MOST, (-1.85, -0.9, 0.12, 0.83, 1.7)),
    url.reals("keys", -3, 3, MOST, (-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0)),
    url.reals("values", -1, 1, MOST, (0.9, 0.55, 0.8, 0.3, 0.45, -0.25, -0.6, -0.4, -0.85)),
    url.whole("held", 1, MOST, 4),
)


def scalar_line() -> None:
    """Show the line; what was dragged comes back on release and goes into the URL."""
    state = url.settle(*PARAMETERS)
    sent = _sent()
    taken = sent if sent.get("epoch") == state.epoch else {}
    for name, value in taken.items():
        if name in state.parameters:
            state[name] = value
    _fit(state)
    start = {name: state[name] for name in ("kernel", "b", "queries", "keys", "values")} | {"held": state["held"] - 1}
    answer = {"id": taken.get("id", 0), "y": answers(start)}
    component("line")(
        key="scalar_line", data={"epoch": state.epoch, "start": start, "answer": answer}, on_line_change=lambda: None
    )


def answers(line: dict[str, Any]) -> list[float]:
    """What the operator says for every query of a line, on this visitor's device."""
    where = shell.device()
    s, t, v = (torch.tensor(line[name], dtype=torch.float32, device=where) for name in ("queries", "keys", "values"))
    v = v.unsqueeze(-1)
    y = sliced_bump(s, t, v, line["b"]) if line["kernel"] == "bump" else sliced_relu(s, t, v)
    return [float(x) for x in y.squeeze(-1).cpu()]


def _fit(state: url.State) -> None:
    """One value for each key, and a held query that exists."""
    n = len(state["keys"])
    values = (*state["values"], *[round(math.sin(2.4 * j), 2) for j in range(n)])[:n]
    state["values"] = values
    state["held"] = min(state["held"], len(state["queries"]))


def _sent() -> dict[str, Any]:
    """What the browser sent last, each part made valid like text from a URL; {} where there is nothing."""
    component_state: Any = st.session_state.get("scalar_line")
    sent = component_state.get("line") if hasattr(component_state, "get") else None
    if not isinstance(sent, dict) or not all(_is_count(sent.get(name)) for name in ("epoch", "id")):
        return {}
    texts: dict[str, str] = {}
    for parameter in PARAMETERS:
        given = sent.get(parameter.name)
        if isinstance(given, list):
            texts[parameter.name] = "_".join(
                str(x)[:40] for x in given[:MOST] if isinstance(x, str | float) or _is_count(x)
            )
        elif parameter.name == "held" and _is_count(given):
            texts[parameter.name] = str(given + 1)
        elif isinstance(given, str | float) or _is_count(given):
            texts[parameter.name] = str(given)
    valid = {p.name: p.read(texts[p.name])[0] for p in PARAMETERS if p.name in texts}
    return valid | {"id": sent["id"], "epoch": sent["epoch"]}


def _is_count(x: Any) -> TypeGuard[int]:
    """A whole number of a sane size, and no bool."""
    return isinstance(x, int) and not isinstance(x, bool) and abs(x) < 1 << 31
