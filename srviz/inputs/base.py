"""What an input is, the decorator that registers one, and the few helpers that generators share."""

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import index
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Maker = TypeVar("Maker", bound=Callable[..., "Tokens"])

LEAST, MOST = 4, 16_384


class Unreadable(ValueError):
    """A visitor's file or text that cannot be used; its text is a sentence that says what is wrong and what works."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """n tokens, as numbers and as they are drawn; every array is C-contiguous, and float32 but for the labels.

    x: (n, D) features, roughly of mean 0 and variance 1 in each column. place: (n, 2) in [0, 1]², x to the right and
    y up; or (n, 3) in space, z up, of mean 0 and variance 1 over all its coordinates. colour: (n, 3) RGB in [0, 1], or
    None. grid: (rows, cols) where the tokens tile a picture row by row, or None. label: (n,) int64, which of the
    classes named in labels each token is of, or None. words: the n tokens as text, or None.
    """

    x: Array
    place: Array
    colour: Array | None = None
    grid: tuple[int, int] | None = None
    label: NDArray[np.int64] | None = None
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name, widths in (("x", None), ("place", (2, 3)), ("colour", (3,))):
            value = getattr(self, name)
            if value is None and name == "colour":
                continue
            value = np.ascontiguousarray(value, dtype=np.float32)
            if value.ndim != 2 or (widths and (len(value) != self.n or value.shape[1] not in widths)):
                shape = f"({self.n}, {' or '.join(map(str, widths))})" if widths else "(n, D)"
                raise ValueError(f"{name}: expected shape {shape}, got {value.shape}")
            object.__setattr__(self, name, value)
        if self.grid is not None and math.prod(self.grid) != self.n:
            raise ValueError(f"grid: expected rows × cols = {self.n} tokens, got {self.grid}")
        if self.label is not None:
            label = np.ascontiguousarray(self.label, dtype=np.int64)
            if label.shape != (self.n,):
                raise ValueError(f"label: expected shape ({self.n},), got {label.shape}")
            if label.min() < 0 or label.max() >= len(self.labels):
                raise ValueError(f"label: expected 0 to {len(self.labels) - 1}, got {label.min()} to {label.max()}")
            object.__setattr__(self, "label", label)
        if self.words is not None and len(self.words) != self.n:
            raise ValueError(f"words: expected {self.n}, one a token, got {len(self.words)}")

    @property
    def n(self) -> int:
        """The number of tokens."""
        return len(self.x)


@dataclass(frozen=True)
class Input:
    """A named generator, with what a picker shows of it.

    name: url-safe. title and line: for people, the line one sentence. make: (n, *, random_state, …) → Tokens.
    least, most: the sizes n it takes, most being the real thing. fixed: the only sizes in between, or None where any
    will do. real: whether it is real data. seeded: whether random_state changes it.
    """

    name: str
    title: str
    line: str
    make: Callable[..., Tokens]
    least: int = LEAST
    most: int = MOST
    fixed: tuple[int, ...] | None = None
    real: bool = False
    seeded: bool = True

    def nearest(self, n: int) -> int:
        """The size nearest to n that this input can be asked for."""
        if self.fixed is not None:
            return min(self.fixed, key=lambda size: abs(size - n))
        return max(self.least, min(n, self.most))


INPUTS: dict[str, Input] = {}  # written while this package is imported, only read afterwards


def register(
    *,
    title: str,
    line: str,
    least: int = LEAST,
    most: int = MOST,
    fixed: tuple[int, ...] | None = None,
    real: bool = False,
    seeded: bool = True,
) -> Callable[[Maker], Maker]:
    """Put `make_<name>(n, *, random_state, …)` into `INPUTS` as <name>, and check its arguments.

    Parameters are those of `Input`; `fixed` takes the place of `least` and `most`. The function registered raises
    TypeError for an n or random_state that is not an integer and for a keyword it does not know, ValueError for an n
    out of range and a negative random_state.
    """
    if fixed is not None:
        least, most = min(fixed), max(fixed)

    def decorate(function: Maker) -> Maker:
        name = function.__name__.removeprefix("make_")
        if name in INPUTS:
            raise ValueError(f"name: expected one that no other input has, got {name!r}")
        known = list(inspect.signature(function).parameters)[1:]

        @functools.wraps(function)
        def make(n: int, *, random_state: int, **options: Any) -> Tokens:
            if fixed is not None and integer("n", n) not in fixed:
                raise ValueError(f"n: expected one of {', '.join(map(str, fixed))}, got {n}")
            n, random_state = asked(n, random_state, least, most)
            for option in options:
                if option not in known:
                    raise TypeError(f"{option}: expected one of {', '.join(known)}, got an unknown keyword")
            return function(n, random_state=random_state, **options)

        INPUTS[name] = Input(name, title, line, make, least, most, fixed, real, seeded)
        return cast(Maker, make)

    return decorate


def asked(n: int, random_state: int, least: int, most: int) -> tuple[int, int]:
    """Both as ints. Raises TypeError where they are not, ValueError for n out of range and a negative random_state."""
    n, random_state = integer("n", n), integer("random_state", random_state)
    if not least <= n <= most:
        raise ValueError(f"n: expected {least} to {most}, got {n}")
    if random_state < 0:
        raise ValueError(f"random_state: expected 0 or more, got {random_state}")
    return n, random_state


def integer(name: str, value: Any) -> int:
    """Return the value as an int; raises TypeError where it is not an integer (True and 8.0 are not)."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an integer, got {value!r}") from None


