"""Sliced bump on a GPU from sorted scores: y_i = scale Σ_j max(0, 1 − |s_i − t_j| / b) v_j; see tiles.py.

The kernel is even, so one launch serves both directions: targets at scores a, sources x_j at scores z_j,

    sum      Σ_j (1 − |a − z_j| / b) x_j        step     Σ_j sign(a − z_j) x_j        stretch  Σ_j |a − z_j| / b x_j

each over |a − z_j| < b. Forward takes the sum for queries over keys; ∂s = −scale / b ⟨g, step⟩ and ∂b = scale / b ⟨g,
stretch⟩ take queries over keys too, ∂v (sum) and ∂t (step) keys over queries.

The windows of sources that meet [a − b, a + b] for the targets of one window fall into those on which all three are
straight lines for every target, which enter as differences of the running sums, and few others, computed densely.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from srviz.attention.engines.triton.tiles import (
    Order,
    bounds_of,
    damped,
    damping,
    damping_of,
    finite,
    first_window,
    order_scores,
    poison_of,
    product,
    rows_of,
    shape,
    size_of,
    sum_windows,
    unfold,
    vector,
)

LIMITS = 6


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows", "blocks", "halvings"])
def _limits(
    queries,
    keys,
    cuts,
    bandwidth,
    limits,
    n_q,
    n_k,
    length,
    windows,
    blocks,
    halvings,
    QUERIES: tl.constexpr,
    SIZE: tl.constexpr,
    WINDOW: tl.constexpr,
):
    """For the targets of each window, limits (rows, windows, 6) among the windows of sources: dense from [0] to [1] and
    from [4] to [5]; a straight line from [1] to [2] and from behind [3] to [4]; from behind [2] all sources are at the
    targets' first score, up to [3] all at their last.
    """
    row = (tl.program_id(0) // blocks).to(tl.int64)
    w = (tl.program_id(0) % blocks * SIZE + tl.arange(0, SIZE)).to(tl.int64)
    here = w < windows
    n = n_q + n_k
    q0 = tl.load(cuts + row * (windows + 1) + w, mask=here, other=0)
    q1 = tl.load(cuts + row * (windows + 1) + w + 1, mask=here, other=0)
    if QUERIES:
        begin, end, count, targets, sources, number_of_sources = q0, q1, n_q, queries, keys, n_k
    else:
        begin, end, count = w * WINDOW - q0, tl.minimum(w * WINDOW + WINDOW, n) - q1, n_k
        targets, sources, number_of_sources = keys, queries, n_q
    first = tl.load(targets + row * length + tl.minimum(begin, count - 1), mask=here, other=0.0)
    last = tl.load(targets + row * length + tl.maximum(end - 1, 0), mask=here, other=0.0)
    b = tl.load(bandwidth + row).to(tl.float64)
    low, high = first.to(tl.float64), last.to(tl.float64)
    all = windows + w * 0
    begin = first_window(
        sources,
        cuts,
        row,
        length,
        windows,
        n,
        number_of_sources,
        w * 0,
        w,
        low - b,
        halvings,
        QUERIES,
        True,
        True,
        WINDOW,
    )
    inner = first_window(
        sources,
        cuts,
        row,
        length,
        windows,
        n,
        number_of_sources,
        begin,
        w,
        high - b,
        halvings,
        QUERIES,
        False,
        True,
        WINDOW,
    )
    tied = first_window(
        sources,
        cuts,
        row,
        length,
        windows,
        n,
        number_of_sources,
        w * 0,
        w,
        first,
        halvings,
        QUERIES,
        True,
        False,
        WINDOW,
    )
    until = (
        first_window(
            sources,
            cuts,
            row,
            length,
            windows,
            n,
            number_of_sources,
            w + 1,
            all,
            last,
            halvings,
            QUERIES,
            False,
            True,
            WINDOW,
        )
        - 1
    )
    outer = first_window(
        sources,
        cuts,
        row,
        length,
        windows,
        n,
        number_of_sources,
        w,
        all,
        low + b,
        halvings,
        QUERIES,
        True,
        False,
        WINDOW,
    )
    end = first_window(
        sources,
        cuts,
        row,
        length,
        windows,
        n,
        number_of_sources,
        w + 1,
        all,
        high + b,
        halvings,
        QUERIES,
        False,
        False,
        WINDOW,
    )
    out = limits + (row * windows + w) * 6
    tl.store(out, begin.to(tl.int32), mask=here)
    tl.store(out + 1, inner.to(tl.int32), mask=here)
    tl.store(out + 2, tied.to(tl.int32), mask=here)
    tl.store(out + 3, until.to(tl.int32), mask=here)
    tl.store(out + 4, outer.to(tl.int32), mask=here)
    tl.store(out + 5, end.to(tl.int32), mask=here)


@triton.jit
def _next(k, inner, tied, w, until, outer):
    """The first window from k on that is to be computed densely."""
    k = tl.where((k >= inner) & (k < tied), tied, k)
    k = tl.where((k > tied) & (k >= inner) & (k < w), w, k)
    k = tl.where((k > w) & (k < until) & (k < outer), tl.minimum(until, outer), k)
    return tl.where((k > until) & (k < outer), outer, k)


@triton.jit
def _span(sums, row, windows, low, high, slot, c, width, d):
    """What the windows from low up to high add to the running sums → (D,) float64; nothing if high < low."""
    high = tl.maximum(low, high)
    return vector(sums, row, windows, high, slot, c, width, d) - vector(sums, row, windows, low, slot, c, width, d)


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows"])
def _bump(
    scores,
    queries,
    keys,
    query_places,
    key_places,
    cuts,
    sums,
    limits,
    bandwidth,
    scale,
    vectors,
    own,
    found,
    slope,
    stretched,
    n_q,
    n_k,
    length,
    windows,
    d: tl.constexpr,
    D: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    QUERIES: tl.constexpr,
    SUM: tl.constexpr,
    SLOPE: tl.constexpr,
    STRETCH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Targets are the queries of one window (QUERIES) or its keys. vectors: of the sources; own: of the targets.

    scores: of the queries, as they came. One that is not finite makes NaN of its own sum, gives no gradients and gets
    0; one of a key makes NaN of all sums of its row, whose gradients are 0.
    """
    pid = tl.program_id(0).to(tl.int64)
    row, w = pid // windows, (pid % windows).to(tl.int32)
    n = n_q + n_k
    c = tl.arange(0, D)
    b = tl.load(bandwidth + row).to(tl.float32)
    share_of_one = tl.load(scale + row).to(tl.float32)
    begin, inner, tied = tl.load(limits + pid * 6), tl.load(limits + pid * 6 + 1), tl.load(limits + pid * 6 + 2)
    until, outer, end = tl.load(limits + pid * 6 + 3), tl.load(limits + pid * 6 + 4), tl.load(limits + pid * 6 + 5)
    middle = tl.load(keys + row * length + n_k // 2).to(tl.float64)
    q0, q1, k0, k1 = bounds_of(cuts, row, windows, w, n, WINDOW)
    if QUERIES:
        t0, t1, count, number_of_sources = q0, q1, n_q, n_k
        targets, target_places, sources, source_places = queries, query_places, keys, key_places
    else:
        t0, t1, count, number_of_sources = k0, k1, n_k, n_q
        targets, target_places, sources, source_places = keys, key_places, queries, query_places
    first = tl.load(targets + row * length + tl.minimum(t0, count - 1))
    last = tl.load(targets + row * length + tl.maximum(t1 - 1, 0))
    # the straight lines: below the targets, at their first score, at their last, and above them
    factor = damping_of(sums, row, windows, d, width)
    p1 = _span(sums, row, windows, inner, tied, 0, c, width, d) * factor
    p2 = (_span(sums, row, windows, tl.maximum(tied + 1, inner), w, 0, c, width, d) * factor).to(tl.float32)[None, :]
    p3 = (_span(sums, row, windows, w + 1, tl.minimum(until, outer), 0, c, width, d) * factor).to(tl.float32)[None, :]
    p4 = _span(sums, row, windows, until + 1, outer, 0, c, width, d) * factor
    offset = first.to(tl.float64) - middle
    moment1 = _span(sums, row, windows, inner, tied, 1, c, width, d) * factor
    moment4 = _span(sums, row, windows, until + 1, outer, 1, c, width, d) * factor
    below = (offset * p1 - moment1).to(tl.float32)[None, :]  # Σ (first − z) x
    above = (moment4 - offset * p4).to(tl.float32)[None, :]  # Σ (z − first) x
    p1, p4 = p1.to(tl.float32)[None, :], p4.to(tl.float32)[None, :]
    poison = poison_of(keys, row, length, n_k)
    trouble = tl.where(b >= 1.1754943508222875e-38, 0 * b, float("nan"))  # below it 1 / b overflows
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(t0, t1, BLOCK):
        i = start + tl.arange(0, BLOCK)
        target = i < t1
        score = tl.load(targets + row * length + i, mask=target, other=0.0)
        score = tl.where(target, score, first)
        o = tl.load(target_places + row * length + i, mask=target, other=0).to(tl.int32)
        ahead, behind = (score - first)[:, None], (last - score)[:, None]
        far = below + ahead * p1 + ahead * p2 + behind * p3 + (above - ahead * p4)
        value = (p1 + p2 + p3 + p4) - far / b
        step = p1 + tl.where(ahead > 0, p2, 0.0) - tl.where(behind > 0, p3, 0.0) - p4
        stretch = far / b
        k = _next(begin, inner, tied, w, until, outer)
        while k < end:
            first_q, end_q, first_k, end_k = bounds_of(cuts, row, windows, k, n, WINDOW)
            if QUERIES:
                z0, z1 = first_k, end_k
            else:
                z0, z1 = first_q, end_q
            for at in range(z0, z1, BLOCK):
                e = at + tl.arange(0, BLOCK)
                source = e < z1
                other = tl.load(sources + row * length + e, mask=source, other=0.0)
                j = tl.load(source_places + row * length + e, mask=source, other=0).to(tl.int32)
                counts = source
                if not QUERIES:
                    came = tl.load(scores + row * n_q + j, mask=source, other=0.0).to(tl.float32)
                    counts = source & finite(came)
                x = damped(rows_of(vectors, row, j, counts, number_of_sources, d, D), factor)
                r = score[:, None] - other[None, :]
                share = tl.abs(r) / b
                inside = (tl.abs(r) < b) & source[None, :]
                if SUM:
                    value += product(tl.where(inside, 1 - share, 0.0), x, PRECISION)
                if SLOPE:
                    step += product(
                        tl.where(inside & (r > 0), 1.0, tl.where(inside & (r < 0), -1.0, 0.0)), x, PRECISION
                    )
                if STRETCH:
                    stretch += product(tl.where(inside, share, 0.0), x, PRECISION)
            k = _next(k + 1, inner, tied, w, until, outer)
        bad = poison + 0 * score
        if QUERIES:
            bad += 0 * tl.load(scores + row * n_q + o, mask=target, other=0.0).to(tl.float32)
        if SUM:
            result = share_of_one * value / factor
            if QUERIES:
                result += bad[:, None] + trouble
            else:
                result = tl.where(finite(bad)[:, None], result, 0.0) + trouble
            tl.store(
                found + (row * count + o)[:, None] * d + c[None, :],
                result.to(found.dtype.element_ty),
                mask=target[:, None] & (c < d)[None, :],
            )
        if SLOPE:
            mine = rows_of(own, row, o, target & finite(bad), count, d, D).to(tl.float32)
            other_factor = damping(size_of(mine))
            mine *= other_factor
            inclined = -share_of_one / b * tl.sum(mine * step, 1) / factor / other_factor
            inclined = tl.where(finite(bad), inclined, 0.0) + trouble
            tl.store(slope + row * count + o, inclined.to(slope.dtype.element_ty), mask=target)
            if STRETCH:
                wide = tl.sum(mine * stretch, 1) / other_factor
                total += tl.where(target & finite(bad), wide, 0.0) + trouble
    if STRETCH:
        tl.store(stretched + pid, share_of_one / b * tl.sum(total, 0) / factor)


def _launch(
    s: Tensor,
    order: Order,
    sums: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    vectors: Tensor,
    own: Tensor | None,
    found: Tensor | None,
    slope: Tensor | None,
    stretched: Tensor | None,
    precision: str,
    *,
    queries: bool,
) -> None:
    rows, windows, d = sums.shape[0], order.windows, vectors.shape[2]
    limits = torch.empty((rows, windows, LIMITS), dtype=torch.int32, device=sums.device)
    sizes, blocks = shape(d, precision), triton.cdiv(windows, 128)
    _limits[(rows * blocks,)](
        order.queries,
        order.keys,
        order.cuts,
        bandwidth,
        limits,
        order.n_q,
        order.n_k,
        order.length,
        windows,
        blocks,
        windows.bit_length(),
        QUERIES=queries,
        SIZE=128,
        WINDOW=sizes["WINDOW"],
    )
    _bump[(rows * windows,)](
        s,
        order.queries,
        order.keys,
        order.query_places,
        order.key_places,
        order.cuts,
        sums,
        limits,
        bandwidth,
        scale,
        vectors,
        own,
        found,
        slope,
        stretched,
        order.n_q,
        order.n_k,
        order.length,
        windows,
        QUERIES=queries,
        SUM=found is not None,
        SLOPE=slope is not None,
        STRETCH=stretched is not None,
        **sizes,
    )


def forward(
    s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, precision: str = "tf32x3"
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Sliced bump of scores (rows, n_q), (rows, n_k), values (rows, n_k, d) → y (rows, n_q, d), what backward keeps."""
    found, _ = order_scores(s, t, v, None, centre=False)
    order = unfold(found, s.shape[1], t.shape[1])
    sums = sum_windows(order, v, None, None, keys=True)
    y = torch.empty((*s.shape, v.shape[2]), dtype=v.dtype, device=v.device)
    _launch(s, order, sums, bandwidth, scale, v, None, y, None, None, precision, queries=True)
    return y, (*found, sums)


def backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    kept: tuple[Tensor, ...],
    precision: str = "tf32x3",
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the scores, the values and the bandwidth (rows, 1) float32; `kept` as `forward` gave it."""
    order = unfold(kept[:3], s.shape[1], t.shape[1])
    ds, dt, dv = torch.empty_like(s), torch.empty_like(t), torch.empty_like(v)
    db = torch.empty((len(s), order.windows), dtype=torch.float32, device=v.device)
    upstream = sum_windows(order, g, s, None, keys=False)
    _launch(s, order, kept[3], bandwidth, scale, v, g, None, ds, db, precision, queries=True)
    _launch(s, order, upstream, bandwidth, scale, g, v, dv, dt, None, precision, queries=False)
    return ds, dt, dv, db.sum(1, keepdim=True)
