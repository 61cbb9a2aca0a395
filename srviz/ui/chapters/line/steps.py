"""The steps of a lecture on attention on a line: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.line import WORDS
from srviz.ui.kit.present import Step

LINE, PROBLEM = ("scalar_line",), ("problem",)

STEPS = (
    Step(WORDS("steps.problem"), figure=PROBLEM),
    Step(WORDS("steps.tokens"), figure=LINE),
    Step(WORDS("steps.right"), {"held": "5"}, LINE),
    Step(WORDS("steps.left"), {"queries": "-2.6_-0.9_0.12_0.83_1.7", "held": "1"}, LINE),
    Step(WORDS("steps.bends"), {"queries": "-1.85_-0.9_0.12_0.6_1.7"}, LINE),
    Step(WORDS("steps.centred"), {"values": "0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5"}, LINE),
    Step(WORDS("steps.bump"), {"kernel": "bump"}, LINE),
    Step(WORDS("steps.local"), {"kernel": "bump", "b": "0.2"}, LINE),
)
