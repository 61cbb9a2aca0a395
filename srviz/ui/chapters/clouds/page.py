"""One query among up to a million points in space: which keys count, and by how much."""

import streamlit as st

from srviz.ui.chapters.clouds import WORDS
from srviz.ui.chapters.clouds.attend import attend_to_everything
from srviz.ui.chapters.clouds.clouds import clouds, code
from srviz.ui.chapters.clouds.take import CLOUD, SCORES
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    place = clouds(lambda: away(CLOUD, url.current()))
    away(SCORES, url.current())
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.asks"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    st.subheader(WORDS("attend.title"), anchor=False)
    attend_to_everything(place)
    ran(code)
    known(*WORDS.texts("known"))
