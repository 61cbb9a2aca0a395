"""The source that runs, read from the functions themselves."""

import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import ModuleType


@cache
def marked_source(function: Callable[..., object]) -> list[tuple[str, str]]:
    """The lines of a function that do the work: (step, line), from its marks "# step: name" up to "# done"."""
    lines, step = [], ""
    for line in textwrap.dedent(inspect.getsource(function)).splitlines():
        mark, _, name = line.strip().partition("step: ")
        if mark == "# ":
            step = name
        elif line.strip() == "# done":
            step = ""
        elif step:
            lines.append((step, line.removeprefix("    ")))
    return lines


def text(*parts: Callable[..., object] | ModuleType) -> str:
    """The source of functions, classes or modules, one below the other, each from the left edge."""
    return "\n\n".join(inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts)
