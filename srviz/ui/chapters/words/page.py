"""The visitor's own sentence: every weight drawn on the words."""

import streamlit as st

from srviz.ui.chapters.words.take import WORDS
from srviz.ui.chapters.words.words import own_embeddings, own_sentence
from srviz.ui.kit import row, url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Your own sentence", anchor=False)
    lead(
        "Write something. Each letter or each word is a token. Choose one, and it is the :orange[**query**]. The "
        "background of every token, as a :blue[**key**], shows how much weight it gets."
    )
    learned = own_sentence()
    away(WORDS, url.current())
    mine = own_embeddings()
    notice(
        (
            "These heads were trained",
            "They come from models that learned to fill in covered letters. The softmax head has learned where the "
            "neighbours of a letter are. The sliced ReLU model guesses little better than a plain mean of all letters, "
            "because a ramp cannot pick out a neighbour.",
        )
        if learned
        else (
            "No head was trained",
            f"The embeddings are {'yours' if mine else 'drawn from a seed'}, and the projections are untrained. You "
            f"see how the mechanism works, and not {'what a trained head makes' if mine else 'the meaning'} of the "
            "words.",
        ),
        (
            "A token that comes twice",
            "Each token has the row of your array that stands for its place. Find a repeated token on the strip: its "
            "two scores differ as far as these rows do."
            if mine
            else "A letter or a word that comes twice has the same embedding both times. Find it on the strip: only "
            "its place in the text moves its score.",
        ),
        (
            "One order for all queries",
            "Go from token to token. The strip keeps its order, and only the query moves along it. Softmax has "
            "another order for every token.",
        ),
    )
    question(
        "You choose a token whose query score lies below all key scores. How much weight does it give to the others?",
        ["The most to the nearest key", "The same to all", "Nothing to any of them"],
        2,
        "relu(s − t) is zero for every key above the query. With softmax this never happens, because a row always sums "
        "to one.",
    )
    ran(row.source)
    known(
        "A sentence becomes tokens, and each token has a query score and a key score in each head.",
        "Sliced ReLU puts all tokens in one order. A query only chooses how far down that order it looks.",
        "A query whose score lies below all keys receives nothing. Softmax always hands out a total of one.",
    )
