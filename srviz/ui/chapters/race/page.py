"""A bet on how time grows with n, and the race that settles it."""

import streamlit as st

from srviz.ui.chapters.race.race import code, race_page
from srviz.ui.chapters.race.run import go
from srviz.ui.chapters.race.take import RACE
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Race", anchor=False)
    lead(
        "Softmax compares all pairs, and sliced ReLU sorts. How does the time of one call grow with the number n of "
        "tokens? Drag the dashed lines to where you expect the times. Then run the race."
    )
    place = race_page(lambda: away(RACE, url.current()))
    notice(
        (
            "The slope shows how time grows",
            "On these axes n² is a straight line of slope 2, and n log n is nearly a line of slope 1. A faster machine "
            "moves a line down. It does not change the slope.",
        ),
        (
            "Few tokens are quickly compared",
            "Sorting takes many small steps, and a small matrix takes one. So softmax may be faster up to some n. The "
            "race measures where that is on this machine, if it is anywhere.",
        ),
        (
            "Fused softmax saves memory, not time",
            "Written out, softmax holds all n² weights at once. Fused, it holds only a few of them at a time. It still "
            "computes all of them, so the slope stays 2.",
        ),
    )
    question(
        "Softmax takes 1 second at n = 16,384. How long does it take at n = 1,048,576 on the same machine?",
        ["About a minute", "A little over an hour", "Two days"],
        1,
        "64 times as many tokens make 64² = 4,096 times as many pairs. That takes 68 minutes. A method in n log n "
        "takes 64 · 20/14 = 91 times as long as before.",
    )
    ran(code)
    known(
        "The time of softmax grows as n². The time of sliced ReLU grows as n log n, a little faster than n.",
        "On log–log axes the slope tells the two apart, whatever the machine.",
        "Speed is not everything: a sliced head sees one number of each token. So sliced ReLU cannot pick out another "
        "key for each query.",
    )
    go(place)  # last: the rest of the page need not wait
