"""The registry of methods: each gives a label, its formula, its weights for looking and its fast path for working.

For every method and the same arguments, weights @ v == apply. q: (B, H, n_q, d), k, v: (B, H, n_k, d), key_mask: (B,
H, n_k) or anything that broadcasts to it, True = keep. The sliced ones map (q, k) to scores (s, t) by `slice_` (…, see
`scores`), an untrained one of seed 0 where none is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import elu, scaled_dot_product_attention

from srviz.attention import dense
from srviz.attention.scores import seeded_slice, standardize
from srviz.attention.sliced import sliced_bump, sliced_relu

SliceMap = Callable[[Tensor], Tensor]  # (B, H, n, d) → (B, H, n), of queries and of keys


class Weights(Protocol):
    """(B, H, n_q, n_k). effective=False: before the values are centred, where a method centres them."""

    def __call__(  # noqa: D102
        self,
        q: Tensor,
        k: Tensor,
        *,
        slice_: SliceMap | None = None,
        key_mask: Tensor | None = None,
        effective: bool = True,
    ) -> Tensor: ...


class Apply(Protocol):
    """(B, H, n_q, d), by the fastest exact way the method has."""

    def __call__(  # noqa: D102
        self, q: Tensor, k: Tensor, v: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None
    ) -> Tensor: ...


@dataclass(frozen=True)
class Method:
    """One way to attend. formula: plain text. cost: in n. signed: whether effective weights can be negative."""

    name: str
    label: str
    formula: str
    cost: str
    signed: bool
    weights: Weights
    apply: Apply


def _softmax_weights(
    q: Tensor, k: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None, effective: bool = True
) -> Tensor:
    logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if key_mask is None:
        weights: Tensor = logits.softmax(-1)
        return weights
    keep = key_mask.unsqueeze(-2)
    weights = logits.masked_fill(~keep, -torch.inf).softmax(-1)
    return torch.where(keep, weights, 0)  # a row without any kept key attends to nothing


def _softmax(
    q: Tensor, k: Tensor, v: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None
) -> Tensor:
    if key_mask is None:
        return scaled_dot_product_attention(q, k, v)
    mask = key_mask.unsqueeze(-2).expand(*q.shape[:-1], k.shape[-2])
    y = scaled_dot_product_attention(q, k, torch.where(key_mask.unsqueeze(-1), v, 0), attn_mask=mask)
    return torch.where(key_mask.any(-1)[..., None, None], y, 0)


def _features(x: Tensor) -> Tensor:
    positive: Tensor = elu(x.to(torch.promote_types(x.dtype, torch.float32))) + 1  # half would overflow in the sums
    return positive


def _linear_weights(
    q: Tensor, k: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None, effective: bool = True
) -> Tensor:
    weights = _features(q) @ _features(k).transpose(-1, -2)
    if key_mask is not None:
        weights = torch.where(key_mask.unsqueeze(-2), weights, 0)
    return (weights / weights.sum(-1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)).to(q.dtype)


def _linear(
    q: Tensor, k: Tensor, v: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None
) -> Tensor:
    q, k, v, dtype = _features(q), _features(k), v.to(torch.promote_types(v.dtype, torch.float32)), v.dtype
    if key_mask is not None:
        k, v = torch.where(key_mask.unsqueeze(-1), k, 0), torch.where(key_mask.unsqueeze(-1), v, 0)
    total = q @ k.sum(-2).unsqueeze(-1)  # (B, H, n_q, 1)
    return (q @ (k.transpose(-1, -2) @ v) / total.clamp_min(torch.finfo(q.dtype).tiny)).to(dtype)


def _scores(
    q: Tensor, k: Tensor, slice_: SliceMap | None, projection: str, key_mask: Tensor | None, standard: bool
) -> tuple[Tensor, Tensor]:
    if slice_ is None:
        slice_ = seeded_slice(q.shape[1], q.shape[-1], projection, device=q.device, dtype=q.dtype)
    s, t = slice_(q), slice_(k)  # (B, H, n)
    return standardize(s, t, key_mask=key_mask) if standard else (s, t)


def _relu_weights(
    q: Tensor, k: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None, effective: bool = True
) -> Tensor:
    s, t = _scores(q, k, slice_, "mlp", key_mask, standard=True)
    return dense.sliced_relu_weights(s, t, _full(key_mask, t), effective=effective)


def _relu(q: Tensor, k: Tensor, v: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None) -> Tensor:
    s, t = _scores(q, k, slice_, "mlp", key_mask, standard=True)
    return sliced_relu(s, t, v, key_mask=key_mask)


BANDWIDTH = 1.0  # of the bump where nobody trained one


def _bump_weights(
    q: Tensor, k: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None, effective: bool = True
) -> Tensor:
    s, t = _scores(q, k, slice_, "linear", key_mask, standard=False)
    if key_mask is not None:
        t = torch.where(key_mask, t, 0)
    return dense.sliced_bump_weights(s, t, t.new_tensor(BANDWIDTH), _full(key_mask, t))


def _bump(q: Tensor, k: Tensor, v: Tensor, *, slice_: SliceMap | None = None, key_mask: Tensor | None = None) -> Tensor:
    s, t = _scores(q, k, slice_, "linear", key_mask, standard=False)
    return sliced_bump(s, t, v, BANDWIDTH, key_mask=key_mask)


def _full(key_mask: Tensor | None, t: Tensor) -> Tensor | None:
    return None if key_mask is None else key_mask.expand_as(t)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("softmax", "Softmax", "exp(q·k/√d) / Σ exp(q·k/√d)", "n²", False, _softmax_weights, _softmax),
        Method("relu", "Sliced ReLU", "relu(s − t) / Σ|s − t| · (v − v̄)", "n log n", True, _relu_weights, _relu),
        Method("bump", "Sliced bump", "max(0, 1 − |s − t|/b) / n", "n log n", False, _bump_weights, _bump),
        Method("linear", "Linear", "φ(q)·φ(k) / Σ φ(q)·φ(k), φ = elu + 1", "n", False, _linear_weights, _linear),
    )
}
