"""Prefix sums by blocks: one small matrix product per block, then the running totals of the blocks.

On a CPU this is an order of magnitude faster than `cumsum(-2)`, on a GPU it runs on the matrix units, and
its rounding error grows with log n instead of n.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

BLOCK = 32


def prefix_sum(x: Tensor, segment: Tensor | None = None) -> Tensor:
    """Inclusive prefix sums along the second last axis, restarted where `segment` changes.

    x: (B, n, d). segment: (B, n) of integers, equal ones contiguous; None is one segment. Returns (B, n, d).
    """
    return scan(x, segment)[0]


def scan(x: Tensor, segment: Tensor | None = None, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Prefix sums whose first segment goes on from `before`: (B, d), and the sums of the last one without it.

    Returns (B, n, d) and (B, d), n ≥ 1.
    """
    rows, n, d = x.shape
    size = min(BLOCK, max(n, 1))
    if n % size:
        x = pad(x, (0, 0, 0, -n % size))
        segment = segment if segment is None else torch.cat([segment, segment[:, -1:].expand(-1, -n % size)], 1)
    blocks = x.shape[1] // size
    x = x.view(rows, blocks, size, d)
    lower = x.new_ones(size, size).tril_()  # (L, L)
    last, on = None, before
    if segment is not None:
        segment = segment.view(rows, blocks, size)
        last = segment[..., -1]
        lower = lower * (segment[..., :, None] == segment[..., None, :])
        if before is not None:
            on = before * (segment[:, 0, :1] == last[:, :1])
    y = _product(lower, x)
    if blocks > 1:
        sums, total = scan(y[:, :, -1], last, on)
        carry = sums[:, :-1, None]  # (B, n/L - 1, 1, d)
        if segment is not None and last is not None:
            carry = torch.where((segment[:, 1:] == last[:, :-1, None])[..., None], carry, 0)
        y[:, 1:] += carry
    else:
        total = y[:, 0, -1].clone()
    if before is not None:
        go_on = 1.0 if segment is None else (segment[:, 0] == segment[:, 0, :1])[..., None]
        y[:, 0] += before[:, None] * go_on
    return y.flatten(1, 2)[:, :n], total


def prefix_sum_scalar(x: Tensor) -> Tensor:
    """Inclusive prefix sums of scalars along the last axis. x: (B, n) → (B, n)."""
    rows, n = x.shape
    if n <= BLOCK:
        return x.cumsum(-1)
    lower = x.new_ones(BLOCK, BLOCK).tril_()
    y = pad(x, (0, -n % BLOCK)).view(-1, BLOCK)
    y = _product(lower, y.T).T.contiguous().view(rows, -1, BLOCK)
    y[:, 1:] += prefix_sum_scalar(y[..., -1])[:, :-1, None]
    return y.view(rows, -1)[:, :n]


def _product(lower: Tensor, x: Tensor) -> Tensor:
    """lower @ x in full precision, also where the caller traded digits for speed in matmul.

    lower: (..., L, L). x: (..., L, d). Returns (..., L, d).
    """
    if torch.get_float32_matmul_precision() == "highest":
        return lower @ x
    return (lower.unsqueeze(-1) * x.unsqueeze(-3)).sum(-2)
