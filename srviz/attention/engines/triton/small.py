"""Both operations on a GPU without a sort, all pairs in a launch or two: the fastest while there are few of them.

The formulas are in relu.py and bump.py.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from srviz.attention.engines.triton.tiles import inverse, key_weight, padded, product, rows_of


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
    row = (tl.program_id(0) // blocks).to(tl.int64)
    i = tl.program_id(0) % blocks * BQ + tl.arange(0, BQ)
    c = tl.arange(0, D)
    query = tl.load(s + row * n_q + i, mask=i < n_q, other=0.0).to(tl.float32)
    query = tl.where(i < n_q, query, tl.load(s + row * n_q).to(tl.float32))
    k = tl.arange(0, N)
    keys = tl.load(t + row * n_k + tl.minimum(k, n_k - 1)).to(tl.float32)
    lowest = tl.min(keys, 0)
    poison = 0 * tl.sum(keys - lowest, 0)
    kept = key_weight(keep, row, k, k < n_k, n_k, MASKED)
    sum_keys = tl.sum((keys - lowest) * kept, 0)
    kept = tl.sum(kept, 0)
    found = tl.zeros((BQ, D), tl.float32)
    if v.dtype.element_ty == tl.float32:
        # the mean of some values first takes the large part off all of them
        j = tl.arange(0, BK)
        j = tl.where(n_k < BK, j, (j * n_k) // BK)
        weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
        shift = tl.sum(rows_of(v, row, j, j < n_k, n_k, d, D) * weight[:, None], 0) / tl.maximum(tl.sum(weight, 0), 1.0)
        mean = tl.zeros((BK, D), tl.float32)
        total = tl.zeros((BQ,), tl.float32)
        normalizer = tl.zeros((BQ,), tl.float32)
        for start in range(0, n_k, BK):
            j = start + tl.arange(0, BK)
            weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
            key = tl.load(t + row * n_k + j, mask=j < n_k, other=0.0).to(tl.float32)
            values = (rows_of(v, row, j, j < n_k, n_k, d, D) - shift[None, :]) * weight[:, None]
            mean += values
            r = (query[:, None] - key[None, :]) * weight[None, :]
            ramp = tl.maximum(r, 0.0)
            normalizer += tl.sum(tl.abs(r), 1)
            total += tl.sum(ramp, 1)
            found += product(ramp, values, PRECISION)
        mean = tl.sum(mean, 0) / tl.maximum(kept, 1.0)
    else:
        # a query's weights as shares of its largest, 1 − (t − lowest) / (s − lowest); their sums and the mean of the
        # values on the matrix unit; the normalizer, Σ |r| = 2 Σ relu(r) − Σ r, is at least s − lowest
        span = tl.maximum(query - lowest, 0.0)
        base, slope = tl.where(span > 0, 1.0, 0.0), inverse(span)
        sums = tl.zeros((BQ, 16), tl.float32)
        ones = tl.zeros((BK, 16), tl.float32) + 1
        means = tl.zeros((64, D), tl.float32)
        for start in range(0, n_k, BK):
            j = start + tl.arange(0, BK)
            weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
            key = tl.load(t + row * n_k + j, mask=j < n_k, other=0.0).to(tl.float32)
            values = rows_of(v, row, j, j < n_k, n_k, d, D)
            height = tl.where(weight > 0, key - lowest, 1e38)
            ramp = tl.maximum(base[:, None] - height[None, :] * slope[:, None], 0.0)
            found += product(ramp, values, PRECISION)
            sums += product(ramp, ones.to(values.dtype), PRECISION)
            means += product(tl.zeros((64, BK), tl.float32) + weight[None, :], values, PRECISION)
        total = tl.sum(sums, 1) / 16 * span
        normalizer = 2 * total - (kept * (query - lowest) - sum_keys)
        found *= span[:, None]
        mean = tl.sum(means, 0) / (64 * tl.maximum(kept, 1.0))
        shift = mean * 0
    inv = inverse(normalizer) + poison
    found -= total[:, None] * mean[None, :]
    tl.store(
        y + (row * n_q + i)[:, None] * d + c[None, :],
        (found * inv[:, None]).to(y.dtype.element_ty),
        mask=(i < n_q)[:, None] & (c < d)[None, :],
    )
    tl.store(inverses + row * n_q + i, inv, mask=i < n_q)
    tl.store(shares + row * n_q + i, total * inv, mask=i < n_q)
    if tl.program_id(0) % blocks == 0:
        tl.store(centres + row * 2 * d + c, shift, mask=c < d)
        tl.store(centres + row * 2 * d + d + c, mean, mask=c < d)


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
    """The first q_blocks programs of a row take queries, for ∂s; the others keys, for ∂t and ∂v."""
    row = (tl.program_id(0) // blocks).to(tl.int64)
    block = tl.program_id(0) % blocks
    c = tl.arange(0, D)
    shift = tl.load(means + row * 2 * d + c, mask=c < d, other=0.0)
    mean = tl.load(means + row * 2 * d + d + c, mask=c < d, other=0.0)
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
            values = rows_of(v, row, j, j < n_k, n_k, d, D)
            if v.dtype.element_ty == tl.float32:
                values -= shift[None, :]
            step = tl.where(query[:, None] > key[None, :], weight[None, :], 0.0)
            below += tl.sum(step, 1)
            sides += tl.sum(step - tl.where(query[:, None] < key[None, :], weight[None, :], 0.0), 1)
            found += product(step, values, PRECISION)
        if v.dtype.element_ty == tl.float32:
            shift *= 0
        found -= below[:, None] * (shift + mean)[None, :]
        upstream = rows_of(g, row, i, here, n_q, d, D).to(tl.float32)
        h = -tl.sum(upstream * rows_of(y, row, i, here, n_q, d, D).to(tl.float32), 1)
        tl.store(ds + row * n_q + i, (tl.sum(upstream * found, 1) + h * sides) * inv, mask=here)
    else:
        j = (block - q_blocks) * OUTER + tl.arange(0, OUTER)
        here = j < n_k
        weight = key_weight(keep, row, j, here, n_k, MASKED)
        key = tl.load(t + row * n_k + j, mask=here, other=0.0).to(tl.float32)
        ramps = tl.zeros((OUTER, D), tl.float32)
        steps = tl.zeros((OUTER, D), tl.float32)
        centre = tl.zeros((INNER, D), tl.float32)
        sign = tl.zeros((OUTER,), tl.float32)
        for start in range(0, n_q, INNER):
            i = start + tl.arange(0, INNER)
            inside = i < n_q
            query = tl.load(s + row * n_q + i, mask=inside, other=0.0).to(tl.float32)
            inv = tl.load(inverses + row * n_q + i, mask=inside, other=0.0)
            upstream = rows_of(g, row, i, inside, n_q, d, D)
            centre += upstream.to(tl.float32) * tl.load(shares + row * n_q + i, mask=inside, other=0.0)[:, None]
            h = -tl.sum(upstream.to(tl.float32) * rows_of(y, row, i, inside, n_q, d, D).to(tl.float32), 1) * inv
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
        values = rows_of(v, row, j, here, n_k, d, D).to(tl.float32) - shift[None, :] - mean[None, :]
        tl.store(dt + row * n_k + j, (-tl.sum(values * steps, 1) - sign) * weight, mask=here)
        gradient = (ramps - centre[None, :]) * weight[:, None]
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
    found,
    slope,
    stretched,
    n_a,
    n_z,
    blocks,
    d: tl.constexpr,
    D: tl.constexpr,
    OUTER: tl.constexpr,
    INNER: tl.constexpr,
    SUM: tl.constexpr,
    SLOPE: tl.constexpr,
    STRETCH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Targets at scores a: (rows, n_a), sources at scores z: (rows, n_z); the rest as in bump.py."""
    row = (tl.program_id(0) // blocks).to(tl.int64)
    i = tl.program_id(0) % blocks * OUTER + tl.arange(0, OUTER)
    c = tl.arange(0, D)
    target = i < n_a
    score = tl.load(a + row * n_a + i, mask=target, other=0.0).to(tl.float32)
    b = tl.load(bandwidth + row).to(tl.float32)
    factor = tl.load(scale + row).to(tl.float32)
    poison = 0 * score + tl.where(b > 0, 0 * b, float("nan"))
    value = tl.zeros((OUTER, D), tl.float32)
    step = tl.zeros((OUTER, D), tl.float32)
    stretch = tl.zeros((OUTER, D), tl.float32)
    for start in range(0, n_z, INNER):
        j = start + tl.arange(0, INNER)
        source = j < n_z
        other = tl.load(z + row * n_z + j, mask=source, other=0.0).to(tl.float32)
        vectors = rows_of(sources, row, j, source, n_z, d, D)
        poison += 0 * tl.sum(other, 0)
        r = score[:, None] - other[None, :]
        share = tl.abs(r) / b
        inside = (tl.abs(r) < b) & source[None, :]
        if SUM:
            value += product(tl.where(inside, 1 - share, 0.0), vectors, PRECISION)
        if SLOPE:
            step += product(tl.where(inside & (r > 0), 1.0, tl.where(inside & (r < 0), -1.0, 0.0)), vectors, PRECISION)
        if STRETCH:
            stretch += product(tl.where(inside, share, 0.0), vectors, PRECISION)
    if SUM:
        result = factor * value + poison[:, None]
        tl.store(
            found + (row * n_a + i)[:, None] * d + c[None, :],
            result.to(found.dtype.element_ty),
            mask=target[:, None] & (c < d)[None, :],
        )
    if SLOPE:
        vectors = rows_of(own, row, i, target, n_a, d, D).to(tl.float32)
        tl.store(slope + row * n_a + i, -factor / b * tl.sum(vectors * step, 1) + poison, mask=target)
    if STRETCH:
        total = tl.sum(tl.where(target, tl.sum(vectors * stretch, 1) + poison, 0.0), 0)
        tl.store(stretched + tl.program_id(0), factor / b * total)


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
    means = torch.empty((rows, 2, d), dtype=torch.float32, device=v.device)
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
    """Gradients of the scores (float32) and of the values, in one launch; `kept` as `relu_forward` gave it."""
    (rows, n_q), (_, n_k, d) = s.shape, v.shape
    ds, dt = (
        torch.empty((rows, n_q), dtype=torch.float32, device=v.device),
        torch.empty((rows, n_k), dtype=torch.float32, device=v.device),
    )
    dv = torch.empty_like(v)
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
    found: Tensor | None,
    slope: Tensor | None,
    precision: str,
    *,
    stretch: bool = False,
) -> Tensor | None:
    (rows, n_a), (_, n_z, d) = a.shape, sources.shape
    outer = blocks_for(rows, n_a, d)
    blocks = triton.cdiv(n_a, outer)
    stretched = torch.empty((rows, blocks), dtype=torch.float32, device=a.device) if stretch else None
    _bump[(rows * blocks,)](
        a,
        z,
        bandwidth,
        scale,
        sources,
        own,
        found,
        slope,
        stretched,
        n_a,
        n_z,
        blocks,
        d=d,
        D=padded(d),
        OUTER=outer,
        INNER=inner_of(d),
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
    """Sliced bump of scores (rows, n_q), (rows, n_k), values (rows, n_k, d), one launch → y, nothing for backward."""
    y = torch.empty((*s.shape, v.shape[2]), dtype=v.dtype, device=v.device)
    _bump_launch(s, t, bandwidth, scale, v, None, y, None, precision)
    return y, ()


def bump_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, precision: str = "tf32x3"
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the scores (float32), the values and the bandwidth (rows, 1)."""
    ds, dt = (
        torch.empty(s.shape, dtype=torch.float32, device=v.device),
        torch.empty(t.shape, dtype=torch.float32, device=v.device),
    )
    dv = torch.empty_like(v)
    db = _bump_launch(s, t, bandwidth, scale, v, g, None, ds, precision, stretch=True)
    _bump_launch(t, s, bandwidth, scale, g, v, dv, dt, precision)
    return ds, dt, dv, db.sum(1, keepdim=True)
