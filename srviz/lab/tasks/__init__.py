"""The registry of tasks. Each module of this folder has one record or more in `TASKS`; nothing else names a task."""

import pkgutil
from functools import cache
from importlib import import_module

from srviz.lab.task import Data, Task

__all__ = ["TASKS", "data", "find"]


def _find() -> dict[str, Task]:
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    modules.sort(key=lambda module: module.RANK)
    return {task.name: task for module in modules for task in module.TASKS}


TASKS = _find()


def find(name: object) -> Task:
    """The task of this name. Raises ValueError where there is none."""
    if not isinstance(name, str) or name not in TASKS:
        raise ValueError(f"task: expected one of {', '.join(TASKS)}, got {str(name)[:60]!r}")
    return TASKS[name]


@cache
def data(name: str) -> Data:
    """The data of a task, loaded once. Raises ValueError, with what to install, where a package is missing."""
    try:
        return find(name).data()
    except ModuleNotFoundError as error:
        raise ValueError(
            f'{find(name).title} needs {error.name}, which is not installed: pip install "srviz[lab]"'
        ) from None
