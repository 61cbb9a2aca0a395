"""Masked letters: some letters of a line of English are covered, and are to be guessed from the others."""

import re
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor, nn

from srviz.lab.task import IGNORED, Batch, Offer, Recipe, Task

if TYPE_CHECKING:
    from srviz.inputs import Tokens

RANK = 7
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .,;:'\"()[]{}-_=+*/<>"
COVERED = len(LETTERS)
SHARE = 0.15  # of the letters that are covered
TESTED = 512
LEAST_OWN, MOST_OWN = 8, 64  # letters of a visitor's line
TEST_PART = 0.1  # of the text, its end


class Letters:
    """Lines cut at random from the help texts that come with Python."""

    def __init__(self) -> None:
        text = torch.tensor([LETTERS.index(letter) for letter in english()])
        end = int(len(text) * (1 - TEST_PART))
        self.learned, self.tested = text[:end], text[end:]

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """Lines of n letters, some of them covered."""
        return covered(self.learned, generator, batch, n)

    def test(self, n: int, most: int | None = None) -> Batch:
        """Lines from the end of the text, which nothing is learned from, the same at every call."""
        return covered(self.tested, Generator().manual_seed(7_000), TESTED, n).part(slice(most))


def english() -> str:
    """Python's own help texts, in small letters, with single spaces, of the letters of `LETTERS` alone."""
    from pydoc_data.topics import topics

    return plain(" ".join(topics[name] for name in sorted(topics)))


def plain(text: str, more: str = "") -> str:
    """A text in the letters that the model knows, and some more."""
    text = re.sub(r"\s+", " ", text.lower())
    return "".join(letter for letter in text if letter in LETTERS + more)


def covered(text: Tensor, generator: Generator, rows: int, n: int) -> Batch:
    """Lines of a text (letters,), each with some letters covered, at least one."""
    if not 2 <= n <= len(text):
        raise ValueError(f"n: expected 2 to {len(text):,} letters, got {n}")
    start = torch.randint(len(text) - n + 1, (rows, 1), generator=generator)
    line = text[start + torch.arange(n)]
    chance = torch.rand(rows, n, generator=generator)
    cover = (chance < SHARE) | (chance == chance.amin(1, keepdim=True))
    return Batch(line.masked_fill(cover, COVERED), line.masked_fill(~cover, IGNORED))


def read(text: str, recipe: Recipe) -> Tensor:
    """The letters of a visitor's line, with a ? where one is covered: (n,). Raises ValueError where none is."""
    line = [COVERED if letter == "?" else LETTERS.index(letter) for letter in plain(text, "?")][:MOST_OWN]
    if COVERED not in line:
        raise ValueError("Put a ? in the place of each letter that is to be guessed.")
    if len(line) < LEAST_OWN:
        raise ValueError(f"Write at least {LEAST_OWN} letters: the others are what it guesses from.")
    return torch.tensor(line)


def take(tokens: "Tokens") -> Tensor | None:
    """The characters of a text; one that the model does not know is covered."""
    if tokens.words is None or any(len(word) != 1 for word in tokens.words):
        return None
    line = (" " if word == "␣" else word.lower() for word in tokens.words)
    return torch.tensor([LETTERS.index(letter) if letter in LETTERS else COVERED for letter in line])


@cache
def single_bits() -> float:
    """Bits of a covered letter of the test by the shares of all letters in training. The text, and so this number, is
    not the same in every version of Python.
    """
    found = Letters()
    learned = torch.bincount(found.learned, minlength=len(LETTERS)).double() / len(found.learned)
    y = found.test(TASKS[0].recipe.n).y
    return float(-learned[y[y != IGNORED]].log2().mean())


TASKS = (
    Task(
        name="letters",
        title="Masked letters",
        after="masked language modelling, as BERT is trained",
        line="Some letters of a line are covered. The model reads the others and guesses the covered ones.",
        why="As with BERT, 15 % of the tokens are covered, and the model may look at both sides of each. Here a token "
        "is a letter and not a piece of a word.",
        recipe=Recipe(n=32, steps=600, rate=4e-3, heads=8, positions="rotary", readout="tokens"),
        rates={"softmax": 0.008, "relu": 0.008, "bump": 0.004, "linear": 0.008, "mean": 0.008},
        classes=tuple(LETTERS),
        sizes=(16, 32, 64, 128),
        data=Letters,
        embed=lambda recipe: nn.Embedding(COVERED + 1, recipe.width),
        draws="words",
        show=lambda x: ["?" if token == COVERED else LETTERS[token] for token in x.tolist()],
        guess=single_bits,
        metric="bits",
        own="text",
        read=read,
        asks="A line of English with a ? for each letter that is to be guessed.",
        honest="Sliced ReLU does little better here than a plain mean, and the bump stays behind softmax. "
        "What helps them stands under “Recorded attempts to learn this task better” and can be chosen under “More”.",
        take=take,
        offers=(
            Offer(
                "score",
                "places in the scores",
                {"positions": "score"},
                "Each head learns how much the place of a token adds to its scores. With one recorded seed it "
                "helped the bump most.",
            ),
            Offer(
                "deep",
                "places in the scores, 4 layers, 1,800 steps",
                {"positions": "score", "layers": 4, "steps": 1_800},
                "With one recorded seed the bump did best so. Twice the layers and three times the steps take "
                "several times as long.",
            ),
        ),
    ),
)
