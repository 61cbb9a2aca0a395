"""Fit a method to a pattern of weights, and go on where a fit was stopped."""

from collections.abc import Iterator

import torch

from srviz.jobs import OPTIMIZER_BYTES, Attachments, Packed, Plan, Record
from srviz.measure.arrays import attached, pack
from srviz.measure.fit import STARTS, STEPS, Fit, FitStep

EVERY = 10  # steps between two records


def needs(plan: Plan) -> int:
    """Bytes that its process needs at least."""
    return OPTIMIZER_BYTES


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Fit plan["method"] to the attached pattern (n, n) on the attached tokens x (n, D), both float32.

    plan: "steps" of each of "starts" starts, if not as usual. An attached "state" is that of a record of a fit before,
    which goes on there. A record: {"step", "steps", "distance", "best", "weights": (n, n) at the best step, "state"},
    of the first step of this run, of every tenth and of the last.
    """
    torch.set_num_threads(1)  # the sums are small, and on one thread a fit is the same every time
    x, pattern = attached(attachments, "x"), attached(attachments, "pattern")
    fit = Fit(plan["method"], x, pattern, steps=plan.get("steps", STEPS), starts=plan.get("starts", STARTS))
    if "state" in attachments:
        fit.resume(bytes(attachments["state"].data))
    said, last = True, None
    for number, last in enumerate(fit.run()):
        said = number == 0 or last.step % EVERY == 0
        if said:
            yield _record(last, fit)
    if last and not said:
        yield _record(last, fit)


def _record(step: FitStep, fit: Fit) -> Record:
    return {
        "step": step.step,
        "steps": step.steps,
        "distance": step.distance,
        "best": step.best,
        "weights": pack(step.weights).to_json(),
        "state": Packed.of_bytes(fit.state()).to_json(),
    }
