"""Trained heads, kept for the pages of the course: small files of weights, which say what they are of and from where.

What a page looks at is the first layer of a model: there a token's query, key and scores depend on that token alone,
as those of an untrained layer do.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from srviz import places
from srviz.attention import Heads, Method, Projections
from srviz.lab import checkpoint
from srviz.lab.mixing import LEAST_BANDWIDTH, Attention, turned
from srviz.lab.model import Block, Model
from srviz.lab.results import where, write
from srviz.lab.spec import Spec
from srviz.lab.task import Task
from srviz.lab.tasks import TASKS
from srviz.lab.train import Diverged, Training, read_model

if TYPE_CHECKING:
    from srviz.inputs import Tokens

MOST_BYTES = 300_000  # of a file


@dataclass(frozen=True, eq=False)
class TrainedProjections(Projections):
    """The maps of the first layer of a trained model. enter: from x of its task, (n, …), the features that the maps are
    applied to, (n, width + 1), the last one 1, which the biases belong to. rotary: see `Attention`. bandwidths: (H,),
    one of each head, or None where the method has none.
    """

    enter: Callable[[Tensor], Tensor] | None = None
    rotary: bool = False
    bandwidths: Tensor | None = None

    def bandwidth(self, head: int) -> float | None:
        """The bandwidth that a head has learned, in the unit of its method's scores; None where there is none."""
        return None if self.bandwidths is None else float(self.bandwidths[head])

    def features(self, x: Tensor) -> Tensor:
        """Tokens as the model embeds them, and 1: x (n, …) → (n, width + 1)."""
        assert self.enter is not None
        return self.enter(x)

    def placed(self, x: Tensor) -> Tensor:
        """Queries or keys, (…, n, d), turned by their place where the model does so."""
        return turned(x) if self.rotary else x


@dataclass(frozen=True, eq=False)
class Trained:
    """A model that was trained, and what is known of it. metric: on the test of its task. where: `results.where`."""

    spec: Spec
    model: Model
    metric: float
    where: dict[str, Any]

    def projections(self, device: torch.device | str = "cpu") -> TrainedProjections:
        """The maps of its first layer, as a page uses those of an untrained layer."""
        model = deepcopy(self.model).to(device)  # a copy, so that maps on two devices do not move each other's model
        block = model.blocks[0]
        layer = block.mix
        assert isinstance(block, Block)
        placed = model.place is not None or (isinstance(layer, Attention) and layer.place is not None)
        if not isinstance(layer, Attention) or model.token is not None or placed:
            raise ValueError(
                f"{self.spec.task}: expected attention without a class token, learned positions or places in the scores"
            )

        @torch.no_grad()
        def enter(x: Tensor) -> Tensor:
            found: Tensor = block.before_mix(model.embed(x.to(device).unsqueeze(0)))[0]
            return torch.cat((found, found.new_ones(len(found), 1)), 1)

        with torch.no_grad():
            weight = torch.cat((layer.qkv.weight, layer.qkv.bias.unsqueeze(1)), 1)  # (3 · width, width + 1)
            maps = weight.view(3, -1, weight.shape[1]).transpose(1, 2).contiguous()
            kind = layer.method.projection
            slices = {kind: layer.slice.requires_grad_(False)} if layer.slice is not None else {}
            widths = None
            if layer.method.bandwidth:
                widths = torch.nn.functional.softplus(layer.raw_bandwidth) + LEAST_BANDWIDTH
        return TrainedProjections(maps, layer.num_heads, 0, slices, enter, layer.rotary, widths)


def task_of(tokens: "Tokens") -> tuple[Task, Tensor] | None:
    """The task whose trained heads can look at these tokens, and x of it: (n, …); None where there is none."""
    for task in TASKS.values():
        if task.take is not None and any(folder().glob(f"{task.name}-*.safetensors")):
            x = task.take(tokens)
            if x is not None:
                return task, x
    return None


@lru_cache(maxsize=64)
def find(task: str, method: str) -> Trained | None:
    """What was kept of a method on a task, or None."""
    path = folder() / f"{task}-{method}.safetensors"
    return read(path.read_bytes()) if path.exists() else None


@lru_cache(maxsize=64)
def maps(task: str, method: str, device: str = "cpu") -> TrainedProjections | None:
    """The maps of the first layer of what was kept of a method on a task, or None."""
    found = find(task, method)
    return found.projections(device) if found else None


def head(task: Task, x: Tensor, method: Method, number: int, device: str = "cpu") -> Heads | None:
    """One head of that layer on x of its task, (n, …), as the method takes it, with the bandwidth that it has learned;
    None where nothing was kept.
    """
    layer = maps(task.name, method.name, device)
    if layer is None:
        return None
    with torch.no_grad():
        found = layer.heads(x.to(device), method).head(number)
    learned = layer.bandwidth(number)
    return found if learned is None else replace(found, bandwidth=learned)


def folder() -> Path:
    """Where the files lie."""
    return places.TRAINED


def read(data: bytes) -> Trained:
    """A model from its file. Raises ValueError, with a sentence, for what is none."""
    held, words = checkpoint.load(data, "weights")
    model, spec = read_model(held, words)
    try:
        return Trained(spec, model.requires_grad_(False), float(words["metric"]), dict(words["where"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("These weights do not say how good they are and where they come from.") from None


def keep(spec: Spec, tell: Callable[[str], object] = print) -> Path:
    """Train a model and keep it, its numbers in half precision, tested as it is kept.

    Raises ValueError, with a sentence, where the loss is no number any more and where the file would be too large.
    """
    path = folder() / f"{spec.task}-{spec.mixing}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    training = Training(spec)
    try:
        for step in training.run():
            if step.number % 100 == 0:
                tell(f"{spec.task}-{spec.mixing}: step {step.number:,} of {spec.recipe.steps:,}, loss {step.loss:.3f}")
        halves = {name: x.half() if x.is_floating_point() else x for name, x in training.model.state_dict().items()}
        training.model.load_state_dict(halves)
        metric = training.test().metric(training.task.metric)
    except Diverged as error:
        raise ValueError(str(error)) from None
    words = {"run": spec.to_json(), "step": training.done, "metric": round(metric, 4), "where": where()}
    data = checkpoint.save("weights", halves, words)
    if len(data) > MOST_BYTES:
        raise ValueError(f"width: expected a model of at most {MOST_BYTES:,} bytes, got {len(data):,}")
    write(path, data)
    tell(f"{path.name}: {training.task.metric} {metric:.3f}, {len(data):,} bytes")
    return path
