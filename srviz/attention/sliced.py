"""Sliced ReLU and sliced bump attention on scores, exact in O(n log n), forward and backward."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from srviz.attention import checks, dense
from srviz.attention.hinge import flat, is_small, slope_sum, sum_rows, sum_shape
from srviz.attention.kernels import bump, relu
from srviz.attention.scan import prefix_sum_scalar
from srviz.attention.scores import power_of_two
from srviz.attention.sweep import Ladder, Rows, sweep


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
        attend = dense.sliced_relu if is_small(s, t, v) else _SlicedReLU.apply
        y: Tensor = attend(s, t, v, keep)
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
    y = sum_rows(s, t, v, bump(), b)
    count = t.shape[-1] if keep is None else keep.sum(-1)[:, None, None].clamp_min(1)
    return (y / max(count, 1) if isinstance(count, int) else y / count).to(dtype).view(*lead, *sum_shape(s, v))


def _prepare(
    s: Tensor, t: Tensor, v: Tensor, key_mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, torch.Size, torch.dtype]:
    """Check and fold the arguments; a masked key gets a kept one's score and zeros for its value."""
    lead = checks.problem(s, t, v)
    keep, dtype = checks.mask(key_mask, t, lead), s.dtype
    s, t, v = flat(s, t, v, lead)
    if keep is not None:
        keep = keep.reshape(t.shape)
        some = (
            t.detach().gather(-1, keep.to(t.dtype).argmax(-1, keepdim=True))
            if t.shape[-1]
            else t.detach().sum(-1, True)
        )
        t = torch.where(keep, t, torch.where(keep.any(-1, keepdim=True), some, 0))
        v = torch.where(keep.unsqueeze(-1), v, 0)
    checks.finite(s, t)
    return s, t, v, keep, lead, dtype


class _SlicedReLU(torch.autograd.Function):
    """Forward: one hinge sum of the centred values. Backward: one pass over the same ladder, one over it swapped."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
        ladder = Ladder.of(s.detach(), t.detach())
        weight = None if keep is None else keep.to(v.dtype)
        below, above, total = _normalizer(ladder, weight)
        inverse = torch.where(total > 0, 1 / total, 0)  # (B, n_q), in ladder order
        values = _centred(v, weight)
        y = v.new_zeros(s.numel(), v.shape[-1])
        sweep(ladder, values, relu().pieces(), out=y, scale=inverse)
        y = y.view(*s.shape, v.shape[-1])
        saved = (
            ladder.s,
            ladder.t,
            ladder.query,
            ladder.key,
            v,
            keep,
            y,
            inverse,
            below - above,
            values.mean,
            values.rest,
        )
        ctx.save_for_backward(*saved)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        *scores, v, keep, y, inverse, sides, mean, rest = ctx.saved_tensors
        ladder = Ladder(*scores)
        weight = None if keep is None else keep.to(v.dtype)
        values = Rows(v.flatten(0, 1), mean, rest, None if weight is None else weight.reshape(-1))
        shape = ladder.s.shape
        with torch.autocast(v.device.type, enabled=False):
            inverse_own = torch.empty_like(inverse).view(-1)  # in the queries' own order
            inverse_own[ladder.query.view(-1)] = inverse.view(-1)
            upstream = Rows(g.flatten(0, 1), weight=inverse_own)  # w_i = g_i / N_i
            h = -(g * y).sum(-1) * inverse_own.view(shape)  # h_i = −⟨g_i, y_i⟩ / N_i
            pieces = relu().pieces()
            ds = dt = dv = None
            if ctx.needs_input_grad[0]:
                sides_own = torch.empty_like(sides).view(-1)
                sides_own[ladder.query.view(-1)] = sides.view(-1)
                ds = slope_sum(pieces, sweep(ladder, values, pieces, dot=upstream)) + h * sides_own.view(shape)
            if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
                pieces = relu().mirrored().pieces()
                out = torch.zeros_like(v).flatten(0, 1)
                found = sweep(ladder.swapped(), upstream, pieces, out=out, dot=values)
                dt = slope_sum(pieces, found) - _sign_sum(ladder, h)
                dv = out.view(v.shape)
                if weight is None:
                    dv -= dv.mean(-2, keepdim=True)
                else:
                    dt *= weight
                    dv *= weight.unsqueeze(-1)
                    dv -= dv.sum(-2, keepdim=True) / weight.sum(-1)[:, None, None].clamp_min(1) * weight.unsqueeze(-1)
        return ds, dt, dv, None


def _centred(v: Tensor, weight: Tensor | None) -> Rows:
    """The values less their mean, in two steps: a mean of few binary digits, whose subtraction does not round values
    that have few digits themselves, and the mean of what it leaves. v: (B, n, d), weight: (B, n) or None.
    """
    rows, n, _ = v.shape
    count = v.new_full((rows, 1), float(n)) if weight is None else weight.sum(-1, keepdim=True).clamp_min(1)
    size = v[:, :: max(1, n // 256)].abs().amax(-2)  # (B, d), of a sample: any size will do
    step = power_of_two(size.clamp_min(1e-30)) / 128
    mean = (v.sum(-2) / count / step).round() * step
    rest = torch.zeros_like(mean)
    for k in range(0, n, 4096):
        u = v[:, k : k + 4096] - mean.unsqueeze(-2)
        rest += (u if weight is None else u * weight[:, k : k + 4096, None]).sum(-2)
    return Rows(v.detach().flatten(0, 1), mean, rest / count, None if weight is None else weight.reshape(-1))


def _normalizer(ladder: Ladder, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Kept keys below and above each query, and N_i = Σ |s_i − t_l| from two one-sided hinge sums of ones.

    weight: (B, n_k), 1 or 0, or None. All results (B, n_q) in ladder order.
    """
    ones = torch.ones_like(ladder.t) if weight is None else weight.reshape(-1)[ladder.key]
    below, left = _ones_below(ladder, ones)
    above, right = _ones_below(ladder.mirrored(), ones.flip(-1))
    return below, above.flip(-1), left + right.flip(-1)


def _ones_below(ladder: Ladder, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_{t_j < s_i} w_j and Σ relu(s_i − t_j) w_j. weight: (B, n_k), (B, n_q) results, all in ladder order."""
    count = ladder.below()
    found, knot = count > 0, (count - 1).clamp_min(0)
    steps = prefix_sum_scalar(weight)
    ramps = torch.zeros_like(weight)
    ramps[:, 1:] = prefix_sum_scalar(ladder.t.diff(dim=-1) * steps[:, :-1])
    steps_at = torch.where(found, steps.gather(-1, knot), 0)
    return steps_at, torch.where(found, ramps.gather(-1, knot) + (ladder.s - ladder.t.gather(-1, knot)) * steps_at, 0)


def _sign_sum(ladder: Ladder, h: Tensor) -> Tensor:
    """Σ_i h_i sign(s_i − t_j) → (B, n_k), h: (B, n_q), both in their own order."""
    sums = prefix_sum_scalar(h.reshape(-1)[ladder.query])
    sums = torch.cat([torch.zeros_like(sums[:, :1]), sums], -1)  # (B, n_q + 1)
    lower = torch.searchsorted(ladder.s, ladder.t)  # queries below each key
    upper = torch.searchsorted(ladder.s, ladder.t, right=True)  # and at or below it
    result = torch.empty_like(ladder.t)
    result.view(-1)[ladder.key.view(-1)] = (sums[:, -1:] - sums.gather(-1, upper) - sums.gather(-1, lower)).view(-1)
    return result
