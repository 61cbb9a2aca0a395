"""The real thing: both routes on all tokens of an input, measured there and then."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz import device as devices
from srviz import jobs
from srviz.attention import sliced_relu, standardize
from srviz.figures import tokens as figures
from srviz.inputs import Input
from srviz.measure.arrays import pack
from srviz.numbers import duration, power, size
from srviz.ui.chapters.routes import WORDS
from srviz.ui.kit import compute, controls, shell, url, work
from srviz.ui.kit.chart import chart, mode


@dataclass
class BothRoutes:
    """What has been measured of one setting so far; kept when the visitor stops it, and gone on with.

    rows: the queries that the n² route is done with, in so many seconds. largest: difference of the two answers so far.
    trouble: why it could not go on, in a sentence.
    """

    setting: controls.Setting
    sorted_seconds: float = 0.0
    rows: int = 0
    seconds: float = 0.0
    largest: float = 0.0
    stopped: bool = False
    trouble: str = ""

    def take(self, record: jobs.Record) -> None:
        """What the job says; see `srviz.measure.jobs.routes`."""
        if "sorted_seconds" in record:
            self.sorted_seconds = record["sorted_seconds"]
        elif "stop" in record:
            self.rows, self.seconds = record["stop"], self.seconds + record["seconds"]
            self.largest = max(self.largest, record["largest"])
        elif jobs.TROUBLE in record:
            self.stopped, self.trouble = True, record[jobs.TROUBLE]

    @property
    def n(self) -> int:
        """All tokens of the input."""
        return self.setting[1]


def real_thing(state: url.State, menu: Callable[[], None]) -> None:
    """The input and the output of all tokens; once it is asked for, the time of both routes. menu: of the pictures."""
    chosen = controls.chosen(state)
    n = chosen.most
    st.subheader(WORDS("real.title", n=n), anchor=False)
    st.markdown(WORDS("real.says", n=n, pairs=n * n))
    setting = (chosen.name, chosen.most, state["seed"], state["head"] - 1, str(shell.device()))
    result = st.container()
    _pictures(chosen, state["seed"], first_coordinate(*setting))
    menu()
    with result:
        _measure(state["real"], setting)


def _measure(asked: bool, setting: controls.Setting) -> None:
    if not asked:
        st.button(WORDS("real.measure", n=setting[1]), key="measure", on_click=_begin)
        return
    measured: BothRoutes | None = st.session_state.get("_measured")
    if measured is None or measured.setting != setting:
        measured = st.session_state["_measured"] = BothRoutes(setting)
    with st.empty().container():  # one takes the place of the other at once
        if measured.rows < measured.n and not measured.stopped:
            _run(measured)
        else:
            _results(measured)


@st.cache_data(max_entries=8, show_spinner=False)
def first_coordinate(name: str, n: int, seed: int, number: int, device: str) -> NDArray[np.float32]:
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
    before.caption(WORDS("real.before", n=tokens.n))
    figure = figures.tokens(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=300)
    chart(figure, WORDS("real.input", input=chosen.title, n=tokens.n), "real input", before)
    after.caption(WORDS("real.after", d=compute.HEAD_DIM))
    figure = figures.numbers(tokens.place, first, tokens.grid, mode=mode(), height=300)
    chart(figure, WORDS("real.output"), "real output", after)


def _run(measured: BothRoutes) -> None:
    """Both routes, watched. Stop ends it and keeps what it has; after another control it goes on where it was."""
    bar = work.stop_and_bar("stop", _stop)
    plan = {
        "job": "measure.routes",
        "device": measured.setting[4],
        "first": measured.rows,
        "sorted": not measured.sorted_seconds,
    }

    def tell() -> None:
        n = measured.n
        at = WORDS("real.at", rows=measured.rows, n=n) if measured.rows else WORDS("real.sorting")
        bar.progress(measured.rows / n, at)

    with work.turn(lambda text: bar.progress(0.0, text)):
        attachments = {name: pack(x) for name, x in zip("stv", _standardized(*measured.setting), strict=True)}
        work.watch(jobs.stream(plan, attachments, work.limits(measured.setting[4])), measured.take, tell)
    st.rerun()


def _stop() -> None:
    if "_measured" in st.session_state:
        st.session_state["_measured"].stopped = True


def _begin() -> None:
    st.session_state[url.key("real")] = True


def _forget() -> None:
    st.session_state.pop("_measured", None)


def _results(measured: BothRoutes) -> None:
    if measured.trouble:
        st.warning(measured.trouble)
    n, rows, taken = measured.n, measured.rows, measured.seconds
    extent = "whole" if rows == n else "part"
    left, middle, right = st.columns(3, gap="large")
    left.metric(WORDS("real.dense.title"), duration(taken), border=False)
    left.caption(WORDS(f"real.dense.says.{extent}", pairs=rows * n, rows=rows, n=n))
    middle.metric(
        WORDS("real.sorted.title"),
        duration(measured.sorted_seconds) if measured.sorted_seconds else "–",
        border=False,
    )
    middle.caption(WORDS("real.sorted.says", n=n))
    ratio = taken / measured.sorted_seconds if rows == n else 0.0
    times = f"{ratio:,.0f} ×" if ratio >= 9.95 else f"{ratio:.2g} ×"
    faster = times if rows == n else WORDS("real.faster.stopped")
    right.metric(WORDS("real.faster.title"), faster, border=False)
    right.caption(WORDS(f"real.faster.says.{extent}", largest=power(measured.largest)))
    device = devices.describe(torch.device(measured.setting[4]))
    st.caption(WORDS("real.how", device=device, d=compute.HEAD_DIM, size=size(n * n * 4)))
    st.button(WORDS("real.again"), key="again", on_click=_forget)
