"""Train models on some contexts, and tell where every token of each context is after every layer."""

import base64
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from srviz.jobs import OPTIMIZER_BYTES, Attachments, Plan, Record
from srviz.lab.look import silent
from srviz.lab.model import Model, finite_answers
from srviz.lab.records import STATE_SECONDS, records
from srviz.lab.spec import Spec
from srviz.lab.task import Batch
from srviz.lab.tasks.apart import FAMILY
from srviz.lab.together import together
from srviz.lab.train import Training

MOST_RUNS = 16  # more than there are methods to compare
LOOKS = 30  # times that the places of all tokens are told
UNIT, MIDDLE, MOST = 0.001, 32_768, 65_535  # a coordinate crosses to a browser in 16 bits: (level − MIDDLE) · UNIT


def needs(plan: Plan) -> int:
    """Bytes that its process needs at least."""
    return OPTIMIZER_BYTES + sum(Spec.of_json(one).step_bytes for one in plan["runs"])


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Train each of plan["runs"], what `Spec` takes, on a thread of its own; see `srviz.lab.records`.

    All are of tasks of the family "apart". A look holds {"places": what `places` found, `packed`, "silent": see there}.
    An attached "state 0" is that of the first run, which goes on there, and so on. plan["looks"]: how often it is
    looked at; "state_seconds": how often a state is told.
    """
    torch.set_num_threads(1)
    asked = plan["runs"]
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST_RUNS:
        raise ValueError(f"runs: expected a list of 1 to {MOST_RUNS} of them")
    specs = [Spec.of_json(one) for one in asked]
    if any(spec.task.partition(":")[0] != FAMILY for spec in specs):
        raise ValueError(f"runs: expected tasks of the family {FAMILY}")
    trainings = [Training(spec) for spec in specs]
    for number, training in enumerate(trainings):
        if f"state {number}" in attachments:
            training.resume(bytes(attachments[f"state {number}"].data))
    how: dict[str, Any] = {"looks": plan.get("looks", LOOKS), "tests": 0}
    how["state_seconds"] = plan.get("state_seconds", STATE_SECONDS)
    yield from together([records(training, watch=_watch(training), **how) for training in trainings])


def _watch(training: Training) -> Callable[[Model], dict[str, Any]]:
    whole = training.data.test(training.spec.recipe.n)
    return lambda model: {"places": packed(places(model, whole)), "silent": silent(model, whole)}


@torch.no_grad()
def places(model: Model, batch: Batch) -> Tensor:
    """Where the tokens are after the embedding and after every layer: (layers + 1, N, n, 2).

    A layer leaves vectors as wide as the model. They are read as the model reads the last ones: by its own last
    normalization, if it has one, and its linear readout. Raises NotFinite where a place is NaN or infinite.
    """
    model.eval()
    x = model.embed(batch.x)
    found = [x]
    for block in model.blocks:
        x = block(x, batch.keep)
        found.append(x)
    return finite_answers(torch.stack([model.head(model.norm(x)) for x in found]))


def packed(x: Tensor) -> dict[str, Any]:
    """Coordinates as JSON holds them: {"shape", "levels": 16 bits each, little-endian, in base64}."""
    levels = (x / UNIT).round().add(MIDDLE).clamp(0, MOST).flatten().int().tolist()
    return {"shape": list(x.shape), "levels": base64.b64encode(array("H", levels).tobytes()).decode("ascii")}


def unpacked(found: dict[str, Any]) -> Tensor:
    """The coordinates again, to the nearest `UNIT`."""
    levels = array("H", base64.b64decode(found["levels"]))
    return ((torch.tensor(levels) - MIDDLE) * UNIT).view(*found["shape"])
