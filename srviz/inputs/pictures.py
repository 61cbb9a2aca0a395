"""Photographs as patches, scikit-learn's or the visitor's own, and handwritten digits as pixels."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from srviz.inputs import packaged, reader
from srviz.inputs.base import Array, Tokens, Unreadable, fit, integer, register, standardized_columns
from srviz.inputs.kinds import PICTURES
from srviz.inputs.reader import MOST_BYTES, Show

FINEST = 4  # the side of the smallest patch, in pixels
LONGEST = 1.6  # how many times its short side a patch may be long
PATCHES = 106 * 160  # of 4 × 4 pixels, in a photograph of 427 × 640
DIGITS = 1797  # how many scikit-learn has, each of 8 × 8 pixels
SIDES = (32, 16, 8, 4)  # of square patches, in pixels

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """A visitor's picture. pixels: (h, w, 3) RGB, read-only; notes: sentences that say what was done to it."""

    pixels: Pixels
    notes: tuple[str, ...] = ()


@register(
    title="China, a photograph",
    line="A tower before a pale sky, cut into patches; a token is a patch's colour and position.",
    most=PATCHES,
    real=True,
    seeded=False,
)
def make_china(n: int, *, random_state: int) -> Tokens:
    """Patches of scikit-learn's china.jpg, at most n and as near to it as nearly square patches permit; x (n, 5)."""
    return _patches("china", n)


@register(
    title="Flower, a photograph",
    line="A bright dahlia on a dark ground, cut into patches; a token is a patch's colour and position.",
    most=PATCHES,
    real=True,
    seeded=False,
)
def make_flower(n: int, *, random_state: int) -> Tokens:
    """Patches of scikit-learn's flower.jpg, at most n and as near to it as nearly square patches permit; x (n, 5)."""
    return _patches("flower", n)


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
    ink = _digits().x.reshape(-1, 8, 8)[chosen[which], row, col]
    grey = np.repeat(1 - ink[:, None] / 16, 3, axis=1).astype(np.float32)
    grid = (8 * down, 8 * across)
    return Tokens(standardized_columns(np.column_stack([ink, row, col, which])), _cells(grid, 1.0), grey, grid)


def digit(index: int) -> Tokens:
    """The 64 pixels of one of scikit-learn's handwritten digits, row by row; x (64, 3): ink, row, column.

    words: the ink of each pixel, "0" to "16". label: which digit it is, the same for all. Raises ValueError for an
    index out of 0 to 1796.
    """
    if not 0 <= integer("index", index) < DIGITS:
        raise ValueError(f"index: expected 0 to {DIGITS - 1}, got {index}")
    row, col = np.divmod(np.arange(64), 8)
    ink = _digits().x[index]
    grey = np.repeat(1 - ink[:, None] / 16, 3, axis=1).astype(np.float32)
    return Tokens(
        standardized_columns(np.column_stack([ink, row, col])),
        _cells((8, 8), 1.0),
        grey,
        (8, 8),
        label=np.full(64, _digits().label[index]),
        labels=tuple("0123456789"),
        words=tuple(str(int(value)) for value in ink),
    )


def patches(pixels: Pixels, side: int) -> Tokens:
    """A picture (h, w, 3) as square patches of `side` pixels, row by row, what is left over cut off on all sides.

    x (n, 5): mean red, green and blue, row and column. Raises ValueError for a side other than 32, 16, 8 or 4 and for
    a picture that has fewer than four such patches.
    """
    if side not in SIDES:
        raise ValueError(f"side: expected one of {', '.join(map(str, SIDES))}, got {side!r}")
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"pixels: expected (h, w, 3) of uint8, got {pixels.shape} of {pixels.dtype}")
    grid = rows, cols = pixels.shape[0] // side, pixels.shape[1] // side
    if rows * cols < 4:
        raise ValueError(f"pixels: expected at least four patches of {side} pixels, got a picture of {pixels.shape}")
    return _tiles(_middle(pixels, rows * side, cols * side), grid)


def read_picture(
    data: bytes, *, memory: int | None = None, show: Show = lambda text: None, owner: Hashable | None = None
) -> Picture:
    """A visitor's PNG, JPEG, WebP or HEIC as pixels: turned as it says, on white, at most 1,024 pixels a side.

    It is unpacked in a process of its own. memory, show, owner: as in `files.read`. Raises Unreadable where it is none
    of these, broken, over 25 MB, over 50 million pixels, over 160 MB when unpacked, under 64 a side, or takes too long.
    """
    if not data:
        raise Unreadable("This file is empty. A picture in PNG, JPEG, WebP or HEIC works.")
    if len(data) > MOST_BYTES:
        raise Unreadable(f"This picture has {len(data) / 1e6:.0f} MB; at most 25 MB can be read. A smaller copy works.")
    said, found = reader.read_arrays(PICTURES[0], data, memory=memory, show=show, owner=owner)
    pixels = found["pixels"]
    pixels.flags.writeable = False
    return Picture(pixels, tuple(said["notes"]))


@lru_cache(maxsize=2)
def photograph(name: str) -> Pixels:
    """One of scikit-learn's two photographs, "china" or "flower": (427, 640, 3); read-only."""
    from PIL import Image

    with Image.open(packaged.photograph(name)) as file:
        picture = np.array(file, dtype=np.uint8)
    picture.flags.writeable = False
    return picture


PHOTOGRAPHS: dict[str, Callable[[], Pixels]] = {name: partial(photograph, name) for name in ("china", "flower")}


def _patches(name: str, n: int) -> Tokens:
    """A photograph, cut to whole patches of the finest size, in about n patches."""
    picture = photograph(name)
    height, width = (size // FINEST * FINEST for size in picture.shape[:2])
    return _tiles(_middle(picture, height, width), _grid(n, height, width))


def _middle(picture: Pixels, height: int, width: int) -> Pixels:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def _tiles(picture: Pixels, grid: tuple[int, int]) -> Tokens:
    """A picture in rows × cols tiles as equal as whole pixels are: mean red, green and blue, row and column of each."""
    height, width, _ = picture.shape
    rows, cols = grid
    tops, lefts = np.arange(rows) * height // rows, np.arange(cols) * width // cols
    sums = np.add.reduceat(np.add.reduceat(picture, tops, axis=0, dtype=np.float64), lefts, axis=1)
    area = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    colour = (sums / area[:, :, None] / 255).reshape(-1, 3).astype(np.float32)
    row, col = np.divmod(np.arange(rows * cols), cols)
    aspect = (width / cols) / (height / rows)
    return Tokens(standardized_columns(np.column_stack([colour, row, col])), _cells(grid, aspect), colour, grid)


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


@lru_cache(maxsize=1)
def _digits() -> packaged.Table:
    """All digits, their ink from 0 to 16; read-only."""
    found = packaged.digits()
    found.x.flags.writeable = found.label.flags.writeable = False
    return found
