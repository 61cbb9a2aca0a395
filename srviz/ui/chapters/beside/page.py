"""The same tokens through every method, side by side and linked."""

import streamlit as st

from srviz.ui.chapters.beside.beside import beside_softmax, code, spreads
from srviz.ui.chapters.beside.fits import pattern_fit
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("The same tokens, method by method", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Same :orange[**queries**], same :blue[**keys**]. Softmax gathers around what is similar; sliced ReLU "
            "draws a staircase. Point at a cell; a click or tap holds it, Esc or a second one lets go."
        )
    state = beside_softmax()
    notice(
        (
            "Rows of one, rows of zero",
            "Softmax rows sum to 1: they are probabilities. Raw rows of ReLU sum to something between 0 and 1, so they "
            "are none. Centring the values makes every row sum to 0, with weights of both signs.",
        ),
        (
            "Zeros by construction",
            "A key whose score lies above the query's has a raw ReLU weight of exactly zero. A softmax weight is never "
            "zero; in float32 it is rounded to zero below 10⁻⁴⁵.",
        ),
        (
            "Sorted, a staircase",
            "In input order sliced ReLU looks like noise. Sort queries and keys by score, and nothing stands above "
            "the steps.",
        ),
    )
    question(
        "Every token is to look at the one just before it, and at no other. Which of these can one head do it with?",
        ["Softmax", "Sliced ReLU", "Either"],
        0,
        "Of the keys below a query the farthest weighs most, so one ReLU slice cannot single out a neighbour. "
        "A needle far from all others it finds easily. Fit all patterns below, and see.",
    )
    st.subheader("How the weights are spread", anchor=False)
    spreads(state)
    fits = st.container()
    ran(code)
    with fits:  # last: the rest of the page need not wait
        st.subheader("Who can draw the pattern?", anchor=False)
        st.markdown(
            "An untrained head draws nothing in particular. Here its maps of queries and keys, and its slice where it "
            "has one, are fitted until its weights come as near to a known pattern as they can."
        )
        pattern_fit(state)
