"""Functions of a crowd: a token is asked for f(x, μ), where x is its place and μ the measure of all tokens.

Each formula of `srviz.lab.formula` is a task, "crowd:mean(c, c > x)". The numbers that are asked for are shifted and
scaled to mean 0 and variance 1 over crowds that are the same at every call; `Scale` says by how much.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Generator, Tensor, nn

from srviz.lab.formula import Formula, parse
from srviz.lab.task import Batch, Recipe, Task, numbers

FAMILY = "crowd"
REACH = 2.5  # places lie between −REACH and REACH
CENTRES, SPREADS = 1.6, (0.08, 0.5)  # of the groups of a crowd: at most so far from 0, from so wide to so wide
MOST_GROUPS = 3
ASKED = 256  # tokens of a crowd that are asked, where it has more
TESTED, LOOKED_AT = 48, 256  # crowds of the test; crowds that the scale is taken from
SIZES = (16, 32, 64, 256, 1024, 4096)
LEAST_ANSWERED = 0.2  # share of the tokens that must have an answer


@dataclass(frozen=True)
class Target:
    """One formula of the menu. title: for people, a phrase. why: what the kernels' shapes have to do with it."""

    title: str
    formula: str
    why: str


MENU = {
    "density": Target(
        "How dense is the crowd at x?",
        "mean(exp(-((c - x) / 0.3)^2 / 2))",
        "A bump weighs the keys near x and nothing else, and it divides by n alone, so one head counts a "
        "neighbourhood. Softmax divides by the sum of the row, and has to find how much there is by other means. "
        "ReLU weights grow with "
        "distance, so a neighbourhood has to be made of differences of large sums.",
    ),
    "rank": Target(
        "What share of the crowd is at x or below?",
        "share(c <= x)",
        "The share below x is the slope of the bare hinge sum. The head centres its values and divides by Σ|s − t|, "
        "and the rest of the model has to undo both.",
    ),
    "mean": Target(
        "What is the mean of the crowd?",
        "mean(c)",
        "Softmax, linear attention and a wide bump can weigh all keys alike. So, nearly, can a ramp whose query "
        "stands far above all keys. But its values are centred, and the mean is just what centring takes away.",
    ),
    "spread": Target(
        "How wide is the crowd?",
        "std(c)",
        "The embedding can square, attention can take means, and the pointwise part takes the root. A ReLU head reads "
        "the variance even without a square: right of all keys its output is minus the variance, divided by "
        "the distance of the query from the mean.",
    ),
    "median": Target(
        "What is the median of the crowd?",
        "median(c)",
        "A median moves fast when a few tokens change from one group to the other. Where two groups are about equally "
        "large, every smooth model must err.",
    ),
    "quantile": Target(
        "What is the 90 % quantile of the crowd?",
        "quantile(c, 0.9)",
        "A quantile asks up to where a share of the crowd lies. It depends on the far end of the crowd, but not on "
        "its last token alone.",
    ),
    "maximum": Target(
        "Where is the last token, the maximum?",
        "max(c)",
        "Softmax gives the largest score nearly all the weight. A ramp gives the last tokens only a little more than "
        "the next ones, and with more tokens each gets less. The maximum is not continuous in the measure.",
    ),
    "payload": Target(
        "What does the last token carry?",
        "pick(p, c)",
        "It must be read from one token alone. Softmax can pick one. ReLU and the bump add up many, so the payloads "
        "of the others cover it.",
    ),
    "right": Target(
        "What is the mean of those right of x?",
        "mean(c, c > x)",
        "A ReLU head cuts the crowd in two at x: only the keys on one side have a weight. But it weighs the far ones "
        "more, and the mean does not.",
    ),
    "majority": Target(
        "Is x on the side of the majority?",
        "(share(c > 0) > 0.5) == (x > 0)",
        "It takes one number of the crowd, how much of it lies above 0, and then a decision of the pointwise part. "
        "The answer jumps where both sides are equal, and where x is 0.",
    ),
    "distance": Target(
        "What is the mean distance to the crowd?",
        "mean(abs(c - x))",
        "The mean distance is what a sliced ReLU head divides by, up to a factor. So it is divided out, and what "
        "follows has to recover it.",
    ),
    "nearest": Target(
        "How far is the nearest other token?",
        "min(abs(c - x), c != x)",
        "With more tokens the nearest one comes nearer, though the measure that they are drawn from is the same. It "
        "is not continuous in the measure, and what was learned at one n does not hold at another.",
    ),
    "next": Target(
        "How far is the next token to the right?",
        "min(c, c > x) - x",
        "It is the distance to one single token, and to another one for every x. With more tokens it shrinks, though "
        "they are drawn from the same measure: it is not continuous in the measure.",
    ),
}  # the first is the one to begin with


