"""The steps of a lecture on slices: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.slices import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("slices",)

STEPS = (
    Step(WORDS("steps.shadow"), {}, FIGURE),
    Step(WORDS("steps.ringed"), {"theta": "85"}, FIGURE),
    Step(WORDS("steps.direction"), {"theta": "150"}, FIGURE),
    Step(WORDS("steps.opposite"), {"theta": "330"}, FIGURE),
    Step(WORDS("steps.clusters"), {"input": "clusters", "theta": "127"}, FIGURE),
    Step(WORDS("steps.map"), {"by": "mlp"}, FIGURE),
    Step(WORDS("steps.head"), {"by": "mlp", "head": "2"}, FIGURE),
    Step(WORDS("steps.trained"), {"by": "trained"}, FIGURE),
)
