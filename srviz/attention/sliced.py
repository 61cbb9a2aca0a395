"""Sliced ReLU and sliced bump attention on scores, exact in O(n log n), forward and backward."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from srviz.attention import checks, dense, native
from srviz.attention.hinge import flat, is_small, slope_sum, sum_rows, sum_shape
from srviz.attention.kernels import bump, relu
from srviz.attention.scan import prefix_sum_scalar
from srviz.attention.scores import power_of_two
from srviz.attention.sweep import Ladder, Rows, pick, sweep

GROUP_CPU, GROUP_GPU = 1 << 18, 1 << 22  # scores of queries or keys worked on at a time
STRETCH = 1 << 12  # rows of two arrays that stay in a CPU's cache


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, *, key_mask: Tensor | None = None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄), N_i = Σ_l |s_i − t_l|, v̄ the mean of the values (arXiv 2512.11411).

    s: (…, n_q), t: (…, n_k), v: (…, n_k, d), key_mask: (…, n_k) with True = keep; leading dimensions broadcast
    → (…, n_q, d). Where N_i = 0, y_i = 0. O((n_q + n_k) (log n_k + d)) time and O((n_q + n_k) d) memory, also backward;
    relu′(0) = sign(0) = 0. Half precision is computed in float32. Mean and normalizer count the kept keys only; what a
    masked key or its value holds does no harm. Scores are taken as they are: `scores.standardize` standardizes.
    Raises TypeError or ValueError on arguments that do not fit, ValueError on NaN or infinite scores of kept tokens.
    """
    s, t, v, keep, lead, dtype = _prepare(s, t, v, key_mask)
    with torch.autocast(s.device.type, enabled=False):
        if native.fits(s, t, v):
            y = native.sliced_relu(s, t, v, keep)
        else:
            checks.finite(s, t)
            y = dense.sliced_relu(s, t, v, keep) if is_small(s, t, v) else _SlicedReLU.apply(s, t, v, keep)  # type: ignore[no-untyped-call]
    return y.to(dtype).view(*lead, *sum_shape(s, v))


def sliced_bump(
    s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor | float, *, key_mask: Tensor | None = None
) -> Tensor:
    """y_i = (1/n) Σ_j max(0, 1 − |s_i − t_j| / b) v_j over the n kept keys (arXiv 2512.11411).

    bandwidth: b > 0, a number or a tensor that broadcasts to the leading dimensions. The rest as `sliced_relu`.
    Gradients for s, t, v and the bandwidth; at |s − t| = 0 and |s − t| = b the derivative of the kernel counts as 0.
    """
    s, t, v, keep, lead, dtype = _prepare(s, t, v, key_mask)
    b = checks.bandwidth(bandwidth, dtype, s, lead).expand(lead).reshape(-1, 1)
    count = s.new_full((len(s), 1), max(t.shape[-1], 1)) if keep is None else keep.sum(-1, keepdim=True).clamp_min(1)
    if native.fits(s, t, v, b):
        y = native.sliced_bump(s, t, v, b, 1 / count.double())
    else:
        checks.finite(s, t)
        y = sum_rows(s, t, v, bump(), b) / count.unsqueeze(-1)
    return y.to(dtype).view(*lead, *sum_shape(s, v))


def _prepare(
    s: Tensor, t: Tensor, v: Tensor, key_mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, torch.Size, torch.dtype]:
    """Check and fold the arguments; a masked key gets a kept one's score and zeros for its value."""
    lead = checks.problem(s, t, v)
    keep, dtype = checks.mask(key_mask, t, lead), s.dtype
    s, t, v = flat(s, t, v, lead)
    if keep is not None:
        keep = keep.reshape(t.shape).contiguous()  # or what `where` gives has its strides
        some = (
            t.detach().gather(-1, keep.to(t.dtype).argmax(-1, keepdim=True))
            if t.shape[-1]
            else t.detach().sum(-1, True)
        )
        t = torch.where(keep, t, torch.where(keep.any(-1, keepdim=True), some, 0))
        v = torch.where(keep.unsqueeze(-1), v, 0)
    return s, t, v, keep, lead, dtype


