"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

import streamlit as st

from srviz.ui.chapters.photographs.photographs import photographs
from srviz.ui.kit import row
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Photographs", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Cut a picture into patches: each is a token. Point at one, and it is the :orange[**query**]; the two maps "
            "show what it gives to every other patch, its :blue[**keys**]."
        )
    photographs()
    with st.container(key="notice"):
        left, middle, right = st.columns(3, gap="large")
        left.subheader("One number a patch", anchor=False)
        left.markdown(
            "Sliced ReLU sees of a patch only its score. Point at the strip: all patches that light up together have "
            "the same score, and every query treats them alike."
        )
        middle.subheader("One order, many thresholds", anchor=False)
        middle.markdown(
            "Move over the picture: softmax draws another map for each patch, sliced ReLU the same ramp, cut off "
            "at another score. Another head has another order."
        )
        right.subheader("Finer costs more", anchor=False)
        right.markdown(
            "Half the side, four times the patches, sixteen times the pairs. Sorting does not need the pairs: one row "
            "and one order are all that is here."
        )
    question(
        "Two patches of the sky have the same colour, one at the left, one at the right. Does sliced ReLU weigh "
        "them alike?",
        [
            "Yes: the colour decides",
            "Only if their scores agree: row and column count too",
            "Never: they are different tokens",
        ],
        1,
        "A score is made from the whole token, here colour, row and column. Where the scores agree, so do the weights, "
        "whatever the patches look like.",
    )
    with st.expander("The code that ran"):
        st.code(row.source(), language=None, wrap_lines=True)
