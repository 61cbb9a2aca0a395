"""Solids: which of thirteen shapes is this cloud of points? ModelNet40 with a Point Cloud Transformer, in small."""

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor, nn

from srviz.lab.task import Batch, Recipe, Task, numbers

if TYPE_CHECKING:
    from srviz.inputs import Tokens

RANK = 1
POOL = 20_000  # points of each shape that training clouds are drawn from
TEST_EACH = 16  # test clouds of each shape
SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
STRETCH, NOISE = 0.2, 0.02
NAMES = (
    "sphere", "torus", "cube", "swiss_roll", "s_curve", "moebius", "trefoil", "helix", "rings", "table", "chair",
    "lamp", "aeroplane",
)  # fmt: skip
TITLES = (
    "Sphere", "Torus", "Cube", "Swiss roll", "S-curve", "Möbius band", "Trefoil", "Helix", "Linked rings", "Table",
    "Chair", "Lamp", "Aeroplane",
)  # fmt: skip


@lru_cache(maxsize=2)
def pool(seed: int) -> Tensor:
    """Points of each shape: (shapes, POOL, 3)."""
    from srviz.inputs import CLOUDS

    return torch.stack([torch.from_numpy(CLOUDS[name].make(POOL, random_state=seed).x) for name in NAMES])


class Solids:
    """Clouds of the shapes, stretched, turned about the upright axis or any way, with a little noise."""

    def __init__(self, tumbled: bool) -> None:
        self.tumbled = tumbled
        self.learned, self.tested = pool(0), pool(1)

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Clouds of n points of random shapes."""
        y = torch.randint(len(NAMES), (batch,), generator=generator)
        return Batch(self._clouds(self.learned, y, n, generator), y)

    def test(self, n: int, most: int | None = None) -> Batch:
        """The same clouds at every n: with more points they are only seen more finely."""
        y = torch.arange(len(NAMES)).repeat(TEST_EACH)[:most]
        clouds = [
            self._clouds(self.tested, y[i : i + 1], n, torch.Generator().manual_seed(7_000 + i)) for i in range(len(y))
        ]
        return Batch(torch.cat(clouds), y)

    def _clouds(self, pool: Tensor, y: Tensor, n: int, generator: Generator) -> Tensor:
        """n points of each of the shapes y: (B,), from a pool (shapes, POOL, 3) → (B, n, 3)."""
        rows = len(y)
        stretch = 1 + STRETCH * (2 * torch.rand(rows, 1, 3, generator=generator) - 1)
        turn = _any(rows, generator) if self.tumbled else _upright(rows, generator)
        which = torch.randint(pool.shape[1], (rows, n), generator=generator)
        points = pool[y.unsqueeze(1), which] * stretch
        return points @ turn + NOISE * torch.randn(rows, n, 3, generator=generator)


def _upright(rows: int, generator: Generator) -> Tensor:
    """Turns about z by any angle, (rows, 3, 3)."""
    angle = 2 * math.pi * torch.rand(rows, generator=generator)
    turn = torch.eye(3).repeat(rows, 1, 1)
    turn[:, 0, 0] = turn[:, 1, 1] = angle.cos()
    turn[:, 0, 1], turn[:, 1, 0] = angle.sin(), -angle.sin()
    return turn


def _any(rows: int, generator: Generator) -> Tensor:
    """Turns drawn evenly from all there are, (rows, 3, 3), by unit quaternions."""
    w, x, y, z = nn.functional.normalize(torch.randn(rows, 4, generator=generator), dim=1).unbind(1)
    entries = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(entries, 1).view(rows, 3, 3)


def embed(recipe: Recipe) -> nn.Module:
    """Points (B, n, 3) → (B, n, width)."""
    width = recipe.width
    return nn.Sequential(nn.Linear(3, width), nn.GELU(), nn.Linear(width, width), nn.LayerNorm(width))


def read(points: Tensor, recipe: Recipe) -> Tensor:
    """A visitor's cloud: (n, 3), of mean 0 and variance 1 over all its coordinates, z up."""
    return points.float()


def take(tokens: "Tokens") -> Tensor | None:
    """Points in space that have nothing but their place."""
    flat = tokens.x.shape == tokens.place.shape and tokens.x.shape[1] == 3 and bool((tokens.x == tokens.place).all())
    return torch.from_numpy(tokens.x) if flat else None


UPRIGHT = Task(
    name="solids",
    title="Solids",
    after="ModelNet40 with a Point Cloud Transformer",
    line="A cloud of points in space has one of thirteen shapes. The model must say which, whichever way it faces.",
    why="ModelNet40 has 40 kinds of things, and a model sees points from their surfaces. Here there are thirteen "
    "shapes that formulas make. As there, the points of a cloud come in no order, and each token is one point.",
    recipe=Recipe(n=256, steps=300, rate=4e-3, batch=32, heads=8),
    rates={"softmax": 0.001, "relu": 0.001, "bump": 0.002, "linear": 0.004, "mean": 0.004},
    classes=TITLES,
    sizes=SIZES,
    data=lambda: Solids(tumbled=False),
    embed=embed,
    draws="cloud",
    show=numbers,
    guess=1 / len(NAMES),
    examples=104,
    own="cloud",
    read=read,
    asks="A file with a cloud of points or a mesh; z is up.",
    honest="Attention matters little here: a model whose tokens meet only in the mean at its end gets 96 of 100 right.",
    take=take,
)
TUMBLED = replace(
    UPRIGHT,
    name="tumbled",
    title="Solids, turned any way",
    line="The same thirteen shapes. Here each may be turned any way in space, and not only about the upright axis.",
    rates={"softmax": 0.004, "relu": 0.008, "bump": 0.002, "linear": 0.008, "mean": 0.004},
    data=lambda: Solids(tumbled=True),
    honest="",
    take=None,
)
TASKS = (UPRIGHT, TUMBLED)
