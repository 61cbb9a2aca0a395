"""The steps of a lecture on training: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

STEPS = (
    Step(
        "Two small models learn the same task from the same examples. They differ only in how they mix the tokens. Who "
        "will be ahead at the end?",
        {},
        ("bet", "start", "racing", "train"),
    ),
)