@dataclass(frozen=True)
class Scale:
    """What a number that is learned stands for: middle + unit · number."""

    middle: float
    unit: float


class Crowds:
    """Crowds of one to three groups, each normal about its centre, and their answers. A token is its place, and its
    payload, from −1 to 1, where the formula asks for payloads.
    """

    def __init__(self, formula: Formula) -> None:
        self.formula, self.scale = formula, scale(formula)

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Crowds of n tokens, drawn anew."""
        return self.answered(*crowds(generator, batch, n))

    def test(self, n: int, most: int | None = None) -> Batch:
        """The same crowds at every call, and for every n the same measures, of which n tokens are drawn."""
        return _test(self.formula, n, min(TESTED, most or TESTED))

    def answered(self, place: Tensor, payload: Tensor) -> Batch:
        """The batch of crowds at these places, (B, n) each."""
        y = self.formula.of(place[:, :ASKED], place, payload)
        held = torch.full((*place.shape, 1), torch.nan)
        held[:, :ASKED, 0] = ((y - self.scale.middle) / self.scale.unit).float()
        return Batch(self.tokens(place, payload), held)

    def tokens(self, place: Tensor, payload: Tensor) -> Tensor:
        """What the model takes: (B, n, 1), or (B, n, 2) with the payload."""
        return torch.stack((place, payload), -1) if self.formula.reads_payload else place.unsqueeze(-1)


def crowds(generator: Generator, rows: int, n: int) -> tuple[Tensor, Tensor]:
    """The places and the payloads of crowds, (rows, n) each. What is drawn of a measure does not depend on n."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    groups = torch.randint(1, MOST_GROUPS + 1, (rows, 1), generator=generator)
    centres = CENTRES * (2 * uniform(rows, MOST_GROUPS) - 1)
    spreads = SPREADS[0] + (SPREADS[1] - SPREADS[0]) * uniform(rows, MOST_GROUPS)
    weights = (0.15 + uniform(rows, MOST_GROUPS)) * (torch.arange(MOST_GROUPS) < groups)
    group = torch.multinomial(weights, n, replacement=True, generator=generator)
    place = centres.gather(1, group) + spreads.gather(1, group) * torch.randn(rows, n, generator=generator)
    return place.clamp(-REACH, REACH), 2 * uniform(rows, n) - 1


@lru_cache(maxsize=8)  # one of each size: the models of a training are asked the same, and a formula may take a minute
def _test(formula: Formula, n: int, rows: int) -> Batch:
    drawn = [crowds(Generator().manual_seed(7_000 + row), 1, n) for row in range(rows)]
    return Crowds(formula).answered(*(torch.cat(parts) for parts in zip(*drawn, strict=True)))


@lru_cache(maxsize=64)
def scale(formula: Formula) -> Scale:
    """The mean and the deviation of a formula over crowds of 64. Raises ValueError where it cannot be learned."""
    place, payload = crowds(Generator().manual_seed(6_000), LOOKED_AT, 64)
    y = formula.of(place, place, payload)
    known = y[y.isfinite()]
    if len(known) < LEAST_ANSWERED * y.numel():
        raise ValueError(
            "This formula has no value for most tokens: a root or a division goes wrong, or nobody is meant."
        )
    if float(known.abs().max()) > 1e6:
        raise ValueError("The values of this formula grow beyond a million; divide it by something.")
    unit = float(known.std())
    if unit < 1e-6:
        raise ValueError(
            "This formula has nearly the same value for every token of every crowd: there is nothing to learn."
        )
    return Scale(float(known.mean()), unit)


def member(arguments: str) -> Task:
    """The task of a formula. Raises ValueError where it is none, or cannot be learned."""
    formula = parse(arguments)
    scale(formula)
    coordinates = 2 if formula.reads_payload else 1
    return Task(
        name=f"{FAMILY}:{formula.text}",
        title=formula.text,
        after="a contextual map, of a token and the measure of all tokens",
        line="The model must compute a number for each token, from its place and from the crowd it is in.",
        recipe=Recipe(n=64, steps=400, rate=4e-3, batch=32, heads=4, layers=1, readout="tokens"),
        classes=("f",),
        sizes=SIZES,
        data=lambda: Crowds(formula),
        embed=lambda recipe: nn.Sequential(
            nn.Linear(coordinates, recipe.width),
            nn.GELU(),
            nn.Linear(recipe.width, recipe.width),
            nn.LayerNorm(recipe.width),
        ),
        draws="plane",
        show=numbers,
        guess=0.0,
        metric="r2",
        examples=TESTED,
    )
