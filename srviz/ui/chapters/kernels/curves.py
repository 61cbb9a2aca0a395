"""The curves that can be chosen, as the browser takes them; each is a record of `srviz.attention.kernels`."""

from functools import cache
from typing import Any

from srviz.attention.kernels import KERNELS, NamedKernel, dividend
from srviz.measure.curve import DRAWN
from srviz.ui.chapters.kernels import WORDS
from srviz.ui.chapters.kernels.samples import samples
from srviz.ui.kit import url

FIRST = next(iter(KERNELS))  # what a page shows at first
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
    """What the rows of this curve are usually divided by."""
    return str(OWN["divide"]) if name == DRAWN else KERNELS[name].divide


def sent() -> list[dict[str, Any]]:
    """The curves as the browser takes them, in the order of their buttons."""
    return [_record(kernel) for kernel in KERNELS.values()] + [_plain(OWN)]


@cache
def _record(kernel: NamedKernel) -> dict[str, Any]:
    names = ("name", "label", "formula", "written", "divide", "bandwidth", "usual", "note", "why", "start")
    own = _plain({name: getattr(kernel, name) for name in names})
    if kernel.pieces is None:
        return own | {"samples": samples(kernel.name, kernel.f)}
    pieces = kernel.pieces
    lists = {"nodes": list(pieces.nodes), "heights": list(pieces.heights)}
    return own | {"pieces": lists | {"left": pieces.left, "right": pieces.right}}


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """A record with every name that the browser expects."""
    empty = dict.fromkeys(("usual", "note", "why", "start"), "")
    plain = {"bandwidth": False, "pieces": None, "samples": None, "dividend": dividend(given["written"])}
    return plain | empty | given
