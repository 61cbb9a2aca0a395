"""Digits read pixel by pixel: the picture task of Long Range Arena, in small."""

from torch import Generator, nn

from srviz.lab.task import Batch, Recipe, Task
from srviz.lab.tasks.patches import SIDE, Digits

RANK = 6


class Pixels(Digits):
    """The same digits, a token a pixel."""

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Random digits, each shifted by up to a pixel."""
        return _pixels(super().train(generator, batch, n))

    def test(self, n: int, most: int | None = None) -> Batch:
        """Other digits, as they are."""
        return _pixels(super().test(n, most))


def _pixels(batch: Batch) -> Batch:
    from srviz.lab.tasks.patches import GRID, PATCH

    tiles = batch.x.view(-1, GRID, GRID, PATCH, PATCH).transpose(2, 3)
    return Batch(tiles.reshape(-1, SIDE * SIDE, 1), batch.y)


TASKS = (
    Task(
        name="pixels",
        title="Digits pixel by pixel",
        after="the picture task of Long Range Arena",
        line="A picture is read as one long row of pixels; what is near in the picture is far apart in the row.",
        recipe=Recipe(n=SIDE * SIDE, steps=900, rate=2e-3, positions="learned"),
        classes=tuple("0123456789"),
        sizes=(SIDE * SIDE,),
        data=Pixels,
        embed=lambda recipe: nn.Linear(1, recipe.width),
        draws="picture",
        chance=0.1,
    ),
)
