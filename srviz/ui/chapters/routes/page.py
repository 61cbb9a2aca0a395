"""The n² route and the sorted route, side by side, to the same answer."""

import streamlit as st

from srviz.ui.chapters.routes.real import real_thing
from srviz.ui.chapters.routes.routes import two_routes
from srviz.ui.chapters.routes.take import ROUTES
from srviz.ui.kit.cards import known, lead, notice
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Two routes, one answer", anchor=False)
    lead(
        "One route compares every :orange[**query**] with every :blue[**key**]. The other sorts the keys once, and "
        "then looks each query up. Both arrive at the same :green[**outputs**]. Press Play."
    )
    state = two_routes()
    away(ROUTES, state)
    everything = st.container()
    notice(
        (
            "Nothing is left out",
            "Every pair is in the sums of the sorted route. The two answers differ only by rounding.",
        ),
        (
            "Two running sums are enough",
            "S adds up the values of the sorted keys. R adds up S times the gap to the next key. Between two keys "
            "the sum over all keys is a straight line: R is its height at the key below the query, and S is its "
            "slope. The divisor N = Σ|s − t| comes from the same two sums, with the number 1 in place of every value.",
        ),
        (
            "For few tokens the matrix has less to do",
            "Count each cell, each comparison and each sum as one step. With 8 tokens or fewer, sorting takes more "
            "steps. From 16 tokens on it takes fewer, and the gap keeps growing.",
        ),
    )
    question(
        "You double the number of tokens. How much more work has the matrix, and how much more has the sort?",
        ["Both have twice as much", "The matrix has four times as much, the sort a little over twice as much",
         "Both have four times as much"],
        1,
        "n² cells become 4n² cells. The work of sorting goes from n log₂ n to 2n (log₂ n + 1). At n = 1,024 that is "
        "2.2 times as much, and the factor comes closer to 2 as n grows.",
    )  # fmt: skip
    known(
        "Comparing all pairs and sorting give the same outputs, up to rounding.",
        "A sort and two running sums hold everything that a query needs.",
        "The matrix has n² cells. The sorted route has about n log n steps.",
    )
    with everything:  # last: the rest of the page need not wait
        real_thing(state)
