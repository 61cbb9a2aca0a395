"""What most engines are given: float32 at least, and masked keys that do no harm. torch differentiates all of it."""

from typing import Any

import torch
from torch import Tensor


def settled(s: Tensor, t: Tensor, v: Tensor, *others: Any) -> tuple[Any, ...]:
    """An operation's arguments in float32 at least, without what masked keys hold. others: a mask first, if any."""
    wide = torch.promote_types(v.dtype, torch.float32)
    s, t, v = s.to(wide), t.to(wide), v.to(wide)
    if others and isinstance(others[0], Tensor) and others[0].dtype == torch.bool:
        t, v = without_masked(t, v, others[0])
    return s, t, v, *others


def without_masked(t: Tensor, v: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
    """Every masked key with a kept one's score and zeros for its value. t, keep: (B, n_k), v: (B, n_k, d)."""
    first = keep.to(t.dtype).argmax(-1, keepdim=True) if t.shape[-1] else None
    some = t.detach().sum(-1, True) if first is None else t.detach().gather(-1, first)
    t = torch.where(keep, t, torch.where(keep.any(-1, keepdim=True), some, 0))
    return t, torch.where(keep.unsqueeze(-1), v, 0)
