"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

import streamlit as st

from srviz.ui.chapters.photographs.photographs import photographs
from srviz.ui.chapters.photographs.take import PATCHES
from srviz.ui.kit import row
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Photographs", anchor=False)
    lead(
        "The picture is cut into patches, and each patch is a token. Choose a patch, and it is the "
        ":orange[**query**]. The two maps show how much weight it gives to every patch, as a :blue[**key**]."
    )
    away(PATCHES, photographs())
    notice(
        (
            "One number for each patch",
            "Sliced ReLU sees only the score of a patch. Choose a bar of the strip: all patches that light up have "
            "the same score, and every query gives them the same weight.",
        ),
        (
            "One order, and a threshold for each query",
            "Move over the picture. Softmax draws a new map for each patch. Sliced ReLU keeps the order of the "
            "patches, and only the threshold moves. Another head has another order.",
        ),
        (
            "Smaller patches cost more",
            "Patches of half the side are four times as many, and make sixteen times as many pairs. Sorting needs no "
            "list of pairs.",
        ),
    )
    question(
        "Two patches of the sky have the same colour. One lies on the left and one on the right. Does sliced ReLU give "
        "them the same weight?",
        [
            "Yes, because only the colour counts",
            "Only if their scores agree, and these depend on row and column too",
            "Never, because they are different tokens",
        ],
        1,
        "A score is computed from the whole token: here colour, row and column. Two patches with the same score get "
        "the same weight, whatever they look like.",
    )
    ran(row.source)
    known(
        "A picture becomes tokens when it is cut into patches.",
        "Softmax compares patches pair by pair. Sliced ReLU puts them in one order for all queries.",
        "Patches with the same score always get the same weight.",
    )
