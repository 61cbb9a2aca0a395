"""Heads: the one noun for queries, keys, values and scores, and the one way from tokens to them.

A layer's `Projections` map tokens to queries, keys and values, and by the map Π to scores; what comes out is `Heads`,
which every method takes. Scores may be standardized; then `Heads` says what was taken off them and what they were
divided by.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

PROJECTIONS = ("mlp", "linear")
CHUNK_ROWS = 1 << 14  # tokens that are projected at a time
EPSILON = 1e-6  # what standardizing adds to the variance


@dataclass(frozen=True, eq=False)
class Heads:
    """Some heads on their tokens. What no method asks for may be None; leading dimensions broadcast.

    q: (…, n_q, d) queries. k, v: (…, n_k, d) keys and values. s: (…, n_q), t: (…, n_k) query and key scores. key_mask:
    (…, n_k), True = keep. mean, deviation: (…, 1), by which the raw scores were standardized, score = (raw − mean) /
    deviation; None where they are raw. bandwidth: b of the bump, a number or a tensor that broadcasts to the leading
    dimensions.
    """

    q: Tensor | None = None
    k: Tensor | None = None
    v: Tensor | None = None
    s: Tensor | None = None
    t: Tensor | None = None
    key_mask: Tensor | None = None
    mean: Tensor | None = None
    deviation: Tensor | None = None
    bandwidth: Tensor | float = 1.0

    def scored(self, pi: "Slice", method: "Taken | None" = None) -> "Heads":
        """The same heads with the scores that Π gives their queries and keys; as a method takes them, or raw."""
        q, k = self.dots
        # step: project
        s, t = pi(q), pi(k)
        # done
        heads = replace(self, s=s, t=t)
        return heads.standardized() if method and method.standardized else heads

    def standardized(self) -> "Heads":
        """The same heads with their scores standardized, queries and keys together."""
        s, t = self.scores
        scores = standardize(s, t, key_mask=self.key_mask)
        return replace(self, s=scores.s, t=scores.t, mean=scores.mean, deviation=scores.deviation)

    def head(self, number: int) -> "Heads":
        """One of the heads, which lie along the first dimension of every tensor."""
        return self._each(lambda x, own: x[number] if x.dim() > own else x)

    def queries(self, rows: slice) -> "Heads":
        """Some of the queries, with all the keys."""
        q = None if self.q is None else self.q[..., rows, :]
        return replace(self, q=q, s=None if self.s is None else self.s[..., rows])

    @property
    def dots(self) -> tuple[Tensor, Tensor]:
        """q and k. Raises ValueError where they are not there."""
        if self.q is None or self.k is None:
            raise ValueError("q, k: expected queries and keys, got heads with scores alone")
        return self.q, self.k

    @property
    def scores(self) -> tuple[Tensor, Tensor]:
        """s and t. Raises ValueError where they are not there."""
        if self.s is None or self.t is None:
            raise ValueError("s, t: expected query and key scores, got heads without them")
        return self.s, self.t

    @property
    def values(self) -> Tensor:
        """v. Raises ValueError where it is not there."""
        if self.v is None:
            raise ValueError("v: expected values, got heads without them")
        return self.v

    def _each(self, pick: Any) -> "Heads":
        own = {"q": 2, "k": 2, "v": 2, "s": 1, "t": 1, "key_mask": 1, "mean": 1, "deviation": 1}
        parts = {name: getattr(self, name) for name in own}
        return replace(self, **{name: pick(x, own[name]) for name, x in parts.items() if x is not None})


class Taken(Protocol):
    """What a method says about the heads it takes."""

    @property
    def projection(self) -> str:
        """The kind of Π that gives its scores; empty where it takes dot products."""

    @property
    def standardized(self) -> bool:
        """Whether the scores are standardized."""


@dataclass(frozen=True, eq=False)
class Projections:
    """The maps of one attention layer. weight: (3, D, H·d), of queries, keys and values. num_heads: H.

    slices: the map Π for each of its kinds, made of `seed` where it is not given: an untrained layer has one of every
    kind.
    """

    weight: Tensor
    num_heads: int
    seed: int = 0
    slices: dict[str, "Slice"] = field(default_factory=dict)

    @classmethod
    def untrained(
        cls,
        columns: int,
        num_heads: int,
        head_dim: int,
        *,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> "Projections":
        """Normal weights that keep the size of tokens of so many columns, the same for a seed on every device."""
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(3, columns, num_heads * head_dim, generator=generator) / columns**0.5
        return cls(weight.to(device=device, dtype=dtype), num_heads, seed)

    @property
    def head_dim(self) -> int:
        """The d coordinates of a head."""
        return self.weight.shape[2] // self.num_heads

    def pi(self, projection: str) -> "Slice":
        """The map Π of this kind, "mlp" or "linear"."""
        if projection not in self.slices:
            kind: dict[str, Any] = {"device": self.weight.device, "dtype": self.weight.dtype}
            self.slices[projection] = seeded_slice(self.num_heads, self.head_dim, projection, seed=self.seed, **kind)
        return self.slices[projection]

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of tokens x: (…, n, D) → three of (…, H, n, d)."""
        x = self.features(x)
        q, k, v = (self._split(x @ weight) for weight in self.weight)
        return self.placed(q), self.placed(k), v

    def features(self, x: Tensor) -> Tensor:
        """The inputs of the maps, from tokens x: (…, n, D). An untrained layer stands first: its are the tokens."""
        return x

    def placed(self, x: Tensor) -> Tensor:
        """Queries or keys, (…, H, n, d), that know their place in a sequence. Those of an untrained layer do not."""
        return x

    def project_head(self, x: Tensor, which: str, head: int) -> Tensor:
        """The "queries", "keys" or "values" of one head alone: x (n, D) → (n, d), a chunk of rows at a time."""
        part = ("queries", "keys", "values").index(which)
        columns = slice(head * self.head_dim, (head + 1) * self.head_dim)
        weight = self.weight[part, :, columns]
        found = weight.new_empty(len(x), self.head_dim)
        for rows in chunks(len(x)):
            found[rows] = self.features(x[rows]) @ weight
        return found if part == 2 else self.placed(found)

    def scores(self, x: Tensor, projection: str) -> tuple[Tensor, Tensor]:
        """Raw query and key scores of tokens x: (n, D) → two of (H, n), projected a chunk of rows at a time."""
        s, t = self.weight.new_empty(2, self.num_heads, len(x))
        for rows in self.scored(x, projection, s, t):
            del rows
        return s, t

    def scored(self, x: Tensor, projection: str, s: Tensor, t: Tensor) -> Iterator[slice]:
        """Write the raw scores of x: (n, D) into s and t: (H, n); each chunk of rows is told when it is done."""
        pi = self.pi(projection)
        for rows in chunks(len(x)):
            features = self.features(x[rows])
            q, k = (self.placed(self._split(features @ weight)) for weight in self.weight[:2])
            s[:, rows], t[:, rows] = pi(q), pi(k)
            yield rows

    def heads(self, x: Tensor, method: Taken | None = None, *, projection: str = "") -> Heads:
        """All heads on tokens x: (n, D), with the scores that a method takes, or raw ones by a kind of Π, or none."""
        q, k, v = self.project(x)
        projection = projection or (method.projection if method else "")
        if not projection:
            return Heads(q, k, v)
        return Heads(q, k, v).scored(self.pi(projection), method)

    def _split(self, x: Tensor) -> Tensor:
        """(…, n, H·d) → (…, H, n, d)."""
        return x.view(*x.shape[:-1], self.num_heads, self.head_dim).transpose(-3, -2)


