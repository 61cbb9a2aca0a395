"""What a task is: its data, the shape of its model, and how a run of it is described."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from torch import Generator, Tensor, nn

if TYPE_CHECKING:
    from srviz.inputs import Tokens

IGNORED = -100  # the label of a token that is not asked about
POSITIONS = ("none", "learned", "rotary", "score")
OWN = {"": "nothing", "drawing": "(28, 28) ink from 0 to 1", "cloud": "(n, 3) points", "text": "a text"}
DRAWS = ("cloud", "plane", "picture", "patches", "words")
READOUTS = ("mean", "class", "tokens")
NORMS = ("layer", "batch", "none")
METRICS = ("accuracy", "bits", "r2")


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples of one length. x: (B, n, …), what the task's `embed` takes. y: (B,), the class of each example,
    or (B, n), that of each token, `IGNORED` where none is asked for; or, where numbers are asked for, those of each
    token, (B, n, outputs), NaN where there is none. keep: (B, n), True = a token, False = padding;
    None where there is no padding.
    """

    x: Tensor
    y: Tensor
    keep: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def part(self, rows: slice) -> "Batch":
        """Some of the examples."""
        return Batch(self.x[rows], self.y[rows], None if self.keep is None else self.keep[rows])

    def to(self, device: Any) -> "Batch":
        """The same on a device."""
        return Batch(self.x.to(device), self.y.to(device), None if self.keep is None else self.keep.to(device))


def numbers(x: Tensor) -> list[float]:
    """The numbers of x one after the other, in a few digits."""
    return [round(number, 3) for number in x.float().flatten().tolist()]


class Data(Protocol):
    """Where the examples of a task come from."""

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """A batch to learn from, of n tokens each, drawn by the generator alone."""
        ...

    def test(self, n: int, most: int | None = None) -> Batch:
        """The examples that nothing is learned from, the same at every call; the first `most` of them.

        Every class comes about as often among the first ones as among all.
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """How a model is built and trained.

    n: tokens of a training example. width: of the embedding. heads, layers: how many. feedforward: hidden width of the
    pointwise part, in widths, before it is narrowed to make up for what else a method has to learn. positions, readout,
    norm: see `POSITIONS`, `READOUTS`, `NORMS`. batch: examples a step. rate: the largest learning rate. steps: of
    AdamW. warmup: share of the steps in which the rate rises. decay: of the weights. clip: the largest norm of the
    gradient. bandwidth: of each head at the start, in the unit of its scores, where a method has one.
    """

    n: int
    steps: int
    rate: float
    batch: int = 64
    width: int = 64
    heads: int = 4
    layers: int = 2
    feedforward: float = 2.0
    positions: str = "none"
    readout: str = "mean"
    norm: str = "layer"
    warmup: float = 0.05
    decay: float = 0.01
    clip: float = 1.0
    bandwidth: float = 1.0

    def __post_init__(self) -> None:
        most = {"n": 1 << 16, "steps": 100_000, "batch": 4096, "width": 1024, "heads": 64, "layers": 24}
        for name, largest in most.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
                raise ValueError(f"{name}: expected a whole number from 1 to {largest:,}, got {value!r}")
        for name, least, limit in (
            ("rate", 0.0, 100.0),
            ("feedforward", 0.25, 16.0),
            ("warmup", 0.0, 1.0),
            ("decay", 0.0, 10.0),
            ("clip", 1e-6, 1e6),
            ("bandwidth", 0.01, 50.0),
        ):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not number or not least <= value <= limit:
                raise ValueError(f"{name}: expected a number from {least:g} to {limit:g}, got {value!r}")
        if self.width % self.heads:
            raise ValueError(f"heads: expected a divisor of the width {self.width}, got {self.heads}")
        if self.positions in ("rotary", "score") and self.width // self.heads % 2:
            raise ValueError(
                f"heads: {self.positions} positions need an even number of coordinates a head, got {self.heads}"
            )
        for name, known in (("positions", POSITIONS), ("readout", READOUTS), ("norm", NORMS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {getattr(self, name)!r}")

    def changed(self, changes: Mapping[str, Any]) -> "Recipe":
        """The recipe with some entries changed. Raises ValueError for an unknown one and for what it cannot be."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ValueError(f"recipe: expected entries among {', '.join(known)}, got {str(name)[:60]!r}")
        return replace(self, **changes)


@dataclass(frozen=True)
class Offer:
    """Another recipe of a task that a page offers besides the usual one.

    name: url-safe. label: for people. changes: what differs from the usual recipe. note: what to know before it is
    chosen, in sentences.
    """

    name: str
    label: str
    changes: Mapping[str, Any]
    note: str


@dataclass(frozen=True)
class Task:
    """One thing to be learned.

    name: url-safe. title: for people. after: the large benchmark whose shape this has, why: in what it has that shape,
    in sentences, and line: what is to be learned, a sentence. recipe: the usual one. rates: the learning rate of each
    method, where it has one of its own. classes: what the answers are called, or the numbers that are asked for. sizes:
    numbers of tokens at which a trained model is tested, the usual one among them. data: loads or makes what is learned
    from; called once a process. embed: from a recipe, a module x → (B, n, width). draws: how a page draws an example:
    "cloud" in space, "plane", "picture", "patches" in colour or "words"; show: from x of one example, (n, …), what is
    drawn: the numbers of its points or pixels, the colours of its patches, or its words. guess: the metric, in the
    test, of the best guess that looks at nothing: of always the class that is the most frequent one in training, or for
    bits of the shares of all classes there; or a function that computes it, where the data differ between
    installations. honest: what to know before its numbers are compared, in sentences. metric: one of `METRICS`.
    examples: of the test, that are looked at while it trains. own: what a visitor can give instead of an example, one
    of `OWN`; read: x of it, (n, …), for a recipe, a ValueError with a sentence where it cannot be used; asks: what is
    to be given, a sentence. padding: the x of a token that is none. offers: other recipes that a visitor can choose.
    take: from tokens of an input of the course, x of one example, (n, …), or None where they are not of the kind that
    this task is about.
    """

    name: str
    title: str
    after: str
    line: str
    recipe: Recipe
    classes: tuple[str, ...]
    sizes: tuple[int, ...]
    data: Callable[[], Data]
    embed: Callable[[Recipe], nn.Module]
    draws: str
    show: Callable[[Tensor], list[float] | list[str]]
    guess: float | Callable[[], float]
    why: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)
    honest: str = ""
    metric: str = "accuracy"
    examples: int = 256
    own: str = ""
    read: Callable[[Any, Recipe], Tensor] | None = None
    asks: str = ""
    padding: int | None = None
    offers: tuple[Offer, ...] = ()
    take: "Callable[[Tokens], Tensor | None] | None" = None

    def recipe_of(self, tuned_as: str) -> Recipe:
        """The usual recipe with the learning rate of a method."""
        return replace(self.recipe, rate=self.rates.get(tuned_as, self.recipe.rate))

    def tested_at(self, recipe: Recipe) -> tuple[int, ...]:
        """Of the sizes those at which a model of this recipe can be tested: a place that was not learned has no use."""
        return tuple(n for n in self.sizes if recipe.positions != "learned" or n <= recipe.n)

    @property
    def chance(self) -> float:
        """The metric, in the test, of the best guess that looks at nothing."""
        return self.guess() if callable(self.guess) else self.guess

    @property
    def tokens_asked(self) -> bool:
        """Whether single tokens are asked about, and not the whole example."""
        return self.recipe.readout == "tokens"

    @property
    def better_up(self) -> bool:
        """Whether a larger metric is a better one."""
        return self.metric != "bits"
