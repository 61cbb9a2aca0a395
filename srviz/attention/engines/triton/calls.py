"""Sliced ReLU and sliced bump on a CUDA device, in Triton: float32 and half-precision values, forward and backward.

Few pairs (`is_small`) are computed densely in one launch, see small.py; else in O(n log n) from sorted scores, see
tiles.py. All functions take plain tensors that are already folded to rows (batch times heads), record nothing for
autograd, never wait for the device, and give the same bits on every call. A NaN or infinite score of a kept token makes
NaN of its row of results, or of all of its batch row. A masked key comes with the score of a kept one and with zeros
for its value.

`kept` is what backward needs: tensors whose number, shapes and dtypes follow from the shapes and the dtype of v alone.
"""

import torch
from torch import Tensor

from srviz.attention.engines.triton import bump, relu, small

Kept = tuple[Tensor, ...]
Needs = tuple[bool, ...]

SMALL, SMALL_ROW = 1 << 21, 1 << 16  # pairs of all rows together, or of one row, that are fastest without a sort
LONGEST_SMALL = 1024  # queries or keys


def accepts(operation: str, s: Tensor, t: Tensor, v: Tensor) -> bool:
    """Whether this engine computes `operation` ("sliced_relu" or "sliced_bump") of such scores and values."""
    if operation not in ("sliced_relu", "sliced_bump") or v.device.type != "cuda" or torch.version.hip is not None:
        return False
    halves = (torch.float32, torch.float16, torch.bfloat16)
    fits = s.shape[-1] + t.shape[-1] < 1 << 30 and s.numel() + t.numel() < 1 << 36 and v.shape[-1] <= 256
    good = all(x.dtype in halves for x in (s, t, v)) and fits
    return good and torch.cuda.get_device_capability(v.device) >= (8, 0)


def is_small(s: Tensor, t: Tensor) -> bool:
    """Whether all pairs of (rows, n_q) and (rows, n_k) scores are few enough to be computed one by one."""
    (rows, n_q), n_k = s.shape, t.shape[1]
    return n_q * n_k <= SMALL_ROW or (rows * n_q * n_k <= SMALL and max(n_q, n_k) <= LONGEST_SMALL)


def relu_forward(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Kept]:
    """y_i = Σ_j relu(s_i − t_j) / N_i (v_j − v̄), N_i = Σ_l |s_i − t_l|; y_i = 0 where N_i = 0.

    Parameters
    ----------
    s, t : (rows, n_q) and (rows, n_k) query and key scores, float32 or half precision
    v : (rows, n_k, d) values
    keep : (rows, n_k) bool or None; False takes a key out of the sums, the mean v̄ and N_i

    Returns
    -------
    y : (rows, n_q, d), in the dtype of v
    kept : what `relu_backward` takes
    """
    if not (s.numel() and v.numel()):
        return v.new_zeros(*s.shape, v.shape[2]), ()
    s, t, v = s.contiguous(), t.contiguous(), v.contiguous()
    keep = None if keep is None else keep.contiguous()
    return small.relu_forward(s, t, v, keep) if is_small(s, t) else relu.forward(s, t, v, keep)


def relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor, kept: Kept, needs: Needs = (True,) * 3
) -> tuple[Tensor | None, ...]:
    """Gradients of `relu_forward` for s, t (float32) and v, given g: (rows, n_q, d), that of y; relu′(0) = sign(0) = 0.

    s, t, v, keep, y and kept are those of the forward call; needs: which gradients are wanted; None for the others.
    """
    if not (s.numel() and v.numel()):
        found = (
            s.new_zeros(s.shape, dtype=torch.float32),
            t.new_zeros(t.shape, dtype=torch.float32),
            torch.zeros_like(v),
        )
    else:
        g, s, t, v, y = (x.contiguous() for x in (g, s, t, v, y))
        keep = None if keep is None else keep.contiguous()
        if is_small(s, t):
            found = small.relu_backward(g, s, t, v, keep, y, kept)
        else:
            found = relu.backward(g, v, keep, y, kept)
    return tuple(x if wanted else None for x, wanted in zip(found, needs, strict=True))


def bump_forward(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> tuple[Tensor, Kept]:
    """y_i = scale Σ_j max(0, 1 − |s_i − t_j| / b) v_j.

    Parameters
    ----------
    s, t : (rows, n_q) and (rows, n_k) query and key scores, float32 or half precision
    v : (rows, n_k, d) values, zeros for masked keys
    bandwidth : (rows, 1), b > 0; anything else gives NaN
    scale : (rows, 1), one over the number of kept keys

    Returns
    -------
    y : (rows, n_q, d), in the dtype of v
    kept : what `bump_backward` takes
    """
    if not (s.numel() and v.numel()):
        return v.new_zeros(*s.shape, v.shape[2]), ()
    s, t, v, bandwidth, scale = (x.contiguous() for x in (s, t, v, bandwidth, scale))
    if is_small(s, t):
        return small.bump_forward(s, t, v, bandwidth, scale)
    return bump.forward(s, t, v, bandwidth, scale)


def bump_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, kept: Kept, needs: Needs = (True,) * 4
) -> tuple[Tensor | None, ...]:
    """Gradients of `bump_forward` for s, t (float32), v and the bandwidth (rows, 1) float32, given g: (rows, n_q, d).

    The derivative of the bump counts as 0 at |s − t| = 0 and at |s − t| = b. needs: as in `relu_backward`.
    """
    if not (s.numel() and v.numel()):
        zeros = [x.new_zeros(x.shape, dtype=torch.float32) for x in (s, t, bandwidth)]
        found = (zeros[0], zeros[1], torch.zeros_like(v), zeros[2])
    else:
        g, s, t, v, bandwidth, scale = (x.contiguous() for x in (g, s, t, v, bandwidth, scale))
        if is_small(s, t):
            found = small.bump_backward(g, s, t, v, bandwidth, scale)
        else:
            found = bump.backward(g, v, bandwidth, scale, kept)
    return tuple(x if wanted else None for x, wanted in zip(found, needs, strict=True))
