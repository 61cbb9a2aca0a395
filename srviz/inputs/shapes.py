"""Shapes in space, uniform on their surface by area: from a sphere to an aeroplane, from 256 points to a million.

A surface is a list of patches, each a map from the unit square into space. `CLOUDS` holds every cloud of points by
name: these, and the real ones of `clouds`. z is up.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srviz.inputs.base import Array, Input, Tokens, alike, asked, share

LEAST, MOST = 256, 1_000_000
NOISIEST, WILDEST = 0.3, 0.5  # the largest noise and share of outliers
ROWS = 1 << 16  # points worked on at a time
TURN = 2 * np.pi

Numbers = NDArray[np.float64]
Point = tuple[float, float, float]

CLOUDS: dict[str, Input] = {}  # written while the package is imported, only read afterwards


@dataclass(frozen=True)
class Patch:
    """A piece of a surface. at: (u, v), each (m,) from 0 to 1, → x, y, z, that broadcast to (m,).

    cells: into how many steps of u and v it is cut to measure its area; within one the area of a piece of the unit
    square is taken to be in proportion to it.
    """

    at: Callable[[Numbers, Numbers], tuple[Numbers | float, Numbers | float, Numbers | float]]
    cells: tuple[int, int] = (256, 48)

    def points(self, u: Numbers, v: Numbers) -> Numbers:
        """Where (u, v), each (m,), lie in space: (m, 3)."""
        return np.stack(np.broadcast_arrays(*self.at(u, v)), axis=1)

    def areas(self) -> Numbers:
        """The area of each cell, those of one step of u one after the other: (cells,)."""
        across, down = self.cells
        u, v = np.meshgrid(np.linspace(0, 1, across + 1), np.linspace(0, 1, down + 1), indexing="ij")
        corners = self.points(u.ravel(), v.ravel()).reshape(across + 1, down + 1, 3)
        one, other = corners[1:, 1:] - corners[:-1, :-1], corners[1:, :-1] - corners[:-1, 1:]
        area: Numbers = np.linalg.norm(np.cross(one, other), axis=2).ravel() / 2
        return area


Surface = Sequence[Patch]


def shape(*, title: str, line: str) -> Callable[[Callable[[], Surface]], Callable[[], Surface]]:
    """Put a function that returns a surface into `CLOUDS` under its own name."""

    def decorate(surface: Callable[[], Surface]) -> Callable[[], Surface]:
        def make(n: int, *, random_state: int, noise: float = 0.0, outliers: float = 0.0) -> Tokens:
            n, random_state = asked(n, random_state, 4, MOST)
            rng = np.random.default_rng(random_state)
            x = alike(disturb(spread(surface(), n, rng), rng, noise, outliers))
            return Tokens(x, place=x)

        name = surface.__name__
        make.__name__, make.__doc__ = f"make_{name}", inspect.getdoc(surface)
        CLOUDS[name] = Input(name, title, line, make, LEAST, MOST)
        return surface

    return decorate


def spread(surface: Surface, n: int, rng: np.random.Generator) -> Array:
    """n points (n, 3), uniform on the surface by area and in order along it.

    The area is cut into n equal parts, and there is one point in each: as random as independent points where one
    looks, but more even.
    """
    areas = [patch.areas() for patch in surface]
    upto = np.cumsum(np.concatenate(areas))
    first = np.cumsum([0] + [len(area) for area in areas])  # the first cell of each patch
    cell = np.searchsorted(upto, (np.arange(n) + rng.random(n)) * (upto[-1] / n), side="right")
    starts = np.searchsorted(cell, first)
    points = np.empty((n, 3), np.float32)
    for patch, begin, start, end in zip(surface, first, starts, starts[1:], strict=False):
        for low in range(start, end, ROWS):
            high = min(low + ROWS, end)
            row, col = np.divmod(cell[low:high] - begin, patch.cells[1])
            u, v = (row + rng.random(high - low)) / patch.cells[0], (col + rng.random(high - low)) / patch.cells[1]
            points[low:high] = patch.points(u, v)
    return points


def disturb(points: Array, rng: np.random.Generator, noise: float, outliers: float) -> Array:
    """Points (n, D) with normal noise, and some of them replaced by uniform ones; those given where both are 0.

    noise: its standard deviation as a share of the root mean square distance from the middle, 0 to 0.3. outliers:
    the share that is replaced, 0 to 0.5; they lie in the bounding box, made 1.5 times as large.
    """
    noise, outliers = share("noise", noise, NOISIEST), share("outliers", outliers, WILDEST)
    n, dim = points.shape
    low, high = points.min(0), points.max(0)
    if noise:
        radius = np.sqrt(points.var(0, dtype=np.float64).sum())
        points = points + rng.standard_normal((n, dim), dtype=np.float32) * np.float32(noise * radius)
    if outliers:
        chosen = rng.choice(n, round(outliers * n), replace=False)
        box = rng.random((len(chosen), dim), dtype=np.float32) * np.float32(1.5) - np.float32(0.25)
        points = points.copy()
        points[chosen] = low + box * (high - low)
    return points


# parts of surfaces


def tube(curve: Callable[[Numbers], Numbers], radius: float, up: Point = (0, 0, 1)) -> Patch:
    """A tube around a curve (m,) from 0 to 1 → (3, m), which never runs in the direction `up`."""

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        along = curve(u + 1e-5) - curve(u - 1e-5)
        one = np.cross(along, np.array(up)[:, None], axis=0)
        other = np.cross(along, one, axis=0)
        one, other = one / np.linalg.norm(one, axis=0), other / np.linalg.norm(other, axis=0)
        x, y, z = curve(u) + radius * (np.cos(TURN * v) * one + np.sin(TURN * v) * other)
        return x, y, z

    return Patch(at)


def flat(*corners: Point) -> Patch:
    """The quadrilateral between four corners in order round it."""
    a, b, c, d = np.array(corners, dtype=np.float64)[:, :, None]

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        x, y, z = (a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v
        return x, y, z

    return Patch(at, cells=(16, 16))


def slab(bottom: Sequence[Point], rise: Point) -> list[Patch]:
    """The six sides of a quadrilateral that is moved by `rise`."""
    top = [(x + rise[0], y + rise[1], z + rise[2]) for x, y, z in bottom]
    sides = [flat(bottom[i], bottom[i - 1], top[i - 1], top[i]) for i in range(4)]
    return [flat(*bottom), flat(*top), *sides]


def box(centre: Point, size: Point) -> list[Patch]:
    """The six sides of an upright box."""
    (x, y, z), (a, b, c) = centre, (size[0] / 2, size[1] / 2, size[2] / 2)
    bottom = [(x - a, y - b, z - c), (x + a, y - b, z - c), (x + a, y + b, z - c), (x - a, y + b, z - c)]
    return slab(bottom, (0, 0, 2 * c))


def cone(start: Point, end: Point, first: float, last: float, *, closed: bool = True) -> list[Patch]:
    """The side of a cone from a circle of radius `first` round start to one of `last` round end, with its two discs.

    The same radii make it a cylinder.
    """
    begin, axis = np.array(start, dtype=np.float64)[:, None], np.subtract(end, start)[:, None]
    one = np.cross(axis, np.eye(3)[np.abs(axis[:, 0]).argmin()][:, None], axis=0)
    other = np.cross(axis, one, axis=0)
    one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)

    def ring(height: Numbers | float, radius: Numbers | float, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        x, y, z = begin + axis * height + radius * (np.cos(TURN * v) * one + np.sin(TURN * v) * other)
        return x, y, z

    side = Patch(lambda u, v: ring(u, first + (last - first) * u, v), cells=(64, 48))
    lower = Patch(lambda u, v: ring(0.0, first * np.sqrt(u), v), cells=(16, 48))
    upper = Patch(lambda u, v: ring(1.0, last * np.sqrt(u), v), cells=(16, 48))
    return [side, *([lower] if closed and first else []), *([upper] if closed and last else [])]


def ellipsoid(centre: Point, radii: Point) -> Patch:
    """An ellipsoid with its axes along those of space."""
    (x, y, z), (a, b, c) = centre, radii

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        height = 2 * v - 1
        across = np.sqrt(1 - height**2)
        return x + a * across * np.cos(TURN * u), y + b * across * np.sin(TURN * u), z + c * height

    return Patch(at, cells=(128, 128))


def circle(u: Numbers) -> Numbers:
    """The unit circle in the plane z = 0: (3, m)."""
    return np.stack([np.cos(TURN * u), np.sin(TURN * u), 0 * u])


# the shapes


@shape(title="Sphere", line="The surface of a ball.")
def sphere() -> Surface:
    """A sphere."""
    return [ellipsoid((0, 0, 0), (1, 1, 1))]


@shape(title="Torus", line="The surface of a ring.")
def torus() -> Surface:
    """A torus, its tube two fifths as wide as the ring."""
    return [tube(circle, 0.4)]


@shape(title="Cube", line="The six sides of a cube.")
def cube() -> Surface:
    """A cube."""
    return box((0, 0, 0), (1, 1, 1))


@shape(title="Swiss roll", line="A sheet rolled up.")
def swiss_roll() -> Surface:
    """scikit-learn's Swiss roll standing upright; uniform by area, where scikit-learn's is denser inside."""

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        angle = 1.5 * np.pi * (1 + 2 * u)
        return angle * np.cos(angle), angle * np.sin(angle), 21 * v

    return [Patch(at)]


@shape(title="S-curve", line="A sheet bent like the letter S.")
def s_curve() -> Surface:
    """scikit-learn's S-curve, standing upright."""

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        angle = 3 * np.pi * (u - 0.5)
        return np.sin(angle), np.sign(angle) * (np.cos(angle) - 1), 2 * v

    return [Patch(at)]


