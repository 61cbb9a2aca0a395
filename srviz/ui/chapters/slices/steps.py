"""The steps of a lecture on slices: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("slices",)

STEPS = (
    Step(
        "A slice turns each token into one number: its shadow on a line. Attention sees nothing else of it.", {}, FIGURE
    ),
    Step(
        "The two ringed tokens are far apart, yet their shadows are neighbours. Every query gives them nearly the same "
        "weight.",
        {"theta": "90"},
        FIGURE,
    ),
    Step("Another direction gives another order, and confuses another pair.", {"theta": "150"}, FIGURE),
    Step(
        "From the opposite side the order is turned around. Who was attended to by all now attends to all.",
        {"theta": "330"},
        FIGURE,
    ),
    Step("Two clusters can fall into one shadow.", {"input": "clusters", "theta": "10"}, FIGURE),
    Step(
        "In a layer a map Π makes the scores, and every head has its own. A small MLP has curved level sets.",
        {"by": "mlp"},
        FIGURE,
    ),
    Step(
        "Another head, another order: together the heads tell far more tokens apart.",
        {"by": "mlp", "head": "2"},
        FIGURE,
    ),
    Step("These heads have learned a task.", {"by": "trained"}, FIGURE),
)
