"""A method whose weights can be negative though no values are centred, and whose numerator is a sum."""

import torch
from torch import Tensor

from srviz.attention import Heads, Method
from srviz.attention.method import DOTS, Terms


def weights(heads: Heads, *, effective: bool = True) -> Tensor:
    """(exp(q_i·k_j / √d) − 1) / n."""
    q, k = heads.dots
    found = ((q @ k.mT / q.shape[-1] ** 0.5).exp() - 1) / k.shape[-2]
    return found if heads.key_mask is None else torch.where(heads.key_mask.unsqueeze(-2), found, 0)


def apply(heads: Heads) -> Tensor:
    """The weights times the values."""
    return weights(heads) @ heads.values


def terms(heads: Heads) -> Terms:
    """The logit."""
    q, k = heads.dots
    return Terms("exp({x}) − 1", k.shape[-2], of_pair={"x": q.shape[-1] ** -0.5})


SIGNED = Method(
    name="less",
    label="Less one",
    formula="(exp(q·k/√d) − 1) / n",
    cost="n²",
    rank=9,
    takes=DOTS,
    weights=weights,
    apply=apply,
    terms=terms,
    signed=True,
)
