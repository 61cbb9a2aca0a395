"""What can be taken away of a training."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from srviz.lab import TASKS
from srviz.lab.results import file_name, where
from srviz.ui.chapters.train import WORDS, parts, recorded
from srviz.ui.chapters.train.run import Watched, current
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, File, State

SCRIPTS = Path(__file__).parent / "scripts"
BYTES = "application/octet-stream"


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
    """Every loss; the test, the seconds so far, and those of what mixes, where they were told. The last step of a model
    has its tests at other numbers of tokens as well.
    """
    run = _run(state)
    assert run is not None
    rows: list[dict[str, Any]] = []
    others = sorted({n for lane in run.lanes for n in lane.sizes})
    for lane in run.lanes:
        told: dict[int, dict[str, Any]] = {}
        for record in lane.told:
            of_step = told.setdefault(record["step"], {})
            of_step |= {name: record[name] for name in ("seconds", "mixing") if name in record}
            of_step |= {"test": record["test"]["metric"]} if "test" in record else {}
        for step, loss in enumerate(lane.losses, 1):
            of_step = {name: str(told.get(step, {}).get(name, "")) for name in ("test", "seconds", "mixing")}
            row = {"method": lane.spec.mixing, "seed": lane.spec.seed, "step": step, "loss": loss} | of_step
            at_end = lane.sizes if step == len(lane.losses) else {}
            rows.append(row | {f"test at n = {n}": str(at_end.get(n, "")) for n in others})
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def document(run: Watched) -> dict[str, Any]:
    """The run as data."""
    lanes = [
        {"run": lane.spec.to_json(), "parameters": lane.parameters, "losses": lane.losses, "diverged": lane.diverged}
        | {"sizes": lane.sizes}
        | (lane.end or {})
        for lane in run.lanes
    ]
    return {"format": "srviz training 1", "where": where(), "bet": run.bet, "runs": lanes, "records": run.records()}


def files(state: State) -> list[File]:
    """The run as data, and the models; of a model that was stopped, the state from which the lab goes on with it."""
    run = _run(state)
    assert run is not None
    found = [File("JSON", "training.json", "application/json", lambda: json.dumps(document(run)))]
    for lane in run.lanes:
        name = f"{file_name(lane.spec.task)}-{lane.spec.mixing}"
        if lane.weights:
            said, made = WORDS("take.weights"), partial(bytes, lane.weights)
            found.append(File(lane.label, f"{name}.safetensors", BYTES, made, said))
        elif lane.state:
            said, made = WORDS("take.state"), partial(bytes, lane.state.data)
            found.append(File(lane.label, f"{name}-{lane.spec.seed}.training.safetensors", BYTES, made, said))
    return found


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
