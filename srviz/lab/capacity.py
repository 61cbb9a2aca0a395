"""What a head can hold apart, measured: the rank of its weights, the patterns of its rows, the tokens it distinguishes.

What theory says, where it is known: products of features with d coordinates, as in linear attention (Katharopoulos et
al., 2020), give weights of rank d at most. ReLU, the bump and Laplace have no such bound: n different scores give
weights of rank n − 1 for ReLU, whose lowest query has no weights, and of rank n for the other two, which are strictly
positive definite. All of this is said of tokens that are queries and keys at once. Rux, Hertrich and Neumayer have
written about such kernels (*Quasi linear kernel attention with infinite capacity*). Nothing here is a proof: it is what
is left of it, for normal scores, above the rounding of float32 and of half precision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from srviz.attention import METHODS, Heads
from srviz.attention.method import Method
from srviz.lab.variants import VARIANTS

BANDWIDTH = 0.5  # of the bump, in units of the scores
SIZES = (16, 32, 64, 128, 256, 512, 1024)  # n, of the rank
PATTERN_SIZES = (4, 8, 16, 32, 64)
HEADS = (1, 2, 4, 8)
MOST_TOKENS = 4096
VALUES = 4  # coordinates of a value
PLANE = 2  # coordinates of a token
SEEDS = 5
BITS = 62  # of a set of keys in one number
ASKED = 50_000  # queries that are tried for new patterns
PRECISIONS = {"float32": torch.float32, "half": torch.float16}


@dataclass(frozen=True)
class MeasuredHead:
    """What is measured. method: its weights. d: coordinates of a query of one that takes dot products."""

    name: str
    label: str
    method: Method
    d: int = 1

    def heads(self, q: Tensor, k: Tensor, v: Tensor) -> Heads:
        """Queries (…, n_q, d), keys (…, n_k, d); the first coordinate is the score of a method that takes scores."""
        return Heads(q, k, v, s=q[..., 0], t=k[..., 0], bandwidth=BANDWIDTH)


MEASURED = tuple(
    [MeasuredHead(name, METHODS[name].label, METHODS[name]) for name in METHODS if "s" in METHODS[name].takes]
    + [MeasuredHead(name, VARIANTS[name].label, VARIANTS[name]) for name in ("laplace",)]
    + [MeasuredHead(f"{name}-{d}", f"{METHODS[name].label}, d = {d}", METHODS[name], d) for name in METHODS
       if "s" not in METHODS[name].takes for d in (1, 16)]
)  # fmt: skip


def rank(head: MeasuredHead, n: int, precision: torch.dtype, seed: int) -> int:
    """The numerical rank of the n × n weights of n tokens, queries and keys the same normal numbers: the singular
    values above the largest one times the distance from 1 to the next number of that precision. In float64.
    """
    x = torch.randn(n, head.d, generator=Generator().manual_seed(seed), dtype=torch.float64)
    weights = head.method.weights(head.heads(x, x, x), effective=False)
    values = torch.linalg.svdvals(weights.double())
    return int((values > values[0] * torch.finfo(precision).eps).sum())


def patterns(head: MeasuredHead, n: int, seed: int) -> int:
    """How many different sets of keys get more than the mean of a row, over `ASKED` normal queries of deviation 2 and
    for keys of deviation 1. Sets that none of these queries meets are not counted, so this is a lower bound.
    """
    generator = Generator().manual_seed(seed)
    k = torch.randn(n, head.d, generator=generator, dtype=torch.float64)
    q = 2 * torch.randn(ASKED, head.d, generator=generator, dtype=torch.float64)
    weights = head.method.weights(head.heads(q, k, k), effective=False)
    more = weights > weights.mean(-1, keepdim=True) * (1 + 1e-9)
    bits = 1 << torch.arange(BITS)
    codes = [part.long() @ bits[: part.shape[-1]] for part in torch.split(more, BITS, -1)]
    return len(torch.unique(torch.stack(codes, -1), dim=0))


def told_apart(head: MeasuredHead, count: int, precision: torch.dtype, seed: int) -> int:
    """The largest crowd that one layer of `count` heads can tell apart token by token: the first n tokens of a normal
    cloud in the plane have n different outputs in this precision, and n + 1 have not; `MOST_TOKENS` if all have.

    Each head has a random map to its queries, which are its keys too, and random values of `VALUES` coordinates. All
    tokens attend to the whole cloud; the outputs are computed in float64, and rounded.
    """
    generator = Generator().manual_seed(seed)
    x = torch.randn(MOST_TOKENS, PLANE, generator=generator, dtype=torch.float64)
    parts = []
    for _ in range(count):
        k = x @ torch.randn(PLANE, head.d, generator=generator, dtype=torch.float64) / PLANE**0.5
        v = torch.randn(MOST_TOKENS, VALUES, generator=generator, dtype=torch.float64)
        v = v + x @ torch.randn(PLANE, VALUES, generator=generator, dtype=torch.float64)
        parts.append(head.method.apply(head.heads(k, k, v)).to(precision))
    y = torch.cat(parts, -1)
    _, same = torch.unique(y, dim=0, return_inverse=True)
    first = torch.full((int(same.max()) + 1,), MOST_TOKENS).scatter_reduce(0, same, torch.arange(MOST_TOKENS), "amin")
    again = (torch.arange(MOST_TOKENS) != first[same]).nonzero().flatten()
    return int(again[0]) if len(again) else MOST_TOKENS


def measured(tell: Callable[[str], object] = lambda text: None) -> list[dict[str, Any]]:
    """All of it, as JSON holds it: {"measure", "head", "label", "precision", "at", "values": of each seed}."""
    found: list[dict[str, Any]] = []

    def add(measure: str, head: MeasuredHead, precision: str, at: int, values: list[int]) -> None:
        found.append(
            {
                "measure": measure,
                "head": head.name,
                "label": head.label,
                "precision": precision,
                "at": at,
                "values": values,
            }
        )
        tell(f"{measure:12} {head.label:28} {precision:8} {at:5} {values}")

    for head in MEASURED:
        for n in SIZES:
            for name, kind in PRECISIONS.items():
                add("rank", head, name, n, [rank(head, n, kind, seed) for seed in range(SEEDS)])
        for n in PATTERN_SIZES:
            add("patterns", head, "float64", n, [patterns(head, n, seed) for seed in range(SEEDS)])
        for count in HEADS:
            for name, kind in PRECISIONS.items():
                add("told apart", head, name, count, [told_apart(head, count, kind, seed) for seed in range(SEEDS)])
    return found
