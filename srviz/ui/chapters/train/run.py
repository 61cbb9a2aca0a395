"""A training of one or two models on a task."""

from dataclasses import dataclass

import streamlit as st

from srviz.lab import Spec
from srviz.ui.chapters.train import WORDS
from srviz.ui.kit import training
from srviz.ui.kit.training import Lane


@dataclass(kw_only=True)
class Watched(training.Training[Lane]):
    """Models that learn one task. bet: by how many points the visitor thinks the first will be ahead. example: the
    number, from 0, of the example of the test that is looked at. testing: the number of tokens at which they are being
    tested.
    """

    name = "train"
    bet: float
    example: int = 0
    testing: int | None = None

    def plan(self) -> dict[str, object]:
        """What the job is asked for: what is left to be done, and the example that is looked at."""
        return super().plan() | {"example": self.example}

    def doing(self) -> str:
        """What it is at, in words."""
        if not any(lane.step for lane in self.lanes):
            return WORDS("run.loading")
        doing = " · ".join(
            WORDS("run.lane", label=lane.label, step=lane.step, steps=lane.spec.recipe.steps) for lane in self.lanes
        )
        paces = [lane.seconds / lane.step * (lane.spec.recipe.steps - lane.step) for lane in self.lanes if lane.step]
        return WORDS("run.left", doing=doing, seconds=max(paces)) if paces and max(paces) >= 1 else doing


def current() -> Watched | None:
    """The training of this session: under way, stopped or over."""
    run: Watched | None = st.session_state.get("_training")
    return run


def start(specs: tuple[Spec, ...], bet: float, example: int) -> None:
    """Let a new training begin in the next run of the page."""
    st.session_state["_training"] = Watched(lanes=[Lane(spec) for spec in specs], bet=bet, example=example)
