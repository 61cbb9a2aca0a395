"""Recall: sixteen pairs of a key and a value are shown, then sixteen keys, and the value of each is asked for."""

import torch
from torch import Generator, Tensor, nn

from srviz.lab.task import IGNORED, Batch, Recipe, Task

RANK = 4
VOCABULARY = 64
TESTED = 256


class Recall:
    """Pairs of different keys and any values, then the keys in another order. A token is (key, value), value
    `VOCABULARY` where it is asked for.
    """

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """n tokens: half of them pairs, half of them questions."""
        if n % 2 or n > 2 * VOCABULARY:
            raise ValueError(f"n: expected an even number up to {2 * VOCABULARY}, got {n}")
        pairs = n // 2
        keys = torch.rand(batch, VOCABULARY, generator=generator).argsort(1)[:, :pairs]
        values = torch.randint(VOCABULARY, (batch, pairs), generator=generator)
        order = torch.rand(batch, pairs, generator=generator).argsort(1)
        unknown = torch.full_like(values, VOCABULARY)
        shown, asked = torch.stack((keys, values), 2), torch.stack((keys.gather(1, order), unknown), 2)
        y = torch.cat((torch.full_like(values, IGNORED), values.gather(1, order)), 1)
        return Batch(torch.cat((shown, asked), 1), y)

    def test(self, n: int, most: int | None = None) -> Batch:
        """The same questions at every call."""
        return self.train(Generator().manual_seed(7_000), TESTED, n).part(slice(most))


def read(text: str, recipe: Recipe) -> Tensor:
    """A visitor's pairs and questions, "3:7 12:40 3:?": (n, 2). Raises ValueError for anything else."""
    found = []
    for word in text.replace(",", " ").split():
        key, _, value = word.partition(":")
        if not key.isdecimal() or not (value.isdecimal() or value == "?") or len(word) > 8:
            raise ValueError("Expected pairs such as 3:7, and questions such as 3:?, with spaces between them.")
        found.append([int(key), VOCABULARY if value == "?" else int(value)])
    if not found or max(key for key, _ in found) >= VOCABULARY or any(value > VOCABULARY for _, value in found):
        raise ValueError(f"Expected numbers from 0 to {VOCABULARY - 1}.")
    if not any(value == VOCABULARY for _, value in found) or len(found) > 2 * VOCABULARY:
        raise ValueError(f"Expected at least one question such as 3:?, and at most {2 * VOCABULARY} words.")
    return torch.tensor(found)


class Pairs(nn.Module):
    """The embedding of a key plus that of a value: (B, n, 2) integers → (B, n, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.keys, self.values = nn.Embedding(VOCABULARY, width), nn.Embedding(VOCABULARY + 1, width)

    def forward(self, x: Tensor) -> Tensor:
        """A token is a key and a value."""
        embedded: Tensor = self.keys(x[..., 0]) + self.values(x[..., 1])
        return embedded


TASKS = (
    Task(
        name="recall",
        title="Recall",
        after="the retrieval task of Long Range Arena, and multi-query associative recall",
        line="The model sees pairs of a key and a value, and then a key alone. It must find the one token that "
        "has this key, and say its value.",
        why="In the retrieval task a model compares two long documents, so it needs what stands far away. Associative "
        "recall is the core of that: the answer stands at one place among many, and only a key says where.",
        recipe=Recipe(n=32, steps=600, rate=2e-3, readout="tokens"),
        rates={"softmax": 0.001, "relu": 0.008, "bump": 0.004, "linear": 0.004, "mean": 0.008},
        classes=tuple(str(value) for value in range(VOCABULARY)),
        sizes=(8, 16, 32, 64, 128),
        data=Recall,
        embed=lambda recipe: Pairs(recipe.width),
        draws="words",
        show=lambda x: [f"{key}: {'?' if value == VOCABULARY else value}" for key, value in x.tolist()],
        guess=1 / VOCABULARY,
        examples=64,
        own="text",
        read=read,
        asks="Pairs such as 3:7 12:40, then questions such as 3:?",
        honest="This is where sliced ReLU loses: its weights grow with distance, so it cannot pick one key among many. "
        "How far it comes depends on the seed: with most of the recorded ones about one answer in seven is right, with "
        "one of them nearly half.",
    ),
)
