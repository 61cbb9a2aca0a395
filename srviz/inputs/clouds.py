"""Real clouds of points, from what comes with scikit-learn: photographs in the space of colours, and three tables."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srviz.inputs import packaged
from srviz.inputs.base import Array, Input, Tokens, alike, asked, principal, standardized_columns
from srviz.inputs.pictures import photograph
from srviz.inputs.shapes import CLOUDS, LEAST, disturb

Made = Callable[[NDArray[np.int64], np.random.Generator, float, float], Tokens]

PIXELS = 427 * 640  # of either photograph


def cloud(*, title: str, line: str, most: int) -> Callable[[Made], Made]:
    """Put `<name>(chosen, rng, noise, outliers)` into `CLOUDS`; chosen are the n of the `most` points, in order."""

    def decorate(function: Made) -> Made:
        name = function.__name__
        least = min(LEAST, most)

        def make(n: int, *, random_state: int, noise: float = 0.0, outliers: float = 0.0) -> Tokens:
            n, random_state = asked(n, random_state, 4, most)
            rng = np.random.default_rng(random_state)
            return function(evenly(n, most, rng), rng, noise, outliers)

        make.__name__, make.__doc__ = f"make_{name}", function.__doc__
        CLOUDS[name] = Input(name, title, line, make, least, most, real=True)
        return function

    return decorate


def evenly(n: int, of: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which n of so many rows to take: (n,), one at random from each of n parts as equal as can be, in order."""
    bounds = np.arange(n + 1) * of // n
    return rng.integers(bounds[:-1], bounds[1:])


@cloud(
    title="China, its colours",
    line="Every pixel of a photograph as a point: how red, how green and how blue it is.",
    most=PIXELS,
)
def china_rgb(chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    """Pixels of scikit-learn's china.jpg as points in RGB space; x (n, 3)."""
    return _colours("china", chosen, rng, noise, outliers)


@cloud(
    title="Flower, its colours",
    line="Every pixel of a photograph as a point: how red, how green and how blue it is.",
    most=PIXELS,
)
def flower_rgb(chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    """Pixels of scikit-learn's flower.jpg as points in RGB space; x (n, 3)."""
    return _colours("flower", chosen, rng, noise, outliers)


@cloud(
    title="Handwritten digits",
    line="Each point is a digit of 64 pixels, seen in the three directions in which digits differ most.",
    most=1797,
)
def digits_pca(chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    """scikit-learn's digits; x (n, 64), each pixel standardized; place their three principal components."""
    return _table(packaged.digits, chosen, rng, noise, outliers)


@cloud(
    title="Iris",
    line="Each point is a flower of one of three species, four lengths in centimetres.",
    most=150,
)
def iris(chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    """scikit-learn's iris; x (n, 4), each length standardized; place their three principal components."""
    return _table(packaged.iris, chosen, rng, noise, outliers)


@cloud(
    title="Wine",
    line="Each point is a wine from one of three growers, thirteen measurements of its chemistry.",
    most=178,
)
def wine(chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    """scikit-learn's wines; x (n, 13), each measurement standardized; place their three principal components."""
    return _table(packaged.wine, chosen, rng, noise, outliers)


def _colours(name: str, chosen: NDArray[np.int64], rng: np.random.Generator, noise: float, outliers: float) -> Tokens:
    colour: Array = photograph(name).reshape(-1, 3)[chosen].astype(np.float32)
    colour /= 255
    x = alike(disturb(colour, rng, noise, outliers))
    return Tokens(x, place=x, colour=colour)


def _table(
    table: Callable[[], packaged.Table],
    chosen: NDArray[np.int64],
    rng: np.random.Generator,
    noise: float,
    outliers: float,
) -> Tokens:
    """Rows of one of scikit-learn's tables; standardized and seen as the whole of it is, whichever rows are taken."""
    x, label, labels = _rows(table)
    x = standardized_columns(disturb(x, rng, noise, outliers))
    return Tokens(x[chosen], place=principal(x)[chosen], label=label[chosen], labels=labels)


@lru_cache(maxsize=3)
def _rows(table: Callable[[], packaged.Table]) -> tuple[Array, NDArray[np.int64], tuple[str, ...]]:
    """A table of scikit-learn's: columns (n, D), class (n,) and the classes' names; read-only."""
    found = table()
    x = found.x.astype(np.float32)
    x.flags.writeable = found.label.flags.writeable = False
    return x, found.label, tuple(of.replace("_", " ") for of in found.labels)
