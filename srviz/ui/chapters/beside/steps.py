"""The steps of a lecture on the methods side by side: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.beside import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("maps",)

STEPS = (
    Step(WORDS("steps.methods"), {}, FIGURE),
    Step(WORDS("steps.input"), {"order": "input"}, FIGURE),
    Step(WORDS("steps.sorted"), {"order": "sorted"}, FIGURE),
    Step(WORDS("steps.pair"), {"order": "sorted", "query": "10", "key": "30"}, FIGURE),
    Step(WORDS("steps.text"), {"input": "sentence", "n": "40"}, FIGURE),
)
