"""Functions of a token and its crowd: what models learn of them, and what one head tells of a crowd, exactly."""

import streamlit as st

from srviz.ui.chapters.crowd import WORDS, crowd, excess, rebuilt, recorded, take
from srviz.ui.chapters.crowd.run import current
from srviz.ui.kit import url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away
from srviz.ui.kit.training import go


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = url.settle(*crowd.PARAMETERS, *excess.PARAMETERS, *rebuilt.PARAMETERS)
    place = crowd.crowd_page(state, lambda: away(take.FUNCTION, state))
    with st.expander(WORDS("recorded.title"), key="crowd table", on_change="rerun") as box:
        if box.open:
            recorded.table()
    st.subheader(WORDS("excess.title"), anchor=False)
    st.markdown(WORDS("excess.text"))
    excess.excess(state)
    away(take.EXCESS, state)
    with st.expander(WORDS("rebuilt.title"), key="from slices", on_change="rerun") as box:
        if box.open:
            st.markdown(WORDS("rebuilt.text"))
            rebuilt.from_slices(state)
            away(take.REBUILT, state)
    notice(*WORDS.pairs("cards"))
    question(WORDS("question.text"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    deeper(WORDS("capacity.title"), recorded.capacity)
    known(*WORDS.texts("known"))
    ran(lambda: "\n\n".join(part.code() for part in (crowd, excess, rebuilt)))
    go(current(), place)  # last: the rest of the page need not wait
