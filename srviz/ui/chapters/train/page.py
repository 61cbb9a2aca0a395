"""Two models learn the same task before the visitor's eyes; they differ in what mixes the tokens."""

import streamlit as st

from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.lengths import go_on_testing
from srviz.ui.chapters.train.run import current
from srviz.ui.chapters.train.take import TRAINING
from srviz.ui.chapters.train.train import code, train_page
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away
from srviz.ui.kit.training import go


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    place, testing = train_page(lambda: away(TRAINING, url.current()))
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.asks"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    ran(code)
    known(*WORDS.texts("known"))
    go(current(), place)  # last: the rest of the page need not wait
    go_on_testing(testing)
