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

    x: (B, n, d). segment: (B, n) of integers ≥ 0, equal ones contiguous; None is one segment. Returns (B, n, d).
    """
    rows, n, d = x.shape
    size = min(BLOCK, max(n, 1))
    if n % size:
        x = pad(x, (0, 0, 0, -n % size))
        segment = segment if segment is None else pad(segment, (0, -n % size), value=-1)
    blocks = x.shape[1] // size
    x = x.view(rows, blocks, size, d)
    lower = x.new_ones(size, size).tril_()  # (L, L)
    if segment is None:
        y = _product(lower, x)
        if blocks > 1:
            y[:, 1:] += prefix_sum(y[:, :, -1])[:, :-1, None]
        return y.flatten(1, 2)[:, :n]
    segment = segment.view(rows, blocks, size)
    y = _product(lower * (segment[..., :, None] == segment[..., None, :]), x)
    if blocks > 1:
        last = segment[..., -1]
        carry = prefix_sum(y[:, :, -1], last)[:, :-1, None]  # (B, n/L - 1, 1, d)
        y[:, 1:] += torch.where((segment[:, 1:] == last[:, :-1, None])[..., None], carry, 0)
    return y.flatten(1, 2)[:, :n]


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
