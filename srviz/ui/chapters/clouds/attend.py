"""All tokens of a cloud attend to all: measured here and now, watched, stopped; and what softmax takes for it."""

import inspect
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from srviz import device as devices
from srviz import numbers
from srviz.attention.methods import sliced
from srviz.figures import clouds as figures
from srviz.measure import memory
from srviz.measure.everything import Estimate, Progress, bytes_needed, everything, softmax_estimate, softmax_stretches
from srviz.ui.chapters.clouds.clouds import GROUP, HEAD_DIM, HEADS, Numbers, Place, Scene, Setting, kept, scene
from srviz.ui.kit import url
from srviz.ui.kit.chart import mode
from srviz.ui.kit.figure import Paint, figure
from srviz.ui.kit.queue import turn

PATIENCE = 20.0  # seconds: softmax is measured where it is estimated to take less


@dataclass
class Run:
    """What has been measured at one place; kept when the visitor stops it. colours: (m, 3) of the tokens drawn."""

    place: Place
    running: bool = False
    heads: int = 0
    seconds: float = 0.0
    peak: int = 0
    colours: Numbers | None = None
    on: str = ""
    estimate: Estimate | None = None
    rows: int = 0  # queries that softmax is done with
    taken: float = 0.0  # seconds, for those


def _make_coloured(setting: Setting, projection: str, device: str, names: tuple[str, ...], colours: str) -> str:
    """The cloud to be painted by classes of these names, or by three colours, as JSON."""
    return str(figures.coloured(scene(setting, projection, device).place, names, mode=colours).to_json())


coloured = kept(_make_coloured, 8)


def attend_to_everything(place: Place) -> None:
    """The cloud as it is, and behind a button what attention makes of it, beside what softmax would take."""
    run: Run | None = st.session_state.get("_run")
    if run is None or run.place != place:
        run = st.session_state["_run"] = Run(place)
    shown: Scene = scene(*place)
    if run.colours is None and run.estimate is None and not run.running:
        st.markdown(
            f"All {shown.tokens.n:,} tokens to all, {HEADS} untrained heads of {HEAD_DIM}: the time and memory of "
            "sliced ReLU, its output as colours, and what softmax takes for the same."
        )
        _offer(run, shown)
        return
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _cloud(shown, place)
    with middle:
        _title("Sliced ReLU", f"all {shown.tokens.n:,} tokens to all, {HEADS} heads of {HEAD_DIM}")
        _sliced(run, shown, place)
    with right:
        _title("Softmax", "the same heads")
        _softmax(run, shown.tokens.n)
    if run.running:
        _go(run, shown)


def _cloud(shown: Scene, place: Place) -> None:
    """The tokens in their own colours, by class, or all alike."""
    tokens, names = shown.tokens, shown.tokens.labels
    _title("The cloud", "by class" if names else "in its own colours" if tokens.colour is not None else "as it is")
    if tokens.label is not None:
        changes = figures.classes(tokens.label[shown.drawn])
    elif tokens.colour is not None:
        changes = figures.shades(tokens.colour[shown.drawn])
    else:
        changes = figures.shades(shown.place * 0 + 0.5)
    words = f"The cloud, {tokens.n:,} points" + (f" of {len(names)} classes: {', '.join(names)}" if names else "")
    drawing = coloured(*place, names, mode())
    figure(drawing, key="cloud itself", group=GROUP, points=shown.drawn, paint=Paint(changes), alt=words)


def _sliced(run: Run, shown: Scene, place: Place) -> None:
    if run.colours is not None:
        what = "whole" if run.heads == HEADS else f"{run.heads} of {HEADS} heads"
        figure(
            coloured(*place, (), mode()), key="cloud output", group=GROUP, points=shown.drawn,
            paint=Paint(figures.shades(run.colours)), alt=f"The output of attention, {what}, as three colours",
        )  # fmt: skip
        stopped = "" if run.heads == HEADS else f" Stopped after {run.heads} of {HEADS} heads."
        peak = f", the process at most {numbers.size(run.peak)} of the host's memory" if run.peak else ""
        st.markdown(
            f"**{numbers.duration(run.seconds)}**, the projections of all tokens included{peak}.{stopped}  \n"
            f":gray[Colours: the three principal components of the output. Measured just now on {run.on}.]"
        )
    _offer(run, shown)


