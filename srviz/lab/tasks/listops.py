"""ListOps: nested lists of digits under MAX, MIN, MED and SM (Nangia and Bowman, arXiv 1804.06028)."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor, nn

from srviz.lab.task import Batch, Recipe, Task

RANK = 5
OPERATORS: dict[str, Callable[[list[int]], int]] = {
    "[MAX": max,
    "[MIN": min,
    "[MED": lambda values: int(np.median(values)),
    "[SM": lambda values: sum(values) % 10,
}
WORDS = (*"0123456789", *OPERATORS, "]")
PADDING = len(WORDS)
DEEPEST, MOST_ARGUMENTS = 3, 5
TESTED = 512


class ListOps:
    """Random expressions of at least half of n tokens and at most n, the rest padding."""

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """A seed for numpy is drawn, and the expressions from that."""
        return made(int(torch.randint(2**31 - 1, (), generator=generator)), batch, n)

    def test(self, n: int, most: int | None = None) -> Batch:
        """The same expressions at every call."""
        return made(7_000, TESTED, n).part(slice(most))


def made(seed: int, rows: int, n: int) -> Batch:
    """So many expressions of at most n tokens."""
    if n < 8:
        raise ValueError(f"n: expected at least 8 tokens, which the shortest lists need, got {n}")
    rng = np.random.default_rng(seed)
    x, y = np.full((rows, n), PADDING), np.empty(rows, np.int64)
    for row in range(rows):
        written, y[row] = expression(rng, int(rng.integers(n // 2, n + 1)))
        x[row, : len(written)] = written
    tokens = torch.from_numpy(x)
    return Batch(tokens, torch.from_numpy(y), tokens != PADDING)


def expression(rng: np.random.Generator, room: int, depth: int = 0) -> tuple[list[int], int]:
    """An expression of about so many tokens and never more, and what it comes to."""
    name = list(OPERATORS)[rng.integers(len(OPERATORS))]
    tokens, values = [WORDS.index(name)], list[int]()
    room -= 2
    many = int(rng.integers(2, MOST_ARGUMENTS + 1)) if depth else max(2, min(room // 2, 4 * MOST_ARGUMENTS))
    for left in range(many, 0, -1):
        if room <= 0:
            break
        share = room // left
        if depth < DEEPEST and share >= 4:
            inner, value = expression(rng, share, depth + 1)
        else:
            value = int(rng.integers(10))
            inner = [value]
        tokens += inner
        values.append(value)
        room -= len(inner)
    return [*tokens, WORDS.index("]")], OPERATORS[name](values)


def read(text: str, recipe: Recipe) -> Tensor:
    """A visitor's expression, its tokens with spaces between them: (n,), the rest padding. Raises ValueError."""
    words = text.upper().replace("]", " ] ").split()
    depth = 0
    for number, word in enumerate(words):
        if word not in WORDS:
            raise ValueError(f"Expected {', '.join(OPERATORS)}, digits and ], not the word at place {number + 1}.")
        depth += word in OPERATORS
        depth -= word == "]"
        if depth < 1 and number < len(words) - 1:
            raise ValueError("Expected one list, which ends with the last ].")
    if depth or not words:
        raise ValueError("Expected a ] for every [.")
    if len(words) > recipe.n:
        raise ValueError(f"Expected at most {recipe.n} words, not {len(words)}.")
    return torch.tensor([WORDS.index(word) for word in words] + [PADDING] * (recipe.n - len(words)))


TASKS = (
    Task(
        name="listops",
        title="ListOps",
        after="ListOps of Long Range Arena",
        line="The model must work out nested lists of operations. In Long Range Arena they have 2,048 tokens, "
        "here they have 48.",
        why="The lists are nested and have the operations of the benchmark: the largest number, the smallest, the "
        "median, and the sum’s last digit.",
        recipe=Recipe(n=48, steps=900, rate=2e-3, positions="learned"),
        rates={"softmax": 0.001, "relu": 0.004, "bump": 0.002, "linear": 0.002, "mean": 0.004},
        classes=tuple("0123456789"),
        sizes=(48,),
        data=ListOps,
        embed=lambda recipe: nn.Embedding(PADDING + 1, recipe.width),
        draws="words",
        show=lambda x: [(*WORDS, "")[token] for token in x.tolist()],
        guess=126 / 512,  # always 0
        own="text",
        padding=PADDING,
        read=read,
        asks="A list such as [MAX 2 9 [MIN 4 7 ] 0 ]",
        honest="At this length and in this time nobody does much better than a plain mean, so it ranks nobody. "
        "The full 2,048 tokens are trained by the command python -m srviz.lab train listops --n 2048 --batch 8. "
        "A step takes sliced ReLU 0.4 seconds of one core then, and softmax 3.5 seconds and 1 GB of memory.",
    ),
)
