"""All tokens of a cloud attend to all: measured here and now, watched, stopped; and what softmax takes for it."""

import inspect
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
import torch

from srviz import host, jobs, numbers
from srviz.attention.methods import sliced
from srviz.figures import clouds as figures
from srviz.measure.everything import PROCESS_BYTES, Estimate, bytes_needed, everything
from srviz.ui.chapters.clouds.clouds import (
    GROUP,
    HEAD_DIM,
    HEADS,
    CloudSetting,
    Numbers,
    Place,
    Scene,
    kept,
    kind,
    offered,
    scene,
)
from srviz.ui.kit import url, work
from srviz.ui.kit.chart import mode
from srviz.ui.kit.figure import Paint, figure
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away

PATIENCE_SECONDS = 20.0  # softmax is measured where it is estimated to take less


@dataclass
class Attended:
    """What has been measured at one place; kept when the visitor stops it, and gone on with.

    m is the number of tokens drawn. begun: the seconds at which the present run began. share: of the present work,
    0 … 1. trouble: why it could not go on, in a sentence.
    """

    place: Place
    running: bool = False
    heads: int = 0
    seconds: float = 0.0
    peak: int = 0
    outputs: list[Numbers] = field(default_factory=list)  # (m, HEAD_DIM) of each head done
    colours: Numbers | None = None  # (m, 3)
    on: str = ""
    estimate: Estimate | None = None
    rows: int = 0  # queries that softmax is done with
    taken: float = 0.0  # seconds, for those
    begun: float = 0.0
    share: float = 0.0
    trouble: str = ""

    def take(self, record: jobs.Record) -> None:
        """What the job says; see `srviz.measure.jobs.attend`."""
        if "share" in record:
            self.share, self.peak = record["share"], max(self.peak, record["peak"])
        if "colours" in record:
            self.heads, self.seconds = record["heads"], self.begun + record["seconds"]
            self.outputs.append(work.array(record["y"]))
            self.colours = work.array(record["colours"])
        elif "estimate" in record:
            estimate = record["estimate"]
            pairs = {name: tuple(estimate[name]) for name in ("sizes", "measured")}
            self.estimate = Estimate(**estimate | pairs)
        elif "rows" in record:
            self.rows, self.taken = record["rows"], self.taken + record["seconds"]
        elif "on" in record:
            self.on, self.share = record["on"], 0.0
        self.trouble = record.get(jobs.TROUBLE, "")

    def doing(self, n: int) -> tuple[float, str]:
        """How far it is, 0 … 1, and what it is at, in words. n: all tokens."""
        if self.heads < HEADS:
            done = f"{self.heads} of {HEADS} heads" if self.heads else "projecting"
            return self.share, f"Sliced ReLU: {done}, {numbers.duration(self.seconds)}"
        return self.rows / n, f"Softmax: {self.rows:,} of {n:,} queries"


def _make_coloured(setting: CloudSetting, projection: str, device: str, names: tuple[str, ...], colours: str) -> str:
    """The cloud to be painted by classes of these names, or by three colours, as JSON."""
    return str(figures.coloured(scene(setting, projection, device).place, names, mode=colours).to_json())


coloured = kept(_make_coloured, 8)


def attend_to_everything(place: Place) -> None:
    """The cloud as it is, and behind a button what attention makes of it, beside what softmax would take."""
    run: Attended | None = st.session_state.get("_run")
    if run is None or run.place != place:
        run = st.session_state["_run"] = Attended(place)
    shown: Scene = scene(*place)
    if run.trouble and not run.running:
        st.warning(run.trouble)
    if run.colours is None and run.estimate is None and not run.running:
        st.markdown(
            f"All {shown.tokens.n:,} tokens attend to all, in {HEADS} untrained heads of {HEAD_DIM} coordinates. Here "
            "are the time and memory of sliced ReLU, its output as colours, and what softmax would take for the same."
        )
        _offer(run, shown)
        return
    with st.container(key="attended"):
        left, middle, right = st.columns(3, gap="medium")
    away(ATTENDED, {})
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


def _sliced(run: Attended, shown: Scene, place: Place) -> None:
    if run.colours is not None:
        what = "whole" if run.heads == HEADS else f"{run.heads} of {HEADS} heads"
        figure(
            coloured(*place, (), mode()), key="cloud output", group=GROUP, points=shown.drawn,
            paint=Paint(figures.shades(run.colours)), alt=f"The output of attention, {what}, as three colours",
        )  # fmt: skip
        stopped = "" if run.heads == HEADS else f" Stopped after {run.heads} of {HEADS} heads."
        seen = " at the points drawn" if len(shown.drawn) < shown.tokens.n else ""
        peak = f", the process at most {numbers.size(run.peak)} of the host's memory" if run.peak else ""
        st.markdown(
            f"**{numbers.duration(run.seconds)}**, the projections of all tokens included{peak}.{stopped}  \n"
            f":gray[Colours: the three principal components of the output{seen}. Measured just now on {run.on}.]"
        )
    _offer(run, shown)


