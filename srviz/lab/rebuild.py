"""A cloud in the plane, rebuilt from slices of it: each slice tells the projections of all points, and nothing else.

All slices together determine a measure (Cramér and Wold, 1936); a few do not. The points of an unrelated cloud are
moved until their projections on the given slices are the given ones: in each step they are sorted along every slice,
each is drawn to the number of its own rank, and the mean of what the slices ask is made (a sliced Wasserstein flow:
Rabin, Peyré, Delon and Bernot, 2011).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

COUNTS = (1, 2, 4, 8, 16, 32, 64)  # of slices
STEPS = 120
JUDGES = 180  # directions along which two clouds are compared


def directions(count: int, turn: float = 0.0) -> Tensor:
    """`count` unit vectors at even angles over half a turn, the first one at `turn`: (count, 2)."""
    angle = turn + math.pi * torch.arange(count, dtype=torch.float64) / count
    return torch.stack((angle.cos(), angle.sin()), -1)


def slices(points: Tensor, along: Tensor) -> Tensor:
    """The sorted projections of points (n, 2) along (K, 2) directions: (K, n). It is all that `rebuilt` is given."""
    return (along @ points.T).sort(-1).values


def rebuilt(told: Tensor, along: Tensor, start: Tensor, steps: int = STEPS) -> Tensor:
    """Points (n, 2) whose projections along (K, 2) directions are those told, (K, n), beginning at `start`: (n, 2).

    One slice asks for a move along itself; the mean over slices at even angles holds half of each, so that two or more
    are taken twice.
    """
    at = start.clone()
    factor = min(2, len(along)) / len(along)
    for _ in range(steps):
        now = along @ at.T
        rank = now.argsort(-1).argsort(-1)
        at = at + factor * (told.gather(-1, rank) - now).T @ along
    return at


def apart(one: Tensor, other: Tensor) -> float:
    """How far two clouds of equally many points are from each other: the mean over `JUDGES` directions of the root mean
    square distance of their sorted projections, over the same of the first cloud from its mean. 0: the same cloud.
    """
    return missed(one, other, directions(JUDGES, 0.5 * math.pi / JUDGES))


def missed(one: Tensor, other: Tensor, along: Tensor) -> float:
    """The same over the directions `along`, (K, 2), alone: how far what was rebuilt is from the slices it was given."""
    mine, theirs = slices(one, along), slices(other, along)
    spread = (mine - mine.mean(-1, keepdim=True)).square().mean(-1).sqrt().mean()
    return float((mine - theirs).square().mean(-1).sqrt().mean() / spread)


@dataclass(frozen=True, eq=False)
class Rebuilding:
    """What was made of some slices of a cloud. points: (n, 2). apart: how far they are from the cloud, as `apart` says.
    missed: how far from the slices that were given, as `missed` says.
    """

    points: Tensor
    apart: float
    missed: float


def standard(points: Tensor) -> Tensor:
    """The same points, (n, 2), moved to mean 0 and divided by the standard deviation of all their 2n numbers."""
    return (points - points.mean(0)) / points.std(correction=0)


def rebuildings(cloud: Tensor, steps: int = STEPS) -> list[Rebuilding]:
    """What is rebuilt of a cloud (n, 2) in float64 from each number of slices in `COUNTS`.

    Each begins at the same n points, which are normal and drawn from one seed.
    """
    start = torch.randn(*cloud.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = []
    for count in COUNTS:
        along = directions(count)
        points = rebuilt(slices(cloud, along), along, start, steps)
        found.append(Rebuilding(points, apart(cloud, points), missed(cloud, points, along)))
    return found
