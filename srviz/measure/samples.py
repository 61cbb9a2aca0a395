"""A curve without straight pieces as the browser takes it: polynomials through samples, finer where it bends more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz.ui.kit.component import packed

REACH = 2.0**15  # |r| that is followed, in bandwidths: of any scores that the page allows
DEGREE = 7  # of a polynomial, which goes through samples at its two ends and between them, where Chebyshev has them
EXACT = 1e-7  # how far it may be from the curve, as a part of the largest height beside it
LEAST = 1e-38  # heights of this size are rounding in float32
NOISE = 1e-14  # and of this one, as a part of the largest near r = 0, those of an f that does not compute them better
WIDEST, NARROWEST = 2.0**-8, 2.0**-40  # of a polynomial at r = 0, in bandwidths; farther out in proportion to r
JUMP = 1e-3  # of a height within the narrowest polynomial, as a part of the largest height near r = 0
MOST, MANY = 2048, 512  # polynomials; from so many on the smallest heights count as noise

Numbers = NDArray[np.float64]
PLACES = -np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
BETWEEN = -np.cos(np.pi * (np.arange(DEGREE) + 0.5) / DEGREE)


def samples(name: str, f: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Of f at the places of every polynomial, as float32 in base64; the end of one is the start of the next.

    Raises ValueError where no polynomials follow it: it jumps, is not finite, or has too many waves.
    """
    ends, found = followed(name, f)
    heights = np.append(found[:, :-1].ravel(), found[-1, -1])
    return {"ends": ends.tolist(), "values": packed(heights, "<f4")}


def followed(name: str, f: Callable[[Tensor], Tensor]) -> tuple[Numbers, Numbers]:
    """Where the polynomials end, ascending (m + 1,), and the heights of f at their places, (m, DEGREE + 1)."""
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
    return np.append(starts[order], REACH), found[order]


def _heights(name: str, f: Callable[[Tensor], Tensor], r: Numbers) -> Numbers:
    heights: Numbers = f(torch.from_numpy(r)).numpy()
    if not (finite := np.abs(heights) <= np.finfo(np.float32).max).all():  # NaN is not, either
        raise ValueError(f"f: expected finite heights, got {heights[~finite][0]} in {name!r} at r = {r[~finite][0]:g}")
    return heights
