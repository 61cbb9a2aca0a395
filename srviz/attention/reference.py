"""The n² formulas, written as they read. They are the oracle of every fast path, and small problems run on them.

All take s: (…, n_q), t: (…, n_k), v: (…, n_k, d) and key_mask: (…, n_k), True = keep, and are differentiable by
autograd; relu′(0) = sign(0) = 0. Masked keys must hold finite numbers here: the public operators see to that.
"""

import torch
from torch import Tensor

from srviz.attention.kernels import Kernel, bump


def hinge_sum(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j relu(s_i − t_j) v_j → (…, n_q, d)."""
    return (s.unsqueeze(-1) - t.unsqueeze(-2)).relu() @ v


def kernel_sum(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel, bandwidth: Tensor | None = None) -> Tensor:
    """Σ_j f((s_i − t_j) / b) v_j → (…, n_q, d). bandwidth: broadcastable to (…, 1, 1), or None for 1."""
    r = s.unsqueeze(-1) - t.unsqueeze(-2)
    return kernel(r if bandwidth is None else r / bandwidth) @ v


def sliced_relu_weights(s: Tensor, t: Tensor, key_mask: Tensor | None = None, *, effective: bool = True) -> Tensor:
    """A_ij = relu(s_i − t_j) / Σ_l |s_i − t_l|, 0 where that sum is 0 → (…, n_q, n_k).

    effective: A (I − 11ᵀ/n) over the kept keys, what multiplies the uncentred values; every row sums to 0.
    """
    keep = None if key_mask is None else key_mask.unsqueeze(-2).to(t.dtype)  # (…, 1, n_k)
    # step: weights
    r = s.unsqueeze(-1) - t.unsqueeze(-2)
    total = _kept(r.abs(), keep).sum(-1, keepdim=True)
    weights = _kept(r.relu(), keep) / torch.where(total > 0, total, 1)
    # done
    if effective:
        weights = weights - _kept(weights.sum(-1, keepdim=True) / _count(t, key_mask).unsqueeze(-1), keep)
    return weights


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, key_mask: Tensor | None = None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄) → (…, n_q, d)."""
    weights = sliced_relu_weights(s, t, key_mask, effective=False)
    # step: sum
    return weights @ centre(v, key_mask)


def centre(v: Tensor, key_mask: Tensor | None = None) -> Tensor:
    """v_j − v̄ over the kept keys. Twice, because the rounding of a large v̄ would add up over all keys."""
    if key_mask is None:
        v = v - v.mean(-2, keepdim=True)
        return v - v.mean(-2, keepdim=True)
    keep, count = key_mask.unsqueeze(-1).to(v.dtype), _count(v, key_mask).unsqueeze(-1)
    for _ in range(2):
        v = (v - (v * keep).sum(-2, keepdim=True) / count) * keep
    return v


def _kept(x: Tensor, keep: Tensor | None) -> Tensor:
    return x if keep is None else x * keep


def _count(t: Tensor, key_mask: Tensor | None) -> Tensor:
    """How many keys are kept, (…, 1), at least 1."""
    if key_mask is None:
        return t.new_tensor([float(max(t.shape[-1], 1))])
    return key_mask.sum(-1, keepdim=True).clamp_min(1).to(t.dtype)


def sliced_bump_weights(s: Tensor, t: Tensor, bandwidth: Tensor, key_mask: Tensor | None = None) -> Tensor:
    """max(0, 1 − |s_i − t_j| / b) / n over the n kept keys → (…, n_q, n_k). bandwidth: (…)."""
    keep = None if key_mask is None else key_mask.unsqueeze(-2).to(t.dtype)
    r = s.unsqueeze(-1) - t.unsqueeze(-2)
    weights = bump()(r / bandwidth[..., None, None])
    return _kept(weights, keep) / _count(t, key_mask).unsqueeze(-1)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, key_mask: Tensor | None = None) -> Tensor:
    """y_i = (1/n) Σ_j max(0, 1 − |s_i − t_j| / b) v_j → (…, n_q, d)."""
    return sliced_bump_weights(s, t, bandwidth, key_mask) @ v
