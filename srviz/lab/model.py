"""The model of every task: a small pre-norm transformer in which only what mixes the tokens differs."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from srviz.attention.checks import NotFinite
from srviz.lab.mixing import Mixing, average
from srviz.lab.task import Recipe, Task


class Stopwatch:
    """Seconds spent in a part of a model, forward and backward, on a CPU."""

    def __init__(self) -> None:
        self.seconds = self._begun = 0.0

    def begin(self) -> None:
        """The part is entered."""
        self._begun = time.perf_counter()

    def end(self) -> None:
        """The part is left."""
        self.seconds += time.perf_counter() - self._begun


class _Mark(torch.autograd.Function):
    """The identity, which tells a stopwatch that it is passed: one thing going forward, another one going back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, passed: Callable[[], None], passed_back: Callable[[], None]) -> Tensor:
        ctx.passed_back = passed_back
        passed()
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        ctx.passed_back()
        return gradients[0], None, None


class BatchNorm(nn.Module):
    """Batch normalization of tokens x: (B, n, width), over the batch and the tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each coordinate."""
        normal: Tensor = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return normal


def norm(kind: str, width: int) -> nn.Module:
    """The normalization around attention: one of `NORMS`."""
    if kind == "none":
        return nn.Identity()
    return nn.LayerNorm(width) if kind == "layer" else BatchNorm(width)


class Block(nn.Module):
    """x + mix(norm x), then x + pointwise(norm x)."""

    def __init__(self, mix: nn.Module, kind: str, width: int, hidden: int, watch: Stopwatch) -> None:
        super().__init__()
        self.mix, self.watch = mix, watch
        self.before_mix, self.before_pointwise = norm(kind, width), norm(kind, width)
        self.pointwise = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor, keep: Tensor | None) -> Tensor:
        """x: (B, n, width)."""
        begin, end = self.watch.begin, self.watch.end
        entered = _Mark.apply(self.before_mix(x), begin, end)  # type: ignore[no-untyped-call]
        x = x + _Mark.apply(self.mix(entered, keep), end, begin)  # type: ignore[no-untyped-call]
        after: Tensor = x + self.pointwise(self.before_pointwise(x))
        return after


class Model(nn.Module):
    """Embedding, positions, blocks, a last normalization, and a linear readout.

    The hidden width of the pointwise parts is such that the whole has about as many parameters whatever mixes: what a
    method has to learn besides queries, keys, values and output is taken from there, and what it has less is given.
    """

    def __init__(self, task: Task, recipe: Recipe, mixing: Mixing) -> None:
        super().__init__()
        width, kind = recipe.width, recipe.norm
        self.readout, self.watch = recipe.readout, Stopwatch()
        self.embed = task.embed(recipe)
        tokens = recipe.n + (recipe.readout == "class")
        self.token = nn.Parameter(torch.randn(width) * 0.02) if recipe.readout == "class" else None
        self.place = nn.Parameter(torch.randn(tokens, width) * 0.02) if recipe.positions == "learned" else None
        how = width, recipe.heads, recipe.positions, recipe.bandwidth
        mixes = [mixing.make(*how) for _ in range(recipe.layers)]
        hidden = round(recipe.feedforward * width - (count(mixes[0]) - 4 * width * (width + 1)) / (2 * width + 1))
        if hidden < 1:
            raise ValueError(f"feedforward: expected enough width to make up for Π, got {recipe.feedforward}")
        self.blocks = nn.ModuleList(Block(mix, kind, width, hidden, self.watch) for mix in mixes)
        self.norm, self.head = norm(kind, width), nn.Linear(width, len(task.classes))

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """x: (B, n, …), keep: (B, n) → logits (B, classes), or (B, n, classes) where every token is asked about.

        Raises NotFinite where a logit would be NaN or infinite.
        """
        x = self.embed(x)
        if self.token is not None:
            x = torch.cat((self.token.expand(len(x), 1, -1), x), 1)
            keep = keep if keep is None else torch.cat((keep.new_ones(len(x), 1), keep), 1)
        if self.place is not None:
            if x.shape[1] > len(self.place):
                raise ValueError(f"n: expected at most {len(self.place)} tokens, which have a place, got {x.shape[1]}")
            x = x + self.place[: x.shape[1]]
        for block in self.blocks:
            x = block(x, keep)
        x = self.norm(x)
        if self.readout != "tokens":
            x = x[:, 0] if self.readout == "class" else average(x, keep)
        return finite_answers(self.head(x))


def finite_answers(answers: Tensor) -> Tensor:
    """The answers of a model as they are. Raises NotFinite where one is NaN or infinite."""
    if not bool(answers.detach().isfinite().all()):
        raise NotFinite("The answers of the model are NaN or infinite.")
    return answers


def count(module: nn.Module) -> int:
    """How many parameters it has."""
    return sum(parameter.numel() for parameter in module.parameters())
