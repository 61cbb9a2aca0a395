"""The steps of a lecture on point clouds: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.clouds import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("clouds",)

STEPS = (
    Step(WORDS("steps.tokens"), {}, FIGURE),
    Step(WORDS("steps.head"), {"head": "1"}, FIGURE),
    Step(WORDS("steps.untrained"), {"heads": "untrained"}, FIGURE),
    Step(WORDS("steps.bandwidth"), {"heads": "untrained", "b": "0.15"}, FIGURE),
)
