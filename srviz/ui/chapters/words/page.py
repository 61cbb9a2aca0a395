"""The visitor's own sentence: every weight drawn on the words."""

import streamlit as st

from srviz.ui.chapters.words.words import own_embeddings, own_sentence
from srviz.ui.kit import row
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Your own sentence", anchor=False)
    with st.container(key="lead"):
        st.markdown(
            "Write something. Point at a word: it is the :orange[**query**], and the ground of every word, its "
            ":blue[**keys**], takes the weight that it is given."
        )
    own_sentence()
    mine = own_embeddings()
    notice(
        (
            "No head was trained",
            f"The embeddings are {'yours' if mine else 'drawn from a seed'} and the projections are untrained. What "
            f"you see is the mechanism, not {'what a trained head makes' if mine else 'the meaning'} of the words.",
        ),
        (
            "The same word, again" if mine else "The same word, near itself",
            "A word that comes again has the row of your array that stands for its place. Find both on the strip: "
            "their scores differ as far as those rows do."
            if mine
            else "A word that comes again has the same embedding. Find it on the strip: nothing but its place in the "
            "text moves its score.",
        ),
        (
            "One order for all queries",
            "Go from word to word: the strip keeps its order and only the query moves along it. Softmax has another "
            "order for every word.",
        ),
    )
    question(
        "You point at the word with the lowest query score, left of all keys. What does it give to the others?",
        ["Most to the nearest key", "The same to all", "Nothing to any of them"],
        2,
        "relu(s − t) is zero for every key above the query. Softmax never does that: its row always sums to one.",
    )
    ran(row.source)
