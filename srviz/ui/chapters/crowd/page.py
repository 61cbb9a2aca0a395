"""Functions of a token and its crowd: what models learn of them, and what one head tells of a crowd, exactly."""

import streamlit as st

from srviz.ui.chapters.crowd import crowd, excess, rebuilt, recorded, take
from srviz.ui.chapters.crowd.run import go
from srviz.ui.kit import url
from srviz.ui.kit.cards import deeper, known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Functions of a crowd", anchor=False)
    lead(
        "Attention answers a token by its place x and by the crowd μ that it is in. Which functions f(x, μ) can it "
        "learn? Choose one, bet on a kernel, and press Train: small models try it, in less than a minute."
    )
    state = url.settle(*crowd.PARAMETERS, *excess.PARAMETERS, *rebuilt.PARAMETERS)
    place = crowd.crowd_page(state, lambda: away(take.FUNCTION, state))
    with st.expander(
        "Every function with every method, recorded (it says who wins)", key="crowd table", on_change="rerun"
    ) as box:
        if box.open:
            recorded.table()
    st.subheader("One number is enough for a crowd on a line", anchor=False)
    st.markdown(
        "No training here. A head sees each token as one number. Yet its bare sum, asked at all places s, holds the "
        "whole crowd: two crowds with the same sum are the same measure. A head also divides by Σ|s "
        "− t|, and centres the values. The division can be undone: the output is ½ just at the mean of the crowd, "
        "and with the mean the rest follows. Centring cannot be undone where all values are equal: it leaves nothing "
        "of them. Drag the tokens."
    )
    excess.excess(state)
    away(take.EXCESS, state)
    with st.expander("A cloud in the plane, from its slices", key="from slices", on_change="rerun") as box:
        if box.open:
            st.markdown(
                "One slice of a cloud in the plane is a crowd on a line. One is not enough: many clouds share it. But "
                "all slices together belong to one cloud alone (Cramér and Wold, 1936). Here dots are moved until "
                "their projections on the given slices come near those of the cloud, the rings. From 8 slices on, "
                "most of the error is that of this way to move dots: the given slices themselves are missed by about "
                "as much, as the second number says."
            )
            rebuilt.from_slices(state)
            away(take.REBUILT, state)
    notice(
        (
            "What is proved",
            "The paper proves that transformers of sliced ReLU attention can approximate every continuous map of a "
            "token and a measure, as long as the tokens stay in a bounded region, as those of softmax can. It says "
            "that such a model exists. It does not say that training finds it, or how large it is.",
        ),
        (
            "What you see here",
            "One layer, at most 400 steps, one seed. Who comes closest is an experiment, and depends on the function. "
            "Recorded runs with several seeds stand below the picture, also where sliced ReLU loses.",
        ),
        (
            "More points, same measure",
            "A maximum, or the nearest neighbour, is not continuous in the measure: one token more, however small its "
            "share, can move it far. What a "
            "model learned of it at 64 tokens need not hold at 4,096.",
        ),
    )
    question(
        "A model has learned the mean of the crowd from 64 tokens. What happens at 4,096 tokens of the same measure?",
        [
            "Its error grows with n, for it never saw so many tokens",
            "Its error stays about the same, for the mean depends on the measure continuously",
            "It cannot be computed, for the model has 64 inputs",
        ],
        1,
        "Attention takes any number of tokens. The mean of 4,096 points is the mean of the same measure, seen more "
        "precisely. A maximum would be another matter.",
    )
    deeper("how much a head can hold apart", recorded.capacity)
    known(
        "A contextual map gives a token a number by its place and by the crowd that it is in. The paper proves that "
        "models of sliced ReLU attention come as near as you like to every continuous one, on a bounded region.",
        "Which of them a small model learns depends on the kernel: the bump counts a neighbourhood, softmax picks a "
        "maximum. In the recorded runs one layer of sliced ReLU is, on average, the closest "
        "for none of the 13 functions.",
        "A head sees each token as one number, and its bare sum, asked everywhere, still holds the whole crowd on "
        "that line.",
    )
    ran(lambda: "\n\n".join(part.code() for part in (crowd, excess, rebuilt)))
    go(place)  # last: the rest of the page need not wait
