"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

import streamlit as st

from srviz.ui.chapters.slices.slices import many, slices, source
from srviz.ui.kit.cards import notice, ran
from srviz.ui.kit.question import question


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Slices", anchor=False)
    lead = st.container(key="lead")
    state = slices()
    hand, mlp = state["by"] == "hand", state["by"] == "mlp"
    lead.markdown(
        "A slice turns each token into one number: "
        + ("its shadow on a line" if hand else "its score, by a map Π")
        + ". All that a :orange[**query**] knows of the :blue[**keys**] is where their "
        + ("shadows fall. Turn the line." if hand else "scores lie. Choose another head.")
    )
    notice(
        (
            "Shadows meet, tokens do not" if hand else "Scores meet, tokens do not",
            "The ringed two are far apart, yet neighbours on the line: whatever the query, it treats them nearly "
            f"alike. {'Turn the line' if hand else 'Choose another head'}, and another pair takes their place.",
        ),
        (
            "Ranks change by crossings",
            "Two ribbons cross where two shadows meet: there the line is at right angles to the pair. In the plane any "
            "two ribbons cross twice in a full turn."
            if hand
            else "Each head ranks the tokens in an order of its own. Two ribbons cross where two tokens change places "
            "from one head to the next.",
        ),
        (
            "A second slice helps",
            "Level sets of an MLP are curves, and one of them may pass through tokens far apart. It seldom happens to "
            "the same two in the next head: the figure counts the pairs that are left."
            if mlp
            else "Two tokens in the plane share their shadow along one direction only. So no pair is lost on two heads "
            f"that look along different ones.{' Try the linear Π.' if hand else ''}",
        ),
    )
    question(
        "Every score changes its sign, as after half a turn of a line. What becomes of the token that attended to all "
        "others?",
        [
            "Nothing changes: the scores lie as far apart as before",
            "It attends to none",
            "It attends to all, the nearest most",
        ],
        1,
        "The order is upside down: the highest becomes the lowest, and no key lies "
        "below it. |s − t| would not notice; relu(s − t) does.",
    )
    st.subheader("What many slices give", anchor=False)
    st.markdown(
        "Seen along one direction, some distances nearly keep their length and others nearly vanish. Averaged over "
        "random directions, all shrink by the same factor c: the mean shadow tends to c · |x − y|. Sliced attention "
        "uses one slice a head, and takes no such mean."
    )
    many(state)
    ran(source)