def chunks(n: int) -> list[slice]:
    """n rows in stretches of `CHUNK_ROWS`."""
    return [slice(start, min(start + CHUNK_ROWS, n)) for start in range(0, n, CHUNK_ROWS)]


class Slice(nn.Module):
    """Π, shared by queries and keys: (…, H, n, d) → (…, H, n), one score per token and head.

    It sees all heads of a token side by side. projection: "mlp" is Linear, GELU, Linear; "linear" is one Linear
    without bias.
    """

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        projection: str,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if projection not in PROJECTIONS:
            raise ValueError(f"projection: expected one of {', '.join(PROJECTIONS)}, got {projection!r}")
        width = num_heads * head_dim
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        self.pi: nn.Module
        if projection == "mlp":
            self.pi = nn.Sequential(nn.Linear(width, width, **where), nn.GELU(), nn.Linear(width, num_heads, **where))
        else:
            self.pi = nn.Linear(width, num_heads, bias=False, **where)

    def maps(self) -> tuple[nn.Linear, tuple[nn.Module, ...]]:
        """The first map of Π, and those that come after it, if any do: all act on the heads of a token together."""
        first, *then = self.pi if isinstance(self.pi, nn.Sequential) else (self.pi,)
        assert isinstance(first, nn.Linear)
        return first, tuple(then)

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, H, n, d), queries or keys. Returns (…, H, n)."""
        scores: Tensor = self.pi(x.transpose(-3, -2).flatten(-2))  # (…, n, H): the heads of one token side by side
        return scores.transpose(-2, -1)


def seeded_slice(
    num_heads: int,
    head_dim: int,
    projection: str,
    *,
    seed: int = 0,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Slice:
    """An untrained Π with normal weights that keep the size of their input, the same for a seed on every device."""
    pi = Slice(num_heads, head_dim, projection)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in pi.parameters():
            fan_in = weight.shape[-1] if weight.dim() > 1 else None
            weight.copy_(torch.randn(weight.shape, generator=generator) / fan_in**0.5 if fan_in else torch.zeros(()))
    return pi.requires_grad_(False).to(device=device, dtype=dtype)


class Standardized(NamedTuple):
    """Standardized scores s: (…, n_q) and t: (…, n_k), the mean that was taken off, and the deviation they have."""

    s: Tensor
    t: Tensor
    mean: Tensor
    deviation: Tensor


def standardize(
    s: Tensor,
    t: Tensor,
    *,
    query_mask: Tensor | None = None,
    key_mask: Tensor | None = None,
    eps: float | Tensor = EPSILON,
) -> "Standardized":
    """Shift and scale queries and keys *together*: (s − m) / σ and (t − m) / σ.

    m is the mean of the two means, σ = √((var s + var t)/2 + ε), biased variances about m, over kept tokens (True =
    keep).
    s: (…, n_q), t: (…, n_k). Sliced ReLU does not move when all scores are shifted or scaled alike: this is
    for floating point, and taking each side's own mean away would be another operator. Masked scores come back as 0.
    Returns the scores, and m and σ, (…, 1) each.
    """
    wide, dtype = torch.promote_types(s.dtype, torch.float32), s.dtype
    s, t = s.to(wide), t.to(wide)
    s, keep_s, count_s = _kept(s, query_mask)
    t, keep_t, count_t = _kept(t, key_mask)
    unit = power_of_two(_largest(s, t))  # squares of large scores would overflow
    s, t, eps = s / unit, t / unit, eps / unit.square()
    middle = (s.sum(-1, keepdim=True) / count_s + t.sum(-1, keepdim=True) / count_t) / 2
    s, t = (s - middle) * keep_s, (t - middle) * keep_t
    deviation = (
        (s.square().sum(-1, keepdim=True) / count_s + t.square().sum(-1, keepdim=True) / count_t) / 2 + eps
    ).sqrt()
    return Standardized((s / deviation).to(dtype), (t / deviation).to(dtype), middle * unit, deviation * unit)


def moments(scores: Tensor, *, eps: float = EPSILON) -> tuple[Tensor, Tensor]:
    """The m and σ of `standardize`, of as many queries as keys and no mask, in a third as many operations.

    scores: (2, …, n), those of the queries and of the keys → (…, 1) each. In float64, whose squares do not overflow
    where those of float32 do; `standardize` computes them where there is none.
    """
    if scores.dtype == torch.float64 or scores.device.type == "mps" or not scores.numel():
        return standardize(*scores, eps=eps)[2:]
    variance, mean = _spread(scores.double())
    return mean.to(scores.dtype), (variance + eps).sqrt().to(scores.dtype)


def _spread(x: Tensor) -> tuple[Tensor, Tensor]:
    """The biased variance and the mean of x: (2, …, n) over its first and last dimension, (…, 1)."""
    if torch.compiler.is_compiling():  # ONNX has no operation for both
        mean = x.mean((0, -1), keepdim=True)
        return (x - mean).square().mean((0, -1), keepdim=True)[0], mean[0]
    variance, mean = torch.var_mean(x, (0, -1), correction=0, keepdim=True)
    return variance[0], mean[0]


def _largest(s: Tensor, t: Tensor) -> Tensor:
    """The size of the largest score of each row, at least 1: (…, 1)."""
    rows = [x.detach().abs().amax(-1, keepdim=True) for x in (s, t) if x.shape[-1]]
    largest = torch.maximum(*rows) if len(rows) == 2 else rows[0] if rows else s.new_ones(*s.shape[:-1], 1)
    return largest.clamp_min(1)


def power_of_two(x: Tensor) -> Tensor:
    """The largest power of two up to x > 0, float32 or float64: dividing by it does not round.

    By the bits of its exponent, since not every device has `frexp`; 0 where x is subnormal. In a program by its
    logarithm, since ONNX knows no bits; where that rounds, it may be the next power.
    """
    if torch.compiler.is_compiling():
        return x.log2().floor().exp2()
    integer, exponent = (torch.int32, 0xFF << 23) if x.dtype == torch.float32 else (torch.int64, 0x7FF << 52)
    return (x.view(integer) & exponent).view(x.dtype)


def _kept(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | int, Tensor | int]:
    """Zeros for the masked scores, the mask as numbers, and how many are kept (at least 1)."""
    if mask is None:
        return x, 1, max(x.shape[-1], 1)
    x = torch.where(mask, x, 0)
    return x, mask.to(x.dtype), mask.sum(-1, keepdim=True).clamp_min(1).to(x.dtype)
