"""The steps of a lecture on training: what a projector shows, and the sentence that goes with it."""

from srviz.ui.chapters.train import WORDS
from srviz.ui.kit.present import Step

STEPS = (Step(WORDS("steps.race"), {}, ("bet", "start", "racing", "train")),)
