"""A curve f of one number, r = s − t, and its sum over all keys: by sorting and over all pairs, timed."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import Kernel, kernel_sum, kernels, reference, standardize
from srviz.attention.kernels import KERNELS
from srviz.measure.clock import seconds

DRAWN = "drawn"  # the name of the curve that a visitor draws
Nodes = tuple[tuple[float, float], ...]

REPEATS = 5  # of each measurement
ROWS, BLOCK = 256, 64  # queries of the n² route, which is the same for each; as many at once as stay in cache
TRUTH = torch.device("cpu")  # where float64 always exists


@dataclass(frozen=True)
class Curve:
    """f(r) by its name. nodes, left, right: of a drawn one. b: the bandwidth of bump, Laplace and Gauss."""

    kernel: str
    b: float
    nodes: Nodes
    left: float
    right: float

    def pieces(self) -> Kernel | None:
        """The straight pieces it is made of, or None where it has none."""
        if self.kernel == DRAWN:
            return Kernel(tuple(r for r, _ in self.nodes), tuple(h for _, h in self.nodes), self.left, self.right)
        named = KERNELS[self.kernel]
        return named.pieces.widened(self.b) if named.pieces and named.bandwidth else named.pieces

    def __call__(self, r: Tensor) -> Tensor:
        """f(r), any shape, by its plain formula; a drawn one piece by piece."""
        if self.kernel == DRAWN:
            return self.pieces()(r)  # type: ignore[misc]  # a drawn curve has pieces
        named = KERNELS[self.kernel]
        return named.f(r / self.b) if named.bandwidth else named.f(r)

    def sum(self, s: Tensor, t: Tensor, v: Tensor) -> Tensor:
        """Σ_j f(s_i − t_j) v_j: by sorting where f has straight pieces, else over all pairs. (n,), (n,), (n, d)."""
        pieces = self.pieces()
        return self.every_pair(s, t, v) if pieces is None else kernel_sum(s, t, v, pieces)

    def every_pair(self, s: Tensor, t: Tensor, v: Tensor) -> Tensor:
        """The same sum by the n² formula."""
        return self(s.unsqueeze(-1) - t.unsqueeze(-2)) @ v


@dataclass(frozen=True)
class Rules:
    """What is done to the scores, the weights and the values around the curve."""

    divide: str
    centred: bool
    standard: bool
    shift: float = 0.0
    scale: float = 1.0
    queries: float = 0.0

    def scores(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Raw scores (n,), scaled and shifted, then standardized or not."""
        s, t = self.scale * s + self.shift + self.queries, self.scale * t + self.shift
        return standardize(s, t)[:2] if self.standard else (s, t)

    @property
    def moved(self) -> bool:
        """Whether the raw scores are not as they were."""
        return (self.shift, self.scale, self.queries) != (0.0, 1.0, 0.0)


def attend(curve: Curve, rules: Rules, s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j f(s_i − t_j) / N_i · v_j, of values centred or not; 0 where N_i = 0. Raw s, t: (n,), v: (n, d) → (n, d)."""
    s, t = rules.scores(s, t)
    ones = torch.ones_like(v[:, :1])
    total = {
        "distance": lambda: kernel_sum(s, t, ones, kernels.distance()),
        "rows": lambda: curve.sum(s, t, ones),
        "n": lambda: ones[:1] * len(t),
        "one": lambda: ones[:1],
    }[rules.divide]()
    found = curve.sum(s, t, reference.centre(v) if rules.centred else v)
    none = total.abs() < torch.finfo(total.dtype).tiny
    return torch.where(none, 0, found / torch.where(none, 1, total))


@dataclass(frozen=True)
class Timing:
    """One curve on many tokens. *_error: the largest difference to the sum in float64, relative to its largest."""

    n: int
    d: int
    queries: int  # of the n² sum and of the comparison
    sorted_seconds: float | None
    sorted_error: float
    dense_seconds: float
    dense_error: float
    apart: float


def timing(curve: Curve, s: Tensor, t: Tensor, v: Tensor) -> Iterator[float | Timing]:
    """Measure Σ_j f(s_i − t_j) v_j by both routes: which part of the work is done, several times, and then the result.

    s, t: (n,), v: (n, d).
    """
    pieces = curve.pieces()
    n = len(s)
    few = min(n, ROWS)
    some = s[:: n // few][:few]

    def every_pair() -> Tensor:
        return torch.cat([curve.every_pair(block, t, v) for block in torch.split(some, BLOCK)])

    by_pairs = every_pair()
    truth = curve.every_pair(some.to(TRUTH).double(), t.to(TRUTH).double(), v.to(TRUTH).double())
    by_sorting = by_pairs if pieces is None else curve.sum(s, t, v)[:: n // few][:few]
    yield 1 / 3
    sorted_seconds = None if pieces is None else seconds(lambda: curve.sum(s, t, v), s.device, repeats=REPEATS)
    yield 2 / 3
    yield Timing(
        n=n,
        d=v.shape[-1],
        queries=few,
        sorted_seconds=sorted_seconds,
        sorted_error=apart(by_sorting, truth, truth),
        dense_seconds=seconds(every_pair, s.device, repeats=REPEATS),
        dense_error=apart(by_pairs, truth, truth),
        apart=apart(by_sorting, by_pairs, truth),
    )


def apart(found: Tensor, truth: Tensor, size: Tensor) -> float:
    """The largest difference, as a part of the largest of `size`."""
    largest = float(size.abs().max())
    return float((found.double().cpu() - truth.double().cpu()).abs().max()) / (largest or 1.0)
