"""The steps of a lecture on the reasons for the formula: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.why import WORDS
from srviz.ui.kit.present import Step

STEPS = (
    Step(WORDS("steps.pair"), {}, ("reason pair",)),
    Step(WORDS("steps.turned"), {"pair": "-1.5_0.9"}, ("reason pair",)),
    Step(WORDS("steps.divisor"), {"query": "-2.05"}, ("reason divisor",)),
    Step(WORDS("steps.alike"), {}, ("reason alike",)),
    Step(WORDS("steps.scales"), {}, ("reason scales",)),
    Step(WORDS("steps.shifts"), {}, ("reason shifts",)),
    Step(WORDS("steps.centred"), {}, ("reason centred",)),
)
