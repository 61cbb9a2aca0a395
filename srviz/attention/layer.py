"""Multi-head sliced attention as a layer that takes the place of `torch.nn.MultiheadAttention`."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear, softplus

from srviz.attention import checks, engines
from srviz.attention.forms import FORMS, SlicedForm
from srviz.attention.heads import Slice, moments, standardize


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
        if kernel not in FORMS:
            raise ValueError(f"kernel: expected one of {', '.join(FORMS)}, got {kernel!r}")
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
        self.slice = Slice(num_heads, self.head_dim, projection or self._form.projection, **where)
        if self._form.bandwidth:
            self.raw_bandwidth = nn.Parameter(torch.empty(num_heads, **where))
        self.reset_parameters()

    @classmethod
    def from_multihead(
        cls, attention: nn.MultiheadAttention, *, kernel: str = "relu", projection: str | None = None
    ) -> "SlicedAttention":
        """A layer that starts from the queries, keys, values and output of a trained `torch.nn.MultiheadAttention`.

        Its weights are copied. What is called in_proj_weight there, the maps of queries, keys and values below each
        other, is q_proj.weight, k_proj.weight and v_proj.weight here, and so with the biases; out_proj is out_proj. Π,
        and the bandwidths of the bump, are new. Raises ValueError where it has what sliced attention has not.
        """
        theirs: Any = attention  # of its parameters some may be None
        where, biased = theirs.out_proj.weight, theirs.in_proj_bias is not None
        made = cls(
            theirs.embed_dim,
            theirs.num_heads,
            theirs.dropout,
            biased,
            theirs.bias_k is not None,
            theirs.add_zero_attn,
            theirs.kdim,
            theirs.vdim,
            theirs.batch_first,
            where.device,
            where.dtype,
            kernel=kernel,
            projection=projection,
        )
        maps = (made.q_proj, made.k_proj, made.v_proj)
        if theirs.in_proj_weight is None:
            weights = (theirs.q_proj_weight, theirs.k_proj_weight, theirs.v_proj_weight)
        else:
            weights = theirs.in_proj_weight.chunk(3)
        with torch.no_grad():
            for mine, weight in zip(maps, weights, strict=True):
                mine.weight.copy_(weight)
            made.out_proj.weight.copy_(where)
            if biased:
                for mine, bias in zip(maps, theirs.in_proj_bias.chunk(3), strict=True):
                    mine.bias.copy_(bias)
                made.out_proj.bias.copy_(theirs.out_proj.bias)
        return made.train(theirs.training)

    def reset_parameters(self) -> None:
        """Xavier-uniform projections and zero biases, as in `torch.nn.MultiheadAttention`; bandwidths of 1."""
        for mapping in (self.q_proj, self.k_proj, self.v_proj, self.out_proj):
            nn.init.xavier_uniform_(mapping.weight)
            if mapping.bias is not None:
                nn.init.zeros_(mapping.bias)
        if self._form.bandwidth:
            nn.init.constant_(self.raw_bandwidth, math.log(math.expm1(1 - 1e-4)))

    @property
    def _form(self) -> SlicedForm:
        return FORMS[self.kernel]

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
        need_weights=False. Raises ValueError for attn_mask and is_causal, which it cannot do, and for other numbers in
        a floating mask; in a program, on a GPU or under a transform these make NaN of their rows instead.
        """
        if attn_mask is not None:
            raise ValueError(
                f"attn_mask: expected None, sliced attention cannot mask single pairs, got {_kind(attn_mask)}"
            )
        if is_causal:
            raise ValueError("is_causal: expected False, causal sliced attention is not implemented, got True")
        batched = self._check(query, key, value)
        keep, known = self._keep(key_padding_mask, key)
        if not batched:
            query, key, value = query[None], key[None], value[None]
            keep, known = (None if x is None else x[None] for x in (keep, known))
        if keep is not None:  # nothing that stands under the mask may spread, NaN included
            asks, gives = query is key, value is key  # then the rows of padded tokens, which mean nothing, are finite
            key = torch.where(keep.unsqueeze(-1), key, 0)
            value = key if gives else torch.where(keep.unsqueeze(-1), value, 0)
            query = key if asks else query
        key_mask = None if keep is None else keep.unsqueeze(1)  # (B, 1, n_k)
        s, t, v = self._project(query, key, value)
        t = t if known is None else torch.where(known.unsqueeze(1), t, torch.nan)
        dtype = v.dtype
        wide = torch.promote_types(dtype, torch.float32)
        if {s.dtype, t.dtype, dtype} != {wide}:
            s, t, v = s.to(wide), t.to(wide), v.to(wide)
        stretch = (self.bandwidth.to(wide),) if self._form.bandwidth else ()
        if self._form.standardized and (need_weights or not self._sums_as_they_are(s, t, v)):
            s, t = self._standardized(s, t, key_mask, as_many=query is key)
        heads = self._form.attend(s, t, v, *stretch, key_mask=key_mask).to(dtype)
        if self.training and self.dropout:
            heads = dropout(heads, self.dropout)
        output = self.out_proj(heads.transpose(1, 2).flatten(2))  # (B, n_q, E)
        weights = None
        if need_weights:
            mask = None if key_mask is None else key_mask.expand_as(t)
            weights = self._form.weights(s, t, *stretch, mask).to(dtype)
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            output, weights = output[0], None if weights is None else weights[0]
        return output, weights

    def extra_repr(self) -> str:
        """What print shows besides the parts."""
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, kernel={self.kernel!r}, dropout={self.dropout}"

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores s: (B, H, n_q), t: (B, H, n_k), and values: (B, H, n_k, d).

        Queries and keys are needed for their scores alone. So where there are many tokens, or Π narrows at once, the
        maps that follow each other are multiplied first, (Π W) x for Π (W x), and no query or key is ever computed.
        """
        first, then = self.slice.maps()
        query_map, key_map = self._map(self.q_proj), self._map(self.k_proj)
        many = _is_many(query, self.embed_dim)
        if many or not then:
            query_map, key_map = _after(first, *query_map), _after(first, *key_map)
        if query is key:
            weight, bias = _joined(query_map, key_map)
            x = linear(query, weight, bias)
            x = x.view(*x.shape[:-1], 2, len(weight) // 2)  # a token's query and its key
            s, t = self._scores(x, first, then, many).permute(2, 0, 3, 1)
        else:
            s, t = (
                self._scores(linear(x, *mapped), first, then, many).transpose(1, 2)
                for x, mapped in ((query, query_map), (key, key_map))
            )
        v = self.v_proj(value)
        return s, t, v.view(*v.shape[:-1], self.num_heads, self.head_dim).transpose(1, 2)

    @staticmethod
    def _scores(x: Tensor, first: nn.Linear, then: tuple[nn.Module, ...], many: bool) -> Tensor:
        """The scores of x.

        A linear Π, and for many tokens the first map of an MLP, was multiplied into the projections that made x.
        """
        if then and not many:
            x = first(x)
        for mapping in then:
            x = mapping(x)
        return x

    @staticmethod
    def _map(layer: nn.Linear) -> tuple[Tensor, Tensor | None]:
        return layer.weight, layer.bias

    def _sums_as_they_are(self, s: Tensor, t: Tensor, v: Tensor) -> bool:
        """Whether scores are summed without being standardized first: an engine finds the same without it, and sums of
        their differences are finite, which second derivatives need.
        """
        if torch.compiler.is_compiling() or not len(s):
            return False
        if not engines.takes_any_scores(self._form.operation, s[:, 0], t[:, 0], v[:, 0], None):
            return False
        most = torch.finfo(t.dtype).max / 4 / t.shape[-1]
        largest = (float(torch.linalg.vector_norm(x.detach(), torch.inf)) for x in (s, t))
        return all(size <= most for size in largest)  # not where one is NaN

    @staticmethod
    def _standardized(s: Tensor, t: Tensor, key_mask: Tensor | None, as_many: bool) -> tuple[Tensor, Tensor]:
        """Queries and keys together; where keys are masked, by the kept keys alone. as_many: queries as keys.

        Which queries are padding is not known, and the result does not move when all scores are shifted and scaled
        alike: so what stands under the mask can do no harm by its size. For the same reason the mean and the
        deviation count as constants where torch differentiates: what would go through them cancels.
        """
        if key_mask is None and as_many:
            scores = torch.stack((s, t))
            with torch.no_grad():
                mean, deviation = moments(scores)
            s, t = (scores - mean) / deviation
            return s, t
        with torch.no_grad():
            if key_mask is None:
                _, _, mean, deviation = standardize(s, t)
            else:
                _, _, mean, deviation = standardize(t, t, query_mask=key_mask, key_mask=key_mask)
        s, t = (s - mean) / deviation, (t - mean) / deviation
        return s, t if key_mask is None else torch.where(key_mask, t, 0)

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> bool:
        """Whether the inputs have a batch dimension; raises ValueError where their shapes do not fit."""
        if query.is_meta or not torch.is_autocast_enabled(query.device.type):  # which takes any dtype to its own
            same = query is key and query is value
            checks.floating(**({"query": query} if same else {"query": query, "key": key, "value": value}))
        for name, x, mapping in (
            ("query", query, self.q_proj),
            ("key", key, self.k_proj),
            ("value", value, self.v_proj),
        ):
            if x is query and name != "query" and mapping.in_features == self.embed_dim:
                continue  # it has been looked at
            checks.plain(name, x)
            if x.dim() not in (2, 3) or x.dim() != query.dim() or x.shape[-1] != mapping.in_features:
                raise ValueError(f"{name}: expected shape (batch, n, {mapping.in_features}), got {tuple(x.shape)}")
        if key.shape[:-1] != value.shape[:-1]:
            raise ValueError(f"value: expected one row for each key, {tuple(key.shape)}, got {tuple(value.shape)}")
        if query.shape[:-2] != key.shape[:-2]:
            raise ValueError(f"key: expected the batch of query, {tuple(query.shape)}, got {tuple(key.shape)}")
        return query.dim() == 3

    @staticmethod
    def _keep(padding: Tensor | None, key: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """True = keep, from a mask with True or −inf = ignore. Then, where a mask cannot be looked at now, which of its
        numbers say so: the others make NaN of their rows.
        """
        if padding is None:
            return None, None
        checks.plain("key_padding_mask", padding)
        if padding.shape != key.shape[:-1]:
            raise ValueError(f"key_padding_mask: expected shape {tuple(key.shape[:-1])}, got {tuple(padding.shape)}")
        if padding.dtype == torch.bool:
            return ~padding, None
        if not padding.is_floating_point():
            raise TypeError(f"key_padding_mask: expected a bool or floating tensor, got {padding.dtype}")
        keep, known = padding != -torch.inf, (padding == 0) | (padding == -torch.inf)
        if not checks.are_numbers(padding):
            return keep, known
        if not bool(known.all()):
            raise ValueError("key_padding_mask: expected 0 or −inf in a floating mask, got other numbers")
        return keep, None


def _is_many(x: Tensor, embed_dim: int) -> bool:
    """Whether x: (B, n, …) has so many tokens that a product of two maps costs less than one with all tokens.

    By the multiplications alone that is so from n = embed_dim on; with all that comes with them it was measured from
    one and a half times as many. The tokens of one row are counted, so that its result is the same in every batch. Not
    in a program, which is to serve any number of tokens.
    """
    n = x.shape[1]
    return not torch.compiler.is_compiling() and isinstance(n, int) and 2 * n >= 3 * embed_dim


def _after(last: nn.Linear, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The map that comes from one, x ↦ weight x + bias, and then another."""
    if bias is None:
        return last.weight @ weight, last.bias
    moved = last.weight @ bias
    return last.weight @ weight, moved if last.bias is None else moved + last.bias


def _joined(one: tuple[Tensor, Tensor | None], other: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor | None]:
    """Two maps of the same tokens as one."""
    bias = None if one[1] is None or other[1] is None else torch.cat((one[1], other[1]))
    return torch.cat((one[0], other[0])), bias


def _kind(x: object) -> str:
    return f"a tensor of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
