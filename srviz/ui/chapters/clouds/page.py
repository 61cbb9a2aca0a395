"""One query among up to a million points in space: which keys count, and by how much."""

import streamlit as st

from srviz.ui.chapters.clouds.attend import attend_to_everything
from srviz.ui.chapters.clouds.clouds import clouds, code
from srviz.ui.chapters.clouds.take import CLOUD
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Point clouds", anchor=False)
    lead(
        "Every point is a token. Pick one, and it becomes the :orange[**query**]. Each point then shows the weight "
        "that it gets as a :blue[**key**]. Drag to turn the clouds."
    )
    place = clouds(lambda: away(CLOUD, url.current()))
    notice(
        (
            "A sliced head has one direction for all queries",
            "With softmax, every query weighs the space of keys in its own way. In a sliced head each key has one "
            "score, and all queries see the same one. So the level sets, on which the score is equal, are the same "
            "for all queries. The score of a query says from which of them it looks.",
        ),
        (
            "The far side counts most",
            "Sliced ReLU gives weight to the keys below the surface of equal score, and more to those farther away. "
            "All keys above it count alike, a little below zero. The bump gives weight to keys near that surface.",
        ),
        (
            "Near in score is not near in space",
            "The bump gives weight to keys with nearly the same score. But two ends of a cloud may lie on one "
            "level set. Then they count alike, however small the bandwidth is.",
        ),
    )
    question(
        "Two queries lie at opposite ends of the cloud and happen to have the same score. Which heads treat them "
        "differently?",
        ["All three", "Softmax only", "Softmax and the bump"],
        1,
        "A sliced head knows nothing of a query but its score. So both queries get the same weights. Softmax compares "
        "whole vectors.",
    )
    st.subheader("Attend to everything", anchor=False)
    attend_to_everything(place)
    ran(code)
    known(
        "In space, the tokens of equal score form a surface, and a sliced head sees only which side a key lies on and "
        "how far away.",
        "Sliced ReLU looks far, and the bump looks near, both along the slice.",
        "A million tokens can attend to all others by sorting. The softmax matrix would not fit in memory.",
    )
