"""A run with its states on disk: it can be ended at any moment and goes on at the last state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from srviz.jobs import Packed
from srviz.lab.records import at_sizes, records
from srviz.lab.spec import Spec
from srviz.lab.sweep import thinned, where
from srviz.lab.train import Training


def train(spec: Spec, folder: Path, tell: Callable[[str], object]) -> dict[str, Any]:
    """Train, or go on, and leave NAME.training.safetensors and at the end NAME.safetensors in the folder.

    Returns the result as a sweep has it; its losses are those of this call. Raises ValueError for a state of another
    run.
    """
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{spec.task}-{spec.mixing}-{spec.seed}"
    state, weights = folder / f"{name}.training.safetensors", folder / f"{name}.safetensors"
    training = Training(spec)
    if state.exists():
        training.resume(state.read_bytes())
        tell(f"{name}: goes on at step {training.done:,}")
    losses: list[float] = []
    result: dict[str, Any] = {"run": spec.to_json(), "parameters": training.parameters, "tests": []}
    seconds = 0.0
    for record in records(training, looks=0):
        losses += record.get("losses", [])
        seconds = record.get("seconds", seconds)
        if "state" in record:
            _write(state, bytes(Packed.of_json(record["state"]).data))
        if "test" in record:
            metric = record["test"]["metric"]
            result["tests"].append([record["step"], round(seconds, 3), metric])
            tell(f"{name}: step {record['step']:,} of {spec.recipe.steps:,}, {spec.of_task.metric} {metric:.3f}")
        if "diverged" in record:
            tell(f"{name}: {record['diverged']}")
            result["diverged"] = record["step"]
        if "end" in record:
            result |= record["end"]
            _write(weights, bytes(Packed.of_json(record["weights"]).data))
    result["losses"] = thinned(losses)
    if "diverged" not in result and len(training.task.sizes) > 1:
        result["sizes"] = at_sizes(training)
    return result | {"where": where()}


def _write(path: Path, data: bytes) -> None:
    """As a whole or not at all."""
    beside = path.with_suffix(".part")
    beside.write_bytes(data)
    beside.replace(path)
