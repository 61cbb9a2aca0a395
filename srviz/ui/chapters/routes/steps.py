"""The steps of a lecture on two routes to one answer: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.routes import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("two_routes",)
SMALL = {"n": "12"}

STEPS = (
    Step(WORDS("steps.begin"), SMALL | {"at": "0"}, FIGURE),
    Step(WORDS("steps.sort"), SMALL | {"at": "40"}, FIGURE),
    Step(WORDS("steps.sums"), SMALL | {"at": "75"}, FIGURE),
    Step(WORDS("steps.search"), SMALL | {"at": "100"}, FIGURE),
    Step(WORDS("steps.done"), SMALL, FIGURE),
    Step(WORDS("steps.many"), {"n": "128"}, FIGURE),
)
