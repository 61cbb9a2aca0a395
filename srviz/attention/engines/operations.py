"""The operations, which go one of three ways.

Where torch records a program (`torch.compile`, `torch.export`, fake and meta tensors) an operation is one registered
operator, `srviz::…`, that chooses its engine when it runs. Where a transform of `torch.func` or forward-mode
differentiation is at work, within such a program too, it is a formula that torch sees through. Otherwise an engine
computes it at once.
"""

from typing import Any

import torch
from torch import Tensor

from srviz.attention import checks
from srviz.attention.engines.computed import by, by_an_engine, by_formula, full_precision, summed, without_bad_numbers
from srviz.attention.engines.engine import is_now, is_transformed
from srviz.attention.engines.programs import registered
from srviz.attention.engines.table import only_dense, pick
from srviz.attention.kernels import Kernel


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None.

    All contiguous, float32 at least → (B, n_q, d). A query whose score is NaN or infinite gets NaN. Where that of a key
    is, or one is too large for its dtype, every query of its row gets NaN; a call on numbers on a CPU raises ValueError
    instead.
    """
    return _compute("sliced_relu", s, t, v, keep)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1).

    Every query of a row whose b is not above 0 and finite gets NaN. The rest as `sliced_relu`.
    """
    return _compute("sliced_bump", s, t, v, bandwidth, scale)


def sum_pairs(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a piecewise linear kernel f. The rest as `sliced_relu`."""
    return _compute("kernel_sum", s, t, v, kernel)


def _compute(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    if torch.compiler.is_dynamo_compiling():  # which could not look any further
        return without_bad_numbers(registered, operation, s, t, v, *others)
    tensors = (s, t, v, *(x for x in others if isinstance(x, Tensor)))
    with full_precision(s):
        if not is_now(*tensors):
            inlined = is_transformed(*tensors) or only_dense()
            return without_bad_numbers(by_formula if inlined else registered, operation, s, t, v, *others)
        engine = pick(operation, s, t, v, *others)
        if engine.careful:
            try:
                return by(engine, s, t, v, *others)
            except checks.NotFinite:  # the check below finds out where
                pass
        elif s.device.type != "cpu":  # without waiting for the device
            return without_bad_numbers(by_an_engine, operation, s, t, v, *others)
        bad = checks.queries_not_finite(s, t, summed(operation, t))
        if bad is None:
            return by(engine, s, t, v, *others)
        y = by(engine, torch.where(bad, 0, s), t, v, *others)
        return torch.where(bad.unsqueeze(-1), torch.nan, y)
