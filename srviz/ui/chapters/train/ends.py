"""What a training came to: beside the bet, beside recorded runs with other seeds, and to be taken away."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from srviz.lab import Task
from srviz.ui.chapters.train.run import Lane, Watched


def ends(task: Task, run: Watched | None) -> None:
    """The results of a training that is not under way; nothing without one."""
    if run is None or not any(lane.end for lane in run.lanes):
        return
    st.subheader("What it came to", anchor=False)
    st.markdown(verdict(task, run))
    _downloads(run)


def verdict(task: Task, run: Watched) -> str:
    """The test, the time, and the bet."""
    parts = []
    for lane in run.lanes:
        if lane.end is None:
            continue
        step = lane.end["seconds"] / max(1, lane.step)
        share = lane.end["mixing"] / lane.end["seconds"] if lane.end["seconds"] else math.nan
        parts.append(
            f"**{lane.spec.of_mixing.label}**: {says(task, lane.end['metric'])} of the test's {lane.end['asked']:,}, "
            f"{1e3 * step:.0f} ms a step, {share:.0%} of it in what mixes; {lane.parameters:,} parameters."
        )
    text = "  \n".join(parts)
    done = [lane for lane in run.lanes if lane.end]
    if len(done) == 2:
        ahead = points(task, done)
        off = abs(ahead - run.bet)
        leader = done[0 if ahead >= 0 else 1].spec.of_mixing.label
        bet = f"{run.bet:+.0f}" if run.bet else "0"
        text += (
            f"\n\n{leader} is {abs(ahead):.1f} points ahead. You bet {bet} for {done[0].spec.of_mixing.label}"
            f"{': well guessed.' if off <= 2 else f', which is {off:.0f} points off.'} Another seed may differ by some "
            "points."
        )
    return text


def says(task: Task, metric: float) -> str:
    """A metric in words."""
    return f"{metric:.3f} right" if task.metric == "accuracy" else f"{metric:.2f} bits a letter"


def points(task: Task, lanes: Sequence[Lane]) -> float:
    """By how many hundredths the first is ahead of the second."""
    first, second = (100 * (lane.end or {})["metric"] for lane in lanes)
    return float(first - second if task.better_up else second - first)


def _downloads(run: Watched) -> None:
    """Every number, the run as data, the weights, and a script that does it again."""
    with st.container(horizontal=True, key="downloads"):
        st.download_button("CSV", table(run), "training.csv", "text/csv", key="train csv", on_click="ignore")
        whole = json.dumps(document(run))
        st.download_button("JSON", whole, "training.json", "application/json", key="train json", on_click="ignore")
        for number, lane in enumerate(run.lanes):
            if lane.weights:
                label, name = (
                    f"Weights of {lane.spec.of_mixing.label}",
                    f"{lane.spec.task}-{lane.spec.mixing}.safetensors",
                )
                kind = "application/octet-stream"
                st.download_button(label, lane.weights, name, kind, key=f"train weights {number}", on_click="ignore")
        st.download_button("Script", script(run), "training.py", "text/x-python", key="train script", on_click="ignore")
        st.caption("Every loss and test; the run as data; the models as safetensors; a script that does it again.")


def table(run: Watched) -> str:
    """Every loss and test: method, step, loss, test."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["method", "seed", "step", "loss", "test"])
    for number, lane in enumerate(run.lanes):
        tests = {r["step"]: r["test"]["metric"] for r in run.said if r["run"] == number and "test" in r}
        for step, loss in enumerate(lane.losses, 1):
            writer.writerow([lane.spec.mixing, lane.spec.seed, step, loss, tests.get(step, "")])
    return text.getvalue()


def document(run: Watched) -> dict[str, Any]:
    """The run as data."""
    from srviz.lab.sweep import where

    lanes = [
        {"run": lane.spec.to_json(), "parameters": lane.parameters, "losses": lane.losses, "diverged": lane.diverged}
        | (lane.end or {})
        for lane in run.lanes
    ]
    return {"format": "srviz training 1", "where": where(), "bet": run.bet, "runs": lanes, "records": run.said}


def script(run: Watched) -> str:
    """A script that trains the same models again, to the same numbers."""
    runs = ",\n".join(f"    {lane.spec.to_json()!r}" for lane in run.lanes)
    return SCRIPT.replace("\nRUNS,\n", f"\n{runs},\n")


SCRIPT = '''"""Train the same models again: the losses are the same to the bit on the same kind of machine.

pip install "srviz[lab]", then python training.py
"""

import torch

from srviz.lab import Spec, Training
from srviz.lab.records import at_sizes

RUNS = [
RUNS,
]

torch.set_num_threads(1)
for run in RUNS:
    training = Training(Spec.of_json(run))
    for step in training.run():
        if step.number % max(1, training.spec.recipe.steps // 10) == 0:
            print(f"{run['method']:8} step {step.number:5} loss {step.loss:.4f} {training.seconds:6.1f} s")
    tested = training.test()
    print(
        f"{run['method']:8} {training.task.metric} {tested.metric(training.task.metric):.4f} of {tested.asked}, "
        f"{1e3 * training.seconds / training.done:.0f} ms a step, {training.mixing / training.seconds:.0%} of it in "
        f"what mixes, {training.parameters:,} parameters"
    )
    for n, found in at_sizes(training).items():
        print(f"    at {n:>5} tokens {found['metric']:.4f}")
    with open(f"{run['task']}-{run['method']}.safetensors", "wb") as file:
        file.write(training.weights())
'''
