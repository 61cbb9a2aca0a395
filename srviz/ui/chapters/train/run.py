"""A training of one or two models on a task."""

from dataclasses import dataclass, replace

import streamlit as st

from srviz import host
from srviz.attention.methods import by_dots, sliced
from srviz.jobs.registry import needs
from srviz.lab import Spec, watched
from srviz.ui.chapters.train import WORDS
from srviz.ui.kit import training, work
from srviz.ui.kit.recorded import where
from srviz.ui.kit.training import Lane

PARTS = (1, 2, 4, 8)  # of the recipe's examples a step, that are tried where memory is short


@dataclass(kw_only=True)
class Watched(training.PageTraining[Lane]):
    """Models that learn one task. bet: by how many points the visitor thinks the first will be ahead. example: the
    number, from 0, of the example of the test that is looked at. testing: the number of tokens at which they are being
    tested. recorded: when and on what it was done, where it is a recorded one. wanted: how many examples a step was to
    have, before what is left of the memory allowed fewer.
    """

    name = "train"
    bet: float
    example: int = 0
    testing: int | None = None
    recorded: str = ""
    wanted: int = 0

    def plan(self) -> dict[str, object]:
        """The plan of the job, with the rest of the work, and the example on screen."""
        return super().plan() | {"example": self.example}

    def doing(self) -> str:
        """The present step, in words."""
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
    """Let a new training begin in the next run of the page, with as many examples a step as the memory allows."""
    left, wanted = min(host.granted(), host.available()), specs[0].recipe.batch
    sizes = [wanted // parts for parts in PARTS if wanted // parts]
    runs = [_with_batch(size, specs, bet, example) for size in sizes]
    run = next((run for run in runs if needs(run.plan()) <= left), runs[0])  # else the job says what it lacks
    if run is not runs[0]:
        run.wanted = wanted
    st.session_state["_training"] = run


def _with_batch(batch: int, specs: tuple[Spec, ...], bet: float, example: int) -> Watched:
    """A training with so many examples a step."""
    lanes = [Lane(replace(spec, recipe=replace(spec.recipe, batch=batch))) for spec in specs]
    return Watched(lanes=lanes, bet=bet, example=example)


def recorded(task: str, bet: float = 0.0) -> Watched | None:
    """The recorded training on a task, as if it had just ended; None where none is recorded."""
    said = [watched.read(task, method.name) for method in (sliced(), by_dots())]
    if not all(said):
        return None
    lanes = [Lane(Spec.of_json(records[0]["begin"]["run"])) for records in said]
    for lane, records in zip(lanes, said, strict=True):
        for record in records:
            lane.take(record)
    when = where(records[0]["where"] for records in said)
    return Watched(lanes=lanes, bet=bet, example=watched.EXAMPLE, running=False, recorded=when)


def watch(task: str, bet: float) -> None:
    """Show the recorded training on a task in the next run of the page."""
    st.session_state["_training"] = recorded(task, bet)


def others_first(run: Watched | None) -> bool:
    """Whether a training is to begin, and other sessions of this server are at work before it."""
    return run is not None and run.running and not run.begun and work.others() > 0
