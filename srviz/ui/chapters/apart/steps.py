"""The steps of a lecture on crowds that are told apart: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.apart import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("apart",)

STEPS = (
    Step(WORDS("steps.dot"), {}, FIGURE),
    Step(WORDS("steps.gap"), {"close": "0.8"}, FIGURE),
)
