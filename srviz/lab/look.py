"""What a model does with one example while it learns: each head's scores, and what each token gets of attention."""

import base64
from typing import Any

import torch
from torch import Tensor

from srviz.lab.model import Model
from srviz.lab.task import Batch
from srviz.lab.train import attentions

LEVELS = 255  # a number crosses to a browser as one byte between the least and the largest of its head


@torch.no_grad()
def look(model: Model, one: Batch) -> dict[str, Any]:
    """One example, as JSON holds it.

    says: [class, probability] of the likeliest classes, the first one first, or of the likeliest one for each token
    where tokens are asked about; the numbers themselves where numbers are asked for. received: (layers, heads, n), the
    mean weight that a token gets from all queries, times n, so that 1 is an even share; effective weights, which may be
    below 0. s, t: (layers, heads, n), query and key scores of a method that takes scores. What attends to nothing has
    none of these. n counts the token that stands for the whole example, which comes first, where there is one.
    """
    layers = attentions(model)
    for layer in layers:
        layer.watched = []
    try:
        logits = model.eval()(one.x, one.keep)[0]
        seen = [layer.watched[0] for layer in layers if layer.watched]
    finally:
        for layer in layers:
            layer.watched = None
    numbers = one.y.is_floating_point()
    found: dict[str, Any] = {"says": logits.flatten(0, -2).tolist() if numbers else said(logits)}
    if seen:
        methods = [layer.method for layer in layers]
        weights = [method.weights(heads)[0] for method, heads in zip(methods, seen, strict=True)]  # (H, n, n)
        found["received"] = levels(torch.stack([w.mean(-2) * w.shape[-1] for w in weights]))
        if seen[0].s is not None:
            for name in ("s", "t"):
                found[name] = levels(torch.stack([getattr(heads, name)[0] for heads in seen]))
    return found


@torch.no_grad()
def silent(model: Model, batch: Batch) -> list[int]:
    """How many heads there are, and in how many of them all weights are 0: no query lies where it sees a key.

    Such a head adds nothing and gets no gradient, so that it stays as it is unless what comes before it moves.
    """
    layers = attentions(model)
    for layer in layers:
        layer.watched = []
    try:
        model.eval()(batch.x, batch.keep)
        seen = [(layer.method, layer.watched[0]) for layer in layers if layer.watched]
    finally:
        for layer in layers:
            layer.watched = None
    found = [method.weights(heads, effective=False).abs().amax((0, -2, -1)) == 0 for method, heads in seen]  # (H,)
    return [sum(len(one) for one in found), sum(int(one.sum()) for one in found)]


def said(logits: Tensor) -> list[list[float]]:
    """[class, probability] of the three likeliest of logits (classes,), or of the likeliest of each (n, classes)."""
    best = logits.softmax(-1).topk(1 if logits.dim() == 2 else min(3, len(logits)))
    return [
        [k, round(p, 4)] for k, p in zip(best.indices.flatten().tolist(), best.values.flatten().tolist(), strict=True)
    ]


def levels(x: Tensor) -> dict[str, Any]:
    """x: (layers, heads, n) as bytes between the least and the largest of each head: value = low + byte · step."""
    x = x.detach().float().cpu()
    low, high = x.amin(-1), x.amax(-1)
    step = ((high - low) / LEVELS).clamp_min(1e-12)
    held = ((x - low.unsqueeze(-1)) / step.unsqueeze(-1)).round().clamp(0, LEVELS).to(torch.uint8)
    return {
        "shape": list(x.shape),
        "low": [round(number, 6) for number in low.flatten().tolist()],
        "step": step.flatten().tolist(),
        "levels": base64.b64encode(bytes(held.flatten().tolist())).decode("ascii"),
    }
