"""Kernels as data: a piecewise linear function of r = s − t is its nodes, its heights there and two end slopes."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention.named import by_name

MAX_NODES = 256
INSIDE = re.compile(r"\([^()]*\)|\|[^|()]*\|")  # what brackets or bars hold together


def dividend(written: str) -> str:
    """Arithmetic as it stands before its divisor: what is behind its last " = " in brackets where it is a sum."""
    first, equals, last = written.strip().rpartition(" = ")
    outside = last
    while (less := INSIDE.sub("", outside)) != outside:
        outside = less
    return f"{first}{equals}({last})" if re.search(r".[+−]", outside) else f"{first}{equals}{last}"


@dataclass(frozen=True)
class Piece:
    """One linear piece of a kernel: f(r) on low ≤ r < high, r = s − t, in units of the bandwidth.

    An end may be infinite. height: f at low, or at high where low = −∞. closed: keys exactly at low count.
    """

    low: float
    high: float
    height: float
    slope: float
    closed: bool = True
    summed: bool = True  # whether it contributes to the sums
    dotted: bool = True  # whether it contributes to the dot products, from which derivatives come


@dataclass(frozen=True)
class Kernel:
    """A continuous piecewise linear f(r), r = s − t.

    nodes: ascending positions r_0 < … < r_m. heights: f there, of the same number. left, right: the slopes before
    the first and after the last node. Raises ValueError with the reason where that is not a function.
    """

    nodes: tuple[float, ...]
    heights: tuple[float, ...]
    left: float = 0.0
    right: float = 0.0

    def __post_init__(self) -> None:
        for name in ("nodes", "heights"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        for name in ("left", "right"):
            object.__setattr__(self, name, _numbers(name, (getattr(self, name),))[0])
        if not 1 <= len(self.nodes) <= MAX_NODES:
            raise ValueError(f"nodes: expected 1 to {MAX_NODES} of them, got {len(self.nodes)}")
        if len(self.heights) != len(self.nodes):
            raise ValueError(f"heights: expected one for each of the {len(self.nodes)} nodes, got {len(self.heights)}")
        for a, b in zip(self.nodes, self.nodes[1:], strict=False):
            if not b > a:
                raise ValueError(f"nodes: expected ascending positions, all different, got {a:g} and then {b:g}")
        for a, b, slope in self.segments():
            if not math.isfinite(b - a) or not math.isfinite(slope):
                raise ValueError(
                    f"nodes: expected a finite slope from one to the next, got {slope:g} from {a:g} to {b:g}"
                )

    def __call__(self, r: Tensor) -> Tensor:
        """f(r), any shape, by the dense formula; its derivative at a node is 0 from either side."""
        value = torch.where(torch.zeros_like(r, dtype=torch.bool), r, self.heights[0])  # a constant, in the graph of r
        if self.right:
            value = value + self.right * (r - self.nodes[-1]).relu()
        if self.left:
            value = value - self.left * (self.nodes[0] - r).relu()
        for a, b, slope in self.segments():
            width = b - a
            value = value + slope * (width - (width - (r - a).relu()).relu())
        return value

    def segments(self) -> list[tuple[float, float, float]]:
        """The bounded pieces: (start, end, slope)."""
        nodes, heights = self.nodes, self.heights
        return [
            (nodes[k], nodes[k + 1], (heights[k + 1] - heights[k]) / (nodes[k + 1] - nodes[k]))
            for k in range(len(nodes) - 1)
        ]

    def mirrored(self) -> "Kernel":
        """f(−r): the same kernel with queries and keys in each other's place."""
        return Kernel(tuple(-r for r in reversed(self.nodes)), self.heights[::-1], -self.right, -self.left)

    def widened(self, bandwidth: float) -> "Kernel":
        """f(r / b)."""
        nodes = tuple(bandwidth * r for r in self.nodes)
        return Kernel(nodes, self.heights, self.left / bandwidth, self.right / bandwidth)

    def pieces(self) -> list[Piece]:
        """The function cut at its nodes, as the sorted pass takes it: windows between nodes and two unbounded ends.

        Pieces that are zero everywhere are left out, unless all are.
        """
        nodes, heights = self.nodes, self.heights
        cut = [Piece(-math.inf, nodes[0], heights[0], self.left)]
        cut += [Piece(a, b, heights[k], slope, bool(heights[k])) for k, (a, b, slope) in enumerate(self.segments())]
        cut += [Piece(nodes[-1], math.inf, heights[-1], self.right, bool(heights[-1]))]
        return [piece for piece in cut if piece.height or piece.slope] or cut[:1]


