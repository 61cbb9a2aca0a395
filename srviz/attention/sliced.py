"""Sliced ReLU and sliced bump attention on scores, exact in O(n log n), forward and backward."""

import math
from typing import Any

import torch
from torch import Tensor

from srviz.attention import checks, engines
from srviz.attention.sums import flat, sum_shape


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, *, key_mask: Tensor | None = None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄), N_i = Σ_l |s_i − t_l|, v̄ the mean of the values (arXiv 2512.11411).

    s: (…, n_q), t: (…, n_k), v: (…, n_k, d), key_mask: (…, n_k) with True = keep; leading dimensions broadcast
    → (…, n_q, d). Where N_i = 0, y_i = 0. O((n_q + n_k) (log n_k + d)) time and O((n_q + n_k) d) memory, also backward;
    relu′(0) = sign(0) = 0. Half precision is summed in float32. Mean and normalizer count the kept keys only; what a
    masked key or its value holds does no harm. Scores are taken as they are: `heads.standardize` standardizes.
    Differentiable as often as one likes. Raises TypeError or ValueError on arguments that do not fit. A query whose
    score is NaN or infinite gets NaN. For such a score of a kept key, and for scores whose differences or the sums of
    these overflow, a call on numbers on a CPU raises ValueError; elsewhere every query of such a row gets NaN.
    """
    s, t, v, keep, lead, dtype = _prepare("sliced_relu", s, t, v, key_mask)
    return engines.sliced_relu(s, t, v, keep).to(dtype).view(*lead, *sum_shape(s, v))


def sliced_bump(
    s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor | float, *, key_mask: Tensor | None = None
) -> Tensor:
    """y_i = (1/n) Σ_j max(0, 1 − |s_i − t_j| / b) v_j over the n kept keys (arXiv 2512.11411).

    bandwidth: b > 0, a number or a tensor that broadcasts to the leading dimensions. Another b raises ValueError; where
    the numbers of a tensor cannot be looked at, in a program or on a GPU, say, the rows of such a b are NaN instead.
    The rest as `sliced_relu`.
    Gradients for s, t, v and the bandwidth; at |s − t| = 0 and |s − t| = b the derivative of the kernel counts as 0.
    """
    s, t, v, keep, lead, dtype = _prepare("sliced_bump", s, t, v, key_mask, bandwidth)
    b = checks.bandwidth(bandwidth, dtype, s, lead).reshape(-1, 1)
    if keep is None:
        scale = torch.full_like(b, 1 / max(t.shape[-1], 1))
    else:
        scale = 1 / keep.sum(-1, keepdim=True).clamp_min(1).to(b.dtype)
    return engines.sliced_bump(s, t, v, b, scale).to(dtype).view(*lead, *sum_shape(s, v))


def _prepare(
    operation: str, s: Tensor, t: Tensor, v: Tensor, key_mask: Tensor | None, *others: Any
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, torch.Size, torch.dtype]:
    """Check and fold the arguments; a masked key gets a kept one's score and zeros for its value.

    An engine that takes masked keys as they are gets them so.
    """
    lead = checks.problem(s, t, v)
    keep, dtype = checks.mask(key_mask, t, lead), s.dtype
    if keep is not None:
        keep = keep.reshape(math.prod(lead), t.shape[-1]).contiguous()  # or what `where` gives has its strides
    takes_mask = operation == "sliced_relu"
    s, t, v, given = flat(
        operation, s, t, v, lead, *([keep] if takes_mask else [x for x in others if isinstance(x, Tensor)])
    )
    if keep is not None and not (given and takes_mask):
        t, v = engines.without_masked(t, v, keep)
    return s, t, v, keep, lead, dtype
