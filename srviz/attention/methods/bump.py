"""Sliced bump attention (arXiv 2512.11411): the local kernel on the same slice."""

from functools import partial

import torch
from torch import Tensor

from srviz.attention import kernels, reference
from srviz.attention.forms import FORMS
from srviz.attention.heads import Heads
from srviz.attention.layer import SlicedAttention
from srviz.attention.method import SCORES, LineStyle, Method, Terms, Way, masked
from srviz.attention.sliced import sliced_bump


def weights(heads: Heads, *, effective: bool = True) -> Tensor:
    """max(0, 1 − |s_i − t_j| / b) / n over the n kept keys."""
    s, t = heads.scores
    if heads.key_mask is not None:
        t = torch.where(heads.key_mask, t, 0)
    return reference.sliced_bump_weights(s, t, _bandwidth(heads, t), masked(heads, t))


def apply(heads: Heads) -> Tensor:
    """The weights times the values, by sorting."""
    s, t = heads.scores
    return sliced_bump(s, t, heads.values, heads.bandwidth, key_mask=heads.key_mask)


def terms(heads: Heads) -> Terms:
    """One number of the query and one of the key."""
    s, t = heads.scores
    b = heads.bandwidth
    apart = "|{s} − {t}|" if not isinstance(b, Tensor) and b == 1 else f"|{{s}} − {{t}}| / {float(b):.2f}"
    return Terms(f"max(0, 1 − {apart})", t.shape[-1], of_query={"s": s}, of_key={"t": t})


def _bandwidth(heads: Heads, t: Tensor) -> Tensor:
    return heads.bandwidth if isinstance(heads.bandwidth, Tensor) else t.new_tensor(heads.bandwidth)


def _run(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return sliced_bump(s, t, v, 1.0)


FORM = FORMS["bump"]
LOOK = LineStyle(tone="ink", dashed=True, symbol="diamond", filled=False)
METHOD = Method(
    name="bump",
    label="Sliced bump",
    short="bump",
    formula="max(0, 1 − |s − t|/b) / n",
    cost="n log n",
    rank=2,
    takes=SCORES,
    projection=FORM.projection,
    standardized=FORM.standardized,
    bandwidth=FORM.bandwidth,
    weights=weights,
    apply=apply,
    terms=terms,
    causal=True,
    rule="bump",
    silence="no key lies within b = {b:.2f} of the query",
    kernel=lambda bandwidth: kernels.bump().widened(bandwidth),
    look=LOOK,
    layer=partial(SlicedAttention, kernel="bump"),
    ways=(Way(name="bump", label="Sliced bump", cost="n log n", takes=SCORES, run=_run, sums=(6, 12), look=LOOK),),
)
