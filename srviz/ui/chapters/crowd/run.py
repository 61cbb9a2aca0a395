"""A training of several models on one function: started, watched, stopped and gone on with."""

import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.lab.model import Model
from srviz.lab.train import load
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.kit import work

FEED = "crowd"  # the name under which the component hears what is new


@dataclass
class Learning:
    """Models that learn one function side by side. watched: the places and payloads of the crowd that is looked at.

    said: what the component draws, record by record. life: another number whenever what was said is not only added to.
    trouble: why it could not go on, in a sentence. sizes: of each model that has ended, R² at numbers of tokens.
    """

    specs: tuple[Spec, ...]
    watched: dict[str, list[float]]
    bet: str
    running: bool = True
    trouble: str = ""
    life: int = 0
    said: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    steps: dict[int, int] = field(default_factory=dict)
    states: dict[int, tuple[int, jobs.Packed]] = field(default_factory=dict)
    models: dict[int, Model] = field(default_factory=dict)
    sizes: dict[int, dict[int, float]] = field(default_factory=dict)
    diverged: dict[int, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether all have ended, well or not."""
        return all(k in self.sizes or k in self.diverged for k in range(len(self.specs)))

    @property
    def left(self) -> list[int]:
        """The models that have not ended."""
        return [k for k in range(len(self.specs)) if k not in self.sizes and k not in self.diverged]

    def take(self, record: jobs.Record) -> None:
        """What the job says; see `srviz.lab.jobs.crowd`."""
        if jobs.TROUBLE in record:
            self.trouble = record[jobs.TROUBLE]
            return
        k, step = record["run"], record.get("step", 0)
        if "losses" in record:
            self.steps[k] = step
        elif "state" in record:
            self.states[k] = step, jobs.Packed.of_json(record["state"])
        elif "weights" in record:
            self.models[k], _ = load(bytes(jobs.Packed.of_json(record["weights"]).data))
            self._say({"run": k, "step": step, "metric": record["end"]["metric"]})
        elif "sizes" in record:
            self.sizes[k] = {int(n): found["metric"] for n, found in record["sizes"].items()}
        elif "diverged" in record:
            self.diverged[k] = record["diverged"]
        elif "look" in record:
            self._say({"run": k, "step": step, "look": record["look"]})
        elif "test" in record:
            self._say({"run": k, "step": step, "metric": record["test"]["metric"]})

    def _say(self, said: dict[str, Any]) -> None:
        self.said.append(said)
        self.times.append(time.monotonic())

    def rewind(self) -> None:
        """Go back to the last states, from which the training goes on: what came after them will come again."""
        for k in self.left:
            step = self.states[k][0] if k in self.states else 0
            self.said = [one for one in self.said if one["run"] != k or one["step"] <= step]
            self.steps[k] = step
        self.times = [0.0] * len(self.said)
        self.life += 1
        self.trouble = ""

    def news(self) -> dict[str, Any]:
        """What was said lately, and its place among all."""
        first = work.recent(self.times)
        return {"painted": FEED, "life": self.life, "first": first, "records": self.said[first:]}

    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return sum(self.steps.values()) / sum(spec.recipe.steps for spec in self.specs)

    def doing(self) -> str:
        """What it is at, in words."""
        if not any(self.steps.values()):
            return WORDS("run.begins")
        return " · ".join(
            WORDS(
                f"run.{'tested' if k in self.models and k not in self.sizes else 'at'}",
                model=spec.of_mixing.label, step=self.steps.get(k, 0), steps=spec.recipe.steps,
            )
            for k, spec in enumerate(self.specs)
        )  # fmt: skip


def current() -> Learning | None:
    """The training of this session: under way, stopped or over."""
    run: Learning | None = st.session_state.get("_learning")
    return run


def start(specs: tuple[Spec, ...], watched: dict[str, list[float]], bet: str) -> None:
    """Let a new training begin in the next run of the page."""
    st.session_state["_learning"] = Learning(specs, watched, bet)


def stop() -> None:
    """Stop; what was learned up to the last states can be gone on with."""
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
    if run.steps:  # a touch of the page has ended the job: it goes on at its last states
        run.rewind()
    left = run.left
    plan = {"job": "lab.crowd", "runs": [run.specs[k].to_json() for k in left]} | run.watched
    states = {f"state {number}": run.states[k][1] for number, k in enumerate(left) if k in run.states}

    def take(record: jobs.Record) -> None:
        run.take(record | {"run": left[record["run"]]} if "run" in record else record)

    work.listen(place, (plan, states), take, share=run.share, doing=run.doing, news=run.news)
    run.running = False
    st.rerun()
