"""The front door: attention on a line."""

import streamlit as st

from srviz.ui.chapters import COURSE
from srviz.ui.chapters.line.line import problem, scalar_line
from srviz.ui.chapters.line.take import LINE
from srviz.ui.kit.cards import known, lead, notice
from srviz.ui.kit.glossary import mark
from srviz.ui.kit.take import away

DRAG = (
    "Each token has two numbers: a :orange[**query score**] ▽ and a :blue[**key score**] ●, which carries a "
    ":green[**value**]. **Drag any of them.** "
)
WHO = {
    "relu": "A query attends to every key on its left. The farther away a key is, the more it counts.",
    "bump": "With the bump, a query attends to the keys on both sides that are nearer than the bandwidth b. "
    "The nearer a key is, the more it counts.",
}
CARDS = {
    "relu": (
        (
            "The farthest key on the left counts most",
            "The weight grows with the distance, and so the nearest key counts least. Switch to the bump, and the "
            "nearest counts most.",
        ),
        (
            "A query left of every key receives nothing",
            "There is no key on its left, so all its weights are zero. Drag a query past the leftmost key to see it.",
        ),
        (
            "Sorting is enough",
            "The sum of all keys bends only where a key lies. To know it for any query, find the key just below: two "
            "numbers are kept there, and they stand for all the keys on the left.",
        ),
    ),
    "bump": (
        (
            "The nearest key counts most",
            "The weight falls with the distance, and it is zero from the bandwidth on. Drag the diamond to change the "
            "bandwidth.",
        ),
        (
            "Far from every key, a query receives nothing",
            "No key is nearer than the bandwidth, so all its weights are zero. Drag a query into a gap to see it.",
        ),
        (
            "Sorting is enough here too",
            "Each bump is made of straight pieces, so the sum of all of them bends at three places for each key. To "
            "know it for any query, find the bend just below.",
        ),
    ),
}

KNOWN = {
    "relu": (
        "Every token has a query score and a key score, and a query attends to the keys on its left.",
        "A weight grows in proportion to the distance of two scores. So the sum bends at the keys, and nowhere else.",
    ),
    "bump": (
        "Every token has a query score and a key score. With the bump, a query attends to the keys on both sides that "
        "are nearer than the bandwidth.",
        "A weight falls in proportion to the distance of two scores. So the sum bends at each key, and one bandwidth "
        "to its left and to its right, and nowhere else.",
    ),
}


def page() -> None:
    """The page, from the problem to the way on."""
    words, miniature = st.columns([1.75, 1], gap="large", vertical_alignment="bottom")
    with words:
        st.title("Attention on a line", anchor=False)
        lead(
            "**Attention lets every token of a text or a picture collect information from all the others.** "
            "The next layer of the model works on what was collected. The usual kind, softmax, computes a weight for "
            "every pair. So n tokens cost n² weights, and twice as many tokens cost four times the work. Sliced ReLU "
            "attention weighs pairs in a way that needs no list of pairs: it sorts the tokens, and looks each one up."
        )
    with miniature:
        problem()
    play = st.container(key="play")
    state = scalar_line()
    away(LINE, state)
    kernel = state["kernel"]
    play.markdown(mark(DRAG + WHO[kernel]))
    notice(*CARDS[kernel])
    with st.container(key="about"):
        left, middle, right = st.columns(3, gap="large")
        left.markdown(
            "**Where scores come from.** A real model holds each token as a vector, and a learned map turns that "
            "vector into the two scores. Here the marks are free, so that you can move them one at a time."
        )
        middle.markdown(
            "**What it costs.** Every pair is in the sum, and the result is exact. The work grows like n log n, and "
            "not like n²."
        )
        right.markdown(
            f"**Where to go.** The course has {len(COURSE) - 1} more pages, one for each idea. They compute while "
            "you watch, by code that you can import. Where a page shows numbers that were recorded earlier, it says so."
        )
    known(*KNOWN[kernel], "That is why a sort and one look-up for each query are enough.")
