"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

import streamlit as st

from srviz.ui.chapters.kernels import WORDS
from srviz.ui.chapters.kernels.kernels import code, kernel_map, why_centre
from srviz.ui.chapters.kernels.many import on_many
from srviz.ui.chapters.kernels.take import KERNEL, SPECTRUM
from srviz.ui.kit import present, url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = kernel_map()
    away(KERNEL, state)
    notice(*WORDS.pairs("cards"))
    many = st.container()
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 2, WORDS("question.why"))
    deeper(WORDS("centring.cover"), lambda: _centre(state))
    ran(code)
    known(*WORDS.texts("known"))
    if not present.on():
        with many:  # measured last: the rest of the page need not wait
            on_many(state)


def _centre(state: url.State) -> None:
    why_centre(state)
    away(SPECTRUM, state)
