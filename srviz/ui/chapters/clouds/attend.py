"""All tokens of a cloud attend to all: measured here and now, watched, stopped; and what softmax takes for it."""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st
import torch

from srviz import host, jobs, numbers
from srviz.attention.methods import by_dots, sliced
from srviz.figures import clouds as figures
from srviz.measure.everything import Estimate, bytes_needed, everything
from srviz.ui.chapters.clouds import WORDS
from srviz.ui.chapters.clouds.clouds import GROUP, offered
from srviz.ui.chapters.clouds.scene import HEAD_DIM, HEADS, CloudSetting, Numbers, Place, Scene, kept, kind, scene
from srviz.ui.chapters.clouds.take import ATTENDED, attended
from srviz.ui.kit import source, url, work
from srviz.ui.kit.cards import heading
from srviz.ui.kit.chart import mode
from srviz.ui.kit.figure import Paint, figure
from srviz.ui.kit.take import away

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
        """The part of the work that is done, 0 … 1, and its present step, in words. n: the number of tokens."""
        if self.heads == HEADS:
            return self.rows / n, WORDS("attend.doing.softmax", done=self.rows, n=n)
        time = numbers.duration(self.seconds)
        if self.heads:
            return self.share, WORDS("attend.doing.heads", done=self.heads, heads=HEADS, time=time)
        return self.share, WORDS("attend.doing.projecting", time=time)


def _make_coloured(setting: CloudSetting, projection: str, device: str, names: tuple[str, ...], colours: str) -> str:
    """The cloud to be painted by classes of these names, or by three colours, as JSON."""
    return str(figures.coloured(scene(setting, projection, device).place, names, mode=colours).to_json())


coloured = kept(_make_coloured, 8)


def attend_to_everything(place: Place) -> None:
    """The cloud as it is, and behind a button what attention makes of it, beside what softmax would take."""
    run = attended()
    if run is None or run.place != place:
        run = st.session_state["_run"] = Attended(place)
    shown: Scene = scene(*place)
    if run.trouble and not run.running:
        st.warning(run.trouble)
    if run.colours is None and run.estimate is None and not run.running:
        st.markdown(WORDS("attend.lead", n=shown.tokens.n, heads=HEADS, size=HEAD_DIM))
        _offer(run, shown)
        return
    with st.container(key="attended"):
        left, middle, right = st.columns(3, gap="medium")
    away(ATTENDED, {})
    with left:
        _cloud(shown, place)
    with middle:
        note = WORDS("attend.sliced.note", n=shown.tokens.n, heads=HEADS, size=HEAD_DIM)
        heading(WORDS("attend.sliced.title"), note)
        _sliced(run, shown, place)
    with right:
        heading(WORDS("attend.softmax.title"), WORDS("attend.softmax.note"))
        _softmax(run, shown.tokens.n)
    if run.running:
        _go(run, shown)


def _cloud(shown: Scene, place: Place) -> None:
    """The tokens in their own colours, by class, or all alike."""
    tokens, names = shown.tokens, shown.tokens.labels
    how = "classes" if names else "colour" if tokens.colour is not None else "plain"
    heading(WORDS("attend.cloud.title"), WORDS(f"attend.cloud.note.{how}"))
    if tokens.label is not None:
        changes = figures.classes(tokens.label[shown.drawn])
    elif tokens.colour is not None:
        changes = figures.shades(tokens.colour[shown.drawn])
    else:
        changes = figures.shades(shown.place * 0 + 0.5)
    if names:
        alt = WORDS("attend.cloud.classes", n=tokens.n, classes=len(names), names=", ".join(names))
    else:
        alt = WORDS("attend.cloud.plain", n=tokens.n)
    drawing = coloured(*place, names, mode())
    figure(drawing, key="cloud itself", group=GROUP, points=shown.drawn, paint=Paint(changes), alt=alt)


