"""What a trained model answers at any place x, whether or not a token of the crowd stands there: f(x, μ).

A probe asks and is not asked: it is no key, and the standardization of the scores does not count it.
"""

from dataclasses import replace

import torch
from torch import Tensor

from srviz.attention import Heads
from srviz.lab.mixing import Attention, Mean, average
from srviz.lab.model import Block, Model


@torch.no_grad()
def probed(model: Model, crowd: Tensor, probes: Tensor) -> Tensor:
    """crowd: (B, n, …), probes: (B, m, …), both what the model's `embed` takes → (B, m, outputs).

    Of a model that asks every token and has neither learned positions nor a batch norm. At the tokens of the crowd
    themselves this is what the model says of them.
    """
    model.eval()
    x, asking = model.embed(crowd), model.embed(probes)
    for block in model.blocks:
        assert isinstance(block, Block)
        here, there = block.before_mix(x), block.before_mix(asking)
        asking = asking + _asked(block.mix, here, there)
        x = x + block.mix(here)
        x, asking = (y + block.pointwise(block.before_pointwise(y)) for y in (x, asking))
    answers: Tensor = model.head(model.norm(asking))
    return answers


def _asked(mix: torch.nn.Module, crowd: Tensor, probes: Tensor) -> Tensor:
    """What probes get from the tokens of a crowd: (B, n, width), (B, m, width) → (B, m, width)."""
    if isinstance(mix, Attention):
        heads = _heads(mix, crowd, probes)
        got: Tensor = mix.out(mix.method.apply(heads).transpose(1, 2).flatten(2))
        return got
    if isinstance(mix, Mean):
        shared: Tensor = mix.out(average(mix.values(crowd), None).unsqueeze(1).expand_as(probes))
        return shared
    return torch.zeros_like(probes)


def _heads(mix: Attention, crowd: Tensor, probes: Tensor) -> Heads:
    """The probes' queries, with the crowd's keys and values; scores by the crowd's mean and deviation."""
    mine, theirs = mix.heads(crowd), mix.heads(probes)
    if mine.t is None or mix.slice is None or theirs.q is None:
        return replace(mine, q=theirs.q)
    raw = mix.slice(theirs.q)  # (B, H, m)
    if mine.mean is None or mine.deviation is None:
        return replace(mine, q=theirs.q, s=raw)
    return replace(mine, q=theirs.q, s=(raw - mine.mean) / mine.deviation)
