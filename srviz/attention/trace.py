"""One run of one head, written out step by step with every intermediate kept, for people to look at."""

from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import checks
from srviz.attention.heads import standardize
from srviz.attention.reference import centre


@dataclass(frozen=True)
class Trace:
    """Every intermediate, in the order of the algorithm. k counts sorted keys from 0, p_i keys lie below query i."""

    s: Tensor  # (n_q,) query scores, standardized
    t: Tensor  # (n_k,) key scores, standardized
    order: Tensor  # (n_k,) which key is the k-th lowest
    t_sorted: Tensor  # (n_k,)
    u: Tensor  # (n_k, d) centred values in that order
    S: Tensor  # (n_k, d) S_k = u_0 + … + u_k
    R: Tensor  # (n_k, d) the hinge sum at the k-th key
    p: Tensor  # (n_q,) keys strictly below the query
    hinge: Tensor  # (n_q, d) Σ relu(s − t) u
    N: Tensor  # (n_q,) Σ |s − t|
    y: Tensor  # (n_q, d)


def trace(s: Tensor, t: Tensor, v: Tensor) -> Trace:
    """Sliced ReLU attention of one head, step by step. s: (n_q,), t: (n_k,) with n_k ≥ 1, v: (n_k, d).

    It follows the same route as `sliced_relu` in O(n log n), with torch's plain `cumsum` in the place of the blocked
    scan.
    """
    checks.problem(s, t, v)
    if (s.dim(), t.dim(), v.dim()) != (1, 1, 2) or not len(t):
        raise ValueError(
            "s, t, v: expected one head, (n_q,), (n_k,) and (n_k, d) with n_k ≥ 1, got "
            f"s {tuple(s.shape)}, t {tuple(t.shape)}, v {tuple(v.shape)}"
        )
    checks.finite(s, t)
    wide = torch.promote_types(s.dtype, torch.float32)
    s, t, v = s.to(wide), t.to(wide), v.to(wide)
    # step: project
    s, t, *_ = standardize(s, t)
    # step: sort
    t_sorted, order = t.sort()
    u = centre(v)[order]
    # step: sums
    S = u.cumsum(0)
    # step: knots
    gap = t_sorted.diff().unsqueeze(-1)
    R = torch.cat([torch.zeros_like(u[:1]), (gap * S[:-1]).cumsum(0)])
    # step: look up
    p = torch.searchsorted(t_sorted, s)
    k = (p - 1).clamp_min(0)
    below = (p > 0).unsqueeze(-1)
    hinge = torch.where(below, R[k] + (s - t_sorted[k]).unsqueeze(-1) * S[k], 0)
    # step: normalize
    N = _distances(s, t_sorted, p)
    y = torch.where(N > 0, 1 / N, 0).unsqueeze(-1) * hinge
    # done
    return Trace(s, t, order, t_sorted, u, S, R, p, hinge, N, y)


def _distances(s: Tensor, t: Tensor, p: Tensor) -> Tensor:
    """Σ_l |s_i − t_l| by the same knots with ones for values: what lies below and what lies above. t: sorted."""
    n = len(t)
    count = torch.arange(1, n, device=t.device, dtype=t.dtype)
    gap, zero = t.diff(), t.new_zeros(1)
    left = torch.cat([zero, (gap * count).cumsum(0)])
    right = torch.cat([(gap * count.flip(0)).flip(0).cumsum(0).flip(0), zero])
    k, above = (p - 1).clamp_min(0), p.clamp_max(n - 1)
    from_left = torch.where(p > 0, left[k] + (s - t[k]) * p, 0)
    return from_left + torch.where(p < n, right[above] + (t[above] - s) * (n - p), 0)
