"""A training on a page: models that learn side by side in one job of the lab, until they are done or are stopped.

It is kept in the session. A touch of the page ends the job, and the next run of the page starts another one, which goes
on where the last checkpoints are.
"""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.ui.kit import work


@dataclass
class Lane:
    """One of the models, and what the job has told of it so far.

    step, seconds: how many steps it has done, and the time they took. losses: of each step. state: a checkpoint from
    which it can go on; state_step, state_seconds: its step and seconds. end: the result of the last test, and weights:
    the trained model as `srviz.lab.load` takes it, nothing for a recorded one. sizes: the metric by the number of
    tokens at which it was tested. diverged: why it could not be trained to the end, in a sentence. told: the records
    that the live component draws; times: when each of them came, in seconds of `time.monotonic`.
    """

    spec: Spec
    parameters: int = 0
    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    state: jobs.Packed | None = None
    state_step: int = 0
    state_seconds: float = 0.0
    end: dict[str, Any] | None = None
    weights: bytes = b""
    sizes: dict[int, float] = field(default_factory=dict)
    diverged: str = ""
    told: list[jobs.Record] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What mixes its tokens, for people."""
        return self.spec.of_mixing.label

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self.diverged) or self.end is not None

    def drawn(self, record: jobs.Record) -> jobs.Record | None:
        """What the live component is told of a record; None where it is told nothing."""
        return record if record.keys() & {"losses", "test", "look"} else None

    def take(self, record: jobs.Record) -> None:
        """Keep what the job says of this model; see `srviz.lab.records`."""
        if "begin" in record:
            self.parameters = record["begin"]["parameters"]
        elif "losses" in record:
            self.step, self.seconds, self.losses = record["step"], record["seconds"], self.losses + record["losses"]
        elif "state" in record:
            self.state = jobs.Packed.of_json(record["state"])
            self.state_step, self.state_seconds = record["step"], self.seconds
        elif "end" in record:
            self.end = record["end"]
            self.weights = bytes(jobs.Packed.of_json(record["weights"]).data) if "weights" in record else b""
        elif "sizes" in record:
            self.sizes = {int(n): found["metric"] for n, found in record["sizes"].items()}
        elif "diverged" in record:
            self.diverged = record["diverged"]
        if (told := self.drawn(record)) is not None:
            self.told.append(told)
            self.times.append(time.monotonic())
        if self.over:
            self.state = None

    def rewind(self) -> None:
        """Go back to the last checkpoint, or to the beginning: what was told after it will be told again."""
        self.step, self.seconds, self.losses = self.state_step, self.state_seconds, self.losses[: self.state_step]
        self.told = [one for one in self.told if self.state and one["step"] <= self.state_step]
        self.times = [0.0] * len(self.told)


L = TypeVar("L", bound=Lane)


@dataclass(kw_only=True)
class PageTraining(ABC, Generic[L]):
    """Models that learn side by side.

    running: whether a job is under way, or will be at the end of this run of the page. trouble: why the last one could
    not go on, in a sentence. life: another number for every training, and whenever it goes back. name: of the job in
    `srviz.lab.jobs`, and of what the live component hears while it is under way.
    """

    name: ClassVar[str]
    lanes: list[L] = field(default_factory=list)
    running: bool = True
    trouble: str = ""
    life: float = field(default_factory=time.monotonic)

    @abstractmethod
    def doing(self) -> str:
        """The present step, in words."""

    @property
    def specs(self) -> tuple[Spec, ...]:
        """What is trained."""
        return tuple(lane.spec for lane in self.lanes)

    @property
    def left(self) -> list[L]:
        """The models that have not ended."""
        return [lane for lane in self.lanes if not lane.over]

    @property
    def begun(self) -> bool:
        """Whether anything was told that can be drawn."""
        return any(lane.told for lane in self.lanes)

    def stop(self) -> None:
        """Stop in the next run of the page; what was learned up to the last checkpoints can be gone on with."""
        self.running = False

    def go_on(self) -> None:
        """Go on from the last checkpoints in the next run of the page."""
        self.running, self.trouble = True, ""

    def rewind(self) -> None:
        """Go back to the last checkpoints. The page does so before it draws a training that is running: its job has
        ended with the run of the page before this one.
        """
        for lane in self.left:
            lane.rewind()
        self.life = time.monotonic()

    def plan(self) -> dict[str, Any]:
        """The plan of the job, with the rest of the work."""
        return {"job": f"lab.{self.name}", "runs": [lane.spec.to_json() for lane in self.left]}

    def states(self) -> dict[str, jobs.Packed]:
        """The checkpoints that the job goes on from, by the names that it knows."""
        return {f"state {number}": lane.state for number, lane in enumerate(self.left) if lane.state}

    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return sum(lane.step for lane in self.lanes) / max(1, sum(spec.recipe.steps for spec in self.specs))

    def records(self, *, lately: bool = False) -> list[jobs.Record]:
        """What the live component draws, or what of it came in the last seconds. "run" is the number of its lane."""
        return [
            record | {"run": number}
            for number, lane in enumerate(self.lanes)
            for record in lane.told[work.recent(lane.times) if lately else 0 :]
        ]

    def news(self) -> dict[str, Any]:
        """What the live component is told while a job is under way; some of it was told before."""
        records = self.records(lately=True)
        return {"painted": self.name, "name": repr(self.specs), "life": self.life, "records": records}


def go(training: PageTraining[L] | None, place: work.Display | None) -> None:
    """Train as the one heavy job of this server, and then show the page anew.

    place: where the training shows itself, None where none is under way.
    """
    if training is None or place is None:
        return
    left = training.left  # the job counts these alone

    def take(record: jobs.Record) -> None:
        if jobs.TROUBLE in record:
            training.trouble = record[jobs.TROUBLE]
        else:
            left[record["run"]].take(record)

    if left:
        work.listen(
            place, lambda: jobs.stream(training.plan(), training.states(), work.limits("cpu")), take,
            share=training.share, doing=training.doing, news=training.news,
        )  # fmt: skip
    training.running = False
    st.rerun()
