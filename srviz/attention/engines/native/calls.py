"""The calls into the compiled library: sliced ReLU and sliced bump, forward and backward, float32 on a CPU.

Nothing is kept for the backward pass but the arguments: to sort again costs less than the memory.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from srviz.attention.checks import NotFinite
from srviz.attention.engines.native import library

THREAD_WORK = 1 << 21  # numbers for which another thread is worth starting
CACHE_LINE = 16  # float32 of one cache line, which two threads should not share
NO_MEMORY, NOT_FINITE = 1, 2  # what native.c answers; 0: done


def relu_forward(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None.

    Contiguous → (B, n_q, d). Raises NotFinite on NaN or infinite scores, MemoryError where there is no room to sort.
    """
    y = v.new_empty(*s.shape, v.shape[-1])
    _walk(library.loaded().relu_forward, s, t, v, _weight(keep, v), y)
    return y


def relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor, needs: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients of s, t and v, from the upstream gradient g: (B, n_q, d)."""
    parts = len(_columns(s, v))
    ds, dt = s.new_empty(parts, *s.shape), t.new_empty(parts, *t.shape)
    dv = torch.empty_like(v) if needs[2] else None
    _walk(library.loaded().relu_backward, s, t, v, _weight(keep, v), g, list(ds), list(dt), dv)
    return _sum(ds), _sum(dt), dv


def bump_forward(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1). The rest as `relu_forward`."""
    y = v.new_empty(*s.shape, v.shape[-1])
    _walk(library.loaded().bump_sum, s, t, v, _double(bandwidth), _double(scale), y)
    return y


def bump_backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    y: Tensor,
    needs: tuple[bool, ...],
) -> tuple[Tensor | None, ...]:
    """The gradients of s, t, v and the bandwidth. A bump is even: they are such sums, and their slopes, with queries
    and keys in each other's place.
    """
    width, scale = _double(bandwidth), _double(scale)
    ds = dt = dv = db = None

    def slopes(s: Tensor, t: Tensor, v: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        parts = len(_columns(s, v))
        ds, db = s.new_empty(parts, *s.shape), width.new_empty(parts, *width.shape)
        _walk(library.loaded().bump_slopes, s, t, v, width, scale, g, list(ds), list(db))
        return _sum(ds), _sum(db)

    if needs[0] or needs[3]:
        ds, db = slopes(s, t, v, g)
        db = db.to(v.dtype)
    if needs[1]:
        dt, _ = slopes(t, s, g, v)
    if needs[2]:
        dv = torch.empty_like(v)
        _walk(library.loaded().bump_sum, t, s, g, width, scale, dv)
    return ds, dt, dv, db


def _weight(keep: Tensor | None, v: Tensor) -> Tensor | None:
    return None if keep is None else keep.to(v.dtype)


def _double(x: Tensor) -> Tensor:
    return x.detach().double().contiguous()


def _sum(parts: Tensor) -> Tensor:
    return parts[0] if len(parts) == 1 else parts.sum(0)


def _threads(s: Tensor, v: Tensor) -> int:
    rows, n, d = v.shape
    return max(1, min(torch.get_num_threads(), rows * max(n, s.shape[1]) * d // THREAD_WORK))


def _columns(s: Tensor, v: Tensor) -> list[tuple[int, int]]:
    """The columns of a call, first and last: all, or where there are fewer rows than threads, so many in one thread."""
    rows, _, d = v.shape
    parts = max(1, min(-(-_threads(s, v) // rows), d // CACHE_LINE))
    size = -(-d // (parts * CACHE_LINE)) * CACHE_LINE
    return [(first, min(first + size, d)) for first in range(0, d, size)]


def _walk(function: Callable[..., int], s: Tensor, t: Tensor, v: Tensor, *others: Tensor | list[Tensor] | None) -> None:
    """Call a function of native.c for all rows and columns, in as many threads as torch has.

    others: (B, …), contiguous, or one of them for each part of the columns.
    """
    rows, n_q, n_k, d = *s.shape, *v.shape[1:]
    threads = _threads(s, v)
    if threads == 1:
        whole = (x[0] if isinstance(x, list) else x for x in (s, t, v, *others))
        _raise(function(rows, n_q, n_k, d, 0, d, *(None if x is None else x.data_ptr() for x in whole)), n_q, n_k)
        return
    columns = _columns(s, v)
    together = -(-rows // threads)  # rows of one call

    def call(place: tuple[int, int]) -> int:
        row, part = place
        mine = (x[part] if isinstance(x, list) else x for x in (s, t, v, *others))
        at = (None if x is None else x.data_ptr() + row * (x.numel() // rows) * x.itemsize for x in mine)
        return function(min(together, rows - row), n_q, n_k, d, *columns[part], *at)

    places = [(row, part) for row in range(0, rows, together) for part in range(len(columns))]
    _raise(max(_side_by_side(call, places, threads)), n_q, n_k)


def _raise(answer: int, n_q: int, n_k: int) -> None:
    """Raise what native.c answers, if anything."""
    if answer == NOT_FINITE:
        raise NotFinite("s, t: expected finite scores")
    if answer == NO_MEMORY:
        raise MemoryError(f"not enough memory to sort {n_q:,} queries and {n_k:,} keys")
    if answer:
        raise RuntimeError(f"native.c answered {answer}")


def _side_by_side(call: Callable[[tuple[int, int]], int], places: list[tuple[int, int]], threads: int) -> list[int]:
    if threads > 1 and len(places) > 1:
        try:
            with ThreadPoolExecutor(threads) as pool:
                return list(pool.map(call, places))
        except RuntimeError:  # the interpreter is about to end, and starts no thread any more
            pass
    return [call(place) for place in places]
