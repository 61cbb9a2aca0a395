"""Files of results: a line of JSON for each run that is over, which says when and on what it was done."""

import json
import os
import platform
import re
from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from srviz import host
from srviz.lab.spec import Spec

BEGINNING = '{"run": {"task": "'  # of every line of a file of results

LONG = ("losses", "confusion")  # what takes most of the memory of a result

Result = dict[str, Any]


def read(path: Path, *, without: Container[str] = ()) -> list[Result]:
    """The results in a file, which may be written at this moment: a last line that is not whole is left out.

    without: what nobody is going to ask of them, which then takes no memory. Raises ValueError, with the line, where
    another one is no result, or the last one is not the beginning of one.
    """
    found = []
    *lines, last = path.read_text("utf-8", "replace").split("\n")
    for number, line in enumerate([*lines, last], 1):
        result = _result(line)
        if result:
            found.append({name: value for name, value in result.items() if name not in without})
        elif line and (number <= len(lines) or line[: len(BEGINNING)] != BEGINNING[: len(line)]):
            raise ValueError(f"line {number} of {path.name}: expected the result of a run")
    return found


def _result(line: str) -> Result | None:
    """The result that a line holds, or None."""
    try:
        result: Result = json.loads(line)
        Spec.of_json(result["run"])
        return result if "metric" in result or "diverged" in result else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def whole_lines(path: Path) -> None:
    """Let the next line of a file begin as one: a last line that was cut off when its process was ended is taken off,
    and one that is whole is ended.
    """
    data = path.read_bytes()
    begun = data.rfind(b"\n") + 1
    if begun == len(data):
        return
    try:
        json.loads(data[begun:])
    except (ValueError, RecursionError):
        os.truncate(path, begun)
    else:
        with path.open("a") as file:
            file.write("\n")


def write(path: Path, data: bytes | memoryview) -> None:
    """A file, as a whole or not at all: what was there before stays until all is written.

    What is no file, such as /dev/stdout, is written to as it is.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    beside = path.with_name(f"{path.name}.part")
    beside.write_bytes(data)
    beside.replace(path)


def file_name(task: str) -> str:
    """The name of a task as a file may have it: that of a formula holds signs that a file may not have."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", task)[:40]
    return plain if plain == task else f"{plain}-{crc32(task.encode()):08x}"


def where() -> dict[str, Any]:
    """When and on what: the date, the versions, the processor.

    "capability" is the kind of instructions that torch computes with, such as "AVX2": with another kind a run differs
    in its last digits, also on processors of one name.
    """
    import torch

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": host.processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": host.cores(),
        "process": os.getpid(),
    }
