"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

import streamlit as st

from srviz.ui.chapters.photographs import WORDS
from srviz.ui.chapters.photographs.photographs import photographs
from srviz.ui.chapters.photographs.take import PATCHES
from srviz.ui.kit import row
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    away(PATCHES, photographs())
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    ran(row.code)
    known(*WORDS.texts("known"))
