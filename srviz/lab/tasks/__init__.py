"""The registry of tasks. Nothing else names a task.

Each module of this folder has one record or more in `TASKS`, or it is a family of tasks, of which there are more than
a list can hold: then `FAMILY` is its name, and `member` makes the task of the name "family:arguments".
"""

import pkgutil
from functools import lru_cache
from importlib import import_module
from types import ModuleType

from srviz.lab.task import Data, Task

__all__ = ["FAMILIES", "TASKS", "data", "find"]

MOST_KEPT = 64  # tasks whose data are kept
LONGEST_NAME = 480
LISTED_METRICS = ("accuracy", "bits")  # of the tasks in the list: the page that trains them has words for these


def _modules() -> list[ModuleType]:
    return [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]


def _find() -> dict[str, Task]:
    listed = sorted((module for module in _modules() if hasattr(module, "TASKS")), key=lambda module: module.RANK)
    tasks = [task for module in listed for task in module.TASKS]
    for task in tasks:
        if task.metric not in LISTED_METRICS:
            known = " or ".join(LISTED_METRICS)
            raise ValueError(f"{task.name}: expected the metric {known}; {task.metric} is for families of tasks")
    return {task.name: task for task in tasks}


TASKS = _find()
FAMILIES = {module.FAMILY: module.member for module in _modules() if hasattr(module, "FAMILY")}


def find(name: object) -> Task:
    """The task of this name. Raises ValueError where there is none."""
    if not isinstance(name, str):
        name = str(name)  # none has such a name
    if name in TASKS:
        return TASKS[name]
    family, _, arguments = name.partition(":")
    if family in FAMILIES and len(name) <= LONGEST_NAME:
        return _member(family, arguments)
    known = ", ".join([*TASKS, *(f"{family}:…" for family in FAMILIES)])
    raise ValueError(f"task: expected one of {known}, got {name[:60]!r}")


@lru_cache(maxsize=MOST_KEPT)
def _member(family: str, arguments: str) -> Task:
    task: Task = FAMILIES[family](arguments)
    return task


@lru_cache(maxsize=MOST_KEPT)
def data(name: str) -> Data:
    """The data of a task, loaded once. Raises ValueError, with what to install, where a package is missing."""
    try:
        return find(name).data()
    except ModuleNotFoundError as error:
        raise ValueError(
            f'{find(name).title} needs {error.name}, which is not installed: pip install "srviz[lab]"'
        ) from None
