"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

import streamlit as st

from srviz.ui.chapters.photographs.photographs import photographs
from srviz.ui.kit import row
from srviz.ui.kit.cards import notice, ran
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
    notice(
        (
            "One number a patch",
            "Sliced ReLU sees of a patch only its score. Point at the strip: all patches that light up together have "
            "the same score, and every query treats them alike.",
        ),
        (
            "One order, many thresholds",
            "Move over the picture: softmax draws another map for each patch, sliced ReLU the same ramp, cut off "
            "at another score. Another head has another order.",
        ),
        (
            "Finer costs more",
            "Half the side, four times the patches, sixteen times the pairs. Sorting does not need the pairs: one row "
            "and one order are all that is here.",
        ),
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
    ran(row.source)
