"""The steps of a lecture on a sentence: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("words",)
LETTERS = {"unit": "characters"}

STEPS = (
    Step(
        "Each letter is a token. The chosen one is the query: the background of every letter shows how much weight it "
        "gets.",
        {},
        FIGURE,
    ),
    Step("Another head has another slice, and looks for something else.", LETTERS | {"head": "2"}, FIGURE),
    Step("Untrained heads are random. What they light up has no meaning.", LETTERS | {"heads": "untrained"}, FIGURE),
)
