"""The same tokens through every method, side by side and linked."""

import streamlit as st

from srviz.ui.chapters.beside.beside import beside_softmax, code, spreads
from srviz.ui.chapters.beside.fits import pattern_fit
from srviz.ui.chapters.beside.take import FITS, MAPS
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Beside softmax", anchor=False)
    lead(
        "Every map shows the same :orange[**queries**] and the same :blue[**keys**]. Softmax compares "
        "whole vectors. Sliced ReLU draws a staircase. Choose a cell to see how its weight is computed."
    )
    state = beside_softmax()
    away(MAPS, state)
    notice(
        (
            "What a row sums to",
            "A softmax row sums to 1, so its weights are probabilities. A raw ReLU row sums to a number between 0 and "
            "1, so its weights are not. With centred values every row sums to 0.",
        ),
        (
            "Exact zeros",
            "A key with a higher score than the query has a raw ReLU weight of exactly zero. A softmax weight is never "
            "zero. In float32 it is rounded to zero below 10⁻⁴⁵.",
        ),
        (
            "Sorting shows the staircase",
            "In input order the map of sliced ReLU looks like noise. Sort queries and keys by their scores, and the "
            "weights form steps.",
        ),
    )
    question(
        "Every token should look at the token just before it, and at no other. Which method can do this with one head?",
        ["Softmax", "Sliced ReLU", "Both"],
        0,
        "Sliced ReLU gives the largest weight to the farthest key below the query. So one ReLU head cannot pick out a "
        "neighbour. It easily finds one token that is far from all others. The table below measures it.",
    )
    deeper("how the weights are spread, and their entropy", lambda: spreads(state))
    fits = st.container()
    ran(code)
    known(
        "Softmax compares whole vectors. A sliced head compares one number of each.",
        "Sliced ReLU weights fall in steps once queries and keys are sorted by score.",
        "One ReLU head cannot pick out another key for each query, its neighbour, say. That is a limit, and you can "
        "measure it here.",
    )
    with fits:  # last: the rest of the page need not wait
        st.subheader("Which method can draw the pattern?", anchor=False)
        st.markdown(
            "An untrained head draws nothing in particular. So the maps of queries and keys, and the slice, were "
            "fitted until the weights came as near to a known pattern as they could. The table is recorded. Fit again "
            "here, and compare.\n\n"
            "The needle in noise is easy for one slice, because all queries want the same key there. Sliced ReLU "
            "fails where each query wants another key, as in a shift by one."
        )
        pattern_fit(state, lambda: away(FITS, state))
