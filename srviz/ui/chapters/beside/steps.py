"""The steps of a lecture on the methods side by side: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("maps",)

STEPS = (
    Step("The same queries and the same keys, by every method. Each row is a query, each column a key.", {}, FIGURE),
    Step("In the order of the input, sliced ReLU looks like noise.", {"order": "input"}, FIGURE),
    Step("Sorted by score, it is a staircase. Nothing else has changed.", {"order": "sorted"}, FIGURE),
    Step(
        "One pair is held in all maps. Below them stands how its weights are computed.",
        {"order": "sorted", "query": "10", "key": "30"},
        FIGURE,
    ),
    Step("A line of text, by the same methods.", {"input": "sentence", "n": "40"}, FIGURE),
)
