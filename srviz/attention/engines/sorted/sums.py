"""Sums of any piecewise linear kernel over sorted scores, in torch alone; the bump is one of them.

The backward pass is two such sums again: queries and keys change places, f becomes f(−r) or its derivative.
"""

from dataclasses import replace

import torch
from torch import Tensor

from srviz.attention.engines.sorted.sweep import Ladder, Moments, Rows, sweep
from srviz.attention.kernels import Kernel, Piece, bump


def forward(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel, bandwidth: Tensor | None = None) -> Tensor:
    """Σ_j f((s_i − t_j) / b) v_j. s: (B, n_q), t: (B, n_k), v: (B, n_k, d), bandwidth: (B, 1) or None → (B, n_q, d)."""
    out = v.new_zeros(s.numel(), v.shape[-1])
    sweep(Ladder.of(s, t), _rows(v), kernel.pieces(), bandwidth=bandwidth, out=out)
    return out.view(*s.shape, v.shape[-1])


def backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    kernel: Kernel,
    y: Tensor,
    needs: tuple[bool, ...],
    bandwidth: Tensor | None = None,
) -> tuple[Tensor | None, ...]:
    """The gradients of s, t, v and, after them, of the bandwidth that are needed."""
    ladder = Ladder.of(s, t)
    unit = 1.0 if bandwidth is None else bandwidth
    ds = dt = dv = db = None
    stretched = bandwidth is not None and needs[3]
    if needs[0] or stretched:
        pieces = _with_derivatives(kernel.pieces())
        found = sweep(ladder, _rows(v), pieces, bandwidth=bandwidth, dot=_rows(g), moments=stretched)
        ds = slope_sum(pieces, found, unit)
        if bandwidth is not None and stretched:
            db = _stretch_sum(pieces, found, bandwidth)
    if needs[1] or needs[2]:
        pieces = _with_derivatives(kernel.mirrored().pieces())
        out = torch.zeros_like(v).flatten(0, 1)
        found = sweep(ladder.swapped, _rows(g), pieces, bandwidth=bandwidth, out=out, dot=_rows(v))
        dt, dv = slope_sum(pieces, found, unit), out.view_as(v)
    return ds, dt, dv, db


def bump_forward(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth, scale: (B, 1)."""
    return forward(s, t, v, bump(), bandwidth).mul_(scale.unsqueeze(-1))


def bump_backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    y: Tensor,
    needs: tuple[bool, ...],
) -> tuple[Tensor | None, ...]:
    """The gradients of s, t, v and the bandwidth that are needed."""
    return backward(g * scale.unsqueeze(-1).to(g.dtype), s, t, v, bump(), y, needs, bandwidth)


def _rows(x: Tensor) -> Rows:
    return Rows(x.detach().flatten(0, 1))


def _with_derivatives(pieces: list[Piece]) -> list[Piece]:
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


def _stretch_sum(pieces: list[Piece], found: list[Moments], bandwidth: Tensor) -> Tensor:
    """Σ_ij ∂f((s_i − t_j)/b)/∂b ⟨v_j, x_i⟩ = −Σ_ij f′ · (r / b) ⟨v_j, x_i⟩ → (B, 1)."""
    total = torch.zeros_like(found[0][0])
    for piece, (_, r) in zip(pieces, found, strict=True):
        if piece.dotted and piece.slope:
            total -= r * (piece.slope / bandwidth)
    return total.sum(-1, keepdim=True)
