"""The steps of a lecture on photographs: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.photographs import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("patches",)

STEPS = (
    Step(WORDS("steps.patches"), {}, FIGURE),
    Step(WORDS("steps.head"), {"head": "2"}, FIGURE),
    Step(WORDS("steps.untrained"), {"heads": "untrained"}, FIGURE),
)
