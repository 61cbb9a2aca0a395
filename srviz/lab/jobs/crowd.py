"""Train models on a function of the crowd, and see what they make of one crowd while they learn it."""

from collections.abc import Iterator
from typing import Any

import torch

from srviz.jobs import OPTIMIZER_BYTES, Attachments, Plan, Record
from srviz.lab.model import Model, finite_answers
from srviz.lab.probe import probed
from srviz.lab.records import at_sizes, records
from srviz.lab.spec import Spec
from srviz.lab.tasks import data
from srviz.lab.tasks.crowd import FAMILY, REACH, Crowds
from srviz.lab.together import together
from srviz.lab.train import Training

MOST_RUNS = 16  # more than there are methods to compare
MOST_TOKENS = 4096
LOOKS = 20  # times that the crowd is looked at
PLACES = 101  # at which the function is looked at
DIGITS = 4


def places() -> torch.Tensor:
    """Where a learned function is looked at, from one end of the crowds to the other: (PLACES,)."""
    return torch.linspace(-REACH, REACH, PLACES)


def needs(plan: Plan) -> int:
    """Bytes that its process needs at least."""
    return OPTIMIZER_BYTES + sum(Spec.of_json(one).step_bytes for one in plan["runs"])


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Train each of plan["runs"], specs of one function, side by side; see `srviz.lab.records`.

    plan["places"], plan["payloads"]: of the crowd that is looked at. A look is the numbers that a model says at
    `places`. After its end each run says {"sizes": {n: {metric, asked}}}, the test at other numbers of tokens. An
    attached "state 0" is that of the first run, which goes on there, and so on.
    """
    torch.set_num_threads(1)
    asked = plan["runs"]
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST_RUNS:
        raise ValueError(f"runs: expected a list of 1 to {MOST_RUNS} of them")
    specs = [Spec.of_json(one) for one in asked]
    for spec in specs:
        if spec.task != specs[0].task or not spec.task.startswith(f"{FAMILY}:"):
            raise ValueError(f"runs: expected one function of the crowd, {FAMILY}:…, got {spec.task[:60]!r}")
    crowd = [_numbers(plan, name) for name in ("places", "payloads")]
    if len(crowd[0]) != len(crowd[1]):
        raise ValueError(f"payloads: expected one for each of {len(crowd[0])} places, got {len(crowd[1])}")
    trainings = [Training(spec) for spec in specs]
    for number, training in enumerate(trainings):
        if f"state {number}" in attachments:
            training.resume(bytes(attachments[f"state {number}"].data))

    def watch(model: Model) -> list[float]:
        return learned(model, specs[0].task, crowd[0], crowd[1])

    def all_of(training: Training) -> Iterator[Record]:
        last: Record = {}
        for last in records(training, looks=LOOKS, watch=watch):
            yield last
        if "end" in last:
            sizes = at_sizes(training)
            most = max(training.task.tested_at(training.spec.recipe))
            failed = f"At {most:,} tokens its answers are NaN or infinite."
            yield {"step": training.done} | ({"sizes": sizes} if str(most) in sizes else {"diverged": failed})

    yield from together([all_of(training) for training in trainings])


def learned(model: Model, task: str, place: torch.Tensor, payload: torch.Tensor, digits: int = DIGITS) -> list[float]:
    """What a model of a function says at `places` of a crowd at `place`: (n,), with payloads: (n,).

    Raises NotFinite where an answer is NaN or infinite.
    """
    crowds = data(task)
    assert isinstance(crowds, Crowds)
    x = places()
    answers = probed(
        model, crowds.tokens(place, payload).unsqueeze(0), crowds.tokens(x, torch.zeros(len(x))).unsqueeze(0)
    )
    said = crowds.scale.middle + crowds.scale.unit * finite_answers(answers)[0, :, 0].double()
    return [round(y, digits) for y in said.tolist()]


def _numbers(plan: Plan, name: str) -> torch.Tensor:
    given: Any = plan.get(name)
    good = isinstance(given, list) and 0 < len(given) <= MOST_TOKENS
    if not good or not all(isinstance(x, int | float) and abs(x) <= REACH for x in given):
        raise ValueError(f"{name}: expected a list of 1 to {MOST_TOKENS:,} numbers from -{REACH} to {REACH}")
    return torch.tensor(given, dtype=torch.float32)
