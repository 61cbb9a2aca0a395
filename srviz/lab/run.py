"""One run, from what JSON says of it to its result, with the files that it leaves on the way."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from srviz.jobs import Packed
from srviz.lab.results import Result, file_name, where, whole_lines, write
from srviz.lab.spec import Spec

POINTS = 60  # losses that a result has at most


def one(
    run: Mapping[str, Any],
    sizes: bool = True,
    folder: Path | None = None,
    tell: Callable[[str], object] | None = None,
    *,
    told: Path | None = None,
    points: int = POINTS,
) -> Result:
    """Do one run, as JSON says it, on one thread. It is what a worker is asked for, here or in a cluster.

    A process does one run at a time: others that its threads are asked for wait. folder: where it leaves
    NAME.training.safetensors every few seconds, from which it goes on, and at the end NAME.safetensors. tell: hears how
    far it is. told: a folder, where NAME.jsonl gets what `records` says, a line each, as it is said, without the states
    and the weights; the lines of a run that goes on follow those that are there. points: how many losses the result has
    at most. Raises ValueError for a state of another run.
    """
    from srviz.lab.records import LOOKS, STATE_SECONDS, at_sizes, records
    from srviz.lab.train import Training, one_thread
    from srviz.lab.variants import VARIANTS

    with one_thread(), ExitStack() as files:
        training = Training(Spec.of_json(run))
        spec = training.spec
        name = f"{file_name(spec.task)}-{spec.mixing}-{spec.seed}"
        tell = tell or (lambda said: None)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            state = folder / f"{name}.training.safetensors"
            if state.exists():
                try:
                    training.resume(state.read_bytes())
                except ValueError as error:
                    raise ValueError(f"{state.name}: {error}") from None
                tell(f"{name}: goes on at step {training.done:,}")
        lines = None
        if told:
            told.mkdir(parents=True, exist_ok=True)
            path = told / f"{name}.jsonl"
            goes_on = training.done > 0 and path.exists()
            if goes_on:
                whole_lines(path)
            lines = files.enter_context(path.open("a" if goes_on else "w", encoding="utf-8", buffering=1))
        result: Result = {"run": spec.to_json(), "parameters": training.parameters}
        looks = LOOKS if told else 0
        for record in records(training, looks=looks, state_seconds=STATE_SECONDS if folder else math.inf):
            if folder and "state" in record:
                write(state, Packed.of_json(record["state"]).data)
            if folder and "weights" in record:
                write(folder / f"{name}.safetensors", Packed.of_json(record["weights"]).data)
            if lines and "state" not in record:
                lines.write(json.dumps({key: value for key, value in record.items() if key != "weights"}) + "\n")
            if "test" in record:
                said = f"{spec.of_task.metric} {record['test']['metric']:.3f}"
                tell(f"{name}: step {record['step']:,} of {spec.recipe.steps:,}, {said}")
            if "diverged" in record:
                tell(f"{name}: {record['diverged']}")
                result["diverged"] = record["step"]
            result |= record.get("end", {})
        result |= {"losses": thinned(training.losses, points), "tests": training.tests}
        longer = spec.mixing not in VARIANTS  # their n² formula takes minutes there, and they are compared elsewhere
        if sizes and longer and "diverged" not in result and len(training.task.tested_at(spec.recipe)) > 1:
            result["sizes"] = at_sizes(training)
        return result | {"where": where()}


def thinned(losses: Sequence[float], points: int = POINTS) -> list[list[float]]:
    """[step, mean loss of the steps since the last point] at so many points at most."""
    width = max(1, -(-len(losses) // points))
    parts = [losses[k : k + width] for k in range(0, len(losses), width)]
    return [[min(len(losses), (k + 1) * width), round(sum(p) / len(p), 4)] for k, p in enumerate(parts)]
