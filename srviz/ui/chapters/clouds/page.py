"""One query among up to a million points in space: which keys count, and by how much."""

import streamlit as st

from srviz.ui.chapters.clouds.attend import attend_to_everything
from srviz.ui.chapters.clouds.clouds import clouds, code
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Point clouds", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Every point is a token. Click one: it becomes the :orange[**query**], and each point takes the colour of "
            "its weight as a :blue[**key**]. Drag to turn the clouds."
        )
    place = clouds()
    notice(
        (
            "One direction, or one a query",
            "Softmax weighs a key by exp of a linear function of its place, and the direction turns with the query. In "
            "a sliced head the level sets stay; a query only chooses one of them.",
        ),
        (
            "The far side counts most",
            "Sliced ReLU weighs keys below the surface, the farther the more; all above it count alike, a little below "
            "zero. The bump weighs what is near the surface, on both sides.",
        ),
        (
            "Near in score, not in space",
            "The bump brings locality back along the slice only: both ends of the cloud may lie on one level. "
            "With so small a bandwidth as you like, they count alike.",
        ),
    )
    question(
        "Two queries at opposite ends of the cloud happen to have the same score. Which heads treat them differently?",
        ["All three", "Softmax alone", "Softmax and the bump"],
        1,
        "All that a sliced head knows of a query is its score, so both get the same row of weights. Softmax compares "
        "whole vectors.",
    )
    st.subheader("Attend to everything", anchor=False)
    attend_to_everything(place)
    ran(code)
