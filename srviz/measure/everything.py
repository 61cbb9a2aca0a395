"""All tokens at once through untrained multi-head sliced attention, in little memory; and what another method takes.

Queries and keys are projected by chunks of rows and only their scores are kept; values and outputs stand for one head
at a time. A million tokens of 4 heads and 16 coordinates need about a third of a gigabyte, beside the 150 MB of a
process that has imported torch.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import geometric_mean

import torch
from torch import Tensor

from srviz.attention import METHODS, Heads, Projections
from srviz.attention.heads import CHUNK_ROWS, chunks
from srviz.device import synchronize
from srviz.measure.memory import watched

SIZES = (512, 1024, 2048, 4096)  # on which a method in n² is measured to say how long all tokens would take
MOST_PAIRS = 1 << 22  # of queries and keys between two looks at the clock


@dataclass(frozen=True)
class Stage:
    """Where a run stands. share: 0 … 1. seconds: of attention in this run. peak: the most bytes that this process held.

    y: (m, head_dim) the output of the head just done at the tokens asked for, or None where no head was just done.
    """

    share: float
    heads_done: int
    seconds: float
    peak: int
    y: Tensor | None = None


def bytes_needed(n: int, columns: int, heads: int, head_dim: int) -> int:
    """Bytes that `everything` takes beyond the tokens themselves, (n, columns), and beyond `jobs.PROCESS_BYTES`.

    Values, output and sorting of one head; scores of all heads, raw and standardized; a chunk of projected rows; and
    what the allocator keeps. Rather too much, by a sixth for a million tokens: it decides what is offered.
    """
    rows = min(n, CHUNK_ROWS)
    per_token = 3 * head_dim + 4 * heads + 16
    return 4 * (n * per_token + rows * (columns + 6 * heads * head_dim)) + (48 << 20)


def everything(
    x: Tensor,
    *,
    heads: int,
    head_dim: int,
    method: str,
    projection: str = "",
    seed: int = 0,
    kept: Tensor | None = None,
    first: int = 0,
) -> Iterator[Stage]:
    """Attend from all tokens to all tokens, x: (n, D), head by head.

    method: one that takes scores. projection: the kind of Π, that of the method where empty. The projections are
    untrained. kept: (m,) the tokens whose output is wanted, all
    where None. first: the head from 0 to begin with; the projections, which are then made for the second time, do not
    count into the seconds. Ends whenever the caller stops asking; what it yielded stands.
    """
    record = METHODS[method]
    if not record.projection:
        raise ValueError(f"method: expected one that takes scores, got {method!r}")
    n = len(x)
    maps = Projections.untrained(x.shape[1], heads, head_dim, seed=seed, device=x.device)
    pieces = chunks(n)
    parts = len(pieces) * (1 + heads - first)  # for the bar: a head takes about as long as all projections
    s, t = x.new_empty(2, heads, n)
    done, seconds, most = 0, 0.0, 0
    scored = maps.scored(x, projection or record.projection, s, t)
    for _ in pieces:
        with watched() as peak:  # never while the caller has it
            began = _clock(x)
            next(scored)
            seconds += 0.0 if first else _clock(x) - began
            done += 1
        most = max(most, peak.most)
        yield Stage(done / parts, first, seconds, most)
    v = x.new_empty(n, head_dim)
    for head in range(first, heads):
        with watched() as peak:
            began = _clock(x)
            if head == first and record.standardized:
                s, t = Heads(s=s, t=t).standardized().scores
            for rows in pieces:
                v[rows] = maps.project_head(x[rows], "values", head)
            y = record.apply(Heads(s=s[head], t=t[head], v=v))
            seconds += _clock(x) - began
            done += len(pieces)
            y = y if kept is None else y[kept]
        most = max(most, peak.most)
        yield Stage(done / parts, head + 1, seconds, most, y)


def components(y: Tensor) -> Tensor:
    """Three principal components of y (n, D) as colours (n, 3) in [0, 1], from the 1st to the 99th percentile.

    A component's sign is chosen so that its largest loading is positive; where D < 3 or nothing varies, 0.5.
    """
    pieces = chunks(len(y))
    mean = y.mean(0)
    covariance = sum((((y[rows] - mean).T @ (y[rows] - mean)) for rows in pieces), y.new_zeros(y.shape[1], y.shape[1]))
    values, vectors = torch.linalg.eigh(covariance.cpu().double())
    colours = y.new_full((len(y), 3), 0.5)
    for column, axis in enumerate(reversed(range(max(0, y.shape[1] - 3), y.shape[1]))):
        vector = vectors[:, axis]
        if values[axis] <= 1e-12 * values[-1].clamp_min(1e-300):
            continue
        vector = (vector * vector[vector.abs().argmax()].sign()).to(y)
        along = torch.cat([(y[rows] - mean) @ vector for rows in pieces])
        sample = along[:: max(1, len(along) // 20_000)]
        low, high = torch.quantile(sample, along.new_tensor([0.01, 0.99]))
        colours[:, column] = ((along - low) / (high - low).clamp_min(1e-30)).clamp(0, 1)
    return colours


@dataclass(frozen=True)
class Rows:
    """Queries start … stop − 1, all heads; seconds: what they took."""

    start: int
    stop: int
    seconds: float


def by_rows(x: Tensor, *, heads: int, head_dim: int, method: str, seed: int = 0, first: int = 0) -> Iterator[Rows]:
    """Attend from query `first` on to all keys, a stretch of queries at a time, all heads at once. x: (n, D).

    The projections are untrained, and do not count into the seconds.
    """
    record = METHODS[method]
    maps = Projections.untrained(x.shape[1], heads, head_dim, seed=seed, device=x.device)
    given = maps.heads(x.unsqueeze(0), record)
    rows = max(1, MOST_PAIRS // max(1, len(x) * heads))
    for start in range(first, len(x), rows):
        stop = min(start + rows, len(x))
        began = _clock(x)
        record.apply(given.queries(slice(start, stop)))
        yield Rows(start, stop, _clock(x) - began)


@dataclass(frozen=True)
class Estimate:
    """What a method in n² would take for n tokens, by two ways to run it. seconds: of its fastest way, which for
    softmax never holds the weights, extrapolated as n² from the sizes measured, (sizes, measured) seconds each. bytes:
    of the weights of all heads where they are written out, in float32; arithmetic.
    """

    seconds: float
    bytes: int
    sizes: tuple[int, ...]
    measured: tuple[float, ...]


def _seconds(method: str, heads: int, head_dim: int, device: torch.device) -> tuple[float, ...]:
    generator, apply = torch.Generator().manual_seed(0), METHODS[method].apply
    found = []
    for size in SIZES:
        q = torch.randn(1, heads, size, head_dim, generator=generator).to(device)
        given = Heads(q, q, q)
        apply(given)
        taken = []
        for _ in range(3):
            began = _clock(q)
            apply(given)
            taken.append(_clock(q) - began)
        found.append(min(taken))
    return tuple(found)


def estimate(n: int, *, heads: int, head_dim: int, method: str, device: torch.device) -> Estimate:
    """A method on n tokens: c·n² seconds, fitted to what `SIZES` took, each counting alike; its weights' bytes.

    Raises ValueError for a method that takes scores, or whose time does not grow as n².
    """
    record = METHODS[method]
    if record.projection or "²" not in record.cost:
        raise ValueError(f"method: expected one that takes dot products, in n², got {method!r}")
    measured = _seconds(method, heads, head_dim, device)
    per_pair = geometric_mean(taken / size**2 for size, taken in zip(SIZES, measured, strict=True))
    return Estimate(per_pair * n * n, 4 * heads * n * n, SIZES, measured)


def _clock(x: Tensor) -> float:
    synchronize(x.device)
    return time.perf_counter()
