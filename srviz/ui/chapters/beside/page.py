"""The same tokens through every method, side by side and linked."""

import streamlit as st

from srviz.attention import METHODS
from srviz.ui.chapters.beside import WORDS
from srviz.ui.chapters.beside.beside import beside_softmax, code, spreads
from srviz.ui.chapters.beside.fits import pattern_fit
from srviz.ui.chapters.beside.take import FITS, MAPS, SPREAD
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead", methods=", ".join(method.label for method in METHODS.values() if not method.projection)))
    state = beside_softmax()
    away(MAPS, state)
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.asks"), list(WORDS.texts("question.options")), 0, WORDS("question.why"))
    deeper(WORDS("spread.title"), lambda: spreads(state, lambda: away(SPREAD, state)))
    fits = st.container()
    ran(code)
    known(*WORDS.texts("known"))
    with fits:  # last: the rest of the page need not wait
        st.subheader(WORDS("fits.title"), anchor=False)
        st.markdown(WORDS("fits.lead"))
        pattern_fit(state, lambda: away(FITS, state))
