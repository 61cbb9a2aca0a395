"""The steps of a lecture on kernels: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("kernel_map",)

STEPS = (
    Step(
        "A kernel f says how much a pair counts, from the difference r = s − t of its scores alone. This is ReLU.",
        {},
        FIGURE,
    ),
    Step("Sorted by score, the map is a staircase: each query sees the keys below it.", {"sorted": "1"}, FIGURE),
    Step(
        "With centred values the weights have both signs, and every row sums to 0.",
        {"sorted": "1", "centred": "1"},
        FIGURE,
    ),
    Step("The bump is a band along the diagonal: near keys count most.", {"sorted": "1", "kernel": "bump"}, FIGURE),
    Step(
        "A narrow bump sees almost nothing but the token itself.",
        {"sorted": "1", "kernel": "bump", "b": "0.25"},
        FIGURE,
    ),
    Step(
        "Any curve of straight pieces can be summed by sorting. This one was drawn by hand.",
        {"sorted": "1", "kernel": "drawn"},
        FIGURE,
    ),
)
