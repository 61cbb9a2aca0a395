"""The reasons for the formula: what would go wrong without each of its parts."""

from collections.abc import Callable

import streamlit as st

from srviz.ui.chapters.why import WORDS, take, why
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead
from srviz.ui.kit.glossary import mark
from srviz.ui.kit.question import question
from srviz.ui.kit.take import Figure, away


def page() -> None:
    """The page, one reason below the other, each with its figure."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = why.settle()
    _stop("pair", lambda: _live("pair", state))
    _stop("divisor", lambda: _live("divisor", state))
    _stop("alike", lambda: _live("alike", state))
    _stop("scales", lambda: _with_menu(why.scales, take.SCALES, state))
    _stop("shifts", lambda: _with_menu(why.shifts, take.SHIFTS, state))
    _stop("centred", lambda: _live("centred", state))
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    known(*WORDS.texts("known"))


def _live(kind: str, state: url.State) -> None:
    """A figure that is dragged in the browser, and its menu."""
    _with_menu(lambda state: why.live(kind, state), take.OF[kind], state)


def _with_menu(show: Callable[[url.State], object], figure: Figure, state: url.State) -> None:
    show(state)
    away(figure, state)


def _stop(name: str, show: Callable[[], object]) -> None:
    """One reason: the question and its answer, and beside it the figure, which has a name among the keys."""
    words, figure = st.columns([1, 1.25], gap="large")
    with words:
        st.subheader(WORDS(f"reasons.{name}.title"), anchor=False)
        st.markdown(mark(WORDS(f"reasons.{name}.says")))
    with figure, st.container(key=f"reason {name}"):
        show()
