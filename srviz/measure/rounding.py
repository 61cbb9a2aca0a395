"""What rounding does to attention by ReLU: to its sum in float32 far from zero, and to the n² formula in float16."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from srviz.attention import hinge_sum, reference, standardize
from srviz.measure.curve import apart

TOKENS = 512  # of what is measured


def by_products(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j relu(s_i − t_j) v_j as s_i · Σ_j v_j − Σ_j t_j v_j over the keys below the query, by one sort.

    s: (n_q,), t: (n_k,), v: (n_k, d) → (n_q, d). The two products cancel where the scores lie far from zero;
    `hinge_sum` is the same sum by the gaps between neighbouring keys, which do not change there.
    """
    t, order = t.sort()
    v = v[order]
    zero = torch.zeros_like(v[:1])
    sums, products = (torch.cat([zero, x.cumsum(0)]) for x in (v, t[:, None] * v))
    p = torch.searchsorted(t, s)
    return s[:, None] * sums[p] - products[p]


def problem() -> tuple[Tensor, Tensor, Tensor]:
    """Normal scores s, t: (`TOKENS`,) and centred values v: (`TOKENS`, 1) in float32, always the same."""
    draw = torch.Generator().manual_seed(4)
    s, t, v = (torch.randn(TOKENS, generator=draw) for _ in range(3))
    return s, t, v[:, None] - v.mean()


def of_shifts(powers: Sequence[int]) -> dict[str, list[float]]:
    """The error in float32 of the sum by "gaps" and by "products" where 10^k is added to all scores, for each power k.

    Nothing is added for k = 0. An error is the largest difference to the n² formula in float64 on the same rounded
    scores, as a part of its largest entry.
    """
    s, t, v = problem()
    found: dict[str, list[float]] = {"gaps": [], "products": []}
    for k in powers:
        away = 10.0**k if k else 0.0
        q, keys = s + away, t + away  # rounded to float32, and the same for all
        exact = reference.hinge_sum(q.double(), keys.double(), v.double())
        found["gaps"].append(_error(hinge_sum(q, keys, v), exact))
        found["products"].append(_error(by_products(q, keys, v), exact))
    return found


def of_scales(powers: Sequence[int]) -> dict[str, list[float]]:
    """The error in float16 of the n² formula of sliced ReLU on scores times 10^k, for each power k: on the "raw" scores
    and on "standardized" ones. An error is as of `of_shifts`; it is infinite where an output is no number.
    """
    s, t, v = problem()
    exact = reference.sliced_relu(s.double(), t.double(), v.double())
    found: dict[str, list[float]] = {"standardized": [], "raw": []}
    for k in powers:
        raw = (s.double() * 10.0**k).float(), (t.double() * 10.0**k).float()
        for name, (q, keys) in (("raw", raw), ("standardized", standardize(*raw, eps=0)[:2])):
            found[name].append(_error(reference.sliced_relu(q.half(), keys.half(), v.half()), exact))
    return found


def _error(found: Tensor, exact: Tensor) -> float:
    return apart(found, exact, exact) if torch.isfinite(found).all() else math.inf
