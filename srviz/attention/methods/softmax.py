"""Softmax attention: what everything else is set beside."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from srviz.attention.heads import Heads
from srviz.attention.method import DOTS, LineStyle, Method, Terms, Way


def weights(heads: Heads, *, effective: bool = True) -> Tensor:
    """exp(q_i·k_j / √d) / Σ_l exp(q_i·k_l / √d). A row without any kept key is zero."""
    q, k = heads.dots
    logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if heads.key_mask is None:
        found: Tensor = logits.softmax(-1)
        return found
    keep = heads.key_mask.unsqueeze(-2)
    found = logits.masked_fill(~keep, -torch.inf).softmax(-1)
    return torch.where(keep, found, 0)


def apply(heads: Heads) -> Tensor:
    """The weights times the values, fused: the weights never exist at once."""
    (q, k), v, keep = heads.dots, heads.values, heads.key_mask
    if keep is None:
        return scaled_dot_product_attention(q, k, v)
    mask = keep.unsqueeze(-2).expand(*q.shape[:-1], k.shape[-2])
    y = scaled_dot_product_attention(q, k, torch.where(keep.unsqueeze(-1), v, 0), attn_mask=mask)
    return torch.where(keep.any(-1)[..., None, None], y, 0)


def terms(heads: Heads) -> Terms:
    """With the largest logit of the row taken off above and below, as it is computed: exp would overflow."""
    q, k = heads.dots
    scale = q.shape[-1] ** -0.5
    logits = q @ k.mT * scale
    top = logits.amax(-1)
    total = (logits - top.unsqueeze(-1)).exp().sum(-1)
    plain = "exp(q·k/√d = {x})"
    return Terms("exp({x} − {top})", total, of_query={"top": top}, of_pair={"x": scale}, plain=plain)


def _written_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return weights(Heads(q, k)) @ v


class FusedLayer(nn.MultiheadAttention):
    """torch's own layer, by fused attention also where it is not in training.

    Its shortcut for inference writes the weights out: on a CPU that took 1.3 times as long at n = 1,024 and 2.5 times
    at 4,096 as fused attention (one thread, embed 128, H = 4), and was 0.9 times as long at 64.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As `nn.MultiheadAttention.forward`."""
        usual = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            return super().forward(*args, **kwargs)
        finally:
            torch.backends.mha.set_fastpath_enabled(usual)


def layer(embed_dim: int, num_heads: int, **options: Any) -> FusedLayer:
    """What a layer of sliced attention takes the place of."""
    return FusedLayer(embed_dim, num_heads, batch_first=True, **options)


LOOK = LineStyle(tone="softmax", dashed=False, symbol="circle", filled=True)
METHOD = Method(
    name="softmax",
    label="Softmax",
    formula="exp(q·k/√d) / Σ exp(q·k/√d)",
    cost="n²",
    rank=0,
    takes=DOTS,
    weights=weights,
    apply=apply,
    terms=terms,
    causal=True,
    rule="softmax",
    look=LOOK,
    layer=layer,
    ways=(
        Way(
            name="written",
            label="Softmax, written out",
            cost="n²",
            takes=DOTS,
            run=_written_out,
            sums=(2, 6),
            matrices=(2, 3),
            look=LineStyle(tone="softmax", dashed=True, symbol="circle", filled=False),
            usual=True,
        ),
        Way(
            name="softmax",
            label="Softmax, fused",
            cost="n²",
            takes=DOTS,
            run=scaled_dot_product_attention,
            sums=(3, 8),
            look=LOOK,
            bet=(-3.6, -2.4, -1.2, 0.0),
            usual=True,
        ),
    ),
)
