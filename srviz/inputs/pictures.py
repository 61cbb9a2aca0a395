"""Real data: photographs as patches, and handwritten digits as pixels; both come with scikit-learn."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srviz.inputs.base import Array, Tokens, fit, register, standardize

FINEST = 4  # the side of the smallest patch, in pixels
LONGEST = 1.6  # how many times its short side a patch may be long
PATCHES = 106 * 160  # of 4 × 4 pixels, in a photograph of 427 × 640
DIGITS = 1797  # how many scikit-learn has, each of 8 × 8 pixels


@register(
    title="China, a photograph",
    line="A tower before a pale sky, cut into patches; a token is a patch's colour and position.",
    most=PATCHES,
    real=True,
    seeded=False,
)
def make_china(n: int, *, random_state: int) -> Tokens:
    """Patches of scikit-learn's china.jpg, at most n and as near to it as nearly square patches permit; x (n, 5)."""
    return _patches("china.jpg", n)


@register(
    title="Flower, a photograph",
    line="A bright dahlia on a dark ground, cut into patches; a token is a patch's colour and position.",
    most=PATCHES,
    real=True,
    seeded=False,
)
def make_flower(n: int, *, random_state: int) -> Tokens:
    """Patches of scikit-learn's flower.jpg, at most n and as near to it as nearly square patches permit; x (n, 5)."""
    return _patches("flower.jpg", n)


@register(
    title="Handwritten digits",
    line="The 8 × 8 pixels of a handwritten digit; a token is a pixel's ink and position.",
    fixed=tuple(64 * 2**k for k in range(9)),
    real=True,
)
def make_digits(n: int, *, random_state: int) -> Tokens:
    """n / 64 different digits of scikit-learn's on one board, row by row; x (n, 4): ink, row, column, which digit.

    Row and column count within a digit; which digit is 0 where there is but one.
    """
    count = n // 64
    down = 2 ** (int(math.log2(count)) // 2)
    across = count // down
    chosen = np.random.default_rng(random_state).choice(DIGITS, count, replace=False)
    row, col = np.mgrid[: 8 * down, : 8 * across].reshape(2, n)
    which = row // 8 * across + col // 8  # (n,), of the board's places
    row, col = row % 8, col % 8
    ink = _digits()[chosen[which], row, col]
    grey = np.repeat(1 - ink[:, None] / 16, 3, axis=1).astype(np.float32)
    grid = (8 * down, 8 * across)
    return Tokens(standardize(np.column_stack([ink, row, col, which])), _cells(grid, 1.0), grey, grid)


def _patches(name: str, n: int) -> Tokens:
    """A photograph as tokens: mean red, green and blue, row and column of each patch."""
    picture = _photograph(name)
    height, width, _ = picture.shape
    grid = rows, cols = _grid(n, height, width)
    tops, lefts = np.arange(rows) * height // rows, np.arange(cols) * width // cols
    sums = np.add.reduceat(np.add.reduceat(picture, tops, axis=0, dtype=np.float64), lefts, axis=1)
    area = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    colour = (sums / area[:, :, None] / 255).reshape(-1, 3).astype(np.float32)
    row, col = np.divmod(np.arange(rows * cols), cols)
    aspect = (width / cols) / (height / rows)
    return Tokens(standardize(np.column_stack([colour, row, col])), _cells(grid, aspect), colour, grid)


def _grid(n: int, height: int, width: int) -> tuple[int, int]:
    """(rows, cols) with rows · cols ≤ n as near to n as patches allow that are nearly square, then the squarest."""
    best, grid = (0, -math.inf), (1, 1)
    for rows in range(1, min(n, height // FINEST) + 1):
        squarest = rows * width / height
        cols = min(n // rows, width // FINEST, int(LONGEST * squarest))
        stretch = abs(math.log(max(cols, 1e-9) / squarest))
        if stretch <= math.log(LONGEST):
            best, grid = max((best, grid), ((rows * cols, -stretch), (rows, cols)))
    return grid


def _cells(grid: tuple[int, int], aspect: float) -> Array:
    """The middles of a grid's cells, row by row from the top left; a cell is `aspect` times as wide as high."""
    rows, cols = grid
    row, col = np.divmod(np.arange(rows * cols), cols)
    middle = np.stack([(col + 0.5) * aspect, rows - row - 0.5], axis=1)
    corners = np.array([[0, 0], [cols * aspect, rows]])
    return fit(np.vstack([middle, corners]))[:-2]


@lru_cache(maxsize=2)
def _photograph(name: str) -> NDArray[np.uint8]:
    """A sample photograph (height, width, 3), cut in the middle to whole patches of the finest size; read-only."""
    from sklearn.datasets import load_sample_image

    picture = np.asarray(load_sample_image(name), dtype=np.uint8)
    height, width = (size // FINEST * FINEST for size in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    picture = picture[top : top + height, left : left + width]
    picture.flags.writeable = False
    return picture


@lru_cache(maxsize=1)
def _digits() -> NDArray[np.float64]:
    """All digits (1797, 8, 8), ink from 0 to 16; read-only."""
    from sklearn.datasets import load_digits

    images: NDArray[np.float64] = load_digits().images
    images.flags.writeable = False
    return images
