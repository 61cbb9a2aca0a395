"""Models that are fitted to the contexts on screen: started, watched, stopped and gone on with; kept in the session."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.ui.chapters.apart import WORDS
from srviz.ui.kit import work

FEED = "apart"  # the name under which the component hears what is new
MOST_LANES = 12  # fits that are kept, the latest ones

Look = dict[str, Any]


@dataclass
class Lane:
    """One model. looks: where its tokens were, {"step", "look"}, and times, when each was told. state: from which it
    can go on, and the step it is of. step, seconds: how far it is.
    """

    spec: Spec
    looks: list[Look] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    state: jobs.Packed | None = None
    state_step: int = 0
    step: int = 0
    seconds: float = 0.0
    end: dict[str, Any] | None = None
    parameters: int = 0
    diverged: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self.diverged) or self.end is not None

    def take(self, record: jobs.Record) -> None:
        """What the job says of it; see `srviz.lab.records`."""
        if "begin" in record:
            self.parameters = record["begin"]["parameters"]
        elif "look" in record:
            self.looks.append({"step": record["step"], "look": record["look"]})
            self.times.append(time.monotonic())
        elif "state" in record:
            self.state, self.state_step = jobs.Packed.of_json(record["state"]), record["step"]
        elif "end" in record:
            self.end, self.state = record["end"], None
        elif "diverged" in record:
            self.diverged, self.state = record["diverged"], None
        elif "losses" in record:
            self.step, self.seconds = record["step"], record["seconds"]

    def rewind(self) -> None:
        """Go back to the last state: what came after it will come again."""
        kept = [look for look in self.looks if look["step"] <= self.state_step]
        self.looks, self.times = (kept, [0.0] * len(kept)) if self.state else ([], [])
        self.step = self.state_step


@dataclass
class Fits:
    """The fits of a session. asked: those under way, or that were. trouble: why they could not go on, in a sentence."""

    lanes: dict[Spec, Lane] = field(default_factory=dict)
    asked: tuple[Spec, ...] = ()
    running: bool = False
    trouble: str = ""

    @property
    def left(self) -> list[Lane]:
        """Of those asked for the ones that are not over."""
        return [self.lanes[spec] for spec in self.asked if not self.lanes[spec].over]

    def begin(self, specs: Sequence[Spec]) -> None:
        """Ask for these; what is over of them is kept, and so is what was stopped."""
        for spec in specs:
            self.lanes[spec] = self.lanes.pop(spec, Lane(spec))
        for spec in list(self.lanes)[:-MOST_LANES]:
            del self.lanes[spec]
        self.asked, self.running, self.trouble = tuple(specs), True, ""

    def forget(self, specs: Sequence[Spec]) -> None:
        """Let these begin anew."""
        for spec in specs:
            self.lanes.pop(spec, None)

    def plan(self) -> tuple[jobs.Plan, dict[str, jobs.Packed]]:
        """What is left to be done, and the states to go on from."""
        states = {f"state {number}": lane.state for number, lane in enumerate(self.left) if lane.state}
        return {"job": "lab.apart", "runs": [lane.spec.to_json() for lane in self.left]}, states

    def share(self) -> float:
        """How far they are, from 0 to 1."""
        lanes = [self.lanes[spec] for spec in self.asked]
        return sum(lane.step for lane in lanes) / max(1, sum(lane.spec.recipe.steps for lane in lanes))

    def doing(self) -> str:
        """What they are at, in words."""
        lanes = [self.lanes[spec] for spec in self.asked]
        done = " · ".join(f"{lane.spec.of_mixing.label} {lane.step:,}" for lane in lanes)
        return WORDS("fits.doing", done=done, steps=max(lane.spec.recipe.steps for lane in lanes))

    def news(self, specs: Sequence[Spec]) -> dict[str, Any]:
        """What was told lately; "run" is the place of its model among those on screen."""
        records = [
            {"run": number} | look
            for number, spec in enumerate(specs)
            if (lane := self.lanes.get(spec))
            for look in lane.looks[work.recent(lane.times) :]
        ]
        return {"painted": FEED, "name": repr(specs), "records": records}


def current() -> Fits:
    """The fits of this session."""
    found: Fits = st.session_state.setdefault("_apart_fits", Fits())
    return found


def start(specs: tuple[Spec, ...]) -> None:
    """Let fits begin, or go on, in the next run of the page."""
    current().begin(specs)


def again(specs: tuple[Spec, ...]) -> None:
    """Let them begin anew."""
    current().forget(specs)
    current().begin(specs)


def stop() -> None:
    """Stop; what was learned up to the last state can be gone on with."""
    current().running = False


def go(place: work.Place | None) -> None:
    """Fit on, if fits are under way."""
    if place is None:
        return
    fits = current()
    lanes = fits.left
    for lane in lanes:
        lane.rewind()  # a touch of the page has ended the job: it goes on at its last states

    def take(record: jobs.Record) -> None:
        if jobs.TROUBLE in record:
            fits.trouble = record[jobs.TROUBLE]
        else:
            lanes[record["run"]].take(record)

    if lanes:
        work.listen(place, fits.plan(), take, share=fits.share, doing=fits.doing, news=lambda: fits.news(fits.asked))
    fits.running = False
    st.rerun()
