"""The steps of a lecture on the race: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.race import WORDS
from srviz.ui.kit.present import Step

STEPS = (Step(WORDS("steps.race"), {}, ("race", "start", "racing")),)
