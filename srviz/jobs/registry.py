"""The jobs that can be asked for by name. "measure.fit" is the function `run` of `srviz/measure/jobs/fit.py`.

A plan comes from another process, so its name is never taken for a path: it is looked up among the files of the rooms
below, and nothing else is imported for it.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from srviz.jobs.protocol import Attachments, Plan, Record

Job: TypeAlias = Callable[[Plan, Attachments], Iterator[Record]]
ROOMS = ("measure", "lab")  # the rooms that have a folder `jobs`


def names() -> list[str]:
    """The name of every job."""
    found = []
    for room in ROOMS:
        folder = importlib.import_module(f"srviz.{room}.jobs")
        found += [f"{room}.{module.name}" for module in pkgutil.iter_modules(folder.__path__)]
    return found


def find(name: Any) -> Job:
    """The job of this name; what it needs is imported now. Raises ValueError where there is none."""
    if name not in names():
        raise ValueError(f"There is no job named {str(name)[:60]!r}.")
    room, _, file = name.partition(".")
    job: Job = importlib.import_module(f"srviz.{room}.jobs.{file}").run
    return job
