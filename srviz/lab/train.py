"""Training: one model on one task, step by step, which can be stopped anywhere and gone on with to the bit."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy
from torch.overrides import TorchFunctionMode

from srviz.attention.checks import NotFinite
from srviz.lab import checkpoint
from srviz.lab.mixing import Attention
from srviz.lab.model import Model, count, finite_answers
from srviz.lab.spec import Spec
from srviz.lab.task import IGNORED, Batch
from srviz.lab.tasks import data

TOKENS_AT_ONCE = 16_384  # of a test
NEAR = 0.1  # a number within so much of the right one is a right answer
DRAWING = (torch.randn, Tensor.normal_, Tensor.uniform_)  # what starts the layers of a model, here and in torch
SEEDS_APART = 1_000_003  # between the generators of one seed's steps and those of the next


class Diverged(Exception):
    """The loss is not a number any more, of a step or of a test. Its text is a sentence; step: at which it happened."""

    def __init__(self, step: int) -> None:
        super().__init__(f"The loss was no number any more at step {step:,}: the learning rate is too high for it.")
        self.step = step


@dataclass(frozen=True)
class TrainingStep:
    """One step. number: how many are done. loss: in nats, or the mean square error. seconds: it took; mixing: those of
    what mixes the tokens.
    """

    number: int
    loss: float
    seconds: float
    mixing: float


@dataclass(frozen=True)
class Tested:
    """How a model did. loss: in nats, or the mean square error where numbers were asked for. accuracy: share of right
    answers; an answer in numbers is right where each is within `NEAR`. right, asked: their numbers. confusion:
    (classes, classes), how often each class was taken for each. explained: R² = 1 − error / variance of the right
    numbers, the mean over the outputs; NaN where classes were asked for.
    """

    loss: float
    accuracy: float
    right: int
    asked: int
    confusion: Tensor = field(repr=False)
    explained: float = math.nan

    def metric(self, name: str) -> float:
        """One of `METRICS`."""
        if name == "r2":
            return self.explained
        return self.accuracy if name == "accuracy" else self.loss / math.log(2)


_ALONE = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, so that a run is the same to the bit everywhere.

    Their number is a setting of the whole process: who asks for it in another thread waits until this one is done.
    """
    with _ALONE:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


class Drawn(TorchFunctionMode):
    """Within it this thread draws first weights, by `DRAWING` and `torch.nn.init`, from a generator of its own.

    torch's global generator is one for all threads of a process, and whoever draws from it moves it for the others.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = Generator().manual_seed(seed)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Give the generator to what draws."""
        kwargs = kwargs or {}
        if func in DRAWING or "generator" in kwargs:  # the functions of torch.nn.init hand on None
            kwargs = kwargs | {"generator": self.generator}
        return func(*args, **kwargs)


def build(spec: Spec) -> Model:
    """The untrained model of a run, the same for a seed, whatever else this process does meanwhile."""
    with Drawn(spec.seed):
        return Model(spec.of_task, spec.recipe, spec.of_mixing)


