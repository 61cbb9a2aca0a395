"""A Vision Transformer on handwritten digits of 8 × 8 pixels, cut into 16 patches."""

import numpy as np
import torch
from torch import Generator, Tensor, nn

from srviz.inputs import packaged
from srviz.lab.task import Batch, Recipe, Task, numbers

RANK = 3
SIDE, PATCH = 8, 2
GRID = SIDE // PATCH
PATCHES = GRID * GRID
TESTED = 450  # of 1,797 pictures
SHIFT = 1  # pixels either way


class Digits:
    """scikit-learn's digits, shifted by up to a pixel where they are learned from. tokens: of each picture."""

    tokens = PATCHES

    def __init__(self) -> None:
        pictures, labels = digits()
        self.learned, self.labels = pictures[TESTED:], labels[TESTED:]
        self.tested, self.test_labels = pictures[:TESTED], labels[:TESTED]

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Random digits, each shifted. Raises ValueError where n is not the number of tokens of a picture."""
        self._check(n)
        which = torch.randint(len(self.labels), (batch,), generator=generator)
        moved = shifted(self.learned[which], torch.randint(-SHIFT, SHIFT + 1, (batch, 2), generator=generator))
        return Batch(cut(moved), self.labels[which])

    def test(self, n: int, most: int | None = None) -> Batch:
        """Other digits, as they are. Raises ValueError as `train` does."""
        self._check(n)
        return Batch(cut(self.tested[:most]), self.test_labels[:most])

    def _check(self, n: int) -> None:
        if n != self.tokens:
            raise ValueError(f"n: expected {self.tokens}, as many tokens as a picture has here, got {n}")


def digits() -> tuple[Tensor, Tensor]:
    """All 1,797 pictures (1797, 8, 8) from 0 to 1 in a fixed random order, and what digit each is (1797,)."""
    found = packaged.digits()
    order = np.random.default_rng(0).permutation(len(found.label))
    pictures = torch.from_numpy(found.x[order].reshape(-1, SIDE, SIDE) / 16).float()
    return pictures, torch.from_numpy(found.label[order])


def shifted(pictures: Tensor, by: Tensor) -> Tensor:
    """Pictures (B, 8, 8), each shifted by (rows, columns) of (B, 2), with empty pixels coming in."""
    wide = nn.functional.pad(pictures, (SHIFT, SHIFT, SHIFT, SHIFT))
    at = torch.arange(SIDE) + SHIFT
    rows, columns = at + by[:, :1], at + by[:, 1:]  # (B, 8) each
    moved: Tensor = wide[torch.arange(len(pictures))[:, None, None], rows.unsqueeze(2), columns.unsqueeze(1)]
    return moved


def cut(pictures: Tensor) -> Tensor:
    """Pictures (B, 8, 8) → their patches row by row, (B, 16, 4)."""
    tiles = pictures.view(-1, GRID, PATCH, GRID, PATCH).transpose(2, 3)
    return tiles.reshape(-1, PATCHES, PATCH * PATCH) * 2 - 1


def whole(patches: Tensor) -> Tensor:
    """Patches (…, 16, 4) → the picture they are of, (…, 8, 8)."""
    tiles = patches.reshape(*patches.shape[:-2], GRID, GRID, PATCH, PATCH)
    return tiles.transpose(-3, -2).reshape(*patches.shape[:-2], SIDE, SIDE)


def small(drawing: Tensor) -> Tensor:
    """A visitor's drawing, (28, 28) ink from 0 to 1, as scikit-learn's digits are: (8, 8), filled from top to bottom.

    Raises ValueError where there is no ink.
    """
    inked = drawing > 0.05
    if not inked.any():
        raise ValueError("Draw a digit first.")
    rows, columns = (torch.nonzero(inked.any(axis)).flatten() for axis in (1, 0))
    cropped = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    tall, wide = cropped.shape
    side = max(tall, wide)
    left, top = (side - wide) // 2, (side - tall) // 2
    square = nn.functional.pad(cropped, (left, side - wide - left, top, side - tall - top))
    pooled = nn.functional.interpolate(square[None, None], (SIDE, SIDE), mode="area")[0, 0]
    return (pooled / pooled.amax()).clamp(0, 1)


def read(drawing: Tensor, recipe: Recipe) -> Tensor:
    """The patches of a visitor's drawing."""
    return cut(small(drawing).unsqueeze(0))[0]


TASKS = (
    Task(
        name="patches",
        title="A Vision Transformer on digits",
        after="image classification by a Vision Transformer (ViT)",
        line="A picture is cut into patches. Each patch is a token with a place. One more token is added, and "
        "the answer is read from it.",
        why="A Vision Transformer cuts a picture of 224 × 224 pixels into patches of 16 × 16. Here 8 × 8 pixels become "
        "16 patches of 2 × 2. The learned places and the token that the answer is read from are the same.",
        recipe=Recipe(n=PATCHES, steps=1000, rate=2e-3, layers=3, positions="learned", readout="class"),
        rates={"softmax": 0.004, "relu": 0.004, "bump": 0.002, "linear": 0.002, "mean": 0.004},
        classes=tuple("0123456789"),
        sizes=(PATCHES,),
        data=Digits,
        embed=lambda recipe: nn.Linear(PATCH * PATCH, recipe.width),
        draws="picture",
        show=lambda x: numbers(whole(x) / 2 + 0.5),
        guess=39 / 450,  # always 6, which is rarer in the test
        own="drawing",
        read=read,
        asks="Draw a digit.",
        examples=TESTED,
    ),
)