def share(name: str, value: float, most: float) -> float:
    """Return the value; raises ValueError where it is not a number from 0 to `most`."""
    if not isinstance(value, int | float | np.number) or not 0 <= value <= most:
        raise ValueError(f"{name}: expected a number from 0 to {most:g}, got {value!r}")
    return float(value)


def at_least(name: str, value: float, bound: float) -> float:
    """Return the value; raises ValueError where it is not a finite number of at least `bound`."""
    if not isinstance(value, int | float | np.number) or not math.isfinite(value) or value < bound:
        raise ValueError(f"{name}: expected a finite number of at least {bound:g}, got {value!r}")
    return value


def standardized_columns(x: NDArray[Any]) -> Array:
    """Each column of x (n, D) with mean 0 and variance 1; a constant column becomes 0."""
    columns: NDArray[np.float64] = x.astype(np.float64)
    columns -= columns.mean(0)
    deviation = columns.std(0)
    deviation[deviation < 1e-9] = np.inf
    return np.asarray(columns / deviation, dtype=np.float32)


def alike(points: NDArray[Any]) -> Array:
    """Points (n, D), shifted to mean 0 and scaled alike on all axes, so that the mean of their variances is 1.

    A plane through the result is a plane through the points. Points that are all equal become 0.
    """
    centred = np.ascontiguousarray(points - points.mean(0, dtype=np.float64), dtype=np.float32)
    variance = float(np.square(centred).mean(dtype=np.float64))
    centred *= variance**-0.5 if variance > 0 else 0.0
    return centred


def principal(x: NDArray[Any], count: int = 3) -> Array:
    """The first principal components of x (n, D), scaled `alike`: (n, count), zeros where D is smaller.

    The sign of each is such that its largest loading is positive, so that the same data are always seen alike.
    """
    centred = np.asarray(x, dtype=np.float32) - x.mean(0, dtype=np.float64).astype(np.float32)
    _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    vectors = vectors[:, ::-1][:, :count]  # (D, count), of the largest variance first
    vectors = vectors * np.sign(np.take_along_axis(vectors, np.abs(vectors).argmax(0)[None], 0))
    seen = np.zeros((len(x), count), np.float32)
    seen[:, : vectors.shape[1]] = centred @ vectors.astype(np.float32)
    return alike(seen)


def fit(points: NDArray[Any]) -> Array:
    """Points (n, 2), shifted and scaled alike on both axes into the middle of the unit square."""
    low, high = points.min(0), points.max(0)
    scaled: NDArray[np.float64] = 0.5 + (points - (low + high) / 2) / max((high - low).max(), 1e-9)
    return scaled.clip(0, 1).astype(np.float32)


def series(y: NDArray[Any]) -> Array:
    """Heights y (n,) as a row of points (n, 2) from left to right, the lowest at 0 and the highest at 1."""
    height: NDArray[np.float64] = (y - y.min()) / max(np.ptp(y), 1e-9)
    return np.column_stack([np.linspace(0, 1, len(y)), height]).astype(np.float32)
