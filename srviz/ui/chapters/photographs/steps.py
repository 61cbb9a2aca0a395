"""The steps of a lecture on photographs: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

FIGURE = ("patches",)

STEPS = (
    Step(
        "The picture is cut into patches, and each patch is a token. The chosen one is the query: the maps show how "
        "much weight it gives to every patch.",
        {},
        FIGURE,
    ),
    Step("Another head has another slice, and gives its weight elsewhere.", {"head": "2"}, FIGURE),
    Step("Untrained heads are random. What their maps show has no meaning.", {"heads": "untrained"}, FIGURE),
)
