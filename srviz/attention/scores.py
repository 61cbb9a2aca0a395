"""Tokens to scores: the map Π from a token's vector to one number per head, and the standardization of the scores."""

from typing import Any

import torch
from torch import Tensor, nn

PROJECTIONS = ("mlp", "linear")


class Slice(nn.Module):
    """Π, shared by queries and keys: (B, H, n, d) → (B, H, n), one score per token and head.

    It sees all heads of a token side by side. projection: "mlp" is Linear, GELU, Linear; "linear" is one Linear
    without bias.
    """

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        projection: str = "mlp",
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if projection not in PROJECTIONS:
            raise ValueError(f"projection: expected one of {', '.join(PROJECTIONS)}, got {projection!r}")
        width = num_heads * head_dim
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        self.pi: nn.Module
        if projection == "mlp":
            self.pi = nn.Sequential(nn.Linear(width, width, **where), nn.GELU(), nn.Linear(width, num_heads, **where))
        else:
            self.pi = nn.Linear(width, num_heads, bias=False, **where)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, H, n, d), queries or keys. Returns (B, H, n)."""
        scores: Tensor = self.pi(x.transpose(1, 2).flatten(2))  # (B, n, H): the heads of one token side by side
        return scores.transpose(1, 2)


def seeded_slice(
    num_heads: int,
    head_dim: int,
    projection: str = "mlp",
    *,
    seed: int = 0,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Slice:
    """An untrained Π with normal weights that keep the size of their input, the same for a seed on every device."""
    pi = Slice(num_heads, head_dim, projection)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in pi.parameters():
            fan_in = weight.shape[-1] if weight.dim() > 1 else None
            weight.copy_(torch.randn(weight.shape, generator=generator) / fan_in**0.5 if fan_in else torch.zeros(()))
    return pi.requires_grad_(False).to(device=device, dtype=dtype)


def seeded_heads(x: Tensor, num_heads: int, head_dim: int, *, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Untrained queries, keys and values of tokens: x (B, n, D) → three of (B, H, n, d), the same for a seed
    everywhere.
    """
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(3, x.shape[-1], num_heads * head_dim, generator=generator) / x.shape[-1] ** 0.5
    heads = x.unsqueeze(0) @ weight.to(x).unsqueeze(1)  # (3, B, n, H·d)
    q, k, v = heads.unflatten(-1, (num_heads, head_dim)).transpose(2, 3)
    return q, k, v


def standardize(
    s: Tensor,
    t: Tensor,
    *,
    query_mask: Tensor | None = None,
    key_mask: Tensor | None = None,
    eps: float | Tensor = 1e-6,
) -> tuple[Tensor, Tensor]:
    """Shift and scale queries and keys *together*: (s − m) / σ and (t − m) / σ.

    m is the mean of the two means, σ = √((var s + var t)/2 + ε), biased variances about m, over kept tokens (True =
    keep).
    s: (…, n_q), t: (…, n_k). Sliced ReLU does not move when all scores are shifted or scaled alike: this is
    for floating point, and taking each side's own mean away would be another operator. Masked scores come back as 0.
    """
    wide, dtype = torch.promote_types(s.dtype, torch.float32), s.dtype
    s, t = s.to(wide), t.to(wide)
    s, keep_s, count_s = _kept(s, query_mask)
    t, keep_t, count_t = _kept(t, key_mask)
    sizes = torch.cat([s.detach().abs().flatten(), t.detach().abs().flatten(), s.new_ones(1)])
    unit = power_of_two(sizes.amax())  # squares of large scores would overflow
    s, t, eps = s / unit, t / unit, eps / unit.square()
    middle = (s.sum(-1, keepdim=True) / count_s + t.sum(-1, keepdim=True) / count_t) / 2
    s, t = (s - middle) * keep_s, (t - middle) * keep_t
    deviation = (
        (s.square().sum(-1, keepdim=True) / count_s + t.square().sum(-1, keepdim=True) / count_t) / 2 + eps
    ).sqrt()
    return (s / deviation).to(dtype), (t / deviation).to(dtype)


def power_of_two(x: Tensor) -> Tensor:
    """The largest power of two up to x > 0, float32 or float64: dividing by it does not round.

    By the bits of its exponent, since not every device has `frexp`; 0 where x is subnormal.
    """
    integer, exponent = (torch.int32, 0xFF << 23) if x.dtype == torch.float32 else (torch.int64, 0x7FF << 52)
    return (x.view(integer) & exponent).view(x.dtype)


def _kept(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Zeros for the masked scores, the mask as numbers, and how many are kept (at least 1)."""
    if mask is None:
        return x, x.new_ones(()), x.new_tensor(float(max(x.shape[-1], 1)))
    x = torch.where(mask, x, 0)
    return x, mask.to(x.dtype), mask.sum(-1, keepdim=True).clamp_min(1).to(x.dtype)
