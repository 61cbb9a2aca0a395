"""The curves that can be chosen, as records: one entry here is all that a new one needs."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from srviz.attention import Kernel, kernels

SAMPLES = 4097  # of a curve without straight pieces, one of them at 0
REACHES = range(8, 136, 8)  # |r| up to which it is sampled, in bandwidths


@dataclass(frozen=True)
class Shape:
    """A curve of bandwidth 1. f: by its plain formula, any shape. pieces: None where it has no straight ones.

    written: its arithmetic, with {s}, {t} and {b}. divide: what its rows are usually divided by, and usual: who does
    so, in words. note and why: what a visitor is told beside its button. start: the label of the button that begins a
    drawing as this curve, "" for none. without: why it has no sorted route.
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


SHAPES = {
    shape.name: shape
    for shape in (
        Shape(
            "relu", "ReLU", "max(0, r)", "relu({s} − {t})", "distance", torch.relu, kernels.relu(),
            usual="as the paper does for ReLU", start="ReLU",
        ),
        Shape(
            "bump", "bump", "max(0, 1 − |r| / b)", "max(0, 1 − |{s} − {t}| / {b})", "n",
            lambda r: (1 - r.abs()).relu(), kernels.bump(), True, usual="as the paper does for the bump",
        ),
        Shape(
            "distance", "distance |r|", "|r|", "|{s} − {t}|", "distance", torch.abs, kernels.distance(), start="|r|"
        ),
        Shape(
            "laplace", "Laplace", "exp(−|r| / b)", "exp(−|{s} − {t}| / {b})", "rows",
            lambda r: (-r.abs()).exp(), bandwidth=True, usual="as softmax does",
            note="n² here", why="The operator here has no sorted route for it: all n² pairs",
            without="Laplace is not made of straight pieces. It has sorted recurrences of its own (Rux, Hertrich & "
            "Neumayer), which this operator does not contain.",
        ),
        Shape(
            "gauss", "Gauss", "exp(−r² / 2b²)", "exp(−({s} − {t})² / (2 · {b}²))", "rows",
            lambda r: (-r.square() / 2).exp(), bandwidth=True, usual="as softmax does",
            note="needs n²", why="Not made of straight pieces: all n² pairs", start="Gauss, 10 pieces",
            without="The Gauss curve is not made of straight pieces. Draw it with a few nodes, and it can be sorted.",
        ),
    )
}  # fmt: skip
DRAWN = "drawn"  # the name of the curve that the visitor draws
OWN = {
    "name": DRAWN,
    "label": "draw your own",
    "formula": "drag nodes and end slopes; double-click adds a node",
    "written": "f({s} − {t})",
    "divide": "n",
}
NAMES = (*SHAPES, DRAWN)
USUAL = {**{name: shape.divide for name, shape in SHAPES.items()}, DRAWN: OWN["divide"]}


@cache
def sent() -> list[dict[str, Any]]:
    """The curves as the browser takes them, in the order of their buttons."""
    return [_record(shape) for shape in SHAPES.values()] + [_plain(OWN)]


def _record(shape: Shape) -> dict[str, Any]:
    names = ("name", "label", "formula", "written", "divide", "bandwidth", "usual", "note", "why", "start")
    own = _plain({name: getattr(shape, name) for name in names})
    if shape.pieces is None:
        return own | {"samples": _samples(shape.f)}
    pieces = shape.pieces
    lists = {"nodes": list(pieces.nodes), "heights": list(pieces.heights)}
    return own | {"pieces": lists | {"left": pieces.left, "right": pieces.right}}


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """A record with every name that the browser expects."""
    empty = dict.fromkeys(("usual", "note", "why", "start"), "")
    return {"bandwidth": False, "pieces": None, "samples": None} | empty | given


def _samples(f: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """f at uniform places, as float32 in base64, as far out as it still changes in float32."""
    far = torch.tensor([-4.0, 4.0], dtype=torch.float64) * REACHES[-1]
    still = (x for x in REACHES if torch.equal(f(far).float(), f(far.sign() * x).float()))
    reach = next(still, REACHES[-1])
    values = f(torch.linspace(-reach, reach, SAMPLES, dtype=torch.float64)).numpy().astype("<f4")
    return {"reach": reach, "values": base64.b64encode(values.tobytes()).decode()}