def _offer(run: Attended, shown: Scene) -> None:
    """The button, or why there is none."""

    def needs(n: int) -> int:
        beside = 0 if shown.x.is_cuda else PROCESS_BYTES
        return beside + bytes_needed(n, shown.tokens.x.shape[1], HEADS, HEAD_DIM)

    where = "on the accelerator" if shown.x.is_cuda else "on this host"
    left = torch.cuda.mem_get_info(shown.x.device)[0] if shown.x.is_cuda else host.available()
    if needs(shown.tokens.n) > left:
        st.markdown(
            f"{shown.tokens.n:,} tokens of {shown.tokens.x.shape[1]} numbers would take up to "
            f"{numbers.size(needs(shown.tokens.n))} of memory, and {numbers.size(left)} are left {where}."
        )
        smaller = [n for n in offered() if n < shown.tokens.n and needs(n) <= left]
        if smaller:
            st.button(f"Take {smaller[-1]:,} points instead", key="fewer", on_click=_take, args=(smaller[-1],))
    elif not run.running:
        label = "Attend again" if run.heads == HEADS else "Go on" if run.heads else "Attend to everything"
        st.button(label, key="attend", on_click=_start, args=(True,))


def _take(n: int) -> None:
    st.session_state[url.key("n")] = n


def _softmax(run: Attended, n: int) -> None:
    if run.estimate is None:
        st.caption(
            "It is measured after sliced ReLU where that takes a few seconds, and estimated where it takes longer."
        )
        return
    measured = run.rows == n
    time = numbers.duration(run.taken) if measured else f"about {numbers.duration(run.estimate.seconds)}"
    sizes = f"n = {run.estimate.sizes[0]:,} … {run.estimate.sizes[-1]:,}"
    how = "measured just now" if measured else f"an estimate, as n² from {sizes} measured just now"
    st.markdown(
        f"Fused: **{time}**, in memory that grows as n.  \n"
        f"Written out: **{numbers.size(4 * n * n)}** of weights for each head.  \n"
        f":gray[These are two ways to the same output. Only the first is timed: {how}. Each head has n² weights of 4 "
        f"bytes. All {HEADS} heads would take {numbers.size(run.estimate.bytes)}.]"
    )
    if run.rows and not measured:
        st.caption(f"Stopped after {run.rows:,} of {n:,} queries, {numbers.duration(run.taken)}.")


def _start(running: bool) -> None:
    run: Attended = st.session_state["_run"]
    if running and run.heads == HEADS:
        run = st.session_state["_run"] = Attended(run.place)
    run.running = running


def _go(run: Attended, shown: Scene) -> None:
    """Both, watched, as the one heavy job of this server. Stop ends it and keeps what it has."""
    bar = work.stop_and_bar("stop attending", _start, False)
    device = str(shown.x.device)
    attachments = {"x": work.pack(shown.tokens.x), "drawn": work.pack(shown.drawn)}
    if run.outputs:
        attachments["y"] = work.pack(np.concatenate(run.outputs, 1))
    run.begun = run.seconds
    with work.turn(lambda text: bar.progress(0.0, text)):
        said = jobs.stream(_plan(run, device), attachments, work.limits(device))
        work.watch(said, run.take, lambda: bar.progress(*run.doing(shown.tokens.n)))
    run.running = False
    st.rerun()


def _plan(run: Attended, device: str) -> jobs.Plan:
    """What is left to be done."""
    return {
        "job": "measure.attend",
        "device": device,
        "threads": host.cores(),  # the only heavy job takes them all
        "heads": HEADS,
        "head_dim": HEAD_DIM,
        "method": sliced().name,
        "projection": kind(run.place.projection, sliced()),
        "seed": run.place.setting.seed,
        "patience_seconds": PATIENCE_SECONDS,
        "heads_done": run.heads,
        "rows": run.rows,
        "estimate_seconds": run.estimate.seconds if run.estimate else None,
    }


def _title(title: str, note: str) -> None:
    st.markdown(f"**{title}**  \n:gray[{note}]")


def _outputs(state: State) -> Columns:
    """The output of attention at every point that is drawn, coordinate by coordinate of the heads that are done."""
    run: Attended = st.session_state["_run"]
    y = np.concatenate(run.outputs, 1)
    return {"point": scene(*run.place).drawn + 1} | {f"y{k + 1}": y[:, k] for k in range(y.shape[1])}


def _there(state: State) -> bool:
    run: Attended | None = st.session_state.get("_run")
    return run is not None and bool(run.outputs) and not run.running


ATTENDED = Figure(
    ("attended",), "attend-to-everything", "what attention makes of the cloud",
    lambda state: "All tokens of the cloud attend to all: the cloud, and the output as three colours.",
    _outputs, there=_there,
)  # fmt: skip


def code() -> str:
    """The source of attention from all tokens to all."""
    return inspect.getsource(everything)