class Training:
    """A run as far as it has come. What each step learns from depends on the seed and its number alone.

    On a CPU with one thread a run that was stopped and gone on with is equal to one that was not, bit by bit. A state
    holds all of this: losses, of every step in nats; seconds and mixing, of all steps and of what mixes in them; tests,
    [step, seconds, metric] of each test that was made on the way.
    """

    def __init__(self, spec: Spec, device: torch.device | str = "cpu") -> None:
        self.spec, self.task, self.device = spec, spec.of_task, torch.device(device)
        self.data = data(spec.task)
        self.model = build(spec).to(self.device)
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": spec.recipe.decay}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=spec.recipe.rate, fused=True)
        self.done, self.seconds, self.mixing = 0, 0.0, 0.0
        self.losses: list[float] = []
        self.tests: list[list[float]] = []

    @property
    def parameters(self) -> int:
        """How many are learned."""
        return count(self.model)

    def run(self) -> Iterator[TrainingStep]:
        """Go on to the end, a result every step. Raises `Diverged`."""
        while self.done < self.spec.recipe.steps:
            yield self.step()

    def step(self) -> TrainingStep:
        """One step of AdamW. Raises `Diverged`."""
        recipe, model = self.spec.recipe, self.model.train()
        batch = self._batch(self.done)
        begun, model.watch.seconds = time.perf_counter(), 0.0
        for group in self.optimizer.param_groups:
            group["lr"] = rate(recipe.rate, self.done, recipe.steps, recipe.warmup)
        with self.diverging():
            loss = finite_answers(losses(model(batch.x, batch.keep), batch.y))
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        self.optimizer.step()
        self.done += 1
        step = TrainingStep(self.done, loss.item(), time.perf_counter() - begun, model.watch.seconds)
        self.losses.append(step.loss)
        self.seconds, self.mixing = self.seconds + step.seconds, self.mixing + step.mixing
        return step

    @contextmanager
    def diverging(self) -> Iterator[None]:
        """Let what finds numbers of the model that are NaN or infinite raise `Diverged`, at the step that comes next or
        at the last one: a test or a look that finds them says the same step as the training itself.
        """
        try:
            yield
        except NotFinite:
            raise Diverged(min(self.done + 1, self.spec.recipe.steps)) from None

    def test(self, n: int | None = None, most: int | None = None) -> Tested:
        """Test it on examples that it has not learned from.

        n: the tokens of an example, as many as in training where None. most: only the first so many examples.
        Raises `Diverged` where the last step left a model whose loss is not a number.
        """
        with self.diverging():
            return test(self.model, self.data.test(n or self.spec.recipe.n, most).to(self.device))

    def weights(self) -> bytes:
        """The model as a file of its own."""
        return checkpoint.save("weights", self.model.state_dict(), {"run": self.spec.to_json(), "step": self.done})

    def state(self) -> bytes:
        """All that `resume` needs to go on as if it had not stopped."""
        held = {f"model.{name}": x for name, x in self.model.state_dict().items()}
        for number, parameter in enumerate(self._learned()):
            for name, x in self.optimizer.state[parameter].items():
                held[f"{name}.{number}"] = x
        held["losses"] = torch.tensor(self.losses, dtype=torch.float64)
        past = {"seconds": self.seconds, "mixing": self.mixing, "tests": self.tests}
        return checkpoint.save("training", held, {"run": self.spec.to_json(), "step": self.done} | past)

    def resume(self, state: bytes) -> None:
        """Go back to a state of the same run. Raises ValueError for one of another."""
        held, words = checkpoint.load(state, "training")
        if apart := _apart(words.get("run"), self.spec):
            raise ValueError(f"This training is of another run: {apart}.")
        try:
            self.model.load_state_dict({k[6:]: x for k, x in held.items() if k.startswith("model.")})
            for number, parameter in enumerate(self._learned()):
                for name in ("step", "exp_avg", "exp_avg_sq"):
                    if f"{name}.{number}" in held:
                        self.optimizer.state[parameter][name] = held[f"{name}.{number}"].to(self.device)
            self.losses = held["losses"].tolist()
            self.done, self.tests = int(words["step"]), list(words["tests"])
            self.seconds, self.mixing = float(words["seconds"]), float(words["mixing"])
        except (KeyError, RuntimeError, TypeError, ValueError):
            raise ValueError(
                "This training does not fit the model of its own run: it was written by another version."
            ) from None

    def _learned(self) -> list[Tensor]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def _batch(self, number: int) -> Batch:
        generator = Generator().manual_seed(self.spec.seed * SEEDS_APART + number)
        return self.data.train(generator, self.spec.recipe.batch, self.spec.recipe.n).to(self.device)


def load(weights: bytes) -> tuple[Model, Spec]:
    """A trained model from its file. Raises ValueError, with a sentence, for what is none."""
    return read_model(*checkpoint.load(weights, "weights"))


