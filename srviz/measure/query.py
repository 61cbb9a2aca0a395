"""One query among any number of keys: its row of weights by every method, without a matrix and in little memory."""

from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import METHODS, seeded_heads, seeded_slice, standardize

ROWS = 1 << 16  # tokens projected at a time


@dataclass(frozen=True, eq=False)
class Heads:
    """Untrained heads of one layer on some tokens. maps: queries' and keys' (2, H, D, d). s, t: (H, n), standardized
    together. middle, deviation: (H, 1), what they were less and over.
    """

    maps: Tensor
    s: Tensor
    t: Tensor
    middle: Tensor
    deviation: Tensor
    projection: str
    seed: int

    def key_scores(self, x: Tensor) -> Tensor:
        """The scores that tokens x (m, D) would have as keys: (H, m)."""
        return (_scores(x, self.maps.shape[1], self.maps.shape[3], self.projection, self.seed)[1] - self.middle) / (
            self.deviation
        )


def heads(x: Tensor, *, heads: int, head_dim: int, projection: str = "mlp", seed: int = 0) -> Heads:
    """The projections of `seeded_heads` and the slice of `seeded_slice` on tokens x (n, D)."""
    query, key, _ = seeded_heads(torch.eye(x.shape[1], device=x.device)[None], heads, head_dim, seed=seed)
    s, t = _scores(x, heads, head_dim, projection, seed)
    standard_s, standard_t = standardize(s, t)
    low, high = t.aminmax(dim=-1, keepdim=True)
    least, most = standard_t.aminmax(dim=-1, keepdim=True)
    deviation = torch.where(most > least, (high - low) / (most - least), 1.0)
    return Heads(
        torch.cat([query, key]), standard_s, standard_t, high - deviation * most, deviation, projection, seed
    )  # fmt: skip


def _scores(x: Tensor, heads: int, head_dim: int, projection: str, seed: int) -> tuple[Tensor, Tensor]:
    """Raw query and key scores of all heads, (H, n) each, by chunks of rows."""
    pi = seeded_slice(heads, head_dim, projection, seed=seed, device=x.device)
    s, t = x.new_empty(2, heads, len(x))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        q, k, _ = seeded_heads(x[None, rows], heads, head_dim, seed=seed)
        s[:, rows], t[:, rows] = pi(q)[0], pi(k)[0]
    return s, t


def row(method: str, x: Tensor, found: Heads, head: int, query: int, *, bandwidth: float = 1.0) -> Tensor:
    """The effective weights of token `query` on all tokens x (n, D) by a method of `METHODS`: (n,).

    Scores are given in bandwidths: that is the bump's b, and ReLU's weights do not move when scores are scaled.
    """
    q, k = (x[part] @ found.maps[which, head] for which, part in ((0, slice(query, query + 1)), (1, slice(None))))
    q, k = q[None, None], k[None, None]
    s, t = found.s[head, query : query + 1] / bandwidth, found.t[head] / bandwidth
    weights = METHODS[method].weights(q, k, slice_=lambda part: (s if part is q else t)[None, None])
    one: Tensor = weights[0, 0, 0]
    return one


def tenth(n: int) -> int:
    """How many of n tokens `near` takes, the query one of them."""
    return max(1, n // 10)


def near(weights: Tensor, x: Tensor, query: int) -> float:
    """Σ|w| over the tenth of the tokens x (n, D) that lie nearest to the query, over Σ|w| of all; 0.1 is evenly."""
    size = weights.abs()
    nearest = (x - x[query]).square().sum(-1).topk(tenth(len(x)), largest=False).indices
    return float(size[nearest].sum() / size.sum().clamp_min(torch.finfo(size.dtype).tiny))