@shape(title="Möbius band", line="A band with half a twist: it has one side and one edge.")
def moebius() -> Surface:
    """A Möbius band, 0.8 wide round a circle of radius 1."""

    def at(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        across, half = 0.8 * (v - 0.5), np.pi * u
        radius = 1 + across * np.cos(half)
        return radius * np.cos(TURN * u), radius * np.sin(TURN * u), across * np.sin(half)

    return [Patch(at)]


@shape(title="Trefoil", line="A tube tied into the simplest knot.")
def trefoil() -> Surface:
    """A tube round the trefoil knot (sin t + 2 sin 2t, cos t − 2 cos 2t, −sin 3t)."""

    def knot(u: Numbers) -> Numbers:
        t = TURN * u
        return np.stack([np.sin(t) + 2 * np.sin(2 * t), np.cos(t) - 2 * np.cos(2 * t), -np.sin(3 * t)])

    return [tube(knot, 0.35)]


@shape(title="Helix", line="A tube wound four times round an upright axis.")
def helix() -> Surface:
    """A tube round a helix of four turns."""
    return [tube(lambda u: np.stack([np.cos(4 * TURN * u), np.sin(4 * TURN * u), 3.2 * u]), 0.15)]


@shape(title="Linked rings", line="Two rings linked like those of a chain.")
def rings() -> Surface:
    """Two tubes round circles, one flat and one upright, each through the middle of the other; half the points each."""
    return [
        tube(lambda u: circle(u) - np.array([[0.5], [0], [0]]), 0.08),
        tube(lambda u: circle(u)[[0, 2, 1]] + np.array([[0.5], [0], [0]]), 0.08, up=(0, 1, 0)),
    ]


@shape(title="Table", line="A table top on four round legs.")
def table() -> Surface:
    """A table of 1.6 × 0.9 by 0.75 (metres)."""
    top = box((0, 0, 0.725), (1.6, 0.9, 0.05))
    rails = [side for y in (-0.36, 0.36) for side in box((0, y, 0.65), (1.4, 0.03, 0.1))]
    rails += [side for x in (-0.7, 0.7) for side in box((x, 0, 0.65), (0.03, 0.72, 0.1))]
    legs = [side for x in (-0.7, 0.7) for y in (-0.36, 0.36) for side in cone((x, y, 0), (x, y, 0.7), 0.025, 0.04)]
    return [*top, *rails, *legs]


@shape(title="Chair", line="A seat on four legs, with slats for a back.")
def chair() -> Surface:
    """A chair of 0.45 × 0.45, its seat 0.45 and its back 0.95 high (metres)."""
    seat = box((0, 0, 0.44), (0.45, 0.45, 0.04))
    legs = [side for x in (-0.2, 0.2) for y in (-0.2, 0.2) for side in box((x, y, 0.21), (0.04, 0.04, 0.42))]
    posts = [side for x in (-0.2, 0.2) for side in box((x, 0.2, 0.7), (0.04, 0.03, 0.5))]
    slats = [side for z in (0.6, 0.74, 0.88) for side in box((0, 0.2, z), (0.36, 0.02, 0.08))]
    return [*seat, *legs, *posts, *slats]


@shape(title="Lamp", line="A lamp with a round foot, a thin stem, a bulb and an open shade.")
def lamp() -> Surface:
    """A table lamp, 0.5 high (metres); the shade is open above and below."""
    foot = cone((0, 0, 0), (0, 0, 0.03), 0.1, 0.09)
    stem = cone((0, 0, 0.03), (0, 0, 0.32), 0.012, 0.012)
    shade = cone((0, 0, 0.28), (0, 0, 0.5), 0.17, 0.09, closed=False)
    return [*foot, *stem, ellipsoid((0, 0, 0.36), (0.035, 0.035, 0.045)), *shade]


@shape(title="Aeroplane", line="A long body, swept wings with two engines, and a tail.")
def aeroplane() -> Surface:
    """An airliner that is as long as its wings are wide; its nose points along x."""
    body = [
        *cone((-1.1, 0, 0), (1.3, 0, 0), 0.2, 0.2, closed=False),
        ellipsoid((1.3, 0, 0), (0.45, 0.2, 0.2)),
        *cone((-1.1, 0, 0), (-1.85, 0, 0.1), 0.2, 0.04),
    ]
    wings, tail, engines = [], [], []
    for side in (-1, 1):
        wing = [(0.5, 0.1, -0.08), (-0.25, 0.1, -0.08), (-0.65, 1.75, 0.1), (-0.45, 1.75, 0.1)]
        rear = [(-1.4, 0.05, 0.08), (-1.75, 0.05, 0.08), (-1.95, 0.62, 0.12), (-1.8, 0.62, 0.12)]
        wings += slab([(x, side * y, z) for x, y, z in wing], (0, 0, 0.04))
        tail += slab([(x, side * y, z) for x, y, z in rear], (0, 0, 0.03))
        engines += cone((0.0, side * 0.6, -0.16), (0.42, side * 0.6, -0.16), 0.07, 0.09)
    fin = slab([(-1.3, -0.015, 0.12), (-1.75, -0.015, 0.12), (-1.95, -0.015, 0.7), (-1.75, -0.015, 0.7)], (0, 0.03, 0))
    return [*body, *wings, *tail, *fin, *engines]


SPACE = {name: CLOUDS[name] for name in ("rings", "s_curve", "swiss_roll")}  # those that the eye follows at n = 8 too
