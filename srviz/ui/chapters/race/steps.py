"""The steps of a lecture on the race: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

STEPS = (
    Step(
        "How does the time of one call grow with the number n of tokens? On these axes n² is a line of slope 2. Drag "
        "the dashed lines to where you expect the times: from which n on is sorting faster?",
        {},
        ("race", "start", "racing"),
    ),
)
