"""Test a trained model at another number of tokens, or let it look at an example of one's own."""

from collections.abc import Iterator

import torch

from srviz.jobs import Attachments, Plan, Record
from srviz.lab.records import feasible, told_of
from srviz.lab.tasks import data
from srviz.lab.train import load, test


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """The attached "weights" on as many examples of plan["n"] tokens as are feasible: {"n", "test": …}."""
    torch.set_num_threads(1)
    if "weights" not in attachments:
        raise ValueError("attachments: expected weights, got none")
    model, spec = load(bytes(attachments["weights"].data))
    n, task = plan["n"], spec.of_task
    sizes = task.tested_at(spec.recipe)
    if n not in sizes:
        raise ValueError(f"n: expected one of {', '.join(map(str, sizes))}, got {str(n)[:60]}")
    batch = data(spec.task).test(n, feasible(task, n))
    yield {"n": n, "test": told_of(test(model, batch), task.metric)}
