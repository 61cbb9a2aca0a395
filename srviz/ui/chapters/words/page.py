"""The visitor's own sentence: every weight drawn on the words."""

import streamlit as st

from srviz.ui.chapters.words import WORDS
from srviz.ui.chapters.words.take import SENTENCE
from srviz.ui.chapters.words.words import own_embeddings, own_sentence
from srviz.ui.kit import row, url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    learned = own_sentence()
    away(SENTENCE, url.current())
    whose = "own" if own_embeddings() else "seeded"
    notice(
        (WORDS("cards.trained.title"), WORDS("cards.trained.text"))
        if learned
        else (WORDS("cards.untrained.title"), WORDS(f"cards.untrained.{whose}")),
        (WORDS("cards.twice.title"), WORDS(f"cards.twice.{whose}")),
        (WORDS("cards.order.title"), WORDS("cards.order.text")),
    )
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 2, WORDS("question.why"))
    ran(row.code)
    known(*WORDS.texts("known"))
