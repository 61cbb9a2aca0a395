"""Sliced ReLU and sliced bump on a CUDA device, in Triton: float32 and half-precision values, forward and backward.

Few pairs (`is_small`) are computed densely in one launch, see small.py; else in O(n log n) from sorted scores, see
tiles.py. All functions take plain tensors that are already folded to rows (batch times heads), record nothing for
autograd, never wait for the device, and give the same bits on every call. A query whose score is NaN or infinite gets
NaN; where that of a kept key is, all queries of its row do. No gradients come from a result that is NaN for its score.
What a masked key holds does no harm. Values whose sums would be too large for float32 are multiplied by a power of two.

`kept` is what backward needs: tensors whose number, shapes and dtypes follow from the shapes and the dtype of v alone.
"""

import contextlib

import torch
from torch import Tensor

from srviz.attention.engines.triton import bump, relu, small

Kept = tuple[Tensor, ...]
Needs = tuple[bool, ...]

SMALL, SMALL_ROW = 1 << 21, 1 << 16  # pairs of all rows together, or of one row, that are fastest without a sort
LONGEST_SMALL = 1024  # queries or keys
OPERATIONS = ("sliced_relu", "sliced_bump")
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
MOST_COLUMNS = 256  # d


def accepts(operation: str, s: Tensor, t: Tensor, v: Tensor) -> bool:
    """Whether this engine computes `operation` ("sliced_relu" or "sliced_bump") of such scores and values."""
    fits = s.shape[-1] + t.shape[-1] < 1 << 30 and s.numel() + t.numel() < 1 << 36 and v.shape[-1] <= MOST_COLUMNS
    return operation in OPERATIONS and fits and all(x.dtype in DTYPES for x in (s, t, v))


def on(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Triton launches on the device that is current, which need not be that of the tensors."""
    other = device.type == "cuda" and device.index != torch.cuda.current_device()
    return torch.cuda.device(device) if other else contextlib.nullcontext()


def is_small(s: Tensor, t: Tensor) -> bool:
    """Whether all pairs of (rows, n_q) and (rows, n_k) scores are few enough to be computed one by one."""
    (rows, n_q), n_k = s.shape, t.shape[1]
    return max(n_q, n_k) <= LONGEST_SMALL and (n_q * n_k <= SMALL_ROW or rows * n_q * n_k <= SMALL)


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
    """Gradients of `relu_forward` for s, t and v, in their dtypes, given g: (rows, n_q, d), that of y.

    relu′(0) = sign(0) = 0. s, t, v, keep, y and kept are those of the forward call; needs: which gradients are wanted;
    None for the others.
    """
    if not (s.numel() and v.numel()):
        found = (torch.zeros_like(s), torch.zeros_like(t), torch.zeros_like(v))
    else:
        g, s, t, v, y = (x.contiguous() for x in (g, s, t, v, y))
        keep = None if keep is None else keep.contiguous()
        if is_small(s, t):
            found = small.relu_backward(g, s, t, v, keep, y, kept)
        else:
            found = relu.backward(g, s, t, v, keep, y, kept)
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
    """Gradients of `bump_forward` for s, t, v, in their dtypes, and the bandwidth (rows, 1) float32, given g.

    The derivative of the bump counts as 0 at |s − t| = 0 and at |s − t| = b. needs: as in `relu_backward`.
    """
    if not (s.numel() and v.numel()):
        found = (torch.zeros_like(s), torch.zeros_like(t), torch.zeros_like(v), torch.zeros_like(bandwidth))
    else:
        g, s, t, v, bandwidth, scale = (x.contiguous() for x in (g, s, t, v, bandwidth, scale))
        if is_small(s, t):
            found = small.bump_backward(g, s, t, v, bandwidth, scale, kept)
        else:
            found = bump.backward(g, s, t, v, bandwidth, scale, kept)
    return tuple(x if wanted else None for x, wanted in zip(found, needs, strict=True))
