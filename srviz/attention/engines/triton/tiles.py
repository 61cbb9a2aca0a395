"""What both operations share on a GPU: sorted scores, values summed window by window, and small pieces of kernels.

Queries and keys are sorted each by themselves, and cut together: in the order of all n = n_q + n_k scores, queries
before keys where they tie, every `WINDOW` scores are a window, the work of one program. So the keys of earlier windows
are strictly below a query or, if they are of its own window, compared with it one by one; and however the scores lie, a
window is never more work than any other. What is further away enters through running sums over the windows, in float64
(there are few of them), of the vectors x_j and of the vectors times their scores:

    P_w = Σ x_j        Q_w = Σ (t_j − t_ref) x_j        over the windows before w; at w = windows, over all

Differences of two P or Q lose nothing of a float32 result, so gaps between scores need no care here.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

WINDOW, BLOCK = 48, 32  # scores of one window; queries or keys of it that are worked on at a time, mostly all
WARPS = 4  # of such a program
RUN, MOST_RUNS = 4096, 8  # so many scores are sorted within one block; so many sorted runs are merged


def columns(d: int) -> int:
    """Width of a row of running sums: d columns of the vectors, two of plain counts, filled up to a multiple of 8."""
    return (d + 2 + 7) // 8 * 8


def padded(d: int) -> int:
    """The power of two, at least 16, that holds d columns."""
    return max(16, triton.next_power_of_2(d))


def shape(d: int, precision: str) -> dict[str, int | str]:
    """Compile-time sizes of the kernels that take one window."""
    return {
        "d": d,
        "D": padded(d),
        "width": columns(d),
        "WINDOW": WINDOW,
        "BLOCK": BLOCK,
        "PRECISION": precision,
        "num_warps": 8 if padded(d) > 128 else WARPS,
        "num_stages": 1,
    }


@triton.jit
def product(a, x, PRECISION: tl.constexpr):
    """a @ x in float32. a: (M, N) float32, about 0 to 1 in size; x: (N, D) in the dtype of the values."""
    if x.dtype == tl.float32:
        return tl.dot(a, x, input_precision=PRECISION)
    elif x.dtype == tl.float16:
        return tl.dot(a.to(tl.float16), x)
    else:  # bfloat16 has too few digits for the weights
        return tl.dot(a, x.to(tl.float32), input_precision="tf32")


@triton.jit
def rounded(a, x):
    """a as `product` will see it, so that sums of weights agree with the products."""
    if x.dtype == tl.float16:
        return a.to(tl.float16).to(tl.float32)
    else:
        return a


@triton.jit
def inverse(x):
    """1 / x, 0 where x = 0, NaN where x is NaN or infinite."""
    return tl.where(x == 0, 0.0, tl.where(x < float("inf"), 1 / x, float("nan")))


@triton.jit
def finite(x):
    """Whether numbers are neither NaN nor infinite."""
    return tl.abs(x) < float("inf")


@triton.jit
def damping(largest):
    """A power of two: 2⁻⁶⁴ for vectors as large as 2⁶⁰ or larger, whose sums may be too large for float32, else 1."""
    return tl.where(largest > 1152921504606846976.0, 5.421010862427522e-20, 1.0)


@triton.jit
def damped(x, factor):
    """x times what `damping` gave, in the dtype of x. float16 has no numbers that are so large."""
    if x.dtype == tl.float16:
        return x
    else:
        return (x * factor).to(x.dtype)


@triton.jit
def size_of(x):
    """The largest absolute value of a matrix, float32."""
    return tl.max(tl.max(tl.abs(x.to(tl.float32)), 1), 0)


@triton.jit
def poison_of(keys, row, length, n_k):
    """NaN where a kept key of a row has a score that is NaN or infinite, else 0. keys: sorted; those are at an end."""
    return 0 * tl.load(keys + row * length) + 0 * tl.load(keys + row * length + n_k - 1)


@triton.jit
def vector(sums, row, windows, w, slot, c, width, d):
    """Running sums before window w of a row → (D,) float64. slot 0: P, 1: Q."""
    return tl.load(sums + ((row * (windows + 1) + w) * 2 + slot) * width + c, mask=c < d, other=0.0)


@triton.jit
def damping_of(sums, row, windows, d, width):
    """What `damping` says of the vectors that were summed in a row."""
    return damping(number(sums, row, windows, windows, 0, d + 1, width).to(tl.float32))


@triton.jit
def number(sums, row, windows, w, slot, column, width):
    """One column of the running sums before window w of a row, float64."""
    return tl.load(sums + ((row * (windows + 1) + w) * 2 + slot) * width + column)


@triton.jit
def key_weight(keep, row, j, ok, n_k, MASKED: tl.constexpr):
    """1 for a kept key, 0 for any other place. j: (M,) places among the keys, ok: which of them are keys."""
    if MASKED:
        return tl.load(keep + row * n_k + j, mask=ok, other=0).to(tl.float32)
    else:
        return ok.to(tl.float32)


@triton.jit
def score_of_kept(keep, t, row, n_k, SIZE: tl.constexpr):
    """The score of the first kept key of a row, 0 where none is kept."""
    place = n_k
    start = n_k * 0
    while (start < n_k) & (place == n_k):
        j = start + tl.arange(0, SIZE)
        kept = tl.load(keep + row * n_k + j, mask=j < n_k, other=0).to(tl.int32)
        place = tl.min(tl.where(kept > 0, j, n_k), 0)
        start += SIZE
    return tl.load(t + row * n_k + place, mask=place < n_k, other=0.0).to(tl.float32)


@triton.jit
def rows_of(v, row, j, ok, n, d: tl.constexpr, D: tl.constexpr):
    """Rows j of v: (rows, n, d) → (M, D), zeros where not ok and in columns from d on."""
    c = tl.arange(0, D)
    return tl.load(v + (row * n + j)[:, None] * d + c[None, :], mask=ok[:, None] & (c < d)[None, :], other=0.0)


@triton.jit
def bounds_of(cuts, row, windows, w, n, WINDOW: tl.constexpr):
    """The queries (first, end) and keys (first, end) of a window, as places in their sorted orders."""
    q0 = tl.load(cuts + row * (windows + 1) + w)
    q1 = tl.load(cuts + row * (windows + 1) + w + 1)
    return q0, q1, w * WINDOW - q0, tl.minimum(w * WINDOW + WINDOW, n) - q1


@triton.jit
def first_window(
    x,
    cuts,
    row,
    length,
    windows,
    n,
    count,
    low,
    high,
    bound,
    halvings,
    KEYS: tl.constexpr,
    LAST: tl.constexpr,
    STRICT: tl.constexpr,
    WINDOW: tl.constexpr,
):
    """The first window from low to high whose first score is ≥ bound (STRICT: > bound), or high. With LAST, whose last
    is.

    x: (rows, length) the sorted keys (KEYS) or queries, count of them. Where a window has none, its first is the next
    one there is, its last the one before. halvings: enough to halve all windows down to one.
    """
    low, high = low + row * 0, high + row * 0
    for _ in range(halvings):
        middle = (low + high) // 2
        edge = middle
        if LAST:
            edge = middle + 1
        place = tl.load(cuts + row * (windows + 1) + edge, mask=low < high, other=0).to(tl.int64)
        if KEYS:
            place = tl.minimum(edge * WINDOW, n) - place
        if LAST:
            place -= 1
        score = tl.load(x + row * length + place, mask=(low < high) & (place >= 0) & (place < count), other=0.0)
        if STRICT:
            found = score > bound
        else:
            found = score >= bound
        found = tl.where(place < 0, False, tl.where(place >= count, True, found))
        new_low = tl.where((low < high) & (found == 0), middle + 1, low)
        high = tl.where((low < high) & found, middle, high)
        low = new_low
    return low


@triton.jit(do_not_specialize=["rows", "n_q", "n_k", "length", "blocks"])
def _pack(
    s,
    t,
    v,
    keep,
    both,
    reference,
    rows,
    n_q,
    n_k,
    length,
    blocks,
    d: tl.constexpr,
    D: tl.constexpr,
    SIZE: tl.constexpr,
    MASKED: tl.constexpr,
    CENTRE: tl.constexpr,
):
    """both: (2, rows, length), queries and keys, filled with NaN. reference: (rows, d), the mean of some values.

    A query whose score is not finite stands at 0, a masked key at the score of a kept one.
    """
    row = (tl.program_id(0) // (2 * blocks + 1)).to(tl.int64)
    block = tl.program_id(0) % (2 * blocks + 1)
    if block < 2 * blocks:
        e = block // 2 * SIZE + tl.arange(0, SIZE)
        out = both + row * length + e
        if block % 2 == 0:
            score = tl.load(s + row * n_q + e, mask=e < n_q, other=float("nan")).to(tl.float32)
            score = tl.where((e < n_q) & (finite(score) == 0), 0.0, score)
        else:
            score = tl.load(t + row * n_k + e, mask=e < n_k, other=float("nan")).to(tl.float32)
            if MASKED:
                masked = tl.load(keep + row * n_k + e, mask=e < n_k, other=1).to(tl.int32) == 0
                score = tl.where(masked, score_of_kept(keep, t, row, n_k, 256), score)
            out += rows.to(tl.int64) * length
        tl.store(out, score + 0.0, mask=e < length)  # the sum makes 0 of −0, which must not sort below 0
    elif CENTRE:
        j = (tl.arange(0, 64) * n_k.to(tl.int64)) // 64
        c = tl.arange(0, D)
        weight = key_weight(keep, row, j, j < n_k, n_k, MASKED)
        values = rows_of(v, row, j, weight > 0, n_k, d, D).to(tl.float32)
        factor = damping(size_of(values))
        mean = tl.sum(values * factor, 0) / tl.maximum(tl.sum(weight, 0), 1.0) / factor
        tl.store(reference + row * d + c, mean, mask=c < d)


@triton.jit(do_not_specialize=["n", "pieces", "length"])
def _merge(runs, inside, x, order, n, pieces, length, RUNS: tl.constexpr, STEPS: tl.constexpr, SIZE: tl.constexpr):
    """One sorted row of RUNS sorted runs, (rows, RUNS, length), the last filled up with NaN. A score's place is how
    many go before it in each run. inside: where each stood in its run. x: (rows, n) and order: (rows, n) int32,
    written.
    """
    row = (tl.program_id(0) // pieces).to(tl.int64)
    run = tl.program_id(0) % pieces // (pieces // RUNS)
    e = tl.program_id(0) % (pieces // RUNS) * SIZE + tl.arange(0, SIZE)
    here = e < length
    base = runs + row * RUNS * length
    score = tl.load(base + run * length + e, mask=here, other=0.0)
    origin = tl.load(inside + (row * RUNS + run) * length + e, mask=here, other=0).to(tl.int32) + run * length
    nan = score != score
    place = e
    for other in range(RUNS):
        if other != run:
            low = tl.zeros((SIZE,), tl.int32)
            high = tl.zeros((SIZE,), tl.int32) + length
            for _ in range(STEPS):
                middle = (low + high) // 2
                found = tl.load(base + other * length + middle, mask=low < high, other=0.0)
                if other < run:  # its equals stood before
                    less = (found <= score) | nan
                else:
                    less = (found < score) | (nan & (found == found))
                low = tl.where((low < high) & less, middle + 1, low)
                high = tl.where((low < high) & (less == 0), middle, high)
            place += low
    tl.store(x + row * n + place, score, mask=here & (place < n))
    tl.store(order + row * n + place, origin, mask=here & (place < n))


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows", "blocks", "halvings"])
def _cut(queries, keys, cuts, n_q, n_k, length, windows, blocks, halvings, SIZE: tl.constexpr, WINDOW: tl.constexpr):
    """cuts: (rows, windows + 1), how many queries go before each window."""
    row = (tl.program_id(0) // blocks).to(tl.int64)
    w = tl.program_id(0) % blocks * SIZE + tl.arange(0, SIZE)
    place = tl.minimum(w * WINDOW, n_q + n_k)
    low, high = tl.maximum(place - n_k, 0), tl.minimum(place, n_q)
    for _ in range(halvings):
        middle = (low + high) // 2
        going = low < high
        query = tl.load(queries + row * length + middle, mask=going, other=0.0)
        key = tl.load(keys + row * length + place - 1 - middle, mask=going, other=0.0)
        before = (query <= key) | (key != key)  # NaN is sorted to the end
        new_low = tl.where(going & before, middle + 1, low)
        high = tl.where(going & (before == 0), middle, high)
        low = new_low
    tl.store(cuts + row * (windows + 1) + w, low, mask=w <= windows)


@triton.jit(do_not_specialize=["n_q", "n_k", "length", "windows"])
def _moments(
    x,
    places,
    sorted_keys,
    cuts,
    v,
    keep,
    reference,
    sums,
    n_q,
    n_k,
    length,
    windows,
    d: tl.constexpr,
    D: tl.constexpr,
    width: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK: tl.constexpr,
    PRECISION: tl.constexpr,
    MASKED: tl.constexpr,
    CENTRE: tl.constexpr,
    KEYS: tl.constexpr,
):
    """What the keys (or queries) of one window add to the running sums. x, places: theirs, sorted.

    keep: which keys count, or the scores of the queries as they came: one that is not finite does not count.
    sums: (rows, windows + 1, 2, width): Σ u and Σ (t − t_ref) u, then, in place of u, ones and, of the second sum, ones
    again; in the first sum's last column Σ |u| of all vectors' numbers, which says whether they are large. Scores are
    taken from the last of the window first, in the second column of ones from the first, so that no digits are lost in
    float32.
    """
    pid = tl.program_id(0).to(tl.int64)
    row, w = pid // windows, pid % windows
    c = tl.arange(0, D)
    q0, q1, k0, k1 = bounds_of(cuts, row, windows, w, n_q + n_k, WINDOW)
    if KEYS:
        begin, end, count = k0, k1, n_k
    else:
        begin, end, count = q0, q1, n_q
    first = tl.load(x + row * length + tl.minimum(begin, count - 1))
    last = tl.load(x + row * length + tl.maximum(end - 1, 0))
    total, moment = tl.zeros((D,), tl.float64), tl.zeros((D,), tl.float64)
    size = tl.zeros((D,), tl.float64)
    sources, before, behind = (
        tl.zeros((BLOCK,), tl.float32),
        tl.zeros((BLOCK,), tl.float32),
        tl.zeros((BLOCK,), tl.float32),
    )
    for start in range(begin.to(tl.int32), end.to(tl.int32), BLOCK):
        e = start + tl.arange(0, BLOCK)
        inside = e < end
        score = tl.load(x + row * length + e, mask=inside, other=0.0)
        j = tl.load(places + row * length + e, mask=inside, other=0).to(tl.int32)
        if KEYS:
            weight = key_weight(keep, row, j, inside, count, MASKED)
        else:
            came = tl.load(keep + row * count + j, mask=inside, other=float("nan")).to(tl.float32)
            weight = finite(came).to(tl.float32)
        u = rows_of(v, row, j, weight > 0, count, d, D).to(tl.float32)
        factor = damping(size_of(u))
        if CENTRE:
            shift = tl.load(reference + row * d + c, mask=c < d, other=0.0)
            factor = tl.minimum(factor, damping(tl.max(tl.abs(shift), 0)))
            u = (u * factor - shift[None, :] * factor) * weight[:, None]
        else:
            u *= factor
        gap = tl.where(inside, score - last, 0.0)
        back = (1 / factor).to(tl.float64)
        total += tl.sum(u, 0).to(tl.float64) * back
        moment += tl.sum(u * gap[:, None], 0).to(tl.float64) * back
        size += tl.sum(tl.abs(u), 0).to(tl.float64) * back
        sources += weight
        before += weight * gap
        behind += weight * tl.where(inside, score - first, 0.0)
    middle = tl.load(sorted_keys + row * length + n_k // 2).to(tl.float64)
    high, low = last.to(tl.float64) - middle, first.to(tl.float64) - middle
    out = sums + (row * (windows + 1) + w) * 2 * width
    sum_of_ones = tl.sum(sources, 0).to(tl.float64)
    tl.store(out + c, total, mask=c < d)
    tl.store(out + width + c, moment + high * total, mask=c < d)
    tl.store(out + d, sum_of_ones)
    tl.store(out + d + 1, tl.sum(size, 0))
    tl.store(out + width + d, tl.sum(before, 0).to(tl.float64) + high * sum_of_ones)
    tl.store(out + width + d + 1, tl.sum(behind, 0).to(tl.float64) + low * sum_of_ones)


@triton.jit(do_not_specialize=["windows"])
def _scan(sums, windows, d: tl.constexpr, width: tl.constexpr, SIZE: tl.constexpr, STEP: tl.constexpr):
    """In place: what every window adds becomes what all before it add; at the end, what all do. SIZE: columns."""
    blocks: tl.constexpr = (width + d + 2 + SIZE - 1) // SIZE
    row = (tl.program_id(0) // blocks).to(tl.int64)
    c = tl.program_id(0) % blocks * SIZE + tl.arange(0, SIZE)  # of both sums
    total = tl.zeros((SIZE,), tl.float64)
    for start in range(0, windows, STEP):
        w = start + tl.arange(0, STEP)
        at = sums + (row * (windows + 1) + w)[:, None] * 2 * width + c[None, :]
        mask = (w < windows)[:, None] & (c < width + d + 2)[None, :]
        add = tl.load(at, mask=mask, other=0.0)
        tl.store(at, tl.cumsum(add, 0) - add + total[None, :], mask=mask)
        total += tl.sum(add, 0)
    tl.store(sums + (row * (windows + 1) + windows) * 2 * width + c, total, mask=c < width + d + 2)


@dataclass(frozen=True)
class Order:
    """Sorted scores of `rows` rows. All lie in memory row by row, `length` to a row, of which n_q or n_k count."""

    n_q: int
    n_k: int
    length: int
    queries: Tensor  # (rows, length) float32, sorted
    keys: Tensor
    query_places: Tensor  # (rows, length) int32 or int64, where each stood
    key_places: Tensor
    cuts: Tensor  # (rows, windows + 1) int32, how many queries go before each window

    @property
    def windows(self) -> int:
        """How many windows a row has."""
        return self.cuts.shape[1] - 1


def runs_of(n_q: int, n_k: int) -> tuple[int, int]:
    """In how many runs the scores are sorted, and how long one is."""
    length = max(n_q, n_k)
    runs = triton.cdiv(length, RUN) if length <= RUN * MOST_RUNS else 1
    return runs, triton.cdiv(length, runs)


def order_scores(
    s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, *, centre: bool
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Sort queries and keys, and cut them into windows.

    Parameters
    ----------
    s, t : (rows, n_q) and (rows, n_k) scores
    v : (rows, n_k, d) values
    keep : (rows, n_k) bool or None, True for a kept key; what a masked one holds does no harm
    centre : whether a mean of some values is wanted

    Returns
    -------
    sorted : x, places and cuts: (2, rows, length), queries then keys, twice, and (rows, windows + 1); `unfold` reads
    them reference : (rows, d) float32, the mean of up to 64 kept values, or unset
    """
    (rows, n_q), n_k, d, device = s.shape, t.shape[1], v.shape[2], v.device
    runs, run = runs_of(n_q, n_k)
    length = runs * run
    both = torch.empty((2 * rows * runs, run), dtype=torch.float32, device=device)
    reference = torch.empty((rows, d), dtype=torch.float32, device=device)
    blocks = triton.cdiv(length, 1024)
    _pack[(rows * (2 * blocks + 1),)](
        s,
        t,
        v,
        keep,
        both,
        reference,
        rows,
        n_q,
        n_k,
        length,
        blocks,
        d=d,
        D=padded(d),
        SIZE=1024,
        MASKED=keep is not None,
        CENTRE=centre,
    )
    x, places = torch.sort(both, dim=-1, stable=True)
    if runs > 1:
        found, inside = x, places
        x, places = both, torch.empty(both.shape, dtype=torch.int32, device=device)
        pieces = triton.cdiv(run, 512) * runs
        _merge[(2 * rows * pieces,)](
            found, inside, x, places, length, pieces, run, RUNS=runs, STEPS=run.bit_length(), SIZE=512
        )
    x, places = x.view(2, rows, length), places.view(2, rows, length)
    windows = triton.cdiv(n_q + n_k, WINDOW)
    cuts = torch.empty((rows, windows + 1), dtype=torch.int32, device=device)
    blocks = triton.cdiv(windows + 1, 128)
    _cut[(rows * blocks,)](
        x[0], x[1], cuts, n_q, n_k, length, windows, blocks, min(n_q, n_k).bit_length(), SIZE=128, WINDOW=WINDOW
    )
    return (x, places, cuts), reference


