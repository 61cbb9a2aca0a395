"""Both operations on a GPU without a sort, all pairs in a launch or two: the fastest while there are few of them.

The formulas are in relu.py and bump.py.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from srviz.attention.engines.triton.tiles import (
    damped,
    damping,
    finite,
    inverse,
    key_weight,
    padded,
    product,
    rows_of,
    size_of,
)


@triton.jit(do_not_specialize=["n_q", "n_k", "blocks"])
def _relu_forward(
    s,
    t,
    v,
    keep,
    y,
    inverses,
    shares,
    centres,
    n_q,
    n_k,
    blocks,
    d: tl.constexpr,
    D: tl.constexpr,
    N: tl.constexpr,
    BQ: tl.constexpr,
    BK: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """centres: (rows, 2 d + 1), the mean of some values, that of the rest, and by what large values are multiplied."""
    row = (tl.program_id(0) // blocks).to(tl.int64)
    i = tl.program_id(0) % blocks * BQ + tl.arange(0, BQ)
    c = tl.arange(0, D)
    came = tl.load(s + row * n_q + i, mask=i < n_q, other=0.0).to(tl.float32)
    query = tl.where(finite(came), came, 0.0)
    k = tl.arange(0, N)
    keys = tl.load(t + row * n_k + k, mask=k < n_k, other=0.0).to(tl.float32)
    kept = key_weight(keep, row, k, k < n_k, n_k, MASKED)
    counts = (kept > 0) & finite(keys)
    lowest = tl.min(tl.where(counts, keys, float("inf")), 0)
    lowest = tl.where(lowest < float("inf"), lowest, 0.0)
    poison = tl.where(tl.max(tl.where(counts, 0.0, kept), 0) > 0, float("nan"), 0.0)
    sum_keys = tl.sum(tl.where(counts, keys - lowest, 0.0), 0)
    kept = tl.sum(kept, 0)
    found = tl.zeros((BQ, D), tl.float32)
    total = tl.zeros((BQ,), tl.float32)
    normalizer = tl.zeros((BQ,), tl.float32)
    mean = tl.zeros((D,), tl.float32)
    shift = tl.zeros((D,), tl.float32)
    factor = kept * 0 + 1.0
    going = kept >= 0
    while going:  # once, or twice where the values are so large that they are to be damped
        largest = tl.zeros((BK, D), tl.float32)
        found = tl.zeros((BQ, D), tl.float32)
        if v.dtype.element_ty == tl.float32:
            # the mean of some values first takes the large part off all of them
            j = tl.arange(0, BK)
            j = tl.where(n_k < BK, j, (j * n_k) // BK)
            weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
            shift = tl.sum(rows_of(v, row, j, weight > 0, n_k, d, D) * factor, 0) / tl.maximum(tl.sum(weight, 0), 1.0)
            means = tl.zeros((BK, D), tl.float32)
            total = tl.zeros((BQ,), tl.float32)
            normalizer = tl.zeros((BQ,), tl.float32)
            for start in range(0, n_k, BK):
                j = start + tl.arange(0, BK)
                weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
                key = tl.load(t + row * n_k + j, mask=weight > 0, other=0.0).to(tl.float32)
                values = rows_of(v, row, j, weight > 0, n_k, d, D)
                largest = tl.maximum(largest, tl.abs(values))
                values = (values * factor - shift[None, :]) * weight[:, None]
                means += values
                r = (query[:, None] - key[None, :]) * weight[None, :]
                ramp = tl.maximum(r, 0.0)
                normalizer += tl.sum(tl.abs(r), 1)
                total += tl.sum(ramp, 1)
                found += product(ramp, values, PRECISION)
            mean = tl.sum(means, 0) / tl.maximum(kept, 1.0)
        else:
            # a query's weights as shares of its largest, 1 − (t − lowest) / (s − lowest); their sums and the mean of
            # the values on the matrix unit; the normalizer, Σ |r| = 2 Σ relu(r) − Σ r, is at least s − lowest
            span = tl.maximum(query - lowest, 0.0)
            base, slope = tl.where(span > 0, 1.0, 0.0), inverse(span)
            sums = tl.zeros((BQ, 16), tl.float32)
            ones = tl.zeros((BK, 16), tl.float32) + 1
            means = tl.zeros((64, D), tl.float32)
            for start in range(0, n_k, BK):
                j = start + tl.arange(0, BK)
                weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
                key = tl.load(t + row * n_k + j, mask=weight > 0, other=0.0).to(tl.float32)
                values = rows_of(v, row, j, weight > 0, n_k, d, D)
                if v.dtype.element_ty != tl.float16:
                    largest = tl.maximum(largest, tl.abs(values.to(tl.float32)))
                    values = damped(values, factor)
                height = tl.where(weight > 0, key - lowest, 1e38)
                ramp = tl.maximum(base[:, None] - height[None, :] * slope[:, None], 0.0)
                found += product(ramp, values, PRECISION)
                sums += product(ramp, ones.to(values.dtype), PRECISION)
                means += product(tl.zeros((64, BK), tl.float32) + weight[None, :], values, PRECISION)
            total = tl.sum(sums, 1) / 16 * span
            normalizer = 2 * total - (kept * (query - lowest) - sum_keys)
            found *= span[:, None]
            mean = tl.sum(means, 0) / (64 * tl.maximum(kept, 1.0))
        needed = damping(size_of(largest))
        going = needed < factor
        factor = tl.minimum(factor, needed)
    inv = inverse(normalizer) + poison + 0 * came
    found -= total[:, None] * mean[None, :]
    tl.store(
        y + (row * n_q + i)[:, None] * d + c[None, :],
        (found * inv[:, None] / factor).to(y.dtype.element_ty),
        mask=(i < n_q)[:, None] & (c < d)[None, :],
    )
    tl.store(inverses + row * n_q + i, inv, mask=i < n_q)
    tl.store(shares + row * n_q + i, total * inv, mask=i < n_q)
    if tl.program_id(0) % blocks == 0:
        out = centres + row * (2 * d + 1)
        tl.store(out + c, shift / factor, mask=c < d)
        tl.store(out + d + c, mean / factor, mask=c < d)
        tl.store(out + 2 * d, factor)


@triton.jit(do_not_specialize=["n_q", "n_k", "q_blocks", "blocks"])
def _relu_backward(
    s,
    t,
    v,
    keep,
    g,
    y,
    inverses,
    shares,
    means,
    ds,
    dt,
    dv,
    n_q,
    n_k,
    q_blocks,
    blocks,
    d: tl.constexpr,
    D: tl.constexpr,
    OUTER: tl.constexpr,
    INNER: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """The first q_blocks programs of a row take queries, for ∂s; the others keys, for ∂t and ∂v.

    A query whose result is NaN gives no gradients and gets 0; a row of which all are so is all 0.
    """
    row = (tl.program_id(0) // blocks).to(tl.int64)
    block = tl.program_id(0) % blocks
    c = tl.arange(0, D)
    factor = tl.load(means + row * (2 * d + 1) + 2 * d)
    shift = tl.load(means + row * (2 * d + 1) + c, mask=c < d, other=0.0) * factor
    mean = tl.load(means + row * (2 * d + 1) + d + c, mask=c < d, other=0.0) * factor
    if block < q_blocks:
        i = block * OUTER + tl.arange(0, OUTER)
        here = i < n_q
        query = tl.load(s + row * n_q + i, mask=here, other=0.0).to(tl.float32)
        inv = tl.load(inverses + row * n_q + i, mask=here, other=0.0)
        found = tl.zeros((OUTER, D), tl.float32)
        below = tl.zeros((OUTER,), tl.float32)
        sides = tl.zeros((OUTER,), tl.float32)
        for start in range(0, n_k, INNER):
            j = start + tl.arange(0, INNER)
            weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
            key = tl.load(t + row * n_k + j, mask=j < n_k, other=0.0).to(tl.float32)
            values = damped(rows_of(v, row, j, weight > 0, n_k, d, D), factor)
            if v.dtype.element_ty == tl.float32:
                values -= shift[None, :]
            step = tl.where(query[:, None] > key[None, :], weight[None, :], 0.0)
            below += tl.sum(step, 1)
            sides += tl.sum(step - tl.where(query[:, None] < key[None, :], weight[None, :], 0.0), 1)
            found += product(step, values, PRECISION)
        if v.dtype.element_ty == tl.float32:
            shift *= 0
        found -= below[:, None] * (shift + mean)[None, :]
        fine = here & finite(inv)
        upstream = rows_of(g, row, i, fine, n_q, d, D).to(tl.float32)
        h = -tl.sum(upstream * damped(rows_of(y, row, i, fine, n_q, d, D).to(tl.float32), factor), 1)
        inclined = tl.where(fine, (tl.sum(upstream * found, 1) + h * sides) * inv / factor, 0.0)
        tl.store(ds + row * n_q + i, inclined.to(ds.dtype.element_ty), mask=here)
    else:
        j = (block - q_blocks) * OUTER + tl.arange(0, OUTER)
        here = j < n_k
        weight = key_weight(keep, row, j, here, n_k, MASKED)
        key = tl.load(t + row * n_k + j, mask=here, other=0.0).to(tl.float32)
        ramps = tl.zeros((OUTER, D), tl.float32)
        steps = tl.zeros((OUTER, D), tl.float32)
        centre = tl.zeros((INNER, D), tl.float32)
        sign = tl.zeros((OUTER,), tl.float32)
        some = tl.zeros((INNER,), tl.int32)
        for start in range(0, n_q, INNER):
            i = start + tl.arange(0, INNER)
            inside = i < n_q
            inv = tl.load(inverses + row * n_q + i, mask=inside, other=0.0)
            inside = inside & finite(inv)
            some = tl.maximum(some, inside.to(tl.int32))
            inv = tl.where(inside, inv, 0.0)
            query = tl.load(s + row * n_q + i, mask=inside, other=0.0).to(tl.float32)
            upstream = rows_of(g, row, i, inside, n_q, d, D)
            centre += upstream.to(tl.float32) * tl.load(shares + row * n_q + i, mask=inside, other=0.0)[:, None]
            result = damped(rows_of(y, row, i, inside, n_q, d, D).to(tl.float32), factor)
            h = -tl.sum(upstream.to(tl.float32) * result, 1) * inv
            most = tl.max(inv, 0)
            part = inv * inverse(most)
            r = query[None, :] - key[:, None]
            ramp = tl.maximum(r, 0.0) * part[None, :]
            size = tl.max(tl.max(ramp, 1), 0)
            ramps += product(ramp * inverse(size), upstream, PRECISION) * (most * size)
            steps += product(tl.where(r > 0, part[None, :], 0.0), upstream, PRECISION) * most
            sign += tl.sum(tl.where(r > 0, h[None, :], 0.0) - tl.where(r < 0, h[None, :], 0.0), 1)
        kept = tl.zeros((INNER,), tl.float32)
        for start in range(0, n_k, INNER):
            k = start + tl.arange(0, INNER)
            kept += key_weight(keep, row, k, k < n_k, n_k, MASKED)
        centre = tl.sum(centre, 0) / tl.maximum(tl.sum(kept, 0), 1.0)
        counts = weight * tl.max(some, 0).to(tl.float32) > 0
        values = damped(rows_of(v, row, j, counts, n_k, d, D).to(tl.float32), factor) - shift[None, :] - mean[None, :]
        inclined = tl.where(counts, (-tl.sum(values * steps, 1) - sign) / factor, 0.0)
        tl.store(dt + row * n_k + j, inclined.to(dt.dtype.element_ty), mask=here)
        gradient = tl.where(counts[:, None], ramps - centre[None, :], 0.0)
        tl.store(
            dv + (row * n_k + j)[:, None] * d + c[None, :],
            gradient.to(dv.dtype.element_ty),
            mask=here[:, None] & (c < d)[None, :],
        )


@triton.jit(do_not_specialize=["n_a", "n_z", "blocks"])
def _bump(
    a,
    z,
    bandwidth,
    scale,
    sources,
    own,
    units,
    found,
    slope,
    stretched,
    n_a,
    n_z,
    blocks,
    d: tl.constexpr,
    D: tl.constexpr,
    N: tl.constexpr,
    OUTER: tl.constexpr,
    INNER: tl.constexpr,
    QUERIES: tl.constexpr,
    SUM: tl.constexpr,
    SLOPE: tl.constexpr,
    STRETCH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Targets at scores a: (rows, n_a), sources at scores z: (rows, n_z); the rest as in bump.py.

    QUERIES: whether the targets are queries. units: (rows,), by what large values are multiplied; forward finds it.
    """
    FORWARD: tl.constexpr = QUERIES and SUM
    row = (tl.program_id(0) // blocks).to(tl.int64)
    i = tl.program_id(0) % blocks * OUTER + tl.arange(0, OUTER)
    c = tl.arange(0, D)
    target = i < n_a
    came = tl.load(a + row * n_a + i, mask=target, other=0.0).to(tl.float32)
    score = tl.where(finite(came), came, 0.0)
    if QUERIES:
        k = tl.arange(0, N)
        keys = tl.load(z + row * n_z + k, mask=k < n_z, other=0.0).to(tl.float32)
    else:
        k = tl.arange(0, N)
        keys = tl.load(a + row * n_a + k, mask=k < n_a, other=0.0).to(tl.float32)
    wrong = tl.where(tl.max(tl.where(finite(keys), 0.0, 1.0), 0) > 0, float("nan"), 0.0) + 0 * came
    fine = target & finite(wrong)
    b = tl.load(bandwidth + row).to(tl.float32)
    share_of_one = tl.load(scale + row).to(tl.float32)
    trouble = tl.where(b >= 1.1754943508222875e-38, 0 * b, float("nan"))  # below it 1 / b overflows
    value = tl.zeros((OUTER, D), tl.float32)
    step = tl.zeros((OUTER, D), tl.float32)
    stretch = tl.zeros((OUTER, D), tl.float32)
    factor = share_of_one * 0 + 1.0
    if not FORWARD:
        factor = tl.load(units + row)
    going = factor > 0
    while going:  # once, or twice where the values are so large that they are to be damped
        largest = tl.zeros((INNER, D), tl.float32)
        value = tl.zeros((OUTER, D), tl.float32)
        for start in range(0, n_z, INNER):
            j = start + tl.arange(0, INNER)
            source = j < n_z
            other = tl.load(z + row * n_z + j, mask=source, other=0.0).to(tl.float32)
            source = source & finite(other)
            other = tl.where(source, other, 0.0)
            vectors = rows_of(sources, row, j, source, n_z, d, D)
            if FORWARD:
                largest = tl.maximum(largest, tl.abs(vectors.to(tl.float32)))
            if QUERIES:
                vectors = damped(vectors, factor)
            r = score[:, None] - other[None, :]
            share = tl.abs(r) / b
            inside = (tl.abs(r) < b) & source[None, :]
            if SUM:
                value += product(tl.where(inside, 1 - share, 0.0), vectors, PRECISION)
            if SLOPE:
                sign = tl.where(inside & (r > 0), 1.0, tl.where(inside & (r < 0), -1.0, 0.0))
                step += product(sign, vectors, PRECISION)
            if STRETCH:
                stretch += product(tl.where(inside, share, 0.0), vectors, PRECISION)
        if FORWARD:
            needed = damping(size_of(largest))
            going = needed < factor
            factor = tl.minimum(factor, needed)
        else:
            going = factor < 0
    if SUM:
        if QUERIES:
            result = share_of_one * value / factor + wrong[:, None] + trouble
        else:
            result = tl.where(fine[:, None], share_of_one * value, 0.0) + trouble
        tl.store(
            found + (row * n_a + i)[:, None] * d + c[None, :],
            result.to(found.dtype.element_ty),
            mask=target[:, None] & (c < d)[None, :],
        )
        if FORWARD and tl.program_id(0) % blocks == 0:
            tl.store(units + row, factor)
    if SLOPE:
        mine = rows_of(own, row, i, fine, n_a, d, D).to(tl.float32)
        if not QUERIES:
            mine *= factor
        inclined = tl.where(fine, -share_of_one / b * tl.sum(mine * step, 1) / factor, 0.0) + trouble
        tl.store(slope + row * n_a + i, inclined.to(slope.dtype.element_ty), mask=target)
        if STRETCH:
            total = tl.sum(tl.where(fine, tl.sum(mine * stretch, 1), 0.0), 0) / factor
            tl.store(stretched + tl.program_id(0), share_of_one / b * total + trouble)


def blocks_for(rows: int, n: int, d: int) -> int:
    """Rows of a program's own side: as many as keep all processors busy."""
    for block in (64, 32):
        if rows * triton.cdiv(n, block) >= 256 and block * padded(d) <= 64 * 128:
            return block
    return 16


def inner_of(d: int) -> int:
    """Rows of the other side in one step: fewer where they are long, to fit the shared memory of smaller GPUs."""
    return min(64, max(16, 4096 // padded(d)))


def relu_forward(
    s: Tensor,
    t: Tensor,
    v: Tensor,
    keep: Tensor | None,
    precision: str = "tf32x3",
    bq: int = 0,
    bk: int = 0,
    warps: int = 4,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Sliced ReLU of scores (rows, n_q), (rows, n_k) and values (rows, n_k, d), one launch → y, what backward keeps."""
    (rows, n_q), (_, n_k, d) = s.shape, v.shape
    y = torch.empty((rows, n_q, d), dtype=v.dtype, device=v.device)
    inverses, shares = (torch.empty((rows, n_q), dtype=torch.float32, device=v.device) for _ in range(2))
    means = torch.empty((rows, 2 * d + 1), dtype=torch.float32, device=v.device)
    bq, bk = bq or blocks_for(rows, n_q, d), bk or inner_of(d)
    blocks = triton.cdiv(n_q, bq)
    _relu_forward[(rows * blocks,)](
        s,
        t,
        v,
        keep,
        y,
        inverses,
        shares,
        means,
        n_q,
        n_k,
        blocks,
        d=d,
        D=padded(d),
        N=padded(n_k),
        BQ=bq,
        BK=bk,
        MASKED=keep is not None,
        PRECISION=precision,
        num_warps=warps,
    )
    return y, (inverses, shares, means)


def relu_backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    keep: Tensor | None,
    y: Tensor,
    kept: tuple[Tensor, ...],
    precision: str = "tf32x3",
    outer: int = 0,
    inner: int = 0,
    warps: int = 4,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the scores and of the values, in one launch; `kept` as `relu_forward` gave it."""
    (rows, n_q), (_, n_k, d) = s.shape, v.shape
    ds, dt, dv = torch.empty_like(s), torch.empty_like(t), torch.empty_like(v)
    outer, inner = outer or blocks_for(2 * rows, min(n_q, n_k), d), inner or inner_of(d)
    q_blocks, blocks = triton.cdiv(n_q, outer), triton.cdiv(n_q, outer) + triton.cdiv(n_k, outer)
    _relu_backward[(rows * blocks,)](
        s,
        t,
        v,
        keep,
        g,
        y,
        *kept,
        ds,
        dt,
        dv,
        n_q,
        n_k,
        q_blocks,
        blocks,
        d=d,
        D=padded(d),
        OUTER=outer,
        INNER=inner,
        MASKED=keep is not None,
        PRECISION=precision,
        num_warps=warps,
    )
    return ds, dt, dv


def _bump_launch(
    a: Tensor,
    z: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    sources: Tensor,
    own: Tensor | None,
    units: Tensor,
    found: Tensor | None,
    slope: Tensor | None,
    precision: str,
    *,
    queries: bool,
) -> Tensor | None:
    """With queries as targets and a slope, what the bandwidth's gradient is the sum of: (rows, blocks)."""
    (rows, n_a), (_, n_z, d) = a.shape, sources.shape
    outer, stretch = blocks_for(rows, n_a, d), queries and slope is not None
    blocks = triton.cdiv(n_a, outer)
    stretched = torch.empty((rows, blocks), dtype=torch.float32, device=a.device) if stretch else None
    _bump[(rows * blocks,)](
        a,
        z,
        bandwidth,
        scale,
        sources,
        own,
        units,
        found,
        slope,
        stretched,
        n_a,
        n_z,
        blocks,
        d=d,
        D=padded(d),
        N=padded(n_z if queries else n_a),
        OUTER=outer,
        INNER=inner_of(d),
        QUERIES=queries,
        SUM=found is not None,
        SLOPE=slope is not None,
        STRETCH=stretch,
        PRECISION=precision,
        num_warps=4,
    )
    return stretched


def bump_forward(
    s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, precision: str = "tf32x3"
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Sliced bump of scores (rows, n_q), (rows, n_k), values (rows, n_k, d), one launch → y, what backward keeps."""
    y = torch.empty((*s.shape, v.shape[2]), dtype=v.dtype, device=v.device)
    units = torch.empty(len(s), dtype=torch.float32, device=v.device)
    _bump_launch(s, t, bandwidth, scale, v, None, units, y, None, precision, queries=True)
    return y, (units,)


def bump_backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    kept: tuple[Tensor, ...],
    precision: str = "tf32x3",
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the scores, the values and the bandwidth (rows, 1) float32; `kept` as `bump_forward` gave it."""
    ds, dt, dv = torch.empty_like(s), torch.empty_like(t), torch.empty_like(v)
    db = _bump_launch(s, t, bandwidth, scale, v, g, kept[0], None, ds, precision, queries=True)
    _bump_launch(t, s, bandwidth, scale, g, v, kept[0], dv, dt, precision, queries=False)
    assert db is not None
    return ds, dt, dv, db.sum(1, keepdim=True)
