"""Operators as torch knows them: what a program that torch records calls by a name, `srviz::…`."""

from collections.abc import Callable
from typing import Any

import torch

NAMESPACE = "srviz"
TRANSFORMS = "FuncTorchDynamicLayerFrontMode"  # where torch asks what an operator does under a transform
KEEPS_RULES = hasattr(torch._C, "_AutoDispatchBelowAutograd") and hasattr(torch._C.DispatchKey, TRANSFORMS)


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
    transformed: what is called in its place under a transform of `torch.func`. Both need parts that torch promises to
    nobody: where they are gone (not `KEEPS_RULES`), the operator is without both.
    """
    schema = torch.library.infer_schema(compute, mutates_args=())
    LIBRARY.define(name + schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, compute, "CompositeExplicitAutograd")
    torch.library.register_fake(f"{NAMESPACE}::{name}", fake, lib=LIBRARY)
    if differentiated is not None and KEEPS_RULES:
        LIBRARY.impl(name, differentiated, "Autograd")
    if transformed is not None and KEEPS_RULES:
        LIBRARY.impl(name, transformed, TRANSFORMS)
    found: Callable[..., Any] = getattr(getattr(torch.ops, NAMESPACE), name).default
    return found


def differentiate_once(name: str, backward: Callable[..., Any], count: int) -> None:
    """Give an operator first derivatives, for its first `count` arguments, by torch's public means alone.

    backward: the upstream gradient, the arguments and the result → the gradients. To differentiate them again raises.
    """

    def setup(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.others = tuple(None if isinstance(x, torch.Tensor) else x for x in inputs)
        ctx.save_for_backward(output, *(x if isinstance(x, torch.Tensor) else None for x in inputs))

    def gradients(ctx: Any, g: torch.Tensor) -> tuple[Any, ...]:
        y, *saved = ctx.saved_tensors
        arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
        found = backward(g, *arguments, y)
        mine = (part if wanted else None for part, wanted in zip(found, ctx.needs_input_grad, strict=False))
        return (*mine, *[None] * (len(arguments) - count))

    def refuse(ctx: Any, *g: Any) -> None:
        raise RuntimeError(f"{NAMESPACE}::{name}: this version of torch can differentiate it once only in a program")

    torch.library.register_autograd(f"{NAMESPACE}::{name}", gradients, setup_context=setup, lib=LIBRARY)
    torch.library.register_autograd(f"{NAMESPACE}::{name}_backward", refuse, lib=LIBRARY)


def below(called: Callable[..., Any], *arguments: Any) -> Any:
    """Call an operator where torch keeps no record for derivatives."""
    with torch._C._AutoDispatchBelowAutograd():
        return called(*arguments)
