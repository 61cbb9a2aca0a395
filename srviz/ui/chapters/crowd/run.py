"""A training of several models on one function."""

from dataclasses import dataclass

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.lab.model import Model
from srviz.lab.train import load
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.kit import training


@dataclass
class Lane(training.Lane):
    """A model that learns a function. model: the trained one. sizes: R² by the number of tokens."""

    model: Model | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, and has been tested at other numbers of tokens."""
        return bool(self.diverged or self.sizes)

    def drawn(self, record: jobs.Record) -> jobs.Record | None:
        """R² of a test, or what the model says of the crowd."""
        tested = record.get("test") or record.get("end")
        if tested:
            return {"step": record["step"], "metric": tested["metric"]}
        return record if "look" in record else None

    def take(self, record: jobs.Record) -> None:
        """Keep what the job says of this model; see `srviz.lab.jobs.crowd`."""
        super().take(record)
        if "weights" in record:
            self.model, _ = load(self.weights)


@dataclass(kw_only=True)
class Learning(training.PageTraining[Lane]):
    """Models that learn one function. watched: the places and payloads of the crowd that is looked at. bet: the name of
    what the visitor thinks comes closest, or "none".
    """

    name = "crowd"
    watched: dict[str, list[float]]
    bet: str

    @property
    def tested(self) -> list[Lane]:
        """The models that were trained to the end."""
        return [lane for lane in self.lanes if lane.sizes]

    def plan(self) -> dict[str, object]:
        """The plan of the job, with the rest of the work, and the crowd on screen."""
        return super().plan() | self.watched

    def doing(self) -> str:
        """The present step, in words."""
        if not any(lane.step for lane in self.lanes):
            return WORDS("run.begins")
        return " · ".join(
            WORDS(
                f"run.{'tested' if lane.model and not lane.sizes else 'at'}",
                model=lane.label, step=lane.step, steps=lane.spec.recipe.steps,
            )
            for lane in self.lanes
        )  # fmt: skip


def current() -> Learning | None:
    """The training of this session: under way, stopped or over."""
    run: Learning | None = st.session_state.get("_learning")
    return run


def start(specs: tuple[Spec, ...], watched: dict[str, list[float]], bet: str) -> None:
    """Let a new training begin in the next run of the page."""
    st.session_state["_learning"] = Learning(lanes=[Lane(spec) for spec in specs], watched=watched, bet=bet)
