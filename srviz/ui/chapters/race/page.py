"""A bet on how time grows with n, and the race that settles it."""

import streamlit as st

from srviz.ui.chapters.race.race import code, race_page
from srviz.ui.chapters.race.run import go
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("The race", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Softmax compares all pairs, sliced ReLU sorts. How does the time of a call grow with n? Drag the dashed "
            "lines to where you think it will be. Then run the race."
        )
    place = race_page()
    notice(
        (
            "The slope is the law",
            "On log–log axes n² is a straight line of slope 2, and n log n one of slope a little over 1. A faster "
            "machine moves a line down; it does not turn it.",
        ),
        (
            "Small n: softmax wins",
            "A sort and running sums are many small steps, a small matrix is one. Below some n that is faster. The "
            "race says where, for this machine.",
        ),
        (
            "Fused saves memory, not time",
            "Written out, softmax holds all n² weights. Fused, it holds a few of them at a time, but "
            "computes them all: the slope stays 2.",
        ),
    )
    question(
        "Softmax takes 1 s at n = 16,384. How long at n = 1,048,576, on the same machine?",
        ["About a minute", "A little over an hour", "Two days"],
        1,
        "64 times the tokens are 64² = 4,096 times the pairs: 68 minutes. A method in n log n takes 64 · 20/14 = 91 "
        "times as long as before.",
    )
    ran(code)
    go(place)  # last: the rest of the page need not wait
