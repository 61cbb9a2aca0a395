"""What mixes the tokens of a model: attention by any method of the registry, or a control that is no attention."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from srviz.attention import METHODS, Heads, Slice, standardize
from srviz.attention.method import LineStyle, Method
from srviz.attention.methods import sliced
from srviz.attention.named import by_name
from srviz.lab.variants import VARIANTS

LEAST_BANDWIDTH = 1e-4
ROTARY_BASE = 10_000.0
PLACES = 2.0  # tokens per unit of score at the start, before scores are standardized
SHIFT = 0.3  # standard deviation of the shifts at the start, in units of score


class Attention(nn.Module):
    """Attention by a method, with its maps: (B, n, width) → (B, n, width).

    The maps and how they start are those of `torch.nn.MultiheadAttention`. A method that takes scores has Π besides,
    and one that has a bandwidth learns one for each head. positions: with "rotary" queries and keys are turned
    by their place (Su et al., *RoFormer*, arXiv 2104.09864) before Π, as the authors of arXiv 2512.11411 do. With
    "score" they are turned as well, and each head adds to a token's scores a learned multiple of its place: one
    multiple for queries and one for keys. It adds a learned shift to the scores of keys. Half of the heads begin with
    the multiple 1 and half with −1. A method without scores has nothing to add to. bandwidth: at the start.
    watched: None, or a list that takes the heads of every call.
    """

    def __init__(
        self, method: Method, width: int, num_heads: int, *, positions: str = "none", bandwidth: float = 1.0
    ) -> None:
        super().__init__()
        self.method, self.num_heads, self.rotary = method, num_heads, positions in ("rotary", "score")
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        nn.init.xavier_uniform_(self.qkv.weight)
        for layer in (self.qkv, self.out):
            nn.init.zeros_(layer.bias)
        self.slice = Slice(num_heads, width // num_heads, method.projection) if method.projection else None
        if method.bandwidth:
            start = torch.tensor(bandwidth - LEAST_BANDWIDTH).expm1().log()
            self.raw_bandwidth = nn.Parameter(start.repeat(num_heads))
        self.place = nn.Parameter(_places(num_heads)) if self.slice and positions == "score" else None
        self.watched: list[Heads] | None = None

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """keep: (B, n), True = a token, False = padding."""
        heads = self.heads(x, keep)
        if self.watched is not None:
            self.watched.append(heads)
        mixed: Tensor = self.out(self.method.apply(heads).transpose(1, 2).flatten(2))
        return mixed

    def heads(self, x: Tensor, keep: Tensor | None = None) -> Heads:
        """The heads of tokens x: (B, n, width), scored and standardized as the method takes them."""
        rows, n, _ = x.shape
        q, k, v = self.qkv(x).view(rows, n, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)  # (B, H, n, d) each
        if self.rotary:
            q, k = turned(q), turned(k)
        bandwidth = softplus(self.raw_bandwidth) + LEAST_BANDWIDTH if self.method.bandwidth else 1.0
        heads = Heads(q, k, v, key_mask=None if keep is None else keep.unsqueeze(1), bandwidth=bandwidth)
        if self.slice is None:
            return heads
        heads = heads.scored(self.slice)
        if self.place is not None:
            heads = self._placed(heads, self.place)
        return self._standardized(heads) if self.method.standardized else heads

    @staticmethod
    def _placed(heads: Heads, place: Tensor) -> Heads:
        """The scores of heads with what their places add. place: (3, H)."""
        s, t = heads.scores
        of_query, of_key, shift = place.unsqueeze(-1)  # (H, 1) each
        where = torch.arange(t.shape[-1], device=t.device, dtype=t.dtype) / PLACES
        return replace(heads, s=s + of_query * where, t=t + of_key * where + shift)

    @staticmethod
    def _standardized(heads: Heads) -> Heads:
        """Queries and keys are the same tokens here, so a token that is no key counts as no query either."""
        s, t = heads.scores
        keep = heads.key_mask
        scores = standardize(s, t, query_mask=keep, key_mask=keep)
        return replace(heads, s=scores.s, t=scores.t, mean=scores.mean, deviation=scores.deviation)


def _places(num_heads: int) -> Tensor:
    """(3, H): what a head begins with, see `Attention`; the shifts are drawn, so that heads differ."""
    rising = 1.0 - 2.0 * (torch.arange(num_heads) % 2)
    return torch.stack((rising, rising, torch.randn(num_heads) * SHIFT))


class Mean(nn.Module):
    """A control: every token gets the same, a map of the mean of all tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.values, self.out = nn.Linear(width, width), nn.Linear(width, width)
        for layer in (self.values, self.out):
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """x: (B, n, width). keep: (B, n), True for a token and False for padding. Returns (B, n, width)."""
        mixed: Tensor = self.out(average(self.values(x), keep).unsqueeze(1).expand_as(x))
        return mixed


class Nothing(nn.Module):
    """A control: no token learns anything of another one."""

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """Zeros of the shape of x, (B, n, width): nothing is added to a token."""
        return torch.zeros_like(x)


@dataclass(frozen=True)
class Mixing:
    """One way to mix. label: for people. method: of the registry, or a variant of one; None for a control. make:
    (width, num_heads, positions, bandwidth) → a module (x, keep) → what is added to x. tuned_as: the name of the mixing
    whose learning rate it takes, its own or that of the one it is compared with.
    """

    name: str
    label: str
    method: Method | None
    make: Callable[[int, int, str, float], nn.Module]
    tuned_as: str

    @property
    def look(self) -> LineStyle:
        """How its lines and marks are drawn: those of its method, or the quiet ones of a control."""
        return self.method.look if self.method else LineStyle()


CONTROLS = {
    "mean": Mixing("mean", "A plain mean", None, lambda width, *_: Mean(width), "mean"),
    "none": Mixing("none", "No mixing", None, lambda *_: Nothing(), "mean"),
}


def mixings() -> dict[str, Mixing]:
    """All that a model can be trained with: every method of the registry, the variants, and the controls.

    Raises ValueError where one of them has the name or the label of another.
    """
    variants = (of(method, sliced().name) for method in VARIANTS.values())
    return by_name([*map(of, METHODS.values()), *variants, *CONTROLS.values()])


def of(method: Method, tuned_as: str = "") -> Mixing:
    """Attention by this method, with its own learning rate or with that of another one."""

    def make(width: int, num_heads: int, positions: str, bandwidth: float) -> nn.Module:
        return Attention(method, width, num_heads, positions=positions, bandwidth=bandwidth)

    return Mixing(method.name, method.label, method, make, tuned_as or method.name)


def turned(x: Tensor) -> Tensor:
    """x: (…, n, d), each pair of coordinates (c, c + d/2) turned by the token's place, n · 10000^(−2c/d)."""
    half = x.shape[-1] // 2
    frequency = ROTARY_BASE ** -(torch.arange(half, device=x.device, dtype=x.dtype) / half)
    angle = torch.arange(x.shape[-2], device=x.device, dtype=x.dtype).unsqueeze(-1) * frequency  # (n, d/2)
    one, other = x[..., :half], x[..., half:]
    return torch.cat((one * angle.cos() - other * angle.sin(), one * angle.sin() + other * angle.cos()), -1)


def average(x: Tensor, keep: Tensor | None) -> Tensor:
    """The mean over the tokens of x: (B, n, width) → (B, width)."""
    if keep is None:
        return x.mean(1)
    kept = keep.unsqueeze(-1).to(x.dtype)
    return (x * kept).sum(1) / kept.sum(1).clamp_min(1)
