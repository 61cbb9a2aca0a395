"""A smooth curve f of one number, r = s − t, followed by samples of it: by polynomials, finer where it bends more, or
by a few straight pieces. r is in units of the bandwidth.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz.attention import Kernel

REACH = 2.0**15  # |r| that is followed, in bandwidths: of any scores that the page allows
DEGREE = 7  # of a polynomial, which goes through samples at its two ends and between them, where Chebyshev has them
EXACT = 1e-7  # how far it may be from the curve, as a part of the largest height beside it
LEAST = 1e-38  # heights of this size are rounding in float32
NOISE = 1e-14  # and of this one, as a part of the largest near r = 0, those of an f that does not compute them better
WIDEST, NARROWEST = 2.0**-8, 2.0**-40  # of a polynomial at r = 0, in bandwidths; farther out in proportion to r
JUMP = 1e-3  # of a height within the narrowest polynomial, as a part of the largest height near r = 0
MOST, MANY = 2048, 512  # polynomials; from so many on the smallest heights count as noise
FAR, LEVEL = 1000.0, 0.02  # bandwidths; a curve levels off that comes so near there to its height at the last node

Curve = Callable[[Tensor], Tensor]
Numbers = NDArray[np.float64]
PLACES = -np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
BETWEEN = -np.cos(np.pi * (np.arange(DEGREE) + 0.5) / DEGREE)


def polynomials(name: str, f: Curve) -> tuple[Numbers, Numbers]:
    """Where the polynomials that follow f on |r| ≤ `REACH` end, ascending (m + 1,), and the heights of f at the places
    of every one, (m · DEGREE + 1,): the last place of one is the first of the next.

    The places of a polynomial are the Chebyshev points −cos(π k / DEGREE), stretched from its start to its end. Between
    them the barycentric formula gives its heights (Berrut and Trefethen, 2004); where those are farther from f than
    `EXACT` says, it is halved. f takes and gives float64 of any shape; name: of f, for errors. Raises ValueError where
    no polynomials follow it: it jumps, is not finite, or has too many waves.
    """
    weights = (-1.0) ** np.arange(DEGREE + 1)
    weights[[0, -1]] /= 2
    between = weights / (BETWEEN[:, None] - PLACES)
    between /= between.sum(1, keepdims=True)  # the polynomial between the places, from the heights at them
    scale = float(np.abs(_heights(name, f, np.linspace(-1, 1, 33))).max())
    least, left, right, done = LEAST, np.array([-REACH, 0.0]), np.array([0.0, REACH]), []
    while len(left):
        middle, half = (left + right)[:, None] / 2, (right - left)[:, None] / 2
        places = middle + half * PLACES
        places[:, 0], places[:, -1] = left, right  # to the bit
        heights, held = _heights(name, f, places), _heights(name, f, middle + half * BETWEEN)
        largest = np.maximum(np.abs(heights).max(1), np.abs(held).max(1))
        near = np.abs(held - heights @ between.T).max(1) <= EXACT * largest + least
        from_0 = np.minimum(np.abs(left), np.abs(right))
        good = near & (right - left <= np.maximum(WIDEST, from_0 / 4))
        narrow = ~good & (right - left <= NARROWEST * np.maximum(1, from_0))
        if (jumps := narrow & (np.ptp(heights, axis=1) > JUMP * scale)).any():
            raise ValueError(f"f: expected a curve without jumps, got one in {name!r} at r = {left[jumps][0]:g}")
        end = good | narrow
        done.append((left[end], heights[end]))
        left, middle, right = left[~end], middle[~end, 0], right[~end]
        count = 2 * len(left) + sum(len(one) for one, _ in done)
        least = LEAST if count <= MANY else NOISE * scale
        if count > MOST:
            raise ValueError(f"f: expected a curve that {MOST:,} polynomials follow, got more waves in {name!r}")
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    starts, found = (np.concatenate(parts) for parts in zip(*done, strict=True))
    order = starts.argsort()
    found = found[order]
    return np.append(starts[order], REACH), np.append(found[:, :-1].ravel(), found[-1, -1])


def _heights(name: str, f: Curve, r: Numbers) -> Numbers:
    heights: Numbers = f(torch.from_numpy(r)).numpy()
    if not (finite := np.abs(heights) <= np.finfo(np.float32).max).all():  # NaN is not, either
        raise ValueError(f"f: expected finite heights, got {heights[~finite][0]} in {name!r} at r = {r[~finite][0]:g}")
    return heights


def straight(f: Curve, nodes: Sequence[float]) -> Kernel:
    """The straight pieces through f at these nodes, ascending. Before the first and after the last one they are as
    steep as f is over the next bandwidth; where f levels off, they are level, at its height far out.
    """
    r = torch.tensor([-FAR, nodes[0] - 1, *nodes, nodes[-1] + 1, FAR], dtype=torch.float64)
    far_left, before, *heights, after, far_right = f(r).tolist()
    left, right = heights[0] - before, after - heights[-1]
    if abs(far_left - heights[0]) <= LEVEL:
        heights[0], left = far_left, 0.0
    if abs(far_right - heights[-1]) <= LEVEL:
        heights[-1], right = far_right, 0.0
    return Kernel(tuple(nodes), tuple(heights), left, right)
