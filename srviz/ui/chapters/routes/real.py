"""The real thing: both routes on all tokens of an input, measured there and then."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz import device as devices
from srviz.attention import sliced_relu, standardize
from srviz.figures import tokens as figures
from srviz.inputs import Input
from srviz.measure.clock import seconds
from srviz.measure.rows import dense_by_rows
from srviz.numbers import duration, power
from srviz.ui.kit import compute, controls, queue, shell, url
from srviz.ui.kit.chart import chart, mode


@dataclass
class Measured:
    """What has been measured of one setting so far; kept when the visitor stops it."""

    setting: tuple[str, int, int, int, str]
    sorted_seconds: float = 0.0
    rows: int = 0
    seconds: float = 0.0
    largest: float = 0.0
    stopped: bool = False

    @property
    def n(self) -> int:
        """All tokens of the input."""
        return self.setting[1]


def real_thing(state: url.State) -> None:
    """A switch; behind it the input, the output, and the time of both routes."""
    chosen = controls.chosen(state)
    st.toggle(f"The real thing: all {chosen.most:,} tokens of this input", key=url.key("real"))
    if not state["real"]:
        return
    setting = (chosen.name, chosen.most, state["seed"], state["head"] - 1, str(shell.device()))
    measured: Measured | None = st.session_state.get("_measured")
    if measured is None or measured.setting != setting:
        measured = st.session_state["_measured"] = Measured(setting)
    _pictures(chosen, state["seed"], _first_coordinate(*setting))
    with st.empty().container():  # one takes the place of the other at once
        if measured.rows < measured.n and not measured.stopped:
            url.leave()  # the measurement takes a while, and ends in another run
            _run(measured)
        else:
            _results(measured)


@st.cache_data(max_entries=8, show_spinner=False)
def _first_coordinate(name: str, n: int, seed: int, number: int, device: str) -> NDArray[np.float32]:
    """The output of one head on all tokens, (n,)."""
    s, t, v = _standardized(name, n, seed, number, device)
    first: NDArray[np.float32] = sliced_relu(s, t, v)[:, 0].cpu().numpy()
    return first


def _standardized(name: str, n: int, seed: int, number: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    s, t, v = compute.head(name, n, seed, number, device)
    return *standardize(s, t)[:2], v


def _pictures(chosen: Input, seed: int, first: NDArray[np.float32]) -> None:
    tokens = compute.tokens(chosen.name, chosen.most, seed)
    before, after = st.columns(2, gap="large")
    before.caption(f"The input: {tokens.n:,} tokens")
    figure = figures.tokens(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=300)
    chart(figure, f"{chosen.title}, {tokens.n:,} tokens", "real input", before)
    after.caption(f"The output of the untrained head, the first of its {compute.HEAD_DIM} coordinates")
    figure = figures.numbers(tokens.place, first, tokens.grid, mode=mode(), height=300)
    chart(figure, "The output of each token, brown below zero and teal above", "real output", after)


def _run(measured: Measured) -> None:
    """Both routes, watched. Stop ends it between two stretches of queries; another control, and it goes on after."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", key="stop", on_click=_stop)
        bar = st.progress(0.0, "The sorted route …")
    with queue.turn(lambda text: bar.progress(0.0, text)):
        s, t, v = _standardized(*measured.setting)
        if not measured.sorted_seconds:
            measured.sorted_seconds = seconds(lambda: sliced_relu(s, t, v), s.device)
        y = sliced_relu(s, t, v)
        for stretch in dense_by_rows(s, t, v, measured.rows):
            measured.seconds += stretch.seconds
            measured.rows = stretch.stop
            measured.largest = max(measured.largest, float((stretch.y - y[stretch.start : stretch.stop]).abs().max()))
            bar.progress(stretch.stop / len(s), f"The n² route: {stretch.stop:,} of {len(s):,} queries")
    st.rerun()


def _stop() -> None:
    if "_measured" in st.session_state:
        st.session_state["_measured"].stopped = True


def _forget() -> None:
    st.session_state.pop("_measured", None)


def _results(measured: Measured) -> None:
    n, taken = measured.n, measured.seconds
    whole = measured.rows == n
    left, middle, right = st.columns(3, gap="large")
    part = "" if whole else f", stopped after {measured.rows:,} of {n:,} queries"
    left.metric("The n² route", duration(taken), border=False)
    left.caption(f"{measured.rows * n:,} pairs{part}")
    middle.metric(
        "The sorted route", duration(measured.sorted_seconds) if measured.sorted_seconds else "–", border=False
    )
    middle.caption(f"all {n:,} queries")
    if whole:
        right.metric("Sorted is faster by", f"{taken / measured.sorted_seconds:,.0f} ×", border=False)
    else:
        right.metric("Sorted is faster by", "stopped", border=False)
    right.caption(f"largest difference of the two answers{'' if whole else ' so far'}: {power(measured.largest)}")
    st.caption(
        f"Measured on {devices.describe(torch.device(measured.setting[4]))}, float32, one head of {compute.HEAD_DIM} "
        "coordinates. The sorted route is the median of five runs; the n² route one run, a stretch of queries at a "
        "time, since its whole matrix would be "
        f"{n * n * 4 / 1e9:.1f} GB."
    )
    st.button("Measure again", key="again", on_click=_forget)
