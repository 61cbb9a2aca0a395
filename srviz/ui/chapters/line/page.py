"""The front door: attention on a line."""

import streamlit as st

from srviz.ui.chapters import COURSE
from srviz.ui.chapters.line import WORDS
from srviz.ui.chapters.line.line import problem, scalar_line
from srviz.ui.chapters.line.take import LINE
from srviz.ui.kit.cards import known, lead, notice
from srviz.ui.kit.glossary import mark
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from the problem to the way on."""
    words, miniature = st.columns([1.75, 1], gap="large", vertical_alignment="bottom")
    with words:
        st.title(WORDS("title"), anchor=False)
        lead(WORDS("lead"))
    with miniature:
        problem()
    play = st.container(key="play")
    state = scalar_line()
    away(LINE, state)
    kernel = state["kernel"]
    play.markdown(mark(WORDS("drag") + WORDS(f"who.{kernel}")))
    notice(*WORDS.pairs(f"cards.{kernel}"))
    with st.container(key="about"):
        left, middle, right = st.columns(3, gap="large")
        left.markdown(WORDS("about.scores"))
        middle.markdown(WORDS("about.cost"))
        right.markdown(WORDS("about.on", pages=len(COURSE) - 1))
    known(*WORDS.texts(f"known.{kernel}"), WORDS("known.last"))
