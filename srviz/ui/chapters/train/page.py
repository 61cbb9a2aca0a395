"""Two models learn the same task before the visitor's eyes; they differ in what mixes the tokens."""

import streamlit as st

from srviz.ui.chapters.train.lengths import go_on_testing
from srviz.ui.chapters.train.run import go
from srviz.ui.chapters.train.train import code, train_page
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Train it", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "So far nobody had trained the projections. Here two small models learn the same task. They have equally "
            "many parameters, see the same examples, and differ only in what mixes the tokens. Bet, then press Train."
        )
    place, testing = train_page()
    notice(
        (
            "The slice is learned",
            "Before training a head's scores lie anywhere. While it learns, queries (vermilion) and keys (blue) move "
            "along its line until its order of the tokens helps with the task.",
        ),
        (
            "A ramp adds up, it does not pick",
            "ReLU weights grow with distance, so a head measures how a whole crowd lies. That is what telling shapes "
            "apart needs. It is not what recalling one key needs: try Recall.",
        ),
        (
            "Controls keep it honest",
            "A plain mean instead of attention learns a lot of some tasks. What a method is worth is what it adds to "
            "that. Choose it as one of the two.",
        ),
    )
    question(
        "Sliced ReLU reads each token through one number a head. Which task must be hard for it?",
        [
            "Telling a torus from a sphere by their points",
            "Finding, among 16 pairs, the one with a given key",
            "Reading a digit from its patches",
        ],
        1,
        "To pick out one key, one weight must be large and the others small. A ramp gives more weight to all keys that "
        "lie farther along the line. Softmax, and the local bump, can pick.",
    )
    ran(code)
    go(place)  # last: the rest of the page need not wait
    go_on_testing(testing)
