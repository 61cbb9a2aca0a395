"""The fits of every method to every pattern, recorded: `python -m srviz.ui.chapters.beside.record`.

The same fits as the page makes, by the same job, so that what a visitor repeats can be compared with what stands there.
"""

import json
import platform
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Any

import torch

from srviz import host, places
from srviz.attention import METHODS
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import STARTS, STEPS, Fit

FORMAT = "srviz fits 1"
COMMAND = "python -m srviz.ui.chapters.beside.record"
TOKENS, SEED = 24, 119  # of a fit; from which the inputs are drawn, as the page does at first
PATH = places.RECORDED / "fits" / "patterns.json"


def reached(pattern: str, method: str, *, tokens: int = TOKENS, seed: int = SEED, steps: int = STEPS) -> list[float]:
    """The distance to a pattern at first, and the least at the end."""
    made = INPUTS[pattern].make(tokens, random_state=seed)
    fit = Fit(method, torch.from_numpy(made.x), torch.from_numpy(PATTERNS[pattern](made)), steps=steps)
    first, *_, last = fit.run()
    return [round(first.distance, 4), round(last.best, 4)]


def record() -> dict[str, Any]:
    """All of them, and where they were made."""
    torch.set_num_threads(1)  # as the page's job has it
    found: dict[str, dict[str, list[float]]] = {}
    for pattern, method in product(PATTERNS, METHODS):
        found.setdefault(pattern, {})[method] = reached(pattern, method)
        print(f"{INPUTS[pattern].title}, {METHODS[method].label}: {found[pattern][method][1]:.3f}", flush=True)
    return {
        "format": FORMAT,
        "command": COMMAND,
        "date": datetime.now(UTC).date().isoformat(),
        "processor": host.processor(),
        "torch": torch.__version__.split("+")[0],
        "python": platform.python_version(),
        "tokens": TOKENS,
        "seed": SEED,
        "starts": STARTS,
        "steps": STEPS,
        "reached": found,
    }


@cache
def recorded() -> dict[str, Any]:
    """What was recorded: as `record` gives it."""
    said: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    if said.get("format") != FORMAT:
        raise ValueError(f"{PATH.name}: expected the format {FORMAT!r}, got {said.get('format')!r}")
    return said


if __name__ == "__main__":
    PATH.write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n", "utf-8")
