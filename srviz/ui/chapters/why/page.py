"""The reasons for the formula: what would go wrong without each of its parts."""

from collections.abc import Callable

import streamlit as st

from srviz.ui.chapters.why import take, why
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead
from srviz.ui.kit.glossary import mark
from srviz.ui.kit.question import question
from srviz.ui.kit.take import Figure, away


def page() -> None:
    """The page, one reason below the other, each with its figure."""
    st.title("Why it is made so", anchor=False)
    lead(
        "Each part of sliced ReLU attention, y = Σ relu(s − t)(v − v̄) / Σ|s − t|, is there for a reason. Take it "
        "away, and see what goes wrong. In each figure you can move something."
    )
    state = why.settle()
    _stop(
        "pair",
        "Why relu(r), and not the distance |r|?",
        "Suppose that a token's query score and its key score are the same number. With |r| every pair then counts the "
        "same in both directions: what i gives to j, j gives to i. So a head could not say who attends to whom. With "
        "relu(r) only the token with the higher score attends to the other one. "
        "Drag i and j past each other.",
        lambda: _live("pair", state),
    )
    _stop(
        "divisor",
        "Why divide by Σ|s − t|, and not by the row's own sum?",
        "Just above the lowest key, the row holds one tiny number. Divided by its own sum, it becomes a full weight "
        "of 1, however tiny it was. One step lower there is nothing, and 0 / 0 is no number. The normalizer N = Σ|s "
        "− t| is never small there, so the weights fade out smoothly. Drag the query over the lowest key.",
        lambda: _live("divisor", state),
    )
    _stop(
        "alike",
        "What if all scores are shifted, or scaled by a positive factor?",
        "Then nothing changes. A shift cancels in every difference s − t. A scale stands above and below the "
        "fraction line, and cancels too. Only the order of the scores and the ratios of their gaps count.",
        lambda: _live("alike", state),
    )
    _stop(
        "scales",
        "Then what is standardizing for?",
        "For the computer. Numbers in half precision end at 65,504, and below 0.00006 they lose digits. Raw scores can "
        "be of any size, and their sums overflow or lose digits. Standardized scores always have a size near 1. "
        "Multiply all scores, and compare.",
        lambda: _with_menu(why.scales, take.SCALES, state),
    )
    _stop(
        "shifts",
        "Why add up gaps, and not s·Σv − Σt·v?",
        "Both are the same sum on paper. But if the scores lie far from zero, the second one subtracts two huge "
        "numbers that are nearly equal, and their digits cancel. The running sum R only ever adds small gaps times "
        "S. Move all scores away from zero, and compare.",
        lambda: _with_menu(why.shifts, take.SHIFTS, state),
    )
    _stop(
        "centred",
        "Why are the values centred?",
        "Rows do not all have the same sum: it is 0 for a query at or below all keys, and 1 for one at or above all "
        "of them. Add the same number to all values, and each query receives that number times the sum of its row. So "
        "the low queries receive almost none of it, and the high ones almost all. That tells how high a query stands, "
        "and nothing of the values. Centring takes it away.",
        lambda: _live("centred", state),
    )
    question(
        "All scores are multiplied by −1. Do the weights of sliced ReLU stay as they are?",
        [
            "Yes, because scaling changes nothing",
            "No, because every token then attends to those that attended to it",
            "No, because all weights become negative",
        ],
        1,
        "Scaling changes nothing as long as the factor is positive. A negative factor turns the order around. Then "
        "relu(s − t) is positive where it was zero before.",
    )
    known(
        "relu(s − t) has a direction, and Σ|s − t| keeps the weights of low queries small.",
        "Shifting and scaling all scores changes no weight. Standardizing only keeps the numbers in a good range.",
        "Adding gaps loses hardly any digits, and centring removes what all values have in common.",
    )


def _live(kind: str, state: url.State) -> None:
    """A figure that is dragged in the browser, and its menu."""
    _with_menu(lambda state: why.live(kind, state), take.OF[kind], state)


def _with_menu(show: Callable[[url.State], object], figure: Figure, state: url.State) -> None:
    show(state)
    away(figure, state)


def _stop(name: str, title: str, text: str, show: Callable[[], object]) -> None:
    """One reason: the question and its answer, and beside it the figure, which has a name among the keys."""
    words, figure = st.columns([1, 1.25], gap="large")
    with words:
        st.subheader(title, anchor=False)
        st.markdown(mark(text))
    with figure, st.container(key=f"reason {name}"):
        show()
