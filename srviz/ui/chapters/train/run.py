"""A training under way: started, watched, stopped and gone on with. What it has learned stays in the session."""

import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.ui.chapters.train import WORDS
from srviz.ui.kit import work

FEED = "train"  # the name under which the component hears what is new


@dataclass
class Lane:
    """One of the models that learn. state: from which it can go on, and the step it is of."""

    spec: Spec
    losses: list[float] = field(default_factory=list)
    state: jobs.Packed | None = None
    state_step: int = 0
    weights: bytes = b""
    end: dict[str, Any] | None = None
    diverged: str = ""
    parameters: int = 0
    step: int = 0
    seconds: float = 0.0
    sizes: dict[int, float] = field(default_factory=dict)  # the metric at numbers of tokens it was tested at

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self.diverged) or self.end is not None


@dataclass
class Watched:
    """Some models that learn together. said: what the component draws, record by record. life: another number whenever
    what was said is not only added to. trouble: why it could not go on, in a sentence.
    """

    specs: tuple[Spec, ...]
    bet: float
    example: int = 0
    running: bool = True
    trouble: str = ""
    life: int = 0
    said: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # when each was said
    testing: int | None = None  # a number of tokens at which the models are being tested

    def __post_init__(self) -> None:
        self.lanes = [Lane(spec) for spec in self.specs]

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return all(lane.over for lane in self.lanes)

    def take(self, record: jobs.Record) -> None:
        """What the job says; see `srviz.lab.records`."""
        if jobs.TROUBLE in record:
            self.trouble = record[jobs.TROUBLE]
            return
        lane = self.lanes[record["run"]]
        if "begin" in record:
            lane.parameters = record["begin"]["parameters"]
        elif "state" in record:
            lane.state, lane.state_step = jobs.Packed.of_json(record["state"]), record["step"]
        elif "weights" in record:
            lane.weights = bytes(jobs.Packed.of_json(record["weights"]).data)
            lane.end = record["end"]
        elif "diverged" in record:
            lane.diverged = record["diverged"]
        else:
            if "losses" in record:
                lane.step, lane.losses = record["step"], lane.losses + record["losses"]
                lane.seconds = record["seconds"]
            self.said.append(record)
            self.times.append(time.monotonic())

    def tested(self, number: int, record: jobs.Record) -> None:
        """What the job says of a model at another number of tokens; see `srviz.lab.jobs.test`."""
        if jobs.TROUBLE in record:
            self.trouble = record[jobs.TROUBLE]
        else:
            self.lanes[number].sizes[record["n"]] = record["test"]["metric"]

    def rewind(self) -> None:
        """Go back to the last states, from which the training goes on: what came after them will come again."""
        for number, lane in enumerate(self.lanes):
            if lane.over:
                continue
            kept = []
            for record in self.said:
                if record["run"] == number and record["step"] > lane.state_step:
                    if "losses" not in record or record["step"] - len(record["losses"]) >= lane.state_step:
                        continue
                    more = record["step"] - lane.state_step
                    record = record | {"step": lane.state_step, "losses": record["losses"][:-more]}
                kept.append(record)
            self.said = kept
            lane.losses, lane.step = lane.losses[: lane.state_step], lane.state_step
            mine = [record["seconds"] for record in kept if record["run"] == number and "seconds" in record]
            lane.seconds = mine[-1] if mine else 0.0
        self.times = [0.0] * len(self.said)
        self.life += 1
        self.trouble = ""

    def news(self) -> dict[str, Any]:
        """What was said lately, and its place among all."""
        first = work.recent(self.times)
        return {"painted": FEED, "life": self.life, "first": first, "records": self.said[first:]}

    def plan(self) -> tuple[jobs.Plan, dict[str, jobs.Packed]]:
        """What is left to be done, and the states to go on from."""
        left = [lane for lane in self.lanes if not lane.over]
        runs = [lane.spec.to_json() for lane in left]
        states = {f"state {number}": lane.state for number, lane in enumerate(left) if lane.state}
        return {"job": "lab.train", "runs": runs, "example": self.example}, states

    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return sum(lane.step for lane in self.lanes) / sum(lane.spec.recipe.steps for lane in self.lanes)

    def doing(self) -> str:
        """What it is at, in words."""
        if not any(lane.step for lane in self.lanes):
            return WORDS("run.loading")
        doing = " · ".join(
            WORDS("run.lane", label=lane.spec.of_mixing.label, step=lane.step, steps=lane.spec.recipe.steps)
            for lane in self.lanes
        )
        paces = [lane.seconds / lane.step * (lane.spec.recipe.steps - lane.step) for lane in self.lanes if lane.step]
        return WORDS("run.left", doing=doing, seconds=max(paces)) if paces and max(paces) >= 1 else doing


def current() -> Watched | None:
    """The training of this session: under way, stopped or over."""
    run: Watched | None = st.session_state.get("_training")
    return run


def start(specs: tuple[Spec, ...], bet: float, example: int) -> None:
    """Let a new training begin in the next run of the page."""
    st.session_state["_training"] = Watched(specs, bet, example)


def stop() -> None:
    """Stop; what was learned up to the last state can be gone on with."""
    if run := current():
        run.running = False


def go_on() -> None:
    """Go on from the last states."""
    if run := current():
        run.running = True


def go(place: work.Place | None) -> None:
    """Train on, if a training is under way."""
    run = current()
    if place is None or run is None:
        return
    if run.said:  # a touch of the page has ended the job: it goes on at its last states
        run.rewind()
    which = [k for k, lane in enumerate(run.lanes) if not lane.over]  # the job counts what is left

    def take(record: jobs.Record) -> None:
        run.take(record | {"run": which[record["run"]]} if "run" in record else record)

    work.listen(place, run.plan(), take, share=run.share, doing=run.doing, news=run.news)
    run.running = False
    st.rerun()
