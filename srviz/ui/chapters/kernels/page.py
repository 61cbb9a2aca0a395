"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

import streamlit as st

from srviz.ui.chapters.kernels.kernels import code, kernel_map, why_centre
from srviz.ui.chapters.kernels.many import on_many
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Any curve of straight pieces", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "How much a :orange[**query**] attends to a :blue[**key**] is a curve f of one number, their difference "
            "r = s − t. Pick a curve, or draw one; then sort the map."
        )
    state = kernel_map()
    notice(
        (
            "Sorted, ReLU is a staircase",
            "Sorted by score, r falls along every row. So ReLU weights fall with the key's rank until they are zero: "
            "there is the step. Down a column they need not grow, for each row has a divisor of its own. The bump is "
            "a band.",
        ),
        (
            "Rows need not sum to one",
            "A softmax row sums to 1. A ReLU row over Σ|s − t| sums to something between 0 and 1: raw ReLU rows are no "
            "probabilities either. Centre the values, and the rows of every curve sum to 0: weights of both signs.",
        ),
        (
            "Straight pieces are enough",
            "Whatever you draw is a few nodes and two end slopes, and each piece is summed over the sorted keys. "
            "The Gauss curve has no straight piece: here it takes all n² pairs.",
        ),
    )
    many = st.container()
    question(
        "All raw scores become ten times larger. What do ReLU weights under Σ|s − t| do?",
        [
            "They become ten times larger",
            "They gather on fewer keys, as softmax weights do at a low temperature",
            "Nothing",
        ],
        2,
        "Above and below the fraction line everything grows tenfold. Try it: open Scores under the map, switch the "
        "standardization off and scale them; then divide by n instead.",
    )
    why_centre(state)
    ran(code)
    with many:  # measured last: the rest of the page need not wait
        on_many(state)
