"""How weights are spread over the keys."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Spread:
    """Of each query's row of weights; (n_q,) each. entropy in nats, of |w| / Σ|w|; effective = exp(entropy) keys."""

    zeros: Tensor  # share of exact zeros
    entropy: Tensor
    effective: Tensor  # 0 where a query attends to nothing


def spread(weights: Tensor) -> Spread:
    """weights: (n_q, n_k), of any sign and sum."""
    size = weights.abs()
    total = size.sum(-1, keepdim=True)
    share = size / torch.where(total > 0, total, 1)
    entropy = torch.special.entr(share).sum(-1)
    effective = torch.where(total.squeeze(-1) > 0, entropy.exp(), 0)
    return Spread((weights == 0).to(weights.dtype).mean(-1), entropy, effective)
