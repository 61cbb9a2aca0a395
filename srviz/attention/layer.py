"""Multi-head sliced attention as a layer that takes the place of `torch.nn.MultiheadAttention`."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, softplus

from srviz.attention import checks, reference
from srviz.attention.heads import Slice, standardize
from srviz.attention.sliced import sliced_bump, sliced_relu

DEFAULT_PROJECTIONS = {"relu": "mlp", "bump": "linear"}  # of the two kernels


class SlicedAttention(nn.Module):
    """Sliced attention with the arguments and the return of `torch.nn.MultiheadAttention(batch_first=True)`.

    kernel: "relu" or "bump". projection: "mlp" or "linear", by default "mlp" for ReLU and "linear" for the bump, as in
    arXiv 2512.11411. The bump's bandwidth is learned per head, softplus(raw_bandwidth) + 1e-4, 1 at the start.
    dropout acts on the heads' outputs, since the weights never exist one by one. Time O(n log n) in `forward` with
    need_weights=False; with need_weights=True the n_q × n_k weights are made for looking, and that is all they are for.
    """

    # what nn.TransformerEncoder(Layer) reads to decide against its fused path, which knows softmax only
    batch_first = True
    in_proj_bias = None
    _qkv_same_embed_dim = True

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        kernel: str = "relu",
        projection: str | None = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(f"embed_dim: expected a multiple of num_heads, got {embed_dim} with {num_heads} heads")
        if kernel not in DEFAULT_PROJECTIONS:
            raise ValueError(f"kernel: expected one of {', '.join(DEFAULT_PROJECTIONS)}, got {kernel!r}")
        for name, given in (("add_bias_kv", add_bias_kv), ("add_zero_attn", add_zero_attn)):
            if given:
                raise ValueError(f"{name}: expected False, sliced attention has no such key, got {given}")
        if not batch_first:
            raise ValueError("batch_first: expected True, inputs are (batch, n, embed_dim), got False")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a number from 0 to 1, got {dropout}")
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.kernel = dropout, kernel
        self.q_proj = nn.Linear(embed_dim, embed_dim, bias, **where)
        self.k_proj = nn.Linear(embed_dim if kdim is None else kdim, embed_dim, bias, **where)
        self.v_proj = nn.Linear(embed_dim if vdim is None else vdim, embed_dim, bias, **where)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias, **where)
        self.slice = Slice(num_heads, self.head_dim, projection or DEFAULT_PROJECTIONS[kernel], **where)
        if kernel == "bump":
            self.raw_bandwidth = nn.Parameter(torch.empty(num_heads, **where))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Xavier-uniform projections and zero biases, as in `torch.nn.MultiheadAttention`; bandwidths of 1."""
        for linear in (self.q_proj, self.k_proj, self.v_proj, self.out_proj):
            nn.init.xavier_uniform_(linear.weight)
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)
        if self.kernel == "bump":
            nn.init.constant_(self.raw_bandwidth, math.log(math.expm1(1 - 1e-4)))

    @property
    def bandwidth(self) -> Tensor:
        """The bump's bandwidths, (H,)."""
        return softplus(self.raw_bandwidth) + 1e-4

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        query: (B, n_q, embed_dim), key: (B, n_k, kdim), value: (B, n_k, vdim), or all three without the batch.
        key_padding_mask: (B, n_k), True (or −inf) = ignore. Returns the output, (B, n_q, embed_dim), and the effective
        weights: (B, n_q, n_k) averaged over the heads, (B, H, n_q, n_k) with average_attn_weights=False, None with
        need_weights=False. Raises ValueError for attn_mask and is_causal, which it cannot do.
        """
        if attn_mask is not None:
            raise ValueError(
                f"attn_mask: expected None, sliced attention cannot mask single pairs, got {_kind(attn_mask)}"
            )
        if is_causal:
            raise ValueError("is_causal: expected False, causal sliced attention is not implemented, got True")
        batched = self._check(query, key, value)
        keep = self._keep(key_padding_mask, key)
        if not batched:
            query, key, value = query[None], key[None], value[None]
            keep = None if keep is None else keep[None]
        if keep is not None:  # nothing that stands under the mask may spread, NaN included
            itself = query is key  # then the rows of padded tokens, which mean nothing, are finite as well
            key, value = (torch.where(keep.unsqueeze(-1), x, 0) for x in (key, value))
            query = key if itself else query
        q, k, v = self._heads(self.q_proj(query)), self._heads(self.k_proj(key)), self._heads(self.v_proj(value))
        key_mask = None if keep is None else keep.unsqueeze(1)  # (B, 1, n_k)
        s, t = self.slice(q), self.slice(k)  # (B, H, n)
        dtype = v.dtype
        s, t = s.to(torch.promote_types(dtype, torch.float32)), t.to(torch.promote_types(dtype, torch.float32))
        wide = v.to(s.dtype)
        if self.kernel == "relu":
            s, t = self._standardized(s, t, key_mask)
            heads = sliced_relu(s, t, wide, key_mask=key_mask)
        else:
            heads = sliced_bump(s, t, wide, self.bandwidth.to(s.dtype), key_mask=key_mask)
        heads = dropout(heads.to(dtype), self.dropout, self.training)
        output = self.out_proj(heads.transpose(1, 2).flatten(2))  # (B, n_q, E)
        weights = self._weights(s, t, key_mask).to(dtype) if need_weights else None
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            output, weights = output[0], None if weights is None else weights[0]
        return output, weights

    def extra_repr(self) -> str:
        """What print shows besides the parts."""
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, kernel={self.kernel!r}, dropout={self.dropout}"

    @staticmethod
    def _standardized(s: Tensor, t: Tensor, key_mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Queries and keys together; where keys are masked, by the kept keys alone.

        Which queries are padding is not known, and the result does not move when all scores are shifted and scaled
        alike: so what stands under the mask can do no harm by its size.
        """
        if key_mask is None:
            return standardize(s, t)[:2]
        _, t, mean, deviation = standardize(t, t, query_mask=key_mask, key_mask=key_mask)
        return (s - mean.to(s.dtype)) / deviation.to(s.dtype), t

    def _weights(self, s: Tensor, t: Tensor, key_mask: Tensor | None) -> Tensor:
        mask = None if key_mask is None else key_mask.expand_as(t)
        if self.kernel == "relu":
            return reference.sliced_relu_weights(s, t, mask)
        return reference.sliced_bump_weights(s, t, self.bandwidth.to(s.dtype), mask)

    def _heads(self, x: Tensor) -> Tensor:
        """(B, n, H·d) → (B, H, n, d)."""
        return x.view(*x.shape[:-1], self.num_heads, self.head_dim).transpose(1, 2)

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> bool:
        """Whether the inputs have a batch dimension; raises ValueError where their shapes do not fit."""
        if query.is_meta or not torch.is_autocast_enabled(query.device.type):  # which takes any dtype to its own
            checks.floating(query=query, key=key, value=value)
        for name, x, linear in (
            ("query", query, self.q_proj),
            ("key", key, self.k_proj),
            ("value", value, self.v_proj),
        ):
            if x.dim() not in (2, 3) or x.dim() != query.dim() or x.shape[-1] != linear.in_features:
                raise ValueError(f"{name}: expected shape (batch, n, {linear.in_features}), got {tuple(x.shape)}")
        if key.shape[:-1] != value.shape[:-1]:
            raise ValueError(f"value: expected one row for each key, {tuple(key.shape)}, got {tuple(value.shape)}")
        if query.shape[:-2] != key.shape[:-2]:
            raise ValueError(f"key: expected the batch of query, {tuple(query.shape)}, got {tuple(key.shape)}")
        return query.dim() == 3

    @staticmethod
    def _keep(padding: Tensor | None, key: Tensor) -> Tensor | None:
        """True = keep, from a mask with True or −inf = ignore."""
        if padding is None:
            return None
        if padding.shape != key.shape[:-1]:
            raise ValueError(f"key_padding_mask: expected shape {tuple(key.shape[:-1])}, got {tuple(padding.shape)}")
        if padding.dtype == torch.bool:
            return ~padding
        if not padding.is_floating_point():
            raise TypeError(f"key_padding_mask: expected a bool or floating tensor, got {padding.dtype}")
        if checks.are_numbers(padding) and not bool(((padding == 0) | (padding == -torch.inf)).all()):
            raise ValueError("key_padding_mask: expected 0 or −inf in a floating mask, got other numbers")
        return padding == 0


def _kind(x: object) -> str:
    return f"a tensor of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
