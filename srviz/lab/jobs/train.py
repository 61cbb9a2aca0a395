"""Train models beside each other, and go on where a training was stopped."""

from collections.abc import Iterator

import torch

from srviz.jobs import OPTIMIZER_BYTES, Attachments, Plan, Record
from srviz.lab.records import LOOKS, STATE_SECONDS, TESTS, records
from srviz.lab.spec import Spec
from srviz.lab.together import together
from srviz.lab.train import Training

MOST_RUNS = 4


def needs(plan: Plan) -> int:
    """Bytes that its process needs at least."""
    return OPTIMIZER_BYTES + sum(Spec.of_json(one).step_bytes for one in plan["runs"])


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Train each of plan["runs"], what `Spec` takes, on a thread of its own; see `srviz.lab.records`.

    Every record says in "run" the number of the run it is of. An attached "state 0" is that of the first run, which
    goes on there, and so on. plan["example"]: of the test, that is looked at; "looks", "tests", "state_seconds": how
    often. Every run computes on one thread, so that it is the same to the bit however many there are.
    """
    torch.set_num_threads(1)
    asked = plan["runs"]
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST_RUNS:
        raise ValueError(f"runs: expected a list of 1 to {MOST_RUNS} of them")
    trainings = [Training(Spec.of_json(one), plan.get("device", "cpu")) for one in asked]
    for number, training in enumerate(trainings):
        if f"state {number}" in attachments:
            training.resume(bytes(attachments[f"state {number}"].data))
    how = {"example": plan.get("example", 0), "looks": plan.get("looks", LOOKS), "tests": plan.get("tests", TESTS)}
    how["state_seconds"] = plan.get("state_seconds", STATE_SECONDS)
    yield from together([records(training, **how) for training in trainings])