def _offer(run: Run, shown: Scene) -> None:
    """The button, or why there is none."""
    need = bytes_needed(shown.tokens.n, shown.tokens.x.shape[1], HEADS, HEAD_DIM)
    where = "on the accelerator" if shown.x.is_cuda else "on this host"
    left = torch.cuda.mem_get_info(shown.x.device)[0] if shown.x.is_cuda else memory.available()
    if need > left:
        st.markdown(
            f"{shown.tokens.n:,} tokens of {shown.tokens.x.shape[1]} numbers would take up to {numbers.size(need)} of "
            f"memory, and {numbers.size(left)} are left {where}. Choose fewer points."
        )
    elif not run.running:
        label = "Attend again" if run.heads == HEADS else "Go on" if run.heads else "Attend to everything"
        st.button(label, key="attend", on_click=_start, args=(True,))


def _softmax(run: Run, n: int) -> None:
    if run.estimate is None:
        st.caption("Measured after sliced ReLU where that takes a few seconds; beyond, estimated.")
        return
    measured = run.rows == n
    time = numbers.duration(run.taken) if measured else f"about {numbers.duration(run.estimate.seconds)}"
    sizes = f"n = {run.estimate.sizes[0]:,} … {run.estimate.sizes[-1]:,}"
    how = "measured just now" if measured else f"an estimate, as n² from {sizes} measured just now"
    st.markdown(
        f"Fused: **{time}**, in memory that grows as n.  \n"
        f"Written out: **{numbers.size(run.estimate.bytes)}** of weights.  \n"
        f":gray[Two ways to the same output. Only the first is timed: {how}. The weights are n² of each of {HEADS} "
        "heads, 4 bytes each.]"
    )
    if run.rows and not measured:
        st.caption(f"Stopped after {run.rows:,} of {n:,} queries, {numbers.duration(run.taken)}.")


def _start(running: bool) -> None:
    run: Run = st.session_state["_run"]
    if running and run.heads == HEADS:
        run = st.session_state["_run"] = Run(run.place)
    run.running = running


def _go(run: Run, shown: Scene) -> None:
    """Both, watched, as the one heavy job of this server. Stop ends it after a step and keeps what it has."""
    url.leave()  # it takes a while, and ends in another run
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", key="stop attending", on_click=_start, args=(False,))
        bar = st.progress(0.0, "Waiting …")
    seed = run.place.setting.seed
    with turn(lambda text: bar.progress(0.0, text)):
        torch.set_num_threads(os.cpu_count() or 1)  # the only heavy job takes them all
        try:
            run.on = devices.describe(shown.x.device)
            if run.heads < HEADS:
                _sliced_run(run, shown, bar)
            run.estimate = run.estimate or softmax_estimate(
                len(shown.x), heads=HEADS, head_dim=HEAD_DIM, device=shown.x.device
            )
            if run.estimate.seconds < PATIENCE:
                for stretch in softmax_stretches(shown.x, heads=HEADS, head_dim=HEAD_DIM, seed=seed, first=run.rows):
                    run.rows, run.taken = stretch.stop, run.taken + stretch.seconds
                    bar.progress(run.rows / len(shown.x), f"Softmax: {run.rows:,} of {len(shown.x):,} queries")
        finally:
            torch.set_num_threads(1)
    run.running = False
    st.rerun()


def _sliced_run(run: Run, shown: Scene, bar: DeltaGenerator) -> None:
    resting = _resting()
    if resting.run is not run:
        projection, seed = run.place.projection, run.place.setting.seed
        work = everything(
            shown.x, heads=HEADS, head_dim=HEAD_DIM, method=sliced().name, projection=projection, seed=seed
        )
        resting.run, resting.work = run, work
    for progress in resting.work:
        if progress.colours is not None and progress.heads_done >= run.heads:
            run.heads, run.seconds, run.peak = progress.heads_done, progress.seconds, progress.peak
            run.colours = progress.colours[torch.from_numpy(shown.drawn)].cpu().numpy()
        done = f"{progress.heads_done} of {HEADS} heads" if progress.heads_done else "projecting"
        bar.progress(progress.share, f"Sliced ReLU: {done}, {numbers.duration(progress.seconds)}")
    resting.run, resting.work = None, iter(())  # what it held is free again


@dataclass
class Resting:
    """The work that was interrupted last, on this server: it goes on where it was. Half a gigabyte, so one for all;
    that of a run before it begins anew.
    """

    run: Run | None = None
    work: Iterator[Progress] = field(default_factory=lambda: iter(()))


@st.cache_resource(max_entries=1, show_spinner=False)
def _resting() -> Resting:
    return Resting()


def _title(title: str, note: str) -> None:
    st.markdown(f"**{title}**  \n:gray[{note}]")


def code() -> str:
    """The source of attention from all tokens to all."""
    return inspect.getsource(everything)