def _sliced(run: Attended, shown: Scene, place: Place) -> None:
    if run.colours is not None:
        whole, drawn = run.heads == HEADS, "drawn" if len(shown.drawn) < shown.tokens.n else "all"
        alt = WORDS("attend.sliced.whole") if whole else WORDS("attend.sliced.part", done=run.heads, heads=HEADS)
        figure(
            coloured(*place, (), mode()), key="cloud output", group=GROUP, points=shown.drawn,
            paint=Paint(figures.shades(run.colours)), alt=alt,
        )  # fmt: skip
        took = "peak" if run.peak else "time"
        time, peak = numbers.duration(run.seconds), numbers.size(run.peak)
        said = [WORDS(f"attend.sliced.took.{took}", time=time, peak=peak)]
        said += [] if whole else [WORDS("attend.sliced.stopped", done=run.heads, heads=HEADS)]
        colours = WORDS(f"attend.sliced.colours.{drawn}", on=run.on)
        st.markdown(f"{' '.join(said)}  \n:gray[{colours}]")
    _offer(run, shown)


def _offer(run: Attended, shown: Scene) -> None:
    """The button, or why there is none."""

    def needs(n: int) -> int:
        beside = 0 if shown.x.is_cuda else jobs.PROCESS_BYTES
        return beside + bytes_needed(n, shown.tokens.x.shape[1], HEADS, HEAD_DIM)

    left = torch.cuda.mem_get_info(shown.x.device)[0] if shown.x.is_cuda else host.available()
    if needs(shown.tokens.n) > left:
        n, width = shown.tokens.x.shape
        where = "accelerator" if shown.x.is_cuda else "host"
        needed, free = numbers.size(needs(n)), numbers.size(left)
        st.markdown(WORDS(f"attend.memory.{where}", n=n, numbers=width, needed=needed, left=free))
        smaller = [n for n in offered() if n < shown.tokens.n and needs(n) <= left]
        if smaller:
            st.button(WORDS("attend.fewer", n=smaller[-1]), key="fewer", on_click=_take, args=(smaller[-1],))
    elif not run.running:
        label = "again" if run.heads == HEADS else "on" if run.heads else "begin"
        st.button(WORDS(f"attend.button.{label}"), key="attend", on_click=_start, args=(True,))


def _take(n: int) -> None:
    st.session_state[url.key("n")] = n


def _softmax(run: Attended, n: int) -> None:
    if run.estimate is None:
        st.caption(WORDS("attend.softmax.later"))
        return
    measured = run.rows == n
    how, seconds = ("measured", run.taken) if measured else ("estimated", run.estimate.seconds)
    fused = WORDS(f"attend.softmax.fused.{how}", time=numbers.duration(seconds))
    written = WORDS("attend.softmax.written", size=numbers.size(4 * n * n))
    ways = WORDS(f"attend.softmax.ways.{how}", least=run.estimate.sizes[0], most=run.estimate.sizes[-1])
    every = WORDS("attend.softmax.all", heads=HEADS, size=numbers.size(run.estimate.bytes))
    st.markdown(f"{fused}  \n{written}  \n:gray[{ways} {every}]")
    if run.rows and not measured:
        st.caption(WORDS("attend.softmax.stopped", done=run.rows, n=n, time=numbers.duration(run.taken)))


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
    """The plan of the job, with the rest of the work."""
    return {
        "job": "measure.attend",
        "device": device,
        "threads": host.cores(),  # the only heavy job takes them all
        "heads": HEADS,
        "head_dim": HEAD_DIM,
        "method": sliced().name,
        "projection": kind(run.place.projection, sliced()),
        "beside": by_dots().name,
        "seed": run.place.setting.seed,
        "patience_seconds": PATIENCE_SECONDS,
        "heads_done": run.heads,
        "rows": run.rows,
        "estimate_seconds": run.estimate.seconds if run.estimate else None,
    }


def code() -> str:
    """The source of attention from all tokens to all."""
    return source.text(everything)
