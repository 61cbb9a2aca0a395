"""Tell them apart: a token goes to another place in each crowd that it is in. It is a family of tasks."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from srviz.lab import contexts
from srviz.lab.contexts import Contexts, Places
from srviz.lab.task import Batch, Recipe, Task, numbers
from srviz.numbers import LARGEST_SEED

FAMILY = "apart"
STEPS = 1000  # of the usual recipe
USUAL = {"sequences": "4", "seed": "0", "close": "0", "moved": "", "aimed": ""}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."  # of a place that was moved by hand
UNIT, MIDDLE = 0.005, 256  # a coordinate is one of 512 at this distance, the middle one 0


def named(kind: str, sequences: int, seed: int, close: float, moved: str = "", aimed: str = "") -> str:
    """The name of a task of this family: "apart:any,sequences=8,seed=3,close=0.5". moved, aimed: see `written`."""
    given = {"sequences": sequences, "seed": seed, "close": f"{close:g}", "moved": moved, "aimed": aimed}
    differ = [f"{name}={value}" for name, value in given.items() if str(value) != USUAL[name]]
    return ",".join([f"{FAMILY}:{kind}", *differ])


def read(arguments: str) -> Contexts:
    """The contexts of such a name, from what stands behind its colon. Raises ValueError, with a sentence."""
    kind, *words = arguments.split(",")
    given = dict(USUAL)
    for word in words:
        name, _, value = word.partition("=")
        if name not in USUAL or not value:
            expected = ", ".join(f"{known}=…" for known in USUAL)
            raise ValueError(f"{FAMILY}: expected a kind, then {expected}, separated by commas, got {word[:40]!r}")
        given[name] = value
    found = contexts.make(
        kind,
        _whole("sequences", given["sequences"], contexts.LEAST, contexts.MOST),
        _whole("seed", given["seed"], 0, LARGEST_SEED),
        _share("close", given["close"]),
    )
    return found.moved(places("moved", given["moved"]), places("aimed", given["aimed"]))


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and least <= int(text) <= most):
        raise ValueError(f"{name}: expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)


def _share(name: str, text: str) -> float:
    try:
        number = float(text[:20])
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError(f"{name}: expected a number from 0 to 1, got {text[:40]!r}")
    return number


def written(moved: Places) -> str:
    """Places that were moved by hand, in four letters each: which one, and two coordinates to the nearest `UNIT`."""
    found = ""
    for k, place in sorted(moved.items()):
        x, y = (min(max(round(c / UNIT) + MIDDLE, 0), 2 * MIDDLE - 1) for c in place)
        packed = (k << 18) | (x << 9) | y
        found += "".join(LETTERS[(packed >> shift) & 63] for shift in (18, 12, 6, 0))
    return found


def places(name: str, text: str) -> dict[int, tuple[float, float]]:
    """What `written` wrote. Raises ValueError, with a sentence."""
    known = {letter: k for k, letter in enumerate(LETTERS)}
    if len(text) % 4 or any(letter not in known for letter in text):
        raise ValueError(f"{name}: expected places in four letters each, as a page of this app writes them")
    found = {}
    for start in range(0, len(text), 4):
        packed = 0
        for letter in text[start : start + 4]:
            packed = (packed << 6) | known[letter]
        found[packed >> 18] = (((packed >> 9) & 511) - MIDDLE) * UNIT, ((packed & 511) - MIDDLE) * UNIT
    return found


class Crowds:
    """All contexts at once, at every step and in the test: nothing is held back."""

    def __init__(self, found: Contexts) -> None:
        self.contexts = found
        self.batch = Batch(found.tokens.float(), found.targets.float())

    def train(self, generator: Generator, batch: int, n: int) -> Batch:
        """All of them, or so many by chance where a step takes fewer."""
        if n != contexts.n:
            raise ValueError(f"n: expected {contexts.n}, the tokens of a sequence, got {n}")
        if batch >= len(self.batch):
            return self.batch
        rows = torch.randperm(len(self.batch), generator=generator)[:batch]
        return Batch(self.batch.x[rows], self.batch.y[rows])

    def test(self, n: int, most: int | None = None) -> Batch:
        """All of them."""
        return self.train(Generator(), len(self.batch), n).part(slice(most))


def member(arguments: str) -> Task:
    """The task of the name "apart:arguments". Raises ValueError, with a sentence."""
    found = read(arguments)
    return Task(
        name=f"{FAMILY}:{arguments}",
        title="Tell them apart",
        after="memorizing sequences, by which theorems of expressivity are proved",
        line="The same token stands in several crowds. In each of them the model must send it to another place.",
        recipe=Recipe(
            n=contexts.n, steps=STEPS, rate=4e-3, batch=len(found), width=32, readout="tokens", norm="none", decay=0.0
        ),
        classes=("x", "y"),
        sizes=(contexts.n,),
        data=lambda: Crowds(found),
        embed=_embed,
        draws="plane",
        show=_show,
        guess=0.0,
        honest="It is tested on what it has learned from: whether it can tell these crowds apart, and not others.",
    )


def _embed(recipe: Recipe) -> nn.Module:
    return nn.Linear(2, recipe.width)


def _show(x: Tensor) -> Any:
    return numbers(x)
