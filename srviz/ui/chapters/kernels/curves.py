"""The curves that can be chosen, as the browser takes them; each is a record of `srviz.attention.kernels`."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from torch import Tensor

from srviz.attention.kernels import KERNELS, NamedKernel, dividend
from srviz.measure.curve import DRAWN
from srviz.measure.samples import polynomials, straight
from srviz.ui.chapters.kernels import WORDS
from srviz.ui.kit import url
from srviz.ui.kit.component import packed

FIRST = next(iter(KERNELS))  # what a page shows at first
MOST_NODES = 24
REACH, TALLEST, STEEPEST = 4.0, 3.0, 4.0  # of a drawn curve: |r| of a node, |height|, |slope|
GAP = 0.05  # between two nodes
COPIED = (-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3)  # the nodes of a drawing that begins as a smooth curve
OWN = {
    "name": DRAWN,
    "label": WORDS("own.label"),
    "formula": WORDS("own.formula"),
    "written": "f({s} − {t})",
    "divide": "n",
}


def parameter() -> url.Parameter:
    """Which curve is chosen: one that there is when the link is read."""
    return url.Parameter("kernel", FIRST, lambda text: (text, True) if text in _names() else (FIRST, False), str)


def _names() -> list[str]:
    return [*KERNELS, DRAWN]


def usual(name: str) -> str:
    """The usual divisor of the rows of this curve."""
    return str(OWN["divide"]) if name == DRAWN else KERNELS[name].divide


def sent() -> list[dict[str, Any]]:
    """The curves as the browser takes them, in the order of their buttons."""
    return [_record(kernel) for kernel in KERNELS.values()] + [_plain(OWN)]


@cache
def _record(kernel: NamedKernel) -> dict[str, Any]:
    names = ("name", "label", "formula", "written", "divide", "bandwidth", "usual", "note", "why")
    own = _plain({name: getattr(kernel, name) for name in names}) | {"start": _start(kernel)}
    if kernel.pieces is None:
        return own | {"samples": samples(kernel.name, kernel.f)}
    pieces = kernel.pieces
    lists = {"nodes": list(pieces.nodes), "heights": list(pieces.heights)}
    return own | {"pieces": lists | {"left": pieces.left, "right": pieces.right}}


def samples(name: str, f: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """What the browser follows f by, heights as float32 in base64. Raises ValueError where no polynomials follow it."""
    ends, heights = polynomials(name, f)
    return {"ends": ends.tolist(), "values": packed(heights, "<f4")}


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """A record with every name that the browser expects."""
    empty = dict.fromkeys(("usual", "note", "why"), "")
    plain = {"bandwidth": False, "pieces": None, "samples": None, "start": None, "dividend": dividend(given["written"])}
    return plain | empty | given


def _start(kernel: NamedKernel) -> dict[str, Any] | None:
    """How a drawing begins as this curve: the label of the button, and the nodes and end slopes of its pieces, or of a
    few of its points. None where it has no such button, or where they are beyond what can be drawn.
    """
    if not kernel.start:
        return None
    pieces = kernel.pieces or straight(kernel.f, COPIED)
    nodes = [[round(r, 2), round(height, 2)] for r, height in zip(pieces.nodes, pieces.heights, strict=True)]
    left, right = (round(slope, 2) for slope in (pieces.left, pieces.right))
    apart = [b - a for (a, _), (b, _) in pairwise(nodes)]
    fits = len(nodes) <= MOST_NODES and min(apart, default=GAP) > GAP - 1e-6 and max(abs(left), abs(right)) <= STEEPEST
    if not fits or any(abs(r) > REACH or abs(height) > TALLEST for r, height in nodes):
        return None
    return {"label": kernel.start, "nodes": nodes, "left": left, "right": right}
