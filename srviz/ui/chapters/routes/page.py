"""The n² route and the sorted route, side by side, to the same answer."""

import streamlit as st

from srviz.ui.chapters.routes.real import real_thing
from srviz.ui.chapters.routes.routes import two_routes
from srviz.ui.kit.cards import notice
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Two routes, one answer", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Compare every :orange[**query**] with every :blue[**key**], or sort the keys once and look each query up. "
            "Both arrive at the same :green[**outputs**]. Press play."
        )
    state = two_routes()
    notice(
        (
            "Nothing is left out",
            "The sorted route is no shortcut around some pairs: every pair is in its sums. "
            "The two answers differ by rounding alone.",
        ),
        (
            "Two running sums are enough",
            "Between two keys the sum over all keys is a straight line in the query's score: its height is R at the "
            "key below, its slope is S.",
        ),
        (
            "Small n: the matrix wins",
            "Count a cell, a comparison and a sum each as one step: at n = 4 and n = 8 sorting takes more of them, "
            "from 16 on fewer, and the gap only grows.",
        ),
    )
    question(
        "Twice as many tokens: how much more has the matrix to do, how much more the sort?",
        ["Both twice as much", "The matrix four times, the sort a little over twice", "Both four times as much"],
        1,
        "n² cells become 4n². Sorting goes from n log₂ n to 2n (log₂ n + 1): 2.2 times at n = 1,024, less beyond.",
    )
    st.subheader("On everything at once", anchor=False)
    real_thing(state)
