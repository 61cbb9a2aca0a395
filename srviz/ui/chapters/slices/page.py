"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

import streamlit as st

from srviz.ui.chapters.slices.slices import many, slices, source
from srviz.ui.chapters.slices.take import MANY, SLICE
from srviz.ui.kit import url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Slices", anchor=False)
    above = st.container()
    state = slices()
    away(SLICE, state)
    hand, mlp = state["by"] == "hand", state["by"] in ("mlp", "trained")
    with above:
        lead(
            "A slice turns each token into one number: its score. "
            + ("Here the score is the token's shadow on a line. " if hand else "Here a map Π makes the score. ")
            + "A :orange[**query**] sees only the scores of the :blue[**keys**], and nothing else of them. "
            + ("Turn the line." if hand else "Choose another head.")
        )
    notice(
        (
            "Tokens far apart can have the same score",
            "The two ringed tokens are far apart, yet their scores are neighbours. So every query gives them nearly "
            f"the same weight. {'Turn the line' if hand else 'Choose another head'}, and it happens to another pair.",
        ),
        (
            "Another slice, another order",
            "Two ribbons cross where two shadows meet. There the line stands at right angles to the pair. In a full "
            "turn any two ribbons cross twice."
            if hand
            else "Each head ranks the tokens in its own order. Two ribbons cross where two tokens change places from "
            "one head to the next.",
        ),
        (
            "A second slice helps",
            "The level sets of an MLP are curves, and one of them can pass through tokens that are far apart. The next "
            "head seldom confuses the same two. The figure counts the pairs that are still confused."
            if mlp
            else "Two tokens in the plane have the same shadow in one direction only. Two heads that look in different "
            f"directions tell every pair apart.{' Try the linear Π.' if hand else ''}",
        ),
    )
    question(
        "Every score changes its sign. What happens to the token that attended to all others?",
        [
            "Nothing changes, because the scores lie as far apart as before",
            "It attends to no token",
            "It attends to all tokens, and to the nearest most",
        ],
        1,
        "The order is turned around. The highest score becomes the lowest, and no key lies below it any more. "
        "|s − t| would stay the same, but relu(s − t) does not.",
    )
    deeper("what many slices keep", lambda: _many(state))
    ran(source)
    known(
        "A head sees every token through one number.",
        "Tokens with the same score are the same to that head, however far apart they are.",
        "Several heads have several slices, and together they tell far more tokens apart.",
    )


def _many(state: url.State) -> None:
    st.markdown(
        "In one direction some distances nearly keep their length, and others nearly vanish. Now take the mean of a "
        "pair's shadows over many random directions. It comes close to c · |x − y|, with the same factor c for every "
        "pair. So many slices together hold every distance, while a single slice loses some of them.\n\n"
        "A layer has a few slices, one for each head, and it does not average them. Each head weighs the tokens by its "
        "own slice, and all their outputs go on side by side. So two tokens that have the same score in one head are "
        "told apart by any other head that gives them different scores."
    )
    many(state)
    away(MANY, state)
