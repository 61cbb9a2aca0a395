"""What can be taken away of a training."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from srviz.lab import TASKS
from srviz.lab.sweep import where
from srviz.ui.chapters.train import WORDS, parts, recorded
from srviz.ui.chapters.train.run import Watched, current
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, File, State

SCRIPTS = Path(__file__).parent / "scripts"


def _run(state: State) -> Watched | None:
    """The training that is on screen."""
    run = current()
    return run if run and run.specs[0].task == state["task"] else None


def there(state: State) -> bool:
    """Whether anything was learned, and nothing is being learned now."""
    run = _run(state)
    return run is not None and not run.running and any(lane.losses for lane in run.lanes)


def caption(state: State) -> str:
    """Which task, and which models."""
    run, task = _run(state), TASKS[state["task"]]
    if run is None or not run.begun:
        return WORDS("take.nothing", task=task.title)
    models = [WORDS("take.model", label=lane.label, step=lane.step) for lane in run.lanes]
    return WORDS("take.caption", task=task.title, models=WORDS("take.and").join(models), seed=run.specs[0].seed)


def numbers(state: State) -> Columns:
    """Every loss, and the test where there was one."""
    run = _run(state)
    assert run is not None
    columns: dict[str, list[Any]] = {name: [] for name in ("method", "seed", "step", "loss", "test")}
    for lane in run.lanes:
        tests = {record["step"]: record["test"]["metric"] for record in lane.told if "test" in record}
        for step, loss in enumerate(lane.losses, 1):
            row = (lane.spec.mixing, lane.spec.seed, step, loss, str(tests.get(step, "")))
            for name, one in zip(columns, row, strict=True):
                columns[name].append(one)
    return dict(columns)


def document(run: Watched) -> dict[str, Any]:
    """The run as data."""
    lanes = [
        {"run": lane.spec.to_json(), "parameters": lane.parameters, "losses": lane.losses, "diverged": lane.diverged}
        | (lane.end or {})
        for lane in run.lanes
    ]
    return {"format": "srviz training 1", "where": where(), "bet": run.bet, "runs": lanes, "records": run.records()}


def files(state: State) -> list[File]:
    """The run as data, and the models."""
    run = _run(state)
    assert run is not None
    found = [File("JSON", "training.json", "application/json", lambda: json.dumps(document(run)))]
    return found + [
        File(
            lane.label,
            f"{lane.spec.task}-{lane.spec.mixing}.safetensors",
            "application/octet-stream",
            partial(bytes, lane.weights),
            WORDS("take.weights"),
        )
        for lane in run.lanes
        if lane.weights
    ]


def script(state: State) -> Script:
    """The same models learn again."""
    run = _run(state)
    assert run is not None
    return Script(SCRIPTS / "train", WORDS("title"), {"runs": [lane.spec.brief() for lane in run.lanes]})


def checked(state: State) -> Columns:
    """Every loss."""
    return {"losses": np.array(numbers(state)["loss"], dtype=float)}


TRAINING = Figure(
    ("train",), "training", WORDS("take.name"), caption, numbers, script, files, ("torch",), there, checked=checked,
)  # fmt: skip
FIGURES = (TRAINING, *recorded.FIGURES, parts.PARTS)
