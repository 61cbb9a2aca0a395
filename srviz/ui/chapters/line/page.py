"""The front door: attention on a line."""

import streamlit as st

from srviz.ui.chapters import COURSE
from srviz.ui.chapters.line.line import scalar_line
from srviz.ui.kit.cards import notice


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Attention, on a line", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Each token gives a head two numbers: a :orange[**query score**] and a :blue[**key score**]. "
            "A query attends to every key on its left, and the farther the key, the more it counts. Drag one."
        )
    scalar_line()
    notice(
        (
            "The farthest on the left wins",
            "Not the nearest: the ramp grows to the left. Switch to the bump kernel, and what is near counts again.",
        ),
        (
            "Left of every key: nothing",
            "No key to its left, no weight. Drag a query past the leftmost key and watch its weights go out.",
        ),
        (
            "Only keys bend the sum",
            "Before it is divided by N, the sum Σ relu(s − t)·(v − mean) is a straight line in s between two keys. "
            "That is why sorting is enough.",
        ),
    )
    with st.container(key="about"):
        left, middle, right = st.columns(3, gap="large")
        left.markdown(
            "**What it is.** Sliced ReLU attention projects every query and key to one number, and weighs a pair by "
            "the difference of the two."
        )
        middle.markdown(
            "**Why it matters.** Softmax compares all n² pairs; here a sort and running sums give the same kind of sum "
            "over all pairs, exactly, in O(n log n)."
        )
        right.markdown("**Where to go.** The course, a page for each idea:")
        for chapter in COURSE[1:]:
            right.page_link(chapter.script, label=chapter.title, icon=":material/arrow_forward:")
