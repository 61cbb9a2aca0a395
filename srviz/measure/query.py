"""One query among any number of keys: its row of weights by every method, without a matrix and in little memory."""

from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import Heads, Method, Projections, standardize


def scores(x: Tensor, maps: Projections, projection: str) -> Heads:
    """The scores of all heads on tokens x: (n, D), standardized: s, t (H, n), mean, deviation (H, 1), nothing else."""
    s, t = maps.scores(x, projection)
    mean, deviation = s.new_empty(2, len(s), 1, dtype=torch.promote_types(s.dtype, torch.float32))
    for head in range(len(s)):  # one by one and in place: for a million tokens each copy of all has 32 MB
        own = slice(head, head + 1)
        s[own], t[own], mean[own], deviation[own] = standardize(s[own], t[own])
    return Heads(s=s, t=t, mean=mean, deviation=deviation)


def key_scores(x: Tensor, maps: Projections, projection: str, found: Heads) -> Tensor:
    """The scores that other tokens x: (m, D) would have as keys among those of `found`: (H, m)."""
    _, raw = maps.scores(x, projection)
    if found.mean is None or found.deviation is None:
        raise ValueError("found: expected standardized scores, got raw ones")
    return (raw - found.mean) / found.deviation


def over_box(corners: Tensor, side: int, maps: Projections, projection: str, found: Heads) -> Tensor:
    """The same on a grid of `side` points along each axis of a box: (H, side, …, side), the first axis of x first.

    corners: (2, D), the lowest and the highest, which lie on the grid.
    """
    axes = [torch.linspace(float(low), float(high), side) for low, high in corners.mT]
    grid = torch.cartesian_prod(*axes).to(corners)
    return key_scores(grid, maps, projection, found).view(-1, *(side for _ in axes))


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


def standing(one: Heads, among: Tensor, count: int) -> tuple[float, int, Tensor]:
    """How the one query of `of_query` stands among the keys: its score, how many keys have a smaller one, and the keys
    whose scores are nearest to it, `count` of those numbered in `among`, (m,), or all where there are fewer.
    """
    s, t = one.scores
    nearest = (t[among] - s).abs().topk(min(count, len(among)), largest=False).indices
    return float(s), int((t < s).sum()), among[nearest]


@dataclass(frozen=True, eq=False)
class Share:
    """The arithmetic of the effective weights of one query, each times n: 1 is an even share of 1/n.

    formula: a text with names in braces, as the numerator of `Terms` is. of_query: the numbers of the names that are
    the same for all keys; of_key: of the others, (n,).
    """

    formula: str
    of_query: dict[str, float]
    of_key: dict[str, Tensor]


def share(method: Method, one: Heads) -> Share:
    """How a method weighs all n keys for the one query of `of_query`. Where it centres the values, the sum of its raw
    weights is taken off each share: that is n times their mean.
    """
    terms = method.terms(one)
    of_query = {name: float(numbers[0]) for name, numbers in terms.of_query.items()}
    features = terms.features or (lambda x: x)
    products = {
        name: (features(one.dots[1]) @ (scale * features(one.dots[0])).mT)[:, 0]
        for name, scale in terms.of_pair.items()
    }
    n = (one.k if one.k is not None else one.scores[1].unsqueeze(-1)).shape[-2]
    formula, gap = terms.numerator.strip(), "\n" if terms.numerator.endswith("\n") else ""
    if isinstance(terms.divisor, Tensor) or terms.divisor != n:
        divisor = float(terms.divisor[0] if isinstance(terms.divisor, Tensor) else terms.divisor)
        formula, of_query["divisor"] = f"{terms.dividend}{gap} / {{divisor}}", divisor / n
    if method.centred:
        formula, of_query["mean"] = f"{formula} − {{mean}}", float(method.weights(one, effective=False).sum())
    return Share(formula, of_query, terms.of_key | products)
