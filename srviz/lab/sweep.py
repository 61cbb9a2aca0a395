"""A sweep: many independent runs, planned as JSON, of which what is over is kept.

A sweep that is started again does what is missing.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srviz.lab.results import Result, read, whole_lines
from srviz.lab.spec import Spec

MOST_RUNS = 10_000
LISTS = ("tasks", "methods", "seeds", "recipes")


def runs(plan: Any) -> list[Spec]:
    """The runs of a plan: every task with every method, seed and recipe. Raises ValueError, with a sentence.

    {"tasks": ["solids"], "methods": ["relu"], "seeds": [0, 1], "recipes": [{}, {"rate": 0.002}]}; seeds and recipes may
    be left out. Instead of these, or besides, {"runs": [{"task", "method", "seed", "recipe"}, …]}.
    """
    if not isinstance(plan, Mapping):
        raise ValueError(f"plan: expected an object, got {type(plan).__name__}")
    unknown = set(plan) - {*LISTS, "runs", "name", "note"}
    if unknown:
        raise ValueError(f"plan: expected {', '.join((*LISTS, 'runs'))}, got {str(min(unknown))[:60]!r}")
    given = {"seeds": [0], "recipes": [{}], "tasks": [], "methods": [], "runs": []} | dict(plan)
    for name in (*LISTS, "runs"):
        if not isinstance(given[name], list):
            raise ValueError(f"{name}: expected a list, got {type(given[name]).__name__}")
    number = len(given["runs"])
    product = 1
    for name in LISTS:
        product *= len(given[name])
    if number + product > MOST_RUNS:
        raise ValueError(f"plan: expected at most {MOST_RUNS:,} runs, got {number + product:,}")
    specs = [Spec.of_json(one) for one in given["runs"]]
    order = (given[name] for name in ("tasks", "recipes", "methods", "seeds"))
    for task, recipe, method, seed in itertools.product(*order):
        specs.append(Spec.of_json({"task": task, "method": method, "seed": seed, "recipe": recipe}))
    if not specs:
        raise ValueError("plan: expected at least one run, got none")
    return list(dict.fromkeys(specs))


@dataclass
class Sweep:
    """Runs, and what is known of them. path: of the file of results, or None to keep them here alone."""

    specs: list[Spec]
    path: Path | None = None

    def __post_init__(self) -> None:
        self.results: dict[Spec, Result] = {}
        if self.path and self.path.exists():
            wanted = set(self.specs)
            found = read(self.path)
            whole_lines(self.path)
            for result in found:
                spec = Spec.of_json(result["run"])
                if spec in wanted:
                    self.results[spec] = result

    @property
    def left(self) -> list[Spec]:
        """The runs that are not over."""
        return [spec for spec in self.specs if spec not in self.results]

    def take(self, result: Result) -> None:
        """A run that is over: it is kept at once."""
        self.results[Spec.of_json(result["run"])] = result
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps(result) + "\n")

    def table(self) -> list[Result]:
        """The results in the order of the plan."""
        return [self.results[spec] for spec in self.specs if spec in self.results]


def do(sweep: Sweep, results: Iterator[Result], tell: Callable[[str], object] = print) -> None:
    """Take the results as they come, and tell how far it is."""
    begun, before = time.monotonic(), len(sweep.results)
    for result in results:
        sweep.take(result)
        done = len(sweep.results)
        left = (time.monotonic() - begun) / (done - before) * (len(sweep.specs) - done)
        run = result["run"]
        said = f"diverged at step {result['diverged']}" if "diverged" in result else f"{result['metric']:.3f}"
        which = f"{run['task']} {run['method']} seed {run['seed']}"
        tell(f"{done} of {len(sweep.specs)}: {which}: {said}, {left / 60:.0f} min left")