def _numbers(name: str, given: Sequence[float]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(x) for x in given)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: expected numbers, got {given!r}") from error
    for x in numbers:
        if not math.isfinite(x):
            raise ValueError(f"{name}: expected finite numbers, got {x}")
    return numbers


def relu() -> Kernel:
    """relu(r) = max(0, r)."""
    return Kernel((0.0,), (0.0,), 0.0, 1.0)


def bump(bandwidth: float = 1.0) -> Kernel:
    """max(0, 1 − |r| / b) of bandwidth b > 0."""
    if not bandwidth > 0:
        raise ValueError(f"bandwidth: expected a number above 0, got {bandwidth}")
    return Kernel((-bandwidth, 0.0, bandwidth), (0.0, 1.0, 0.0))


def distance() -> Kernel:
    """|r| = relu(r) + relu(−r)."""
    return Kernel((0.0,), (0.0,), -1.0, 1.0)


@dataclass(frozen=True)
class NamedKernel:
    """A kernel of bandwidth 1 with its names and words: all that the page of kernels needs to offer it.

    formula: for people, in r. written: its arithmetic, with {s}, {t} and {b}. divide: what its rows are usually divided
    by: "distance", "n", "rows" or "one"; usual: who does so, in words. f: by its plain formula, any shape and dtype;
    one without straight pieces is finite and has no jumps for |r| up to 2¹⁵, may have corners and steep places but no
    endless waves, so that the browser can follow it by samples. pieces: None where there are no straight ones.
    bandwidth: whether it is stretched by b. note, why: what a visitor is told beside its button. start: the label of
    the button that begins a drawing as this kernel, empty for none; a curve that is too high, steep or wide to be drawn
    has none. without: why it has no sorted route.
    """

    name: str
    label: str
    formula: str
    written: str
    divide: str
    f: Callable[[Tensor], Tensor]
    pieces: Kernel | None = None
    bandwidth: bool = False
    usual: str = ""
    note: str = ""
    why: str = ""
    start: str = ""
    without: str = ""


KERNELS: dict[str, NamedKernel] = by_name(
    (
        NamedKernel(
            name="relu",
            label="ReLU",
            formula="max(0, r)",
            written="relu({s} − {t})",
            divide="distance",
            usual="as the paper does for ReLU",
            f=torch.relu,
            pieces=relu(),
            start="ReLU",
        ),
        NamedKernel(
            name="bump",
            label="bump",
            formula="max(0, 1 − |r| / b)",
            written="max(0, 1 − |{s} − {t}| / {b})",
            divide="n",
            usual="as the paper does for the bump",
            f=lambda r: (1 - r.abs()).relu(),
            pieces=bump(),
            bandwidth=True,
        ),
        NamedKernel(
            name="distance",
            label="distance |r|",
            formula="|r|",
            written="|{s} − {t}|",
            divide="distance",
            f=torch.abs,
            pieces=distance(),
            start="|r|",
        ),
        NamedKernel(
            name="laplace",
            label="Laplace",
            formula="exp(−|r| / b)",
            written="exp(−|{s} − {t}| / {b})",
            divide="rows",
            usual="as softmax does",
            f=lambda r: (-r.abs()).exp(),
            bandwidth=True,
            note="n² here",
            why="The operator here has no sorted route for it: all n² pairs",
            without="Laplace is not made of straight pieces. It has sorted recurrences of its own (Rux, Hertrich & "
            "Neumayer), which this operator does not contain.",
        ),
        NamedKernel(
            name="gauss",
            label="Gauss",
            formula="exp(−r² / 2b²)",
            written="exp(−({s} − {t})² / (2 · {b}²))",
            divide="rows",
            usual="as softmax does",
            f=lambda r: (-r.square() / 2).exp(),
            bandwidth=True,
            note="needs n²",
            why="Not made of straight pieces: all n² pairs",
            start="Gauss, 10 pieces",
            without="The Gauss curve is not made of straight pieces. Draw it with a few nodes, and it can be sorted.",
        ),
    )
)
