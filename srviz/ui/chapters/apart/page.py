"""One token in two crowds has to go to two places: what attention by one number a token can tell apart."""

import streamlit as st

from srviz.ui.chapters.apart.apart import apart_page, code
from srviz.ui.chapters.apart.recorded import claim, recorded
from srviz.ui.chapters.apart.run import go
from srviz.ui.chapters.apart.take import CROWDS
from srviz.ui.kit import url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.question import question
from srviz.ui.kit.take import away


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Tell them apart", anchor=False)
    lead(
        "The same dot, in two crowds, has to go to two different places. A head reads each token through one "
        "number. Can it see which crowd it is in? Drag the dots, and move the two crowds together."
    )
    place = apart_page(lambda: away(CROWDS, url.current()))
    notice(
        (
            "What is proved",
            "Boufadène and Vialard (arXiv 2512.11411) prove existence: given sequences of distinct tokens, no two of "
            "them the same set, some layers of sliced ReLU attention and of pointwise maps send every token of every "
            "sequence to a target of its own. It says nothing about training, and nothing about how wide a model must "
            "be.",
        ),
        (
            "What is built",
            "The construction is ours, and exact on this screen. Every query is the same number s\\*, so a head gives "
            "each crowd one number, its label. Hinge sums of two different clouds on a line differ somewhere, since "
            "their bends are the clouds themselves. The label is such a sum, centred and divided: that labels differ "
            "is searched for and measured here. A piecewise linear map does the rest.",
        ),
        (
            "What is fitted",
            f"The models beside it are an experiment: these crowds, this seed, these steps. {claim()}",
        ),
    )
    recorded()
    question(
        "Two crowds have equal means and equal second moments. Where must the query s* stand for its label to differ?",
        [
            "To the right of all tokens, where every hinge is open",
            "Among the tokens",
            "Anywhere: the label differs everywhere",
        ],
        1,
        "Right of all tokens every hinge is open, and the label depends on the mean and the variance of the shadows "
        "alone, which are equal. Left of all tokens no hinge is open. In between, some tokens count and others do not: "
        "there the label sees how the crowd is spread.",
    )
    known(
        "Attention can send one token to different places in different crowds, because a head's output depends on all "
        "keys.",
        "One head with one place to ask, and a pointwise map, were enough for every set of different crowds that we "
        "tried. As two crowds come together, the gap that the head has to see goes to 0.",
        "The theorem says that such layers exist. It does not say that training finds them, or how large they are.",
    )
    ran(code)
    go(place)  # last: the rest of the page need not wait
