"""What a method is: the record that every page, the race and the lab read, and that no other file has to repeat."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from srviz.attention.heads import Heads
from srviz.attention.kernels import Kernel, dividend

DOTS, SCORES = ("q", "k", "v"), ("s", "t", "v")  # what a method can take


@dataclass(frozen=True)
class Terms:
    """The arithmetic of one weight, numerator / divisor, for who points at it.

    numerator: a text with names in braces, "relu({s} − {t})", of + − · / ² ³, |…|, exp, relu, abs and max(0, …); a test
    computes it as it is written. divisor: the divisor of the numerator, (…, n_q), or one number for all. of_query,
    of_key: the numbers of these names, (…, n_q) and (…, n_k). of_pair: the factor of the dot product q·k, by name;
    where there are `features`, the product is that of φ(q) and φ(k). plain: the numerator before anything was taken off
    above and below to keep exp in range; empty where nothing was.
    """

    numerator: str
    divisor: Tensor | int
    of_query: dict[str, Tensor] = field(default_factory=dict)
    of_key: dict[str, Tensor] = field(default_factory=dict)
    of_pair: dict[str, float] = field(default_factory=dict)
    features: Callable[[Tensor], Tensor] | None = None
    plain: str = ""

    @property
    def dividend(self) -> str:
        """The numerator as it is written before its divisor: in brackets where it is a sum."""
        return dividend(self.numerator)


@dataclass(frozen=True)
class LineStyle:
    """How a line or a mark of a method is drawn. tone: "ink", "softmax" or "quiet", a colour of the theme. dashed: its
    line. symbol: "circle", "diamond" or "square". filled: the symbol.
    """

    tone: str = "quiet"
    dashed: bool = True
    symbol: str = "square"
    filled: bool = False


@dataclass(frozen=True)
class Way:
    """One way to run a method, as the benchmark races it.

    label, cost: as of a method. takes: the names of its inputs. run: their tensors, (B, H, n, d) or (B, H, n) → the
    output. sums, matrices: what a call holds at most, forward and with backward, in arrays of (B, H, n, d) and of
    (B, H, n, n); rather too many, since they decide what is tried. bet: where a visitor's bet on its time begins,
    powers of ten of seconds at n = 2⁶, 2¹⁰, 2¹⁴ and 2¹⁸, for the first of all in n² that has one and the first that is
    faster; empty where none is asked for. usual: whether it is raced unless a visitor says otherwise. layer: what makes
    a whole layer, which takes tokens; None for attention alone.
    """

    name: str
    label: str
    cost: str
    takes: tuple[str, ...]
    run: Callable[..., Tensor] | None
    sums: tuple[int, int] = (12, 24)
    matrices: tuple[int, int] = (0, 0)
    look: LineStyle = LineStyle()
    bet: tuple[float, ...] = ()
    usual: bool = False
    layer: Callable[..., nn.Module] | None = None

    @property
    def growth(self) -> int:
        """The power of n with which its time grows; 1 also for n log n."""
        return 2 if "²" in self.cost else 1


class Weigh(Protocol):
    """The weights (…, n_q, n_k) of heads. effective=False: before the values are centred, where a method does so."""

    def __call__(self, heads: Heads, *, effective: bool = True) -> Tensor:
        """Weigh every key for every query."""


@dataclass(frozen=True)
class Method:
    """One way to attend. For every method, weights(heads) @ v == apply(heads).

    label: its name for people. short: the same among sliced methods, where "sliced" goes without saying; the label
    where it is empty. formula: of a weight, in plain text. cost: in n. rank: its place among all; where there is room
    for a few, those of the lowest ranks are shown. takes: the parts of the heads it reads. projection: the kind of Π
    that gives its scores, empty where it takes dot products. standardized: whether its scores are. centred: whether it
    centres the values, which takes the row's mean off its raw weights: the effective ones sum to 0. signed: whether
    effective weights can be negative, as those of centred values can. bandwidth: whether the bandwidth of the heads,
    (…) for their leading dimensions, stretches its weights; models learn one for each head. causal: whether it can be
    made causal. weights: for looking. apply: the output (…, n_q, d) by the fastest exact way. terms: the arithmetic of
    a raw weight. rule: the function in formulas.js that gives one row of its weights, empty where there is none. note:
    a sentence that its formula needs. silence: why no key may have a weight, a clause in which {b} is the bandwidth.
    kernel: of a bandwidth, the curve of s − t that its weights follow, up to a factor of each query; None where they
    follow none, or one that is not made of straight pieces. look: how it is drawn. ways: how it is raced; one that runs
    `apply` where none is given. layer: (embed_dim, num_heads, **device and dtype) → a layer with the arguments of
    `torch.nn.MultiheadAttention`, its projections included; None where there is none.
    """

    name: str
    label: str
    formula: str
    cost: str
    rank: float
    takes: tuple[str, ...]
    weights: Weigh
    apply: Callable[[Heads], Tensor]
    terms: Callable[[Heads], Terms]
    short: str = ""
    projection: str = ""
    standardized: bool = False
    centred: bool = False
    signed: bool = False
    bandwidth: bool = False
    causal: bool = False
    rule: str = ""
    note: str = ""
    silence: str = ""
    kernel: Callable[[float], Kernel] | None = None
    look: LineStyle = LineStyle()
    ways: tuple[Way, ...] = ()
    layer: Callable[..., nn.Module] | None = None

    @property
    def raced(self) -> tuple[Way, ...]:
        """How the benchmark runs it: attention alone, and the whole layer."""
        matrices = (4, 7) if "²" in self.cost else (0, 0)
        alone = Way(self.name, self.label, self.cost, self.takes, self._run, matrices=matrices, look=self.look)
        return (*(self.ways or (alone,)), *self._whole)

    @property
    def _whole(self) -> tuple[Way, ...]:
        if self.layer is None:
            return ()
        label, look = f"{self.label}, whole layer", replace(self.look, symbol="square")
        return (Way(f"{self.name}-layer", label, self.cost, ("x",), None, (16, 40), look=look, layer=self.layer),)

    def _run(self, *inputs: Tensor) -> Tensor:
        return self.apply(Heads(**dict(zip(self.takes, inputs, strict=True))))


def masked(heads: Heads, own: Tensor) -> Tensor | None:
    """The mask of the keys in the full shape of the scores or keys `own`: (…, n_k), or None."""
    return None if heads.key_mask is None else heads.key_mask.expand(own.shape)


def wide(x: Tensor) -> Tensor:
    """In float32 at least: half precision would overflow in long sums."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
