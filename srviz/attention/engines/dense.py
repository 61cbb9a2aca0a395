"""The engine for small problems: the n² formulas of `reference`, which torch differentiates as often as one likes."""

from typing import Any

from torch import Tensor

from srviz.attention import reference
from srviz.attention.engines.engine import Engine, Forward
from srviz.attention.kernels import bump

RANK = 20
MOST_PAIRS = 256**2  # n_q · n_k per head up to which the n² formula is the fastest that torch has, and as exact


def is_small(s: Tensor, t: Tensor) -> bool:
    """Whether a problem has so few pairs, s: (…, n_q), t: (…, n_k), that its n² formula is affordable."""
    return s.shape[-1] * t.shape[-1] <= MOST_PAIRS


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. s: (B, n_q), t: (B, n_k), v: (B, n_k, d), b and scale: (B, 1)."""
    summed = reference.kernel_sum(s, t, v, bump(), bandwidth.unsqueeze(-1))
    return summed * scale.unsqueeze(-1).to(v.dtype)


FORMULAS: dict[str, Forward] = {
    "sliced_relu": reference.sliced_relu,
    "sliced_bump": sliced_bump,
    "kernel_sum": reference.kernel_sum,
}


def _able(*arguments: Any) -> bool:
    return True


def _worth(s: Tensor, t: Tensor, v: Tensor, *others: Any) -> bool:
    """Small, or nothing to sum."""
    return is_small(s, t) or not len(v)


ENGINES = tuple(Engine(operation, "dense", RANK, _able, _worth, formula) for operation, formula in FORMULAS.items())
