"""The steps of a lecture on kernels: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.kernels import WORDS
from srviz.ui.kit.present import Step

FIGURE = ("kernel_map",)

STEPS = (
    Step(WORDS("steps.relu"), {}, FIGURE),
    Step(WORDS("steps.sorted"), {"sorted": "1"}, FIGURE),
    Step(WORDS("steps.centred"), {"sorted": "1", "centred": "1"}, FIGURE),
    Step(WORDS("steps.bump"), {"sorted": "1", "kernel": "bump"}, FIGURE),
    Step(WORDS("steps.narrow"), {"sorted": "1", "kernel": "bump", "b": "0.25"}, FIGURE),
    Step(WORDS("steps.drawn"), {"sorted": "1", "kernel": "drawn"}, FIGURE),
)
