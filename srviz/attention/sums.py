"""The one primitive, Σ_j f(s_i − t_j) v_j for a piecewise linear f, exact in O(n log n); f = relu is the hinge sum."""

import math
from typing import Any

import torch
from torch import Tensor

from srviz.attention import checks, engines
from srviz.attention.kernels import Kernel, relu


def hinge_sum(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j relu(s_i − t_j) v_j, exactly, by sorting: O((n_q + n_k) (log n_k + d)) time, O((n_q + n_k) d) memory.

    s: (…, n_q), t: (…, n_k), v: (…, n_k, d), leading dimensions broadcast → (…, n_q, d). Differentiable in all
    three as often as one likes (relu′(0) = 0). Half precision is computed in float32. Raises TypeError or ValueError on
    arguments that do not fit. A query whose score is NaN or infinite gets NaN. For such a score of a key, and for
    scores whose differences overflow, a call on numbers on a CPU raises ValueError; elsewhere every query of such a row
    gets NaN.

    >>> hinge_sum(torch.tensor([2.0]), torch.tensor([0.0, 1.0, 5.0]), torch.tensor([[1.0], [10.0], [100.0]]))
    tensor([[12.]])
    """
    return kernel_sum(s, t, v, relu())


def kernel_sum(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a piecewise linear kernel f, exactly, in O(n log n) per piece of f.

    Shapes, dtypes and errors as `hinge_sum`. Bounded pieces are summed over windows and never as differences of hinges.
    At a node of f its derivative counts as 0.
    """
    lead = checks.problem(s, t, v)
    if not isinstance(kernel, Kernel):
        raise TypeError(f"kernel: expected a Kernel, got {type(kernel).__name__}")
    s, t, v, dtype = *flat("kernel_sum", s, t, v, lead, kernel)[:3], s.dtype
    return engines.sum_pairs(s, t, v, kernel).to(dtype).view(*lead, *sum_shape(s, v))


def flat(
    operation: str, s: Tensor, t: Tensor, v: Tensor, lead: torch.Size, *others: Any
) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Broadcast the leading dimensions and fold them into one: (B, n_q), (B, n_k), (B, n_k, d).

    In float32 at least, unless an engine will compute them as they are, which is said too. others: what the operation
    takes besides.
    """
    wide = torch.promote_types(s.dtype, torch.float32)

    def fold(x: Tensor, own: int) -> Tensor:
        if x.shape[:-own] != lead:
            x = x.expand(*lead, *x.shape[-own:])
        if not (maybe or x.dtype == wide):
            x = x.to(wide)
        return x.reshape(rows, *x.shape[-own:]).contiguous()

    rows, maybe = math.prod(lead), engines.may_take_as_given(operation, v)
    s, t, v = fold(s, 1), fold(t, 1), fold(v, 2)
    if maybe and engines.takes_as_given(operation, s, t, v, *others):
        return s, t, v, True
    if s.dtype == wide:
        return s, t, v, False
    return s.to(wide), t.to(wide), v.to(wide), False


def sum_shape(s: Tensor, v: Tensor) -> tuple[int, int]:
    """(n_q, d)."""
    return s.shape[-1], v.shape[-1]
