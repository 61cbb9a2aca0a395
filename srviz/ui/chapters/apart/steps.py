"""The steps of a lecture on crowds that are told apart: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("apart",)

STEPS = (
    Step(
        "The same dot stands in two crowds, and has to go to two different places. A head reads every token through "
        "one number. Can it see which crowd it is in?",
        {},
        FIGURE,
    ),
    Step("As the two crowds come together, the gap between their labels goes to 0.", {"close": "0.8"}, FIGURE),
)
