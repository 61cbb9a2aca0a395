"""What an engine is: the record that the table is made of, and what engines ask about tensors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Forward = Callable[..., Tensor]
Backward = Callable[..., tuple[Tensor | None, ...]]


@dataclass(frozen=True)
class Engine:
    """One way to compute one operation.

    operation: "sliced_relu", "sliced_bump" or "kernel_sum". name: what `use` calls the engine. rank: of the engines
    that would compute a problem, the one with the lowest rank does. able: whether it can compute these arguments.
    worth: whether it is the faster one at their size. forward: the arguments of the operation → the sums. backward: the
    upstream gradient, the arguments, the result and which gradients are wanted → those gradients; None where torch
    differentiates `forward` by itself. refuses: whether it raises ValueError for NaN and infinite scores by itself.
    """

    operation: str
    name: str
    rank: int
    able: Callable[..., bool]
    worth: Callable[..., bool]
    forward: Forward
    backward: Backward | None = None
    refuses: bool = False


def is_plain(x: Tensor) -> bool:
    """Whether a tensor is numbers in memory, and not a subclass or a batch of vmap."""
    inside = torch._C._functorch
    wrapped = inside.is_functorch_wrapped_tensor(x) or inside.is_legacy_batchedtensor(x)
    return type(x) in (Tensor, torch.nn.Parameter) and not wrapped


def is_watched() -> bool:
    """Whether torch records its own operations, or differentiates them forward: those of an engine would be missing."""
    return (
        torch._C._len_torch_dispatch_stack() > 0
        or torch.autograd.forward_ad._current_level >= 0
        or torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    )
