"""The steps of a lecture on a sentence: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.words import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("words",)
LETTERS = {"unit": "characters"}

STEPS = (
    Step(WORDS("steps.letters"), {}, FIGURE),
    Step(WORDS("steps.head"), LETTERS | {"head": "2"}, FIGURE),
    Step(WORDS("steps.untrained"), LETTERS | {"heads": "untrained"}, FIGURE),
)
