"""The jobs that can be asked for by name. "measure.fit" is the function `run` of `srviz/measure/jobs/fit.py`.

A plan comes from another process, so its name is never taken for a path: it is looked up among the files of the rooms
below, and nothing else is imported for it.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from srviz.jobs.protocol import PROCESS_BYTES, Attachments, Plan, Record

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
    job: Job = _module(name).run
    return job


def needs(plan: Plan) -> int:
    """Bytes that the process of this job needs at least: what `needs` in its file says of the plan, where it has one.

    0 where there is no such job, or its plan is no plan of it: the job says so itself.
    """
    name = plan.get("job")
    if name not in names():
        return 0
    try:
        return int(getattr(_module(name), "needs", lambda plan: PROCESS_BYTES)(plan))
    except (KeyError, TypeError, ValueError):
        return 0


def _module(name: str) -> Any:
    room, _, file = name.partition(".")
    return importlib.import_module(f"srviz.{room}.jobs.{file}")
