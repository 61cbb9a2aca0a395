"""Two models learn the same task before the visitor's eyes; they differ in what mixes the tokens."""

import streamlit as st

from srviz.ui.chapters.train.lengths import go_on_testing
from srviz.ui.chapters.train.run import go
from srviz.ui.chapters.train.take import TRAINING
from srviz.ui.chapters.train.train import code, train_page
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Train it", anchor=False)
    lead(
        "Here two small models learn the same task while you watch. They have the same number of parameters and see "
        "the same examples. They differ only in how they mix the tokens. Bet on one of them, then press Train."
    )
    place, testing = train_page(lambda: away(TRAINING, url.current()))
    notice(
        (
            "The slice is learned",
            "Before training, the scores of a head lie anywhere. While it learns, its queries (orange) and keys (blue) "
            "move along the line, until their order helps with the task.",
        ),
        (
            "A ReLU head adds up, and cannot pick",
            "ReLU weights grow with distance, so a head adds up where a whole crowd of tokens lies. That helps to tell "
            "shapes apart. It does not help to recall one key. Try the task Recall.",
        ),
        (
            "Compare with a plain mean",
            "On some tasks a model that only takes the mean of all tokens learns a lot too. A method is worth what "
            "it adds to that. Choose the mean as one of the two models.",
        ),
    )
    question(
        "A sliced ReLU head sees one number of each token. Which task must be hard for it?",
        [
            "Telling a torus from a sphere by their points",
            "Finding, among 16 pairs, the one with a given key",
            "Reading a digit from its patches",
        ],
        1,
        "To pick out one key, its weight must be large and all others small. But ReLU gives more weight to every key "
        "that lies farther to the left. Softmax and the bump can pick out a key.",
    )
    ran(code)
    known(
        "The slice is learned: training moves the scores until their order is useful.",
        "What counts is how much better a method does than a plain mean.",
        "Where one key has to be picked out, sliced ReLU is the wrong choice.",
    )
    go(place)  # last: the rest of the page need not wait
    go_on_testing(testing)