def unfold(kept: tuple[Tensor, ...], n_q: int, n_k: int) -> Order:
    """What `order_scores` found, by name."""
    x, places, cuts = kept
    return Order(n_q, n_k, x.shape[2], x[0], x[1], places[0], places[1], cuts)


def sum_windows(order: Order, v: Tensor, keep: Tensor | None, reference: Tensor | None, *, keys: bool) -> Tensor:
    """Running sums of the values of the keys, or of vectors of the queries, v (rows, n, d) → (rows, windows + 1, 2,
    columns(d)) float64. keep: of keys, which are kept, or None; of queries, their scores as they came. reference:
    (rows, d) is subtracted, if given.
    """
    (rows, _, d), windows = v.shape, order.windows
    x, places = (order.keys, order.key_places) if keys else (order.queries, order.query_places)
    sums = torch.empty((rows, windows + 1, 2, columns(d)), dtype=torch.float64, device=v.device)
    _moments[(rows * windows,)](
        x,
        places,
        order.keys,
        order.cuts,
        v,
        keep,
        reference,
        sums,
        order.n_q,
        order.n_k,
        order.length,
        windows,
        MASKED=keys and keep is not None,
        CENTRE=reference is not None,
        KEYS=keys,
        **shape(d, "ieee"),
    )
    running_sums(sums, d)
    return sums


def running_sums(sums: Tensor, d: int) -> None:
    """In place, see `_scan`. sums: (rows, windows + 1, 2, columns(d)) float64, without the last window."""
    rows, windows, _, width = sums.shape
    size = 16
    _scan[(rows * triton.cdiv(width + d + 2, size),)](sums, windows - 1, d=d, width=width, SIZE=size, STEP=64)
