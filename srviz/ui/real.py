"""The real thing: both routes on all tokens of an input, measured there and then."""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from torch import Tensor

from srviz import device as devices
from srviz.attention import sliced_relu, standardize
from srviz.figures import tokens as figures
from srviz.inputs import INPUTS, Input
from srviz.measure.clock import seconds
from srviz.measure.rows import dense_by_rows
from srviz.ui import compute, shell, url
from srviz.ui.chart import chart, mode


@dataclass
class Measured:
    """What has been measured of one setting so far; kept when the visitor stops it."""

    setting: tuple[str, int, int, int, str]
    sorted_seconds: float
    rows: int = 0
    rows_seconds: list[float] = field(default_factory=list)
    largest: float = 0.0
    stopped: bool = False


def real_thing(state: url.State) -> None:
    """A switch; behind it the input, the output, and the time of both routes."""
    chosen = INPUTS[state["input"]]
    st.toggle(f"The real thing: all {chosen.most:,} tokens of this input", key=url.key("real"))
    if not state["real"]:
        return
    setting = (chosen.name, chosen.most, state["seed"], state["head"] - 1, str(shell.device()))
    s, t, v = compute.head(*setting)
    s, t = standardize(s, t)
    measured: Measured | None = st.session_state.get("_measured")
    if measured is None or measured.setting != setting:
        measured = Measured(setting, seconds(lambda: sliced_relu(s, t, v), s.device))
        st.session_state["_measured"] = measured
    y = sliced_relu(s, t, v)
    _pictures(chosen, state["seed"], y)
    if measured.rows < len(s) and not measured.stopped:
        _run(measured, s, t, v, y)
    else:
        _results(measured, y)


def _pictures(chosen: Input, seed: int, y: Tensor) -> None:
    tokens = compute.tokens(chosen.name, chosen.most, seed)
    before, after = st.columns(2, gap="large")
    before.caption(f"The input: {tokens.n:,} tokens")
    figure = figures.tokens(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=300)
    chart(figure, f"{chosen.title}, {tokens.n:,} tokens", "real input", before)
    after.caption("The output of the untrained head, its first coordinate")
    first = y[:, 0].cpu().numpy().astype(np.float32)
    figure = figures.numbers(tokens.place, first, tokens.grid, mode=mode(), height=300)
    chart(figure, "The output of each token, brown below zero and teal above", "real output", after)


def _run(measured: Measured, s: Tensor, t: Tensor, v: Tensor, y: Tensor) -> None:
    """The n² route, watched; Stop, or any other control, ends it between two stretches of queries."""
    n = len(s)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", key="stop", on_click=_stop)
        bar = st.progress(0.0, "The n² route …")
    measured.rows, measured.largest, measured.rows_seconds = 0, 0.0, []
    for stretch in dense_by_rows(s, t, v):
        measured.rows_seconds.append(stretch.seconds)
        measured.rows = stretch.stop
        measured.largest = max(measured.largest, float((stretch.y - y[stretch.start : stretch.stop]).abs().max()))
        bar.progress(stretch.stop / n, f"The n² route: {stretch.stop:,} of {n:,} queries")
    st.rerun()


def _stop() -> None:
    st.session_state["_measured"].stopped = True


def _forget() -> None:
    del st.session_state["_measured"]


def _results(measured: Measured, y: Tensor) -> None:
    n, d = y.shape
    taken = sum(measured.rows_seconds)
    whole = measured.rows == n
    left, middle, right = st.columns(3, gap="large")
    part = "" if whole else f", stopped after {measured.rows:,} of {n:,} queries"
    left.metric("The n² route", _time(taken), border=False)
    left.caption(f"{measured.rows * n:,} pairs{part}")
    middle.metric("The sorted route", _time(measured.sorted_seconds), border=False)
    middle.caption(f"all {n:,} queries")
    if whole:
        right.metric("Sorted is faster by", f"{taken / measured.sorted_seconds:,.0f} ×", border=False)
    else:
        right.metric("Not compared", "stopped", border=False)
    right.caption(f"largest difference of the two answers {_power(measured.largest)}")
    st.caption(
        f"Measured on {devices.describe(y.device)}, float32, one head of {d} coordinates. The sorted route is the "
        "median of five runs; the n² route one run, a stretch of queries at a time, since its whole matrix would be "
        f"{n * n * 4 / 1e9:.1f} GB."
    )
    st.button("Measure again", key="again", on_click=_forget)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def _power(x: float) -> str:
    """3 · 10⁻⁶."""
    mantissa, exponent = f"{x:.0e}".split("e")
    return f"{mantissa} · 10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}" if x else "0"
