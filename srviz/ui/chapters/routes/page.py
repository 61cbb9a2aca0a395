"""The n² route and the sorted route, side by side, to the same answer."""

import streamlit as st

from srviz.ui.chapters.routes import WORDS
from srviz.ui.chapters.routes.real import real_thing
from srviz.ui.chapters.routes.routes import two_routes
from srviz.ui.chapters.routes.take import REAL, ROUTES
from srviz.ui.kit.cards import known, lead, notice
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = two_routes()
    away(ROUTES, state)
    everything = st.container()
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    known(*WORDS.texts("known"))
    with everything:  # last: the rest of the page need not wait
        real_thing(state, lambda: away(REAL, state))
