"""The n² route where its matrix would not fit: a stretch of queries at a time, to be watched and stopped."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from srviz.attention import reference
from srviz.device import synchronize

MOST_PAIRS = 1 << 21  # weights held at a time


@dataclass(frozen=True)
class Stretch:
    """Queries start … stop − 1 of the n² route. y: (stop − start, d). seconds: what these rows took."""

    start: int
    stop: int
    y: Tensor
    seconds: float


def dense_by_rows(s: Tensor, t: Tensor, v: Tensor, first: int = 0) -> Iterator[Stretch]:
    """Sliced ReLU attention by the dense formula, from query `first` on. s: (n_q,), t: (n_k,), v: (n_k, d)."""
    rows = max(1, MOST_PAIRS // max(1, len(t)))
    values = reference.centre(v)
    for start in range(first, len(s), rows):
        stop = min(start + rows, len(s))
        synchronize(s.device)
        began = time.perf_counter()
        y = reference.sliced_relu_weights(s[start:stop], t, effective=False) @ values
        synchronize(s.device)
        yield Stretch(start, stop, y, time.perf_counter() - began)
