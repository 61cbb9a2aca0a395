"""Sliced ReLU over sorted scores, in torch alone: forward one hinge sum of the centred values, backward two passes.

A few rows (of batch times heads) are taken at a time, so that what is needed besides the result stays small. Nothing is
kept for the backward pass: to sort again costs less than the memory.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from srviz.attention.engines.sorted.scan import prefix_sum_scalar
from srviz.attention.engines.sorted.sums import slope_sum
from srviz.attention.engines.sorted.sweep import Ladder, Rows, pick, sweep
from srviz.attention.heads import power_of_two
from srviz.attention.kernels import relu

GROUP_CPU, GROUP_GPU = 1 << 18, 1 << 22  # scores of queries or keys worked on at a time
STRETCH_ROWS = 1 << 12  # rows of two arrays that stay in a CPU's cache


def forward(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None."""
    y = v.new_empty(*s.shape, v.shape[-1])
    for rows in _groups(s, t):
        ladder = Ladder.of(s[rows], t[rows])
        weight = None if keep is None else keep[rows].to(v.dtype)
        scale = _inverse(ladder, weight)
        sweep(ladder, _centred(v[rows], weight), relu().pieces(), out=y[rows].flatten(0, 1), scale=scale)
    return y


def backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor, needs: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients of s, t and v that are needed, from the upstream gradient g: (B, n_q, d) and the result y."""
    ds, dt, dv = (torch.empty_like(x) if wanted else None for x, wanted in zip((s, t, v), needs, strict=False))
    for rows in _groups(s, t):
        ladder = Ladder.of(s[rows], t[rows])
        weight = None if keep is None else keep[rows].to(v.dtype)
        values, upstream = _centred(v[rows], weight), Rows(g[rows].flatten(0, 1))
        inverse = torch.empty_like(s[rows])  # 1 / N_i, in the queries' own order
        inverse.view(-1).index_copy_(0, ladder.query.view(-1), _inverse(ladder, weight).view(-1))
        h = -_row_dots(g[rows], y[rows]) * inverse  # h_i = −⟨g_i, y_i⟩ / N_i
        if ds is not None:
            pieces = relu().pieces()
            slopes = slope_sum(pieces, sweep(ladder, values, pieces, dot=upstream)) * inverse
            ds[rows] = slopes.addcmul_(h, _sides(ladder, weight))  # both ranks are known from here on
        if dt is not None or dv is not None:
            pieces = relu().mirrored().pieces()
            upstream = replace(upstream, weight=inverse.view(-1))  # w_i = g_i / N_i
            out = v.new_empty(v[rows].shape) if dv is None else dv[rows]
            found = sweep(ladder.swapped, upstream, pieces, out=out.flatten(0, 1), dot=values)
            if dt is not None:
                dt[rows] = slope_sum(pieces, found) - _sign_sum(ladder, h)
                if weight is not None:
                    dt[rows] *= weight
            if dv is not None:
                _uncentre(out, weight)
    return ds, dt, dv


def _inverse(ladder: Ladder, weight: Tensor | None) -> Tensor:
    """1 / N_i in ladder order, (B, n_q); 0 where N_i = 0."""
    total = _distance_sum(ladder, weight)
    return torch.where(total > 0, 1 / total, 0)


def _groups(s: Tensor, t: Tensor) -> Iterator[slice]:
    """Of B rows of scores so many at a time as have together about as many scores as one long row."""
    most = GROUP_CPU if s.device.type == "cpu" else GROUP_GPU
    size = max(1, most // max(1, s.shape[1], t.shape[1]))
    for row in range(0, len(s), size):
        yield slice(row, row + size)


def _row_dots(x: Tensor, y: Tensor) -> Tensor:
    """⟨x_i, y_i⟩ for the rows of two (B, n, d) → (B, n), in stretches that stay in a CPU's cache."""
    found = x.new_empty(x.shape[:2])
    for k in range(0, x.shape[1], STRETCH_ROWS):
        part = (slice(None), slice(k, k + STRETCH_ROWS))
        torch.sum(x[part] * y[part], -1, out=found[part])
    return found


def _uncentre(dv: Tensor, weight: Tensor | None) -> None:
    """In place: the gradient of the centred values (B, n, d) becomes that of the values. weight: (B, n) or None."""
    if weight is None:
        dv -= dv.mean(-2, keepdim=True)
    else:
        weight = weight.unsqueeze(-1)
        dv *= weight
        dv -= dv.sum(-2, keepdim=True) / weight.sum(-2, keepdim=True).clamp_min(1) * weight


