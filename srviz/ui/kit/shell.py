"""What every page has around it: the sidebar, the state in the URL, previous and next."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import streamlit as st
import torch

from srviz import device as devices
from srviz import host, places
from srviz.attention.engines import computed_by
from srviz.ui.kit import WORDS, glossary, lesson, lost, metrics, present, puzzle, room, url, wire
from srviz.ui.kit.course import Course, neighbours

PAPER = "https://arxiv.org/abs/2512.11411"


@contextlib.contextmanager
def page(
    name: str, course: Course, puzzles: Sequence[puzzle.Puzzle] = (), steps: Sequence[present.Step] = ()
) -> Iterator[None]:
    """Set up the page of the chapter of this name, let its body run, and close with previous and next.

    puzzles, steps: of the chapter; what the link asks for of them is shown above the body.
    """
    began = time.perf_counter()
    chapter = next((chapter for chapter in course if chapter.name == name), None)
    if chapter is None:
        raise LookupError(f"no chapter named {name!r}: a server finds new chapters when it starts")
    mark = str(places.HOME / "assets" / "mark.svg")
    st.set_page_config(f"{chapter.title} · srviz", mark, layout="wide")
    torch.set_num_threads(1)  # one thread a session: a class of thirty shares the machine
    st.html(Path(__file__).with_name("shell.css"))
    wire.guard()
    url.enter(chapter.script)
    why = room.begin(name)
    screen = present.begin(chapter, steps)
    _sidebar(course, steps)
    lost.tell(chapter.kept)
    glossary.begin()
    above = st.container(key="above")  # one place, so that the body keeps its own whatever comes and goes here
    body = st.container(key="body")
    with above:
        if screen:
            present.show(screen, *neighbours(course, name))
        lesson.begin()
        panel = st.container(key="room")
        asked = puzzle.begin(puzzles)
    _onward(course, name)
    try:
        with body:
            yield
        puzzle.finish(asked)
        room.finish(panel, why, course)
        present.finish(screen)
        lesson.finish()
    finally:
        url.leave()
    metrics.ANSWERS.count(name, time.perf_counter() - began)
    computed_by("sliced_relu", torch.float32, torch.device("cpu"))  # compiled before somebody waits for it


def device() -> torch.device:
    """The device this visitor computes on; the best one present unless switched in the sidebar."""
    chosen = st.session_state.get("_device")
    present = devices.present()
    return next((d for d in present if str(d) == chosen), present[0])


def _switch_device() -> None:
    st.session_state["_device"] = st.session_state["device"]  # a widget's own state ends with the page


def _sidebar(course: Course, steps: Sequence[present.Step]) -> None:
    with st.sidebar:
        st.logo(
            str(places.HOME / "assets" / "logo.svg"), icon_image=str(places.HOME / "assets" / "mark.svg"), size="large"
        )
        part = ""
        for number, chapter in enumerate(course):
            if chapter.part != part:
                part = chapter.part
                st.caption(part)
            st.page_link(chapter.script, label=f"{number} {chapter.title}")
        with st.container(key="colophon"):
            present.switch(steps)
            room.door()
            there = devices.present()
            if len(there) > 1:
                st.selectbox(
                    WORDS("sidebar.device"),
                    [str(d) for d in there],
                    index=there.index(device()),
                    format_func=lambda name: devices.describe(torch.device(name)),
                    key="device",
                    on_change=_switch_device,
                )
            says = [WORDS("sidebar.computed", device=devices.describe(device()), versions=_versions())]
            says += [WORDS("sidebar.processes", threads=host.cores())] if host.cores() > 1 else []
            st.caption("  \n".join(says))
            st.caption(f"Boufadène & Vialard, [arXiv 2512.11411]({PAPER})")


def _onward(course: Course, name: str) -> None:
    before, after = neighbours(course, name)
    with st.container(horizontal=True, horizontal_alignment="distribute", key="onward"):
        if before:
            st.page_link(before.script, label=f"← {before.title}")
        if after:
            st.page_link(after.script, label=f"{after.title} →")
    with st.container(key="footnote"):  # on a phone the sidebar is closed
        st.caption(WORDS("sidebar.footnote", device=devices.describe(device()), versions=_versions()))


@cache
def _versions() -> str:
    return f"torch {torch.__version__.split('+')[0]} · streamlit {version('streamlit')}"
