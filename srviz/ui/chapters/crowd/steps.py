"""The steps of a lecture on functions of a crowd: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

STEPS = (
    Step(
        "A token has a place x, and stands in a crowd of others. Which functions of both can attention learn? Bet on a "
        "kernel, then train.",
        {},
        ("crowd", "start", "racing"),
    ),
)
