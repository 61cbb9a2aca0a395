"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

import streamlit as st

from srviz.inputs.shapes import SPACE
from srviz.ui.chapters.slices import WORDS
from srviz.ui.chapters.slices.slices import code, many, slices
from srviz.ui.chapters.slices.take import MANY, SLICE
from srviz.ui.kit import url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    above = st.container()
    state = slices()
    away(SLICE, state)
    by = "hand" if state["by"] == "hand" else "heads"
    kind = "mlp" if state["by"] == "trained" else state["by"]
    where = "space" if state["input"] in SPACE else "plane"
    with above:
        lead(WORDS(f"lead.{by}"))
    notice(
        (WORDS("cards.same.title"), WORDS(f"cards.same.{by}")),
        (WORDS("cards.order.title"), WORDS(f"cards.order.{where if by == 'hand' else by}")),
        (WORDS("cards.second.title"), WORDS(f"cards.second.{kind}.{where}")),
    )
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    deeper(WORDS("many.title"), lambda: _many(state))
    ran(code)
    known(*WORDS.texts("known"))


def _many(state: url.State) -> None:
    st.markdown(WORDS("many.about"))
    many(state)
    away(MANY, state)
