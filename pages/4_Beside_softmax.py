"""The same tokens through every method, side by side and linked."""

import streamlit as st

from srviz.ui import shell
from srviz.ui.beside import beside_softmax, code, pattern_fit, spreads
from srviz.ui.question import question

with shell.page("pages/4_Beside_softmax.py"):
    st.title("The same tokens, four ways to attend", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Same :orange[**queries**], same :blue[**keys**]. Softmax gathers around what is similar; sliced ReLU "
            "draws a staircase. Point at a cell; a click holds it, Esc lets go."
        )
    state = beside_softmax()
    with st.container(key="notice"):
        left, middle, right = st.columns(3, gap="large")
        left.subheader("Rows of one, rows of zero", anchor=False)
        left.markdown(
            "Softmax rows are probabilities. Effective ReLU weights are signed: centring the values makes every row "
            "sum to zero, and they are no probabilities."
        )
        middle.subheader("Zeros by construction", anchor=False)
        middle.markdown(
            "A key above the query has weight zero exactly, not a small one. Softmax has no exact zero short of "
            "underflow."
        )
        right.subheader("Sorted, a staircase", anchor=False)
        right.markdown(
            "In input order sliced ReLU looks like noise. Sort queries and keys by score, and nothing stands above "
            "the steps."
        )
    question(
        "Every token is to look at the one just before it, and at no other. Which of these can one head do it with?",
        ["Softmax", "Sliced ReLU", "Either"],
        0,
        "Of the keys below a query the farthest weighs most, so one ReLU slice cannot single out a neighbour. "
        "A needle far from all others it finds easily. Choose Shift by one, or Needle in noise, and run the fit below.",
    )
    st.subheader("Who can draw the pattern?", anchor=False)
    pattern_fit(state)
    st.subheader("How the weights are spread", anchor=False)
    spreads(state)
    with st.expander("The code that ran"):
        st.code(code(), language=None, wrap_lines=True)
