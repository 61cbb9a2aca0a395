"""Masked patches: some patches of a photograph are covered, and their colours are to be guessed from the others."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Generator, Tensor, nn

from srviz.lab.task import IGNORED, Batch, Recipe, Task

if TYPE_CHECKING:
    from srviz.inputs import Tokens

RANK = 3.5
PHOTOGRAPHS = ("china", "flower")
SIDES = (4, 8, 16)  # of a patch, in pixels
STEPS = 4  # of each primary colour: 64 colours are told apart
SHARE = 0.25  # of the patches that are covered
TEST_PART = 0.25  # of a photograph, its right side
TESTED = 256


class Photographs:
    """Square cut-outs of scikit-learn's two photographs, in patches of several sizes."""

    def __init__(self) -> None:
        from srviz.inputs.pictures import photograph

        self.learned: list[Tensor] = []
        self.tested: list[Tensor] = []
        for pixels in map(photograph, PHOTOGRAPHS):
            picture = torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float() / 255
            edge = round(picture.shape[2] * (1 - TEST_PART))
            for side in SIDES:
                for part, kept in ((picture[..., :edge], self.learned), (picture[..., edge:], self.tested)):
                    kept.append(nn.functional.avg_pool2d(part, side))

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Cut-outs of the left sides, some of their patches covered."""
        return covered(self.learned, generator, batch, n)

    def test(self, n: int, most: int | None = None) -> Batch:
        """Cut-outs of the right sides, which nothing is learned from, the same at every call."""
        return covered(self.tested, Generator().manual_seed(7_000), TESTED, n).part(slice(most))


def covered(pictures: list[Tensor], generator: Generator, rows: int, n: int) -> Batch:
    """Squares of n patches, each of one of the pictures (3, h, w) that are large enough, some patches covered."""
    side = round(n**0.5)
    large = [picture for picture in pictures if min(picture.shape[1:]) >= side]
    if side * side != n or not large:
        raise ValueError(f"n: expected the square of a number up to {min(pictures[0].shape[1:])}, got {n}")
    cut = []
    for which in torch.randint(len(large), (rows,), generator=generator).tolist():
        _, high, wide = large[which].shape
        top = int(torch.randint(high - side + 1, (), generator=generator))
        left = int(torch.randint(wide - side + 1, (), generator=generator))
        cut.append(large[which][:, top : top + side, left : left + side].flatten(1).T)
    colour = torch.stack(cut)  # (rows, n, 3)
    chance = torch.rand(rows, n, generator=generator)
    cover = (chance < SHARE) | (chance == chance.amin(1, keepdim=True))
    return Batch(features(colour, cover, (side, side)), classes(colour).masked_fill(~cover, IGNORED))


def features(colour: Tensor, cover: Tensor, grid: tuple[int, int]) -> Tensor:
    """Patches, row by row: colour (…, n, 3) from 0 to 1, cover (…, n) → (…, n, 6).

    Red, green and blue from −2 to 2, 0 where covered, the row and the column with mean 0 and variance 1, and 1 where
    covered.
    """
    rows, columns = grid
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    place = torch.stack((row, column), -1).flatten(0, 1).float()
    place = (place - place.mean(0)) / place.std(0, correction=0).clamp_min(1e-6)
    shown = (4 * colour - 2).masked_fill(cover.unsqueeze(-1), 0.0)
    return torch.cat((shown, place.expand(*colour.shape[:-1], 2), cover.unsqueeze(-1).to(colour.dtype)), -1)


def classes(colour: Tensor) -> Tensor:
    """Which of the 64 colours each is: (…, 3) → (…)."""
    steps = (colour * STEPS).long().clamp(0, STEPS - 1)
    return (steps[..., 0] * STEPS + steps[..., 1]) * STEPS + steps[..., 2]


def names() -> tuple[str, ...]:
    """The middle of each of the 64 colours, as a page writes a colour."""
    levels = [f"{round(255 * (step + 0.5) / STEPS):02x}" for step in range(STEPS)]
    return tuple(f"#{r}{g}{b}" for r in levels for g in levels for b in levels)


def shown(x: Tensor) -> list[str]:
    """The colour of each patch, as a page writes a colour; nothing where it is covered."""
    levels = ((x[..., :3] + 2) / 4 * 255).round().clamp(0, 255).int().tolist()
    covered = (x[..., 5] > 0).tolist()
    return ["" if hidden else f"#{r:02x}{g:02x}{b:02x}" for (r, g, b), hidden in zip(levels, covered, strict=True)]


def take(tokens: "Tokens") -> Tensor | None:
    """The patches of a picture in colour, none of them covered."""
    if tokens.grid is None or tokens.colour is None or tokens.x.shape[1] != 5:
        return None
    colour = torch.from_numpy(tokens.colour)
    return features(colour, torch.zeros(len(colour), dtype=torch.bool), tokens.grid)


TASKS = (
    Task(
        name="colours",
        title="Masked patches",
        after="masked autoencoders",
        line="Some patches of a photograph are covered. The model looks at the others and guesses the colours of "
        "the covered ones.",
        why="A masked autoencoder also guesses what is covered from what is not, and each token is a patch. Here the "
        "photographs are two, a quarter of the patches is covered, and a patch has one colour.",
        recipe=Recipe(n=64, steps=600, rate=4e-3, readout="tokens"),
        rates={"softmax": 0.004, "relu": 0.004, "bump": 0.008, "linear": 0.008, "mean": 0.004},
        classes=names(),
        sizes=(36, 64, 144, 256),
        data=Photographs,
        embed=lambda recipe: nn.Sequential(
            nn.Linear(6, recipe.width), nn.GELU(), nn.Linear(recipe.width, recipe.width), nn.LayerNorm(recipe.width)
        ),
        draws="patches",
        show=shown,
        guess=0.365,  # always the colour that is the most frequent one
        honest="There are two photographs, so it learns their colours and not those of the world.",
        take=take,
    ),
)
