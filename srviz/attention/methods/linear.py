"""Linear attention with the feature map elu + 1 (Katharopoulos et al., *Transformers are RNNs*, arXiv 2006.16236)."""

import torch
from torch import Tensor
from torch.nn.functional import elu

from srviz.attention.heads import Heads
from srviz.attention.method import DOTS, LineStyle, Method, Terms, Way, wide


def features(x: Tensor) -> Tensor:
    """φ(x) = elu(x) + 1, above 0."""
    positive: Tensor = elu(wide(x)) + 1
    return positive


def weights(heads: Heads, *, effective: bool = True) -> Tensor:
    """φ(q_i)·φ(k_j) / Σ_l φ(q_i)·φ(k_l)."""
    q, k = heads.dots
    found = features(q) @ features(k).transpose(-1, -2)
    if heads.key_mask is not None:
        found = torch.where(heads.key_mask.unsqueeze(-2), found, 0)
    return (found / found.sum(-1, keepdim=True).clamp_min(torch.finfo(found.dtype).tiny)).to(q.dtype)


def apply(heads: Heads) -> Tensor:
    """The weights times the values, by one sum over all keys that every query shares."""
    (q, k), v = heads.dots, wide(heads.values)
    q, k, dtype = features(q), features(k), q.dtype
    if heads.key_mask is not None:
        k, v = (torch.where(heads.key_mask.unsqueeze(-1), x, 0) for x in (k, v))
    total = q @ k.sum(-2).unsqueeze(-1)  # (…, n_q, 1)
    return (q @ (k.transpose(-1, -2) @ v) / total.clamp_min(torch.finfo(q.dtype).tiny)).to(dtype)


def terms(heads: Heads) -> Terms:
    """The dot product of the two feature vectors over its sum along the row."""
    q, k = heads.dots
    total = (features(q) @ features(k).mT).sum(-1)
    return Terms("φ(q)·φ(k) = {x}\n", total, of_pair={"x": 1.0}, features=features)


def _run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return apply(Heads(q, k, v))


LOOK = LineStyle(tone="quiet", dashed=False, symbol="square", filled=True)
METHOD = Method(
    name="linear",
    label="Linear",
    formula="φ(q)·φ(k) / Σ φ(q)·φ(k), φ = elu + 1",
    cost="n",
    rank=3,
    takes=DOTS,
    weights=weights,
    apply=apply,
    terms=terms,
    causal=True,
    rule="linear",
    note="In Linear, φ(x) = elu(x) + 1: this is x + 1 above 0, and exp(x) below.",
    look=LOOK,
    ways=(Way(name="linear", label="Linear", cost="n", takes=DOTS, run=_run, sums=(8, 16), look=LOOK, usual=True),),
)
