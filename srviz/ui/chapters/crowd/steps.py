"""The steps of a lecture on functions of a crowd: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.crowd import WORDS
from srviz.ui.kit.present import Step

STEPS = (Step(WORDS("steps.crowd"), {}, ("crowd", "start", "racing")),)
