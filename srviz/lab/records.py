"""A run as it goes, in records that JSON holds: what a page draws and what is kept of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from srviz.jobs import Packed, Record
from srviz.lab.look import look
from srviz.lab.model import Model
from srviz.lab.task import Task
from srviz.lab.train import Diverged, Tested, Training

LOOKS = 40  # times that a run is looked at
TESTS = 12  # times that it is tested while it trains
BEAT_SECONDS = 0.2  # between two records of the loss
STATE_SECONDS = 2.0  # between two states from which it can go on
TEST_TOKENS = 1 << 18  # of a test at one length


def records(
    training: Training,
    *,
    example: int = 0,
    looks: int = LOOKS,
    tests: int = TESTS,
    state_seconds: float = STATE_SECONDS,
    watch: Callable[[Model], Any] | None = None,
) -> Iterator[Record]:
    """Train to the end.

    {"begin": {run, parameters, step}}, then {"step", "losses": of each step since the last such record, "seconds",
    "mixing"}, the seconds being those of all steps so far; {"step", "test": …} and {"step", "look": …} at
    even distances; {"step", "state": packed} every `state_seconds`; and at the end {"step", "end": {…}, "weights":
    packed}. On the way a test is of the first `Task.examples` of the test, after the last step it is of all. A run
    whose loss is no number any more, in a step, in a test or in a look, ends with {"step", "diverged": a
    sentence}. example: of the test, that is looked at. watch: what a look says of the model, if it is to say something
    else.
    """
    spec, steps = training.spec, training.spec.recipe.steps
    one = training.data.test(spec.recipe.n).part(slice(example, example + 1)).to(training.device)
    if not len(one):
        raise ValueError(f"example: expected one of the test, got {example}")
    watch = watch or (lambda model: look(model, one))

    def seen() -> Record:
        with training.diverging():
            return {"step": training.done, "look": watch(training.model)}

    yield {"begin": {"run": spec.to_json(), "parameters": training.parameters, "step": training.done}}
    losses: list[float] = []
    ended: dict[str, Any] | None = None
    told = kept = time.perf_counter()
    try:
        if training.done == 0 and looks:
            yield seen()
        for step in training.run():
            losses.append(round(step.loss, 5))
            last, now = step.number == steps, time.perf_counter()
            tested, looked = (is_due(step.number, steps, times) for times in (tests, looks))
            kept_now = last or now - kept >= state_seconds  # a state is told after all that led to it
            if kept_now or tested or looked or now - told >= BEAT_SECONDS:
                yield _past(training, losses)
                losses, told = [], now
            if tested:
                told_test = told_of(training.test(most=None if last else training.task.examples), spec.of_task.metric)
                ended = told_test if last else None
                training.tests.append([step.number, round(training.seconds, 3), told_test["metric"]])
                yield {"step": step.number, "test": told_test}
            if looked:
                yield seen()
            if kept_now:
                yield {"step": step.number, "state": Packed.of_bytes(training.state()).to_json()}
                kept = time.perf_counter()
        ended = ended or told_of(training.test(), spec.of_task.metric)
    except Diverged as error:
        if losses:
            yield _past(training, losses)
        yield {"step": error.step, "diverged": str(error)}
        return
    weights = Packed.of_bytes(training.weights()).to_json()
    spent = {"seconds": training.seconds, "mixing": training.mixing}
    yield {"step": training.done, "end": ended | spent, "weights": weights}


def _past(training: Training, losses: list[float]) -> Record:
    return {"step": training.done, "losses": losses, "seconds": training.seconds, "mixing": training.mixing}


def is_due(step: int, steps: int, times: int) -> bool:
    """Whether a step is one of so many at even distances, the last one among them."""
    return step * times // steps > (step - 1) * times // steps


def told_of(tested: Tested, metric: str) -> dict[str, Any]:
    """A test as JSON holds it. confusion is left out where there are many classes."""
    few = 0 < len(tested.confusion) <= 20
    return {
        "metric": tested.metric(metric),
        "loss": tested.loss,
        "accuracy": tested.accuracy,
        "asked": tested.asked,
        "confusion": tested.confusion.tolist() if few else None,
    }


def feasible(task: Task, n: int) -> int:
    """On how many examples of n tokens a model is tested."""
    return max(1, min(task.examples, TEST_TOKENS // n))


def at_sizes(training: Training) -> dict[str, dict[str, Any]]:
    """How a trained model does at every number of tokens that it can be tested at; one at which its answers are NaN or
    infinite is left out.
    """
    task, found = training.task, {}
    for n in task.tested_at(training.spec.recipe):
        with suppress(Diverged):
            told = told_of(training.test(n, feasible(task, n)), task.metric)
            found[str(n)] = {name: told[name] for name in ("metric", "asked")}
    return found