class _SlicedReLU(torch.autograd.Function):
    """Forward: one hinge sum of the centred values. Backward: one pass over the same ladder, one over it swapped.

    Both take a few rows (of batch times heads) at a time, so that what they need besides the result stays small. The
    ladder is not kept for the backward pass: to sort again costs less than the memory.
    """

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
        y, inverse, mean = v.new_empty(*s.shape, v.shape[-1]), torch.empty_like(s), []
        for rows in groups(s, t):
            ladder = Ladder.of(s[rows].detach(), t[rows].detach())
            weight = None if keep is None else keep[rows].to(v.dtype)
            values = _centred(v[rows], weight)
            total = _distance_sum(ladder, weight)
            scale = torch.where(total > 0, 1 / total, 0)  # in ladder order
            sweep(ladder, values, relu().pieces(), out=y[rows].flatten(0, 1), scale=scale)
            inverse[rows].view(-1).index_copy_(0, ladder.query.view(-1), scale.view(-1))
            mean.append((values.mean, values.rest))
        ctx.save_for_backward(s, t, v, keep, y, inverse, *map(torch.cat, zip(*mean, strict=True)))
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, v, keep, y, inverse, mean, rest = ctx.saved_tensors
        ds, dt, dv = (
            torch.empty_like(x) if wanted else None for x, wanted in zip((s, t, v), ctx.needs_input_grad, strict=False)
        )
        g = g.contiguous()
        with torch.autocast(v.device.type, enabled=False):
            for rows in groups(s, t):
                ladder = Ladder.of(s[rows], t[rows])
                weight = None if keep is None else keep[rows].to(v.dtype)
                values = Rows(v[rows].flatten(0, 1), mean[rows], rest[rows], _flat(weight))
                upstream = Rows(g[rows].flatten(0, 1))
                h = -_row_dots(g[rows], y[rows]) * inverse[rows]  # h_i = −⟨g_i, y_i⟩ / N_i
                if ds is not None:
                    pieces = relu().pieces()
                    slopes = slope_sum(pieces, sweep(ladder, values, pieces, dot=upstream)) * inverse[rows]
                    ds[rows] = slopes.addcmul_(h, _sides(ladder, weight))  # both ranks are known from here on
                if dt is not None or dv is not None:
                    pieces = relu().mirrored().pieces()
                    upstream = replace(upstream, weight=inverse[rows].view(-1))  # w_i = g_i / N_i
                    out = v.new_empty(v[rows].shape) if dv is None else dv[rows]
                    found = sweep(ladder.swapped, upstream, pieces, out=out.flatten(0, 1), dot=values)
                    if dt is not None:
                        dt[rows] = slope_sum(pieces, found) - _sign_sum(ladder, h)
                        if weight is not None:
                            dt[rows] *= weight
                    if dv is not None:
                        _uncentre(out, weight)
        return ds, dt, dv, None


def groups(s: Tensor, t: Tensor) -> Iterator[slice]:
    """Of B rows of scores so many at a time as have together about as many scores as one long row."""
    most = GROUP_CPU if s.device.type == "cpu" else GROUP_GPU
    size = max(1, most // max(1, s.shape[1], t.shape[1]))
    for row in range(0, len(s), size):
        yield slice(row, row + size)


def _row_dots(x: Tensor, y: Tensor) -> Tensor:
    """⟨x_i, y_i⟩ for the rows of two (B, n, d) → (B, n), in stretches that stay in a CPU's cache."""
    found = x.new_empty(x.shape[:2])
    for k in range(0, x.shape[1], STRETCH):
        part = (slice(None), slice(k, k + STRETCH))
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
