"""A bet on how time grows with n, and the race that settles it."""

import streamlit as st

from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.race import code, go, race_page
from srviz.ui.chapters.race.take import RACE
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    place = race_page(lambda: away(RACE, url.current()))
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.text"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    ran(code)
    known(*WORDS.texts("known"))
    go(place)  # last: the rest of the page need not wait
