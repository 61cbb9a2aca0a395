"""Digits read pixel by pixel: the picture task of Long Range Arena, in small."""

from torch import Generator, Tensor, nn

from srviz.lab.task import Batch, Recipe, Task, numbers
from srviz.lab.tasks.patches import SIDE, Digits, small, whole

RANK = 6


class Pixels(Digits):
    """The same digits, a token a pixel."""

    tokens = SIDE * SIDE

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Random digits, each shifted by up to a pixel."""
        return _pixels(super().train(generator, batch, n))

    def test(self, n: int, most: int | None = None) -> Batch:
        """Other digits, as they are."""
        return _pixels(super().test(n, most))


def _pixels(batch: Batch) -> Batch:
    return Batch(whole(batch.x).flatten(1).unsqueeze(2), batch.y)


def read(drawing: Tensor, recipe: Recipe) -> Tensor:
    """The pixels of a visitor's drawing."""
    return (small(drawing) * 2 - 1).reshape(-1, 1)


TASKS = (
    Task(
        name="pixels",
        title="Digits pixel by pixel",
        after="the picture task of Long Range Arena",
        line="The model reads a picture pixel by pixel, as one long row. Pixels that are neighbours in the "
        "picture may be far apart in the row.",
        why="There the pictures have 32 × 32 pixels, so a row has 1,024 tokens. Here they have 8 × 8, so it has 64.",
        recipe=Recipe(n=SIDE * SIDE, steps=900, rate=2e-3, positions="learned"),
        rates={"softmax": 0.004, "relu": 0.004, "bump": 0.002, "linear": 0.008, "mean": 0.008},
        classes=tuple("0123456789"),
        sizes=(SIDE * SIDE,),
        data=Pixels,
        embed=lambda recipe: nn.Linear(1, recipe.width),
        draws="picture",
        show=lambda x: numbers(x / 2 + 0.5),
        guess=39 / 450,  # always 6, as with their patches
        own="drawing",
        read=read,
        asks="Draw a digit.",
    ),
)
