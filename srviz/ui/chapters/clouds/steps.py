"""The steps of a lecture on point clouds: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("clouds",)

STEPS = (
    Step(
        "Every point is a token. One of them is the query, and the colour of each point is the weight that the query "
        "gives to it.",
        {},
        FIGURE,
    ),
    Step(
        "Another head has another slice. So its surfaces of equal score lie in another direction.",
        {"head": "1"},
        FIGURE,
    ),
    Step(
        "Untrained heads show the mechanism alone. Sliced ReLU gives weight to what lies on one side of the surface, "
        "and the bump to what lies near it.",
        {"heads": "untrained"},
        FIGURE,
    ),
    Step(
        "The smaller the bandwidth, the thinner the shell that the bump looks at.",
        {"heads": "untrained", "b": "0.15"},
        FIGURE,
    ),
)
