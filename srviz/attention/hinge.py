"""The one primitive, Σ_j f(s_i − t_j) v_j for a piecewise linear f, exact in O(n log n); f = relu is the hinge sum."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from srviz.attention import checks, dense
from srviz.attention.kernels import Kernel, relu
from srviz.attention.sweep import Ladder, Moments, Piece, Rows, sweep


def hinge_sum(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j relu(s_i − t_j) v_j, exactly, by sorting: O((n_q + n_k) (log n_k + d)) time, O((n_q + n_k) d) memory.

    s: (…, n_q), t: (…, n_k), v: (…, n_k, d), leading dimensions broadcast → (…, n_q, d). Differentiable once in all
    three (relu′(0) = 0). Half precision is computed in float32. Raises TypeError or ValueError on arguments that
    do not fit, ValueError on NaN or infinite scores.

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
    s, t, v, dtype = *flat(s, t, v, lead), s.dtype
    checks.finite(s, t)
    return sum_rows(s, t, v, kernel).to(dtype).view(*lead, *sum_shape(s, v))


def flat(s: Tensor, t: Tensor, v: Tensor, lead: torch.Size) -> tuple[Tensor, Tensor, Tensor]:
    """Broadcast the leading dimensions and fold them into one: (B, n_q), (B, n_k), (B, n_k, d), float32 at least."""
    wide = torch.promote_types(s.dtype, torch.float32)

    def fold(x: Tensor, own: int) -> Tensor:
        if x.shape[:-own] != lead:
            x = x.expand(*lead, *x.shape[-own:])
        return x.to(wide).reshape(lead.numel(), *x.shape[-own:]).contiguous()

    return fold(s, 1), fold(t, 1), fold(v, 2)


def sum_shape(s: Tensor, v: Tensor) -> tuple[int, int]:
    """(n_q, d)."""
    return s.shape[-1], v.shape[-1]


def sum_rows(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel, bandwidth: Tensor | None = None) -> Tensor:
    """Σ_j f((s_i − t_j) / b) v_j. s: (B, n_q), t: (B, n_k), v: (B, n_k, d), bandwidth: (B, 1) → (B, n_q, d)."""
    with torch.autocast(s.device.type, enabled=False):
        if is_small(s, t, v):
            return dense.kernel_sum(s, t, v, kernel, None if bandwidth is None else bandwidth.unsqueeze(-1))
        result: Tensor = _KernelSum.apply(s, t, v, bandwidth, kernel)  # type: ignore[no-untyped-call]
        return result


def is_small(s: Tensor, t: Tensor, v: Tensor) -> bool:
    """Whether the n² formula is the faster one (or there is nothing to sum)."""
    return checks.is_small(s, t) or not len(v)


class _KernelSum(torch.autograd.Function):
    """The backward pass is two such sums again: queries and keys change places, f becomes f(−r) or its derivative."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor | None, kernel: Kernel) -> Tensor:
        ladder = Ladder.of(s.detach(), t.detach())
        out = v.new_zeros(s.numel(), v.shape[-1])
        sweep(ladder, _rows(v), kernel.pieces(), bandwidth=bandwidth, out=out)
        ctx.save_for_backward(ladder.s, ladder.t, ladder.query, ladder.key, v, bandwidth)
        ctx.kernel = kernel
        return out.view(*s.shape, v.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        *scores, v, bandwidth = ctx.saved_tensors
        ladder = Ladder(*scores)
        unit = 1.0 if bandwidth is None else bandwidth
        ds = dt = dv = db = None
        with torch.autocast(v.device.type, enabled=False):
            if ctx.needs_input_grad[0] or ctx.needs_input_grad[3]:
                pieces = with_derivatives(ctx.kernel.pieces())
                found = sweep(
                    ladder, _rows(v), pieces, bandwidth=bandwidth, dot=_rows(g), moments=ctx.needs_input_grad[3]
                )
                ds = slope_sum(pieces, found, unit)
                if bandwidth is not None and ctx.needs_input_grad[3]:
                    db = stretch_sum(pieces, found, bandwidth)
            if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
                pieces = with_derivatives(ctx.kernel.mirrored().pieces())
                out = torch.zeros_like(v).flatten(0, 1)
                found = sweep(ladder.swapped, _rows(g), pieces, bandwidth=bandwidth, out=out, dot=_rows(v))
                dt, dv = slope_sum(pieces, found, unit), out.view_as(v)
        return ds, dt, dv, db, None


def _rows(x: Tensor) -> Rows:
    return Rows(x.detach().flatten(0, 1))


def with_derivatives(pieces: list[Piece]) -> list[Piece]:
    """The same sums, and for their derivatives dot products over open windows, without the keys exactly at a node."""
    sums = [replace(piece, dotted=not piece.closed) for piece in pieces]
    return sums + [replace(piece, closed=False, summed=False) for piece in pieces if piece.closed]


def slope_sum(pieces: list[Piece], found: list[Moments], unit: Tensor | float = 1.0) -> Tensor:
    """Σ_j f′(s_i − t_j) ⟨v_j, x_i⟩ from the dot products of `sweep` → (B, n_q)."""
    total = torch.zeros_like(found[0][0])
    for piece, (p, _) in zip(pieces, found, strict=True):
        if piece.dotted and piece.slope:
            total += p * (piece.slope / unit)
    return total


def stretch_sum(pieces: list[Piece], found: list[Moments], bandwidth: Tensor) -> Tensor:
    """Σ_ij ∂f((s_i − t_j)/b)/∂b ⟨v_j, x_i⟩ = −Σ_ij f′ · (r / b) ⟨v_j, x_i⟩ → (B, 1)."""
    total = torch.zeros_like(found[0][0])
    for piece, (_, r) in zip(pieces, found, strict=True):
        if piece.dotted and piece.slope:
            total -= r * (piece.slope / bandwidth)
    return total.sum(-1, keepdim=True)