def _centred(v: Tensor, weight: Tensor | None) -> Rows:
    """The values less their mean, in two steps: a mean of few binary digits, whose subtraction does not round values
    that have few digits themselves, and the mean of what it leaves. v: (B, n, d), weight: (B, n) or None.
    """
    rows, n, _ = v.shape
    count = v.new_full((rows, 1), float(n)) if weight is None else weight.sum(-1, keepdim=True).clamp_min(1)
    sample = v[:, :: max(1, n // 256)]  # any size will do
    size, spread = sample.abs().amax(-2), sample.amax(-2) - sample.amin(-2)  # (B, d)
    size = torch.maximum(torch.minimum(size, spread), size * 2.0**-16)  # of digits no more than the values have
    step = power_of_two(size.clamp_min(1e-30)) / 128
    mean = (v.sum(-2) / count / step).round() * step
    rest = torch.zeros_like(mean)
    for k in range(0, n, 4096):
        u = v[:, k : k + 4096] - mean.unsqueeze(-2)
        rest += (u if weight is None else u * weight[:, k : k + 4096, None]).sum(-2)
    return Rows(v.detach().flatten(0, 1), mean, rest / count, _flat(weight))


def _flat(weight: Tensor | None) -> Tensor | None:
    return None if weight is None else weight.reshape(-1)


def _distance_sum(ladder: Ladder, weight: Tensor | None) -> Tensor:
    """N_i = Σ |s_i − t_l| over the kept keys, from two one-sided hinge sums of ones, since 2 Σ relu − (n s − Σ t) would
    cancel. weight: (B, n_k), 1 or 0, or None → (B, n_q) in ladder order.
    """
    t, n = ladder.t, ladder.t.shape[1]
    gap = t.diff(dim=-1)
    if weight is None:
        passed = torch.arange(1, n + 1, device=t.device, dtype=t.dtype).expand_as(t)
        last = passed[:, -1:]
    else:
        passed = prefix_sum_scalar(pick(weight.reshape(-1), ladder.key))  # kept keys up to each
        last = passed[:, -1:]
    left, right = torch.zeros_like(t), torch.zeros_like(t)  # Σ_{l ≤ k} (t_k − t_l) and Σ_{l ≥ k} (t_l − t_k)
    left[:, 1:] = prefix_sum_scalar(gap * passed[:, :-1])
    right[:, :-1] = prefix_sum_scalar((gap * (last - passed[:, :-1])).flip(-1)).flip(-1)
    count = ladder.lower
    below, above = (count - 1).clamp_min(0), count.clamp_max(n - 1)
    kept_below = torch.where(count > 0, passed.gather(-1, below), 0)
    left = torch.where(count > 0, left.gather(-1, below), 0) + (ladder.s - t.gather(-1, below)) * kept_below
    up = (t.gather(-1, above) - ladder.s) * (last - kept_below)
    return left + torch.where(count < n, right.gather(-1, above) + up, 0)


def _sides(ladder: Ladder, weight: Tensor | None) -> Tensor:
    """Kept keys below each query less those above → (B, n_q), in the queries' own order. weight: (B, n_k) or None."""
    if weight is None:
        sides = (ladder.lower + ladder.upper - ladder.t.shape[1]).to(ladder.t.dtype)
    else:
        passed = pad(prefix_sum_scalar(pick(weight.reshape(-1), ladder.key)), (1, 0))
        sides = passed.gather(-1, ladder.lower) + passed.gather(-1, ladder.upper) - passed[:, -1:]
    own = torch.empty_like(sides)
    own.view(-1).index_copy_(0, ladder.query.view(-1), sides.view(-1))
    return own


def _sign_sum(ladder: Ladder, h: Tensor) -> Tensor:
    """Σ_i h_i sign(s_i − t_j) → (B, n_k), h: (B, n_q), both in their own order."""
    sums = pad(prefix_sum_scalar(pick(h.reshape(-1), ladder.query)), (1, 0))  # (B, n_q + 1)
    back = ladder.swapped
    found = sums[:, -1:] - sums.gather(-1, back.upper) - sums.gather(-1, back.lower)
    result = torch.empty_like(ladder.t)
    result.view(-1).index_copy_(0, ladder.key.view(-1), found.view(-1))
    return result
