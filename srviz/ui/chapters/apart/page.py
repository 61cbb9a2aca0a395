"""One token in two crowds has to go to two places: what attention by one number a token can tell apart."""

import streamlit as st

from srviz.ui.chapters.apart import WORDS
from srviz.ui.chapters.apart.apart import apart_page, code
from srviz.ui.chapters.apart.recorded import claim, recorded
from srviz.ui.chapters.apart.run import current
from srviz.ui.chapters.apart.take import CROWDS
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away
from srviz.ui.kit.training import go


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    place = apart_page(lambda: away(CROWDS, url.current()))
    notice(*WORDS.pairs("cards", claim=claim()))
    recorded()
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    known(*WORDS.texts("known"))
    ran(code)
    go(current(), place)  # last: the rest of the page need not wait
