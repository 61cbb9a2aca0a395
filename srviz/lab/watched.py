"""Recorded trainings that a page can show: all that a training says, with fewer looks at it, in small files."""

import gzip
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from srviz import places
from srviz.jobs import Record
from srviz.lab.records import records
from srviz.lab.results import file_name, where, write
from srviz.lab.spec import Spec
from srviz.lab.train import Training

LOOKS = 20  # times that a recorded run was looked at
EXAMPLE = 10  # of the test, from 0, that is looked at
MOST_BYTES = 400_000  # of a file
FOLDER = places.RECORDED / "lab" / "watched"


def record(spec: Spec, tell: Callable[[str], object] = print) -> Path:
    """Train, and keep what `srviz.lab.records` says of it but the states and the weights, with when and on what.

    Raises ValueError, with a sentence, where the loss is no number any more and where the file would be too large.
    """
    lines = []
    for said in records(Training(spec), example=EXAMPLE, looks=LOOKS, state_seconds=float("inf")):
        if "diverged" in said:
            raise ValueError(said["diverged"])
        if "test" in said:
            tell(f"{spec.task}-{spec.mixing}: step {said['step']:,} of {spec.recipe.steps:,}")
        if "state" not in said:
            kept = {name: value for name, value in said.items() if name != "weights"}
            lines.append(json.dumps(kept | ({"where": where()} if "begin" in said else {})))
    data = gzip.compress("\n".join(lines).encode(), mtime=0)
    if len(data) > MOST_BYTES:
        raise ValueError(f"n: expected a run whose record has at most {MOST_BYTES:,} bytes, got {len(data):,}")
    path = _path(spec.task, spec.mixing)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, data)
    tell(f"{path.name}: {len(data):,} bytes")
    return path


def exists(task: str, mixing: str) -> bool:
    """Whether a run of a method on a task is recorded."""
    return _path(task, mixing).exists()


@lru_cache(maxsize=6)
def read(task: str, mixing: str) -> tuple[Record, ...]:
    """What was said of the recorded run of a method on a task; nothing where none is recorded."""
    path = _path(task, mixing)
    if not path.exists():
        return ()
    return tuple(json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines())


def _path(task: str, mixing: str) -> Path:
    return FOLDER / f"{file_name(task)}-{mixing}.jsonl.gz"
