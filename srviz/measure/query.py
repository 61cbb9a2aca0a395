"""One query among any number of keys: its row of weights by every method, without a matrix and in little memory."""

import torch
from torch import Tensor

from srviz.attention import Heads, Method, Projections


def scores(x: Tensor, maps: Projections, projection: str) -> Heads:
    """The scores of all heads on tokens x: (n, D), standardized: s, t (H, n), mean, deviation (H, 1), nothing else."""
    s, t = maps.scores(x, projection)
    return Heads(s=s, t=t).standardized()


def key_scores(x: Tensor, maps: Projections, projection: str, found: Heads) -> Tensor:
    """The scores that other tokens x: (m, D) would have as keys among those of `found`: (H, m)."""
    _, raw = maps.scores(x, projection)
    if found.mean is None or found.deviation is None:
        raise ValueError("found: expected standardized scores, got raw ones")
    return (raw - found.mean) / found.deviation


def of_query(
    method: Method, x: Tensor, maps: Projections, found: Heads | None, head: int, query: int, *, bandwidth: float = 1.0
) -> Heads:
    """What a method takes to weigh all tokens x: (n, D) for the token `query` in one head: n_q = 1, one head alone.

    found: the scores of all heads on x; None will do for a method that takes none. bandwidth: b of the bump, in
    standard deviations of the scores. Raises ValueError where scores are missing.
    """
    rows = slice(query, query + 1)
    if not method.projection:
        return Heads(maps.project_head(x[rows], "queries", head), maps.project_head(x, "keys", head))
    if found is None:
        raise ValueError(f"found: expected the scores that {method.name} takes, got none")
    s, t = found.scores
    return Heads(s=s[head, rows], t=t[head], bandwidth=bandwidth)


def row(method: Method, heads: Heads) -> Tensor:
    """The effective weights of the one query of `of_query`: (n,)."""
    return method.weights(heads)[0]


def tenth(n: int) -> int:
    """How many of n tokens `near` takes, the query one of them."""
    return max(1, n // 10)


def near(weights: Tensor, x: Tensor, query: int) -> float:
    """Σ|w| over the tenth of the tokens x (n, D) that lie nearest to the query, over Σ|w| of all; 0.1 is evenly."""
    size = weights.abs()
    nearest = (x - x[query]).square().sum(-1).topk(tenth(len(x)), largest=False).indices
    return float(size[nearest].sum() / size.sum().clamp_min(torch.finfo(size.dtype).tiny))
