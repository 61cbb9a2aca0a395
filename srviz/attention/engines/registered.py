"""Operators as torch knows them: what a program that torch records calls by a name, `srviz::…`."""

from collections.abc import Callable
from typing import Any

import torch

NAMESPACE = "srviz"


def _library() -> Any:
    """What holds the operators. A server that watches files reads this module again: then the old ones are let go."""
    namespace = getattr(torch.ops, NAMESPACE)
    before = vars(namespace).get("library")
    if before is not None:
        before._destroy()
    namespace.library = torch.library.Library(NAMESPACE, "FRAGMENT")  # type: ignore[no-untyped-call]
    return namespace.library


LIBRARY = _library()


def operator(
    name: str,
    compute: Callable[..., Any],
    fake: Callable[..., Any],
    *,
    differentiated: Callable[..., Any] | None = None,
    transformed: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """An operator that torch takes as one step.

    compute: on numbers, with the types of its arguments and results. fake: the shapes and dtypes of its results.
    differentiated: what is called in its place outside of transforms, and asks by `below` for the numbers alone.
    transformed: what is called in its place under a transform of `torch.func`.
    """
    schema = torch.library.infer_schema(compute, mutates_args=())
    LIBRARY.define(name + schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, compute, "CompositeExplicitAutograd")
    torch.library.register_fake(f"{NAMESPACE}::{name}", fake, lib=LIBRARY)
    if differentiated is not None:
        LIBRARY.impl(name, differentiated, "Autograd")
    if transformed is not None:
        LIBRARY.impl(name, transformed, "FuncTorchDynamicLayerFrontMode")
    found: Callable[..., Any] = getattr(getattr(torch.ops, NAMESPACE), name).default
    return found


def below(called: Callable[..., Any], *arguments: Any) -> Any:
    """Call an operator where torch keeps no record for derivatives."""
    with torch._C._AutoDispatchBelowAutograd():
        return called(*arguments)
