"""The n² route and the sorted route, side by side, to the same answer."""

import streamlit as st

from srviz.ui import shell
from srviz.ui.question import question
from srviz.ui.real import real_thing
from srviz.ui.routes import two_routes

with shell.page("pages/1_Two_routes.py"):
    st.title("Two routes, one answer", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Compare every :orange[**query**] with every :blue[**key**], or sort the keys once and look each query up. "
            "Both arrive at the same :green[**outputs**]. Press play."
        )
    state = two_routes()
    with st.container(key="notice"):
        left, middle, right = st.columns(3, gap="large")
        left.subheader("Nothing is left out", anchor=False)
        left.markdown(
            "The sorted route is no shortcut around some pairs: every pair is in its sums. "
            "The two answers differ by rounding alone."
        )
        middle.subheader("Two running sums are enough", anchor=False)
        middle.markdown(
            "Between two keys the sum over all keys is a straight line in the query's score: its height is R at the "
            "key below, its slope is S."
        )
        right.subheader("Small n: the matrix wins", anchor=False)
        right.markdown(
            "At n = 4 sorting takes more steps than the sixteen cells, at n = 8 about as many. From 16 on it takes "
            "fewer, and the gap only grows."
        )
    question(
        "doubling",
        "Twice as many tokens. How many times the steps?",
        ["Both routes: twice", "n²: four times, sorted: a little over twice", "n²: four times, sorted: four times"],
        1,
        "n² cells become 4n². Sorting goes from n log₂ n to 2n (log₂ n + 1): from n = 1,024 on that is 2.2 times.",
    )
    st.subheader("On everything at once", anchor=False)
    real_thing(state)
