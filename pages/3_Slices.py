"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

import streamlit as st

from srviz.ui import shell
from srviz.ui.question import question
from srviz.ui.slices import many, slices, source

with shell.page("pages/3_Slices.py"):
    st.title("Slices", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "A slice turns each token into one number: its shadow on a line. All that a :orange[**query**] knows of "
            "the :blue[**keys**] is where their shadows fall. Turn the line."
        )
    state = slices()
    with st.container(key="notice"):
        left, middle, right = st.columns(3, gap="large")
        left.subheader("Shadows meet, tokens do not", anchor=False)
        left.markdown(
            "The ringed two are far apart, yet neighbours on the line: whatever the query, it treats them nearly "
            "alike. Turn the line, and another pair takes their place."
        )
        middle.subheader("Ranks change by crossings", anchor=False)
        middle.markdown(
            "Two ribbons cross where two shadows meet, that is where the line is at right angles to the pair. In the "
            "plane each pair meets once in half a turn."
        )
        right.subheader("A second slice helps", anchor=False)
        right.markdown(
            "Two tokens in the plane share their shadow along one direction only. So no pair is lost on two heads that "
            "look along different ones. Try the linear Π."
        )
    question(
        "Half a turn of the line. What becomes of the token that attended to all others?",
        ["Nothing changes: it is the same line", "It attends to none", "It attends to all, the nearest most"],
        1,
        "Every score changes its sign, so the order is upside down: the highest becomes the lowest, and no key lies "
        "below it. |s − t| would not notice; relu(s − t) does.",
    )
    st.subheader("What many slices give", anchor=False)
    st.markdown(
        "One shadow shortens each distance in its own way. The mean over random directions shortens all alike: "
        "it tends to c · |x − y|. Sliced attention uses one slice a head, and takes no such mean."
    )
    many(state)
    with st.expander("The code that ran"):
        st.code(source(), language=None, wrap_lines=True)
