"""Sliced ReLU on a GPU from sorted scores: y_i = Σ_j relu(s_i − t_j) / N_i (v_j − v̄), N_i = Σ |s_i − t_l|; see
tiles.py.

Backward, with w_i = g_i / N_i, h_i = −⟨g_i, y_i⟩ / N_i and u the centred values:

    ∂s_i = ⟨w_i, Σ_{t_j < s_i} u_j⟩ + h_i (#{t < s_i} − #{t > s_i})
    ∂t_j = −⟨u_j, Σ_{s_i > t_j} w_i⟩ − Σ_i h_i sign(s_i − t_j)
    ∂v_j = Σ_i relu(s_i − t_j) w_i, minus its mean over the kept keys
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from srviz.attention.engines.triton.tiles import (
    Order,
    bounds_of,
    columns,
    damped,
    damping_of,
    finite,
    first_window,
    inverse,
    key_weight,
    number,
    order_scores,
    poison_of,
    product,
    rounded,
    rows_of,
    running_sums,
    shape,
    sum_windows,
    unfold,
    vector,
)


@triton.jit
def _keys_above(
    keys,
    key_places,
    cuts,
    keep,
    sums,
    row,
    w,
    windows,
    halvings,
    k1,
    last,
    n_q,
    n_k,
    length,
    d: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    MASKED: tl.constexpr,
):
    """Kept keys of later windows, and how many of them tie with a query at `last`, which none of them is below."""
    n = n_q + n_k
    before = number(sums, row, windows, w + 1, 0, d, width)
    after = number(sums, row, windows, windows, 0, d, width) - before
    ties = after * 0
    if tl.load(keys + row * length + k1, mask=k1 < n_k, other=float("nan")) == last:
        until = (
            first_window(
                keys, cuts, row, length, windows, n, n_k, w + 1, windows, last, halvings, True, False, True, WINDOW
            )
            - 1
        )
        _, _, first, end = bounds_of(cuts, row, windows, until, n, WINDOW)
        ties = number(sums, row, windows, until, 0, d, width) - before
        for start in range(first, end, BLOCK):
            e = start + tl.arange(0, BLOCK)
            tied = (e < end) & (tl.load(keys + row * length + e, mask=e < end, other=0.0) == last)
            j = tl.load(key_places + row * length + e, mask=tied, other=0).to(tl.int32)
            ties += tl.sum(key_weight(keep, row, j, tied, n_k, MASKED), 0)
    return after.to(tl.float32), ties.to(tl.float32)


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows", "halvings"])
def _forward(
    scores,
    queries,
    keys,
    query_places,
    key_places,
    cuts,
    v,
    keep,
    reference,
    sums,
    y,
    inverses,
    n_q,
    n_k,
    length,
    windows,
    halvings,
    d: tl.constexpr,
    D: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """scores: of the queries, as they came; queries: sorted."""
    pid = tl.program_id(0).to(tl.int64)
    row, w = pid // windows, pid % windows
    c = tl.arange(0, D)
    factor = damping_of(sums, row, windows, d, width)
    single: tl.constexpr = v.dtype.element_ty == tl.float32
    middle = tl.load(keys + row * length + n_k // 2).to(tl.float64)
    kept = tl.maximum(number(sums, row, windows, windows, 0, d, width), 1.0)
    poison = poison_of(keys, row, length, n_k)
    count, moment = number(sums, row, windows, w, 0, d, width), number(sums, row, windows, w, 1, d, width)
    upper = number(sums, row, windows, windows, 1, d + 1, width) - number(sums, row, windows, w + 1, 1, d + 1, width)
    q0, q1, k0, k1 = bounds_of(cuts, row, windows, w, n_q + n_k, WINDOW)
    for begin in range(q0, q1, BLOCK):
        i = begin + tl.arange(0, BLOCK)
        query = i < q1
        first, last = (
            tl.load(queries + row * length + begin),
            tl.load(queries + row * length + tl.minimum(begin + BLOCK, q1) - 1),
        )
        s = tl.load(queries + row * length + i, mask=query, other=0.0)
        s = tl.where(query, s, first)
        o = tl.load(query_places + row * length + i, mask=query, other=0).to(tl.int32)

        # earlier windows, on which the ramp is a straight line
        offset = first.to(tl.float64) - middle
        p = vector(sums, row, windows, w, 0, c, width, d) * factor
        q = vector(sums, row, windows, w, 1, c, width, d) * factor
        found = (offset * p - q).to(tl.float32)[None, :] + (s - first)[:, None] * p.to(tl.float32)[None, :]
        total = (offset * count - moment).to(tl.float32) + (s - first) * count.to(tl.float32)
        # later ones, for the normalizer
        after, ties = _keys_above(
            keys,
            key_places,
            cuts,
            keep,
            sums,
            row,
            w,
            windows,
            halvings,
            k1,
            last,
            n_q,
            n_k,
            length,
            d,
            width,
            WINDOW,
            BLOCK,
            MASKED,
        )
        normalizer = total + (upper - (last.to(tl.float64) - middle) * after).to(tl.float32) + (last - s) * after
        apart = count.to(tl.float32) + (after - tl.where(s == last, ties, 0.0))  # 0 where all keys are at s

        # within the window
        for start in range(k0, k1, BLOCK):
            e = start + tl.arange(0, BLOCK)
            inside = e < k1
            t = tl.load(keys + row * length + e, mask=inside, other=0.0)
            j = tl.load(key_places + row * length + e, mask=inside, other=0).to(tl.int32)
            weight = key_weight(keep, row, j, inside, n_k, MASKED)
            values = damped(rows_of(v, row, j, weight > 0, n_k, d, D), factor)
            shift = tl.load(reference + row * d + c, mask=c < d, other=0.0) * factor
            if single:
                values -= shift[None, :]
            r = (s[:, None] - t[None, :]) * weight[None, :]
            ramp = tl.maximum(r, 0.0)
            total += tl.sum(ramp, 1)
            distance = tl.sum(tl.abs(r), 1)
            normalizer += distance
            apart += distance
            size = tl.maximum(last - tl.load(keys + row * length + start), 0.0)
            ramp = rounded(ramp * inverse(size), values)
            near = product(ramp, values, PRECISION)
            if not single:
                near -= tl.sum(ramp, 1)[:, None] * shift[None, :]
            found += near * size

        came = tl.load(scores + row * n_q + o, mask=query, other=0.0).to(tl.float32)
        inv = inverse(tl.where(apart == 0, 0.0, normalizer)) + poison + 0 * came
        mean = (vector(sums, row, windows, windows, 0, c, width, d) * factor / kept).to(tl.float32)
        found = (found - total[:, None] * mean[None, :]) * inv[:, None] / factor
        tl.store(
            y + (row * n_q + o)[:, None] * d + c[None, :],
            found.to(y.dtype.element_ty),
            mask=query[:, None] & (c < d)[None, :],
        )
        tl.store(inverses + row * n_q + o, inv, mask=query)


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows", "halvings"])
def _backward_queries(
    queries,
    keys,
    query_places,
    key_places,
    cuts,
    v,
    keep,
    reference,
    sums,
    g,
    y,
    inverses,
    ds,
    slant,
    across,
    centre,
    n_q,
    n_k,
    length,
    windows,
    halvings,
    d: tl.constexpr,
    D: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """∂s, and what `_backward_keys` needs: h in the order of the scores (slant), what w of this window adds to the
    running sums (across), and its share of Σ_i Σ_j relu(s_i − t_j) w_i (centre). h is of damped values.

    A query whose result is NaN gives no gradients and gets 0.
    """
    pid = tl.program_id(0).to(tl.int64)
    row, w = pid // windows, pid % windows
    c = tl.arange(0, D)
    factor = damping_of(sums, row, windows, d, width)
    single: tl.constexpr = v.dtype.element_ty == tl.float32
    middle = tl.load(keys + row * length + n_k // 2).to(tl.float64)
    kept = tl.maximum(number(sums, row, windows, windows, 0, d, width), 1.0)
    count, moment = number(sums, row, windows, w, 0, d, width), number(sums, row, windows, w, 1, d, width)
    q0, q1, k0, k1 = bounds_of(cuts, row, windows, w, n_q + n_k, WINDOW)
    lowest = tl.load(queries + row * length + tl.minimum(q0, n_q - 1))
    sum_w, sum_moment, sum_centre = tl.zeros((D,), tl.float32), tl.zeros((D,), tl.float32), tl.zeros((D,), tl.float32)
    sum_h = tl.zeros((BLOCK,), tl.float32)
    for begin in range(q0, q1, BLOCK):
        i = begin + tl.arange(0, BLOCK)
        query = i < q1
        first, last = (
            tl.load(queries + row * length + begin),
            tl.load(queries + row * length + tl.minimum(begin + BLOCK, q1) - 1),
        )
        s = tl.load(queries + row * length + i, mask=query, other=0.0)
        s = tl.where(query, s, first)
        o = tl.load(query_places + row * length + i, mask=query, other=0).to(tl.int32)
        inv = tl.load(inverses + row * n_q + o, mask=query, other=0.0)
        fine = query & finite(inv)
        inv = tl.where(fine, inv, 0.0)
        upstream = rows_of(g, row, o, fine, n_q, d, D).to(tl.float32)
        h = -tl.sum(upstream * damped(rows_of(y, row, o, fine, n_q, d, D).to(tl.float32), factor), 1) * inv
        upstream *= inv[:, None]  # w

        offset = first.to(tl.float64) - middle
        total = (offset * count - moment).to(tl.float32) + (s - first) * count.to(tl.float32)
        after, ties = _keys_above(
            keys,
            key_places,
            cuts,
            keep,
            sums,
            row,
            w,
            windows,
            halvings,
            k1,
            last,
            n_q,
            n_k,
            length,
            d,
            width,
            WINDOW,
            BLOCK,
            MASKED,
        )
        below = tl.zeros((BLOCK,), tl.float32) + count.to(tl.float32)
        above = after - tl.where(s == last, ties, 0.0)
        p = (vector(sums, row, windows, w, 0, c, width, d) * factor).to(tl.float32)
        found = tl.zeros((BLOCK, D), tl.float32) + p[None, :]
        for start in range(k0, k1, BLOCK):
            e = start + tl.arange(0, BLOCK)
            inside = e < k1
            t = tl.load(keys + row * length + e, mask=inside, other=0.0)
            j = tl.load(key_places + row * length + e, mask=inside, other=0).to(tl.int32)
            weight = key_weight(keep, row, j, inside, n_k, MASKED)
            values = damped(rows_of(v, row, j, weight > 0, n_k, d, D), factor)
            shift = tl.load(reference + row * d + c, mask=c < d, other=0.0) * factor
            if single:
                values -= shift[None, :]
            r = s[:, None] - t[None, :]
            step = tl.where(r > 0, weight[None, :], 0.0)
            local = tl.sum(step, 1)
            below += local
            above += tl.sum(tl.where(r < 0, weight[None, :], 0.0), 1)
            total += tl.sum(step * r, 1)
            found += product(step, values, PRECISION)
            if not single:
                found -= local[:, None] * shift[None, :]
        mean = (vector(sums, row, windows, windows, 0, c, width, d) * factor / kept).to(tl.float32)
        slope = tl.sum(upstream * (found - below[:, None] * mean[None, :]), 1) + h * (below - above)
        slope = tl.where(fine, slope / factor, 0.0)
        tl.store(ds + row * n_q + o, slope.to(ds.dtype.element_ty), mask=query)
        tl.store(slant + row * length + i, h, mask=query)
        sum_w += tl.sum(upstream, 0)
        sum_moment += tl.sum(upstream * (s - lowest)[:, None], 0)
        sum_centre += tl.sum(upstream * total[:, None], 0)
        sum_h += h
    out = across + (row * (windows + 1) + w) * 2 * width
    tl.store(out + c, sum_w.to(tl.float64), mask=c < d)
    tl.store(
        out + width + c, sum_moment.to(tl.float64) + (lowest.to(tl.float64) - middle) * sum_w.to(tl.float64), mask=c < d
    )
    tl.store(out + d, tl.sum(sum_h, 0).to(tl.float64))
    tl.store(centre + pid * d + c, sum_centre, mask=c < d)


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows", "halvings"])
def _backward_keys(
    queries,
    keys,
    query_places,
    key_places,
    cuts,
    v,
    keep,
    reference,
    sums,
    g,
    inverses,
    slant,
    across,
    centre,
    dt,
    dv,
    n_q,
    n_k,
    length,
    windows,
    halvings,
    d: tl.constexpr,
    D: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """∂t and ∂v, 0 in a row whose results are all NaN. sums: over the keys; across: over the queries."""
    pid = tl.program_id(0).to(tl.int64)
    row, w = pid // windows, pid % windows
    n = n_q + n_k
    c = tl.arange(0, D)
    factor = damping_of(sums, row, windows, d, width)
    poison = poison_of(keys, row, length, n_k)
    middle = tl.load(keys + row * length + n_k // 2).to(tl.float64)
    kept = tl.maximum(number(sums, row, windows, windows, 0, d, width), 1.0)
    # the signs: later queries are above the keys of this window, earlier ones below them, or tied with the lowest
    before = number(across, row, windows, w, 0, d, width)
    after = number(across, row, windows, windows, 0, d, width) - number(across, row, windows, w + 1, 0, d, width)
    q0, q1, k0, k1 = bounds_of(cuts, row, windows, w, n, WINDOW)
    lowest = tl.load(keys + row * length + tl.minimum(k0, n_k - 1))
    ties = before * 0
    if tl.load(queries + row * length + q0 - 1, mask=(q0 > 0) & (k1 > k0), other=float("nan")) == lowest:
        since = first_window(
            queries, cuts, row, length, windows, n, n_q, w * 0, w, lowest, halvings, False, True, False, WINDOW
        )
        start, end, _, _ = bounds_of(cuts, row, windows, since, n, WINDOW)
        ties = before - number(across, row, windows, since + 1, 0, d, width)
        for begin in range(start, end, BLOCK):
            i = begin + tl.arange(0, BLOCK)
            tied = (i < end) & (tl.load(queries + row * length + i, mask=i < end, other=0.0) == lowest)
            ties += tl.sum(tl.load(slant + row * length + i, mask=tied, other=0.0), 0)

    for start in range(k0, k1, BLOCK):
        e = start + tl.arange(0, BLOCK)
        key = e < k1
        last = tl.load(keys + row * length + tl.minimum(start + BLOCK, k1) - 1)
        t = tl.load(keys + row * length + e, mask=key, other=0.0)
        t = tl.where(key, t, last)
        o = tl.load(key_places + row * length + e, mask=key, other=0).to(tl.int32)
        p = vector(across, row, windows, windows, 0, c, width, d) - vector(across, row, windows, w + 1, 0, c, width, d)
        q = vector(across, row, windows, windows, 1, c, width, d) - vector(across, row, windows, w + 1, 1, c, width, d)
        ramps = (q - (last.to(tl.float64) - middle) * p).to(tl.float32)[None, :] + (last - t)[:, None] * p.to(
            tl.float32
        )[None, :]
        steps = tl.zeros((BLOCK, D), tl.float32) + p.to(tl.float32)[None, :]
        sign = (after - before).to(tl.float32) + tl.where(t == lowest, ties.to(tl.float32), 0.0)
        for begin in range(q0, q1, BLOCK):
            i = begin + tl.arange(0, BLOCK)
            query = i < q1
            s = tl.load(queries + row * length + i, mask=query, other=0.0)
            j = tl.load(query_places + row * length + i, mask=query, other=0).to(tl.int32)
            inv = tl.load(inverses + row * n_q + j, mask=query, other=0.0)
            upstream = rows_of(g, row, j, query & finite(inv), n_q, d, D)
            inv = tl.where(finite(inv), inv, 0.0)
            h = tl.load(slant + row * length + i, mask=query, other=0.0)
            highest = tl.load(queries + row * length + tl.minimum(begin + BLOCK, q1) - 1)
            size = tl.maximum(highest - tl.load(keys + row * length + start), 0.0)
            most = tl.max(inv, 0)
            part = (inv * inverse(most))[None, :]
            r = s[None, :] - t[:, None]
            ramps += product(tl.maximum(r, 0.0) * inverse(size) * part, upstream, PRECISION) * (most * size)
            steps += product(tl.where(r > 0, part, 0.0), upstream, PRECISION) * most
            sign += tl.sum(tl.where(r > 0, h[None, :], 0.0) - tl.where(r < 0, h[None, :], 0.0), 1)
        shift = tl.load(reference + row * d + c, mask=c < d, other=0.0) * factor
        mean = (vector(sums, row, windows, windows, 0, c, width, d) * factor / kept).to(tl.float32)
        mean_v = tl.load(centre + row * d + c, mask=c < d, other=0.0) / kept.to(tl.float32)
        weight = key_weight(keep, row, o, key, n_k, MASKED)
        values = damped(rows_of(v, row, o, weight > 0, n_k, d, D).to(tl.float32), factor)
        values = values - shift[None, :] - mean[None, :]
        counts = finite(poison + 0 * weight) & (weight > 0)
        slope = tl.where(counts, (-tl.sum(values * steps, 1) - sign) / factor, 0.0)
        tl.store(dt + row * n_k + o, slope.to(dt.dtype.element_ty), mask=key)
        gradient = tl.where(counts[:, None], ramps - mean_v[None, :], 0.0)
        tl.store(
            dv + (row * n_k + o)[:, None] * d + c[None, :],
            gradient.to(dv.dtype.element_ty),
            mask=key[:, None] & (c < d)[None, :],
        )


def _scores(order: Order) -> tuple[Tensor, ...]:
    return order.queries, order.keys, order.query_places, order.key_places, order.cuts


def _sizes(order: Order) -> tuple[int, ...]:
    return order.n_q, order.n_k, order.length, order.windows, order.windows.bit_length()


def forward(
    s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, precision: str = "tf32x3"
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Sliced ReLU of scores (rows, n_q), (rows, n_k), values (rows, n_k, d) → y (rows, n_q, d), what backward keeps."""
    (rows, n_q), (_, n_k, d) = s.shape, v.shape
    found, reference = order_scores(s, t, v, keep, centre=True)
    order = unfold(found, n_q, n_k)
    sums = sum_windows(order, v, keep, reference, keys=True)
    y = torch.empty((rows, n_q, d), dtype=v.dtype, device=v.device)
    inverses = torch.empty((rows, n_q), dtype=torch.float32, device=v.device)
    _forward[(rows * order.windows,)](
        s,
        *_scores(order),
        v,
        keep,
        reference,
        sums,
        y,
        inverses,
        *_sizes(order),
        MASKED=keep is not None,
        **shape(d, precision),
    )
    return y, (*found, reference, sums, inverses)


def backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    keep: Tensor | None,
    y: Tensor,
    kept: tuple[Tensor, ...],
    precision: str = "tf32x3",
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the scores and of the values, from that of y; `kept` as `forward` gave it."""
    (rows, n_q, d), n_k, device = y.shape, v.shape[1], v.device
    order, (reference, sums, inverses) = unfold(kept[:3], n_q, n_k), kept[3:]
    windows, grid = order.windows, (rows * order.windows,)
    ds, dt, dv = torch.empty_like(s), torch.empty_like(t), torch.empty_like(v)
    slant = torch.empty((rows, order.length), dtype=torch.float32, device=device)
    across = torch.empty((rows, windows + 1, 2, columns(d)), dtype=torch.float64, device=device)
    centre = torch.empty((rows, windows, d), dtype=torch.float32, device=device)
    sizes = dict(MASKED=keep is not None, **shape(d, precision))
    _backward_queries[grid](
        *_scores(order), v, keep, reference, sums, g, y, inverses, ds, slant, across, centre, *_sizes(order), **sizes
    )
    running_sums(across, d)
    centre = centre.sum(1)
    _backward_keys[grid](
        *_scores(order), v, keep, reference, sums, g, inverses, slant, across, centre, dt, dv, *_sizes(order), **sizes
    )
    return ds, dt, dv