def read_model(held: dict[str, Tensor], words: dict[str, Any]) -> tuple[Model, Spec]:
    """A trained model from what its file holds. Raises ValueError, with a sentence, where they do not fit."""
    spec = Spec.of_json(words.get("run"))
    model = build(spec)
    try:
        model.load_state_dict(held)
    except RuntimeError:
        raise ValueError("These weights do not fit the model that the file says they are of.") from None
    return model.eval(), spec


def losses(logits: Tensor, y: Tensor) -> Tensor:
    """The mean cross-entropy in nats of logits (…, classes) for y (…), classes; for numbers y (…, outputs) the mean
    square error over those that are asked for.
    """
    if y.is_floating_point():
        asked = y.isfinite()
        missed = (logits - y.where(asked, 0)) * asked
        return missed.square().sum() / asked.sum().clamp_min(1)
    loss: Tensor = cross_entropy(logits.flatten(0, -2), y.flatten(), ignore_index=IGNORED)
    return loss


def rate(most: float, step: int, steps: int, warmup: float) -> float:
    """The learning rate of a step from 0: it rises in a line, then falls to 0 as a cosine."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return most * (step + 1) / rising
    return most * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2


@torch.no_grad()
def test(model: Model, batch: Batch) -> Tested:
    """How a model does on some examples; as many at once as fit into memory. Raises NotFinite where it has no loss."""
    model.eval()
    rows = max(1, TOKENS_AT_ONCE // batch.x.shape[1])
    if batch.y.is_floating_point():
        return _test_numbers(model, batch, rows)
    classes = model.head.out_features
    confusion, loss = torch.zeros(classes, classes, dtype=torch.int64), 0.0
    for start in range(0, len(batch), rows):
        part = batch.part(slice(start, start + rows))
        logits, y = model(part.x, part.keep).flatten(0, -2), part.y.flatten()
        asked = y != IGNORED
        loss += float(finite_answers(cross_entropy(logits, y, ignore_index=IGNORED, reduction="sum")))
        said = logits.argmax(-1)[asked]
        confusion += torch.bincount(y[asked] * classes + said, minlength=classes * classes).view_as(confusion).cpu()
    number, right = int(confusion.sum()), int(confusion.trace())
    return Tested(loss / max(1, number), right / max(1, number), right, number, confusion)


def _test_numbers(model: Model, batch: Batch, rows: int) -> Tested:
    parts = [batch.part(slice(start, start + rows)) for start in range(0, len(batch), rows)]
    said = torch.cat([model(part.x, part.keep) for part in parts]).flatten(0, -2).double()
    y = batch.y.flatten(0, -2).double()
    asked = y.isfinite()
    error = (said - y).square().where(asked, 0).sum(0)
    about = (y - y.nanmean(0)).square().where(asked, 0).sum(0)
    near = ((said - y).abs() <= NEAR).all(-1) & asked.all(-1)
    number, right = int(asked.all(-1).sum()), int(near.sum())
    explained = float((1 - error / about.clamp_min(1e-12)).mean())
    loss = float(error.sum()) / max(1, int(asked.sum()))
    return Tested(loss, right / max(1, number), right, number, torch.zeros(0, 0, dtype=torch.int64), explained)


def attentions(model: Model) -> list[Attention]:
    """What attends in each layer, the first one first; none in a control."""
    return [block.mix for block in model.blocks if isinstance(block.mix, Attention)]


def _apart(said: Any, spec: Spec) -> str:
    """What the run of a file is, and this one is not; "" where they are the same. Entries of the recipe that the file
    does not know are the usual ones.
    """
    try:
        other = Spec.of_json(said)
    except (ValueError, TypeError) as error:
        return str(error)
    if _named(other) != _named(spec):
        return f"{_named(other)}, not {_named(spec)}"
    theirs, mine = asdict(other.recipe), asdict(spec.recipe)
    return ", ".join(f"{name} {theirs[name]}, not {mine[name]}" for name in mine if theirs[name] != mine[name])


def _named(spec: Spec) -> str:
    return f"{spec.task}, {spec.mixing}, seed {spec.seed}"
