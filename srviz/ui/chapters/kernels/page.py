"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

import streamlit as st

from srviz.ui.chapters.kernels.kernels import code, kernel_map, why_centre
from srviz.ui.chapters.kernels.many import on_many
from srviz.ui.chapters.kernels.take import KERNEL, SPECTRUM
from srviz.ui.kit import present, url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Kernels", anchor=False)
    lead(
        "How much a :orange[**query**] attends to a :blue[**key**] is given by a kernel: a curve f of the difference "
        "r = s − t of their scores. Pick a curve, or draw one. Then sort the map by score."
    )
    state = kernel_map()
    away(KERNEL, state)
    notice(
        (
            "Sorted by score, ReLU is a staircase",
            "Along a row the keys come ever closer to the query, and the weights fall. Beyond the query they are zero. "
            "That edge moves with the query, and so the map has steps. The bump is a band along the diagonal.",
        ),
        (
            "A row need not sum to one",
            "A row of softmax weights sums to 1. A row of ReLU weights sums to a number between 0 and 1, so it is no "
            "set of probabilities. Centre the values, and every row sums to 0, with weights of both signs.",
        ),
        (
            "Any curve of straight pieces can be sorted",
            "What you draw is made of straight pieces, and each piece has running sums over the sorted keys. The Gauss "
            "curve has no straight piece. It needs all n² pairs here.",
        ),
    )
    many = st.container()
    question(
        "All raw scores become ten times larger. What happens to the ReLU weights that are divided by Σ|s − t|?",
        [
            "They become ten times larger",
            "They gather on fewer keys, as softmax weights do at a low temperature",
            "They stay as they are",
        ],
        2,
        "The numerator and the divisor both become ten times larger. To see it, open “Shift and scale the scores” "
        "under the map, switch off the standardization, and scale the scores. Then divide by n instead.",
    )
    deeper("why the values are centred, seen in eigenvalues", lambda: _centre(state))
    ran(code)
    known(
        "The weight of a pair depends on one number only, the difference of its two scores.",
        "Sliced ReLU weights grow with the distance to the left, and are zero on the right.",
        "Any kernel made of straight pieces can be summed exactly by sorting.",
    )
    if not present.on():
        with many:  # measured last: the rest of the page need not wait
            on_many(state)


def _centre(state: url.State) -> None:
    why_centre(state)
    away(SPECTRUM, state)
