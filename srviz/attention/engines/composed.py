"""The operations composed of sums that torch differentiates as often, and in every mode, as one likes; O(n log n).

The engines give sums and their gradients and stop there. Second derivatives, forward-mode derivatives and the
transforms of `torch.func` go through here where the n² formula would be too large: `piece_sum` is one primitive whose
derivatives are such sums again.
"""

from typing import Any

import torch
from torch import Tensor

from srviz.attention import reference
from srviz.attention.engines.engine import Forward
from srviz.attention.engines.registered import operator
from srviz.attention.engines.sorted.sweep import Ladder, Rows, sweep
from srviz.attention.kernels import Kernel, Piece, bump, relu


def piece_sum(s: Tensor, t: Tensor, x: Tensor, kernel: Kernel, order: int = 0) -> Tensor:
    """Σ_j f(s_i − t_j) x_j, or with order = 1 the same with f′, which is 0 at the nodes of f.

    s: (B, n_q), t: (B, n_k), x: (B, n_k, d) → (B, n_q, d).
    """
    result: Tensor = _PieceSum.apply(s, t, x, kernel, order)  # type: ignore[no-untyped-call]
    return result


class _PieceSum(torch.autograd.Function):
    """With queries and keys in each other's place, f(r) becomes f(−r), whose derivative is −f′(−r)."""

    @staticmethod
    def forward(s: Tensor, t: Tensor, x: Tensor, kernel: Kernel, order: int) -> Tensor:
        y: Tensor = _OPERATOR(s, t, x, list(kernel.nodes), list(kernel.heights), kernel.left, kernel.right, order)
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        s, t, x, ctx.kernel, ctx.order = inputs
        ctx.save_for_backward(s, t, x)
        ctx.save_for_forward(s, t, x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, x = ctx.saved_tensors
        kernel, back, order = ctx.kernel, ctx.kernel.mirrored(), ctx.order
        ds = dt = dx = None
        if order == 0 and ctx.needs_input_grad[0]:
            ds = (g * piece_sum(s, t, x, kernel, 1)).sum(-1)
        if order == 0 and ctx.needs_input_grad[1]:
            dt = (x * piece_sum(t, s, g, back, 1)).sum(-1)
        if ctx.needs_input_grad[2]:
            dx = piece_sum(t, s, g, back, order)
            dx = -dx if order else dx
        return ds, dt, dx, None, None

    @staticmethod
    def jvp(ctx: Any, ds: Tensor | None, dt: Tensor | None, dx: Tensor | None, *_: Any) -> Tensor:
        s, t, x = ctx.saved_tensors
        found: Tensor = x.new_zeros(*s.shape, x.shape[-1])
        if dx is not None:
            found = found + piece_sum(s, t, dx, ctx.kernel, ctx.order)
        if ctx.order == 0 and ds is not None:
            found = found + ds.unsqueeze(-1) * piece_sum(s, t, x, ctx.kernel, 1)
        if ctx.order == 0 and dt is not None:
            found = found - piece_sum(s, t, dt.unsqueeze(-1) * x, ctx.kernel, 1)
        return found

    @staticmethod
    def vmap(
        info: Any, dims: tuple[int | None, ...], s: Tensor, t: Tensor, x: Tensor, kernel: Kernel, order: int
    ) -> tuple[Tensor, int]:
        s, t, x = (_folded(part, dim, info.batch_size) for part, dim in zip((s, t, x), dims, strict=False))
        y: Tensor = piece_sum(s, t, x, kernel, order)
        return y.view(info.batch_size, -1, *y.shape[1:]), 0


def _folded(x: Tensor, dim: int | None, size: int) -> Tensor:
    """A tensor with a dimension of a batch, or without one, as a tensor whose rows are those of all of the batch."""
    moved: Tensor = x.expand(size, *x.shape) if dim is None else x.movedim(dim, 0)
    return moved.flatten(0, 1)


def _slopes(kernel: Kernel) -> list[Piece]:
    """f′ as pieces: a step for every piece of f that is not flat, open at both ends."""
    return [Piece(piece.low, piece.high, piece.slope, 0.0, closed=False) for piece in kernel.pieces() if piece.slope]


def _swept(
    s: Tensor, t: Tensor, x: Tensor, nodes: list[float], heights: list[float], left: float, right: float, order: int
) -> Tensor:
    kernel = Kernel(tuple(nodes), tuple(heights), left, right)
    pieces = _slopes(kernel) if order else kernel.pieces()
    out = x.new_zeros(s.numel(), x.shape[-1])
    if pieces and out.numel() and t.numel():
        sweep(Ladder.of(s.contiguous(), t.contiguous()), Rows(x.flatten(0, 1).contiguous()), pieces, out=out)
    return out.view(*s.shape, x.shape[-1])


_OPERATOR = operator("piece_sum", _swept, lambda s, t, x, *_: x.new_empty(*s.shape, x.shape[-1]))


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None."""
    ones = torch.ones_like(t) if keep is None else keep.to(t.dtype)
    ones = ones.unsqueeze(-1)
    left = piece_sum(s, t, torch.cat([reference.centre(v, keep), ones], -1), relu())
    total = left[..., -1:] + piece_sum(s, t, ones, relu().mirrored())
    some = total > 0
    return torch.where(some, left[..., :-1] / torch.where(some, total, 1), 0)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1)."""
    return piece_sum(s / bandwidth, t / bandwidth, v, bump()) * scale.unsqueeze(-1).to(v.dtype)


def kernel_sum(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a continuous piecewise linear f."""
    return piece_sum(s, t, v, kernel)


COMPOSED: dict[str, Forward] = {"sliced_relu": sliced_relu, "sliced_bump": sliced_bump, "kernel_sum": kernel_sum}
