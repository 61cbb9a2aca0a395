"""The steps of a lecture on two routes to one answer: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("two_routes",)
SMALL = {"n": "12"}

STEPS = (
    Step(
        "Left, every query is compared with every key. Right, the keys are sorted once, and each query is looked up. "
        "Which one is done first?",
        SMALL | {"at": "0"},
        FIGURE,
    ),
    Step("First the tokens become scores, and the scores are sorted.", SMALL | {"at": "40"}, FIGURE),
    Step(
        "Then two running sums go over the sorted keys: S adds up values, R adds up S times the gap to the next key.",
        SMALL | {"at": "75"},
        FIGURE,
    ),
    Step(
        "Each query searches for the key just below it. There R is the height, and S the slope: that is its whole sum.",
        SMALL | {"at": "100"},
        FIGURE,
    ),
    Step("Both are done, and both say the same, up to rounding.", SMALL, FIGURE),
    Step("With 128 tokens the matrix has 16,384 cells. The sort is done long before.", {"n": "128"}, FIGURE),
)
