"""What an engine is: the record that the table is made of, and what engines ask about tensors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Forward = Callable[..., Tensor]
Backward = Callable[..., tuple[Tensor | None, ...]]


@dataclass(frozen=True)
class Kind:
    """What of an engine is tried at once. dtype: of the values; d: their width; masked: whether there is a mask."""

    operation: str
    device: torch.device
    dtype: torch.dtype
    scores: torch.dtype
    d: int
    masked: bool
    small: bool


@dataclass(frozen=True)
class Trial:
    """How an engine is tried before it is trusted. kind: the arguments → what kind they are. unfit: a device → why it
    has no such engine, or nothing. run: a kind, the upstream gradient and arguments → the sums and the gradients of s,
    t and v by what computes that kind.
    """

    kind: Callable[..., Kind]
    unfit: Callable[[torch.device], str]
    run: Callable[..., tuple[Tensor, Tensor, Tensor, Tensor]]


@dataclass(frozen=True, eq=False)
class Engine:
    """One way to compute one operation.

    operation: "sliced_relu", "sliced_bump" or "kernel_sum". name: what `use` calls the engine. rank: of the engines
    that would compute a problem, the one with the lowest rank does. able: whether it can compute these arguments.
    worth: whether it is the faster one at their size. forward: the arguments of the operation → the sums. backward: the
    upstream gradient, the arguments, the result and which gradients are wanted → those gradients; None where torch
    differentiates `forward` by itself. careful: whether it gives the right answer for scores that are not finite, or
    raises `checks.NotFinite`, and for values whose sums are too large for their dtype; the others are given what they
    can do. exact: whether it sums scores of any mean and size without a loss of digits, so that nobody needs to
    standardize them. made: in words, what computes the sums: "torch", or a language and its compiler. keeping: as
    forward → the sums and tensors that backward is then given as a last argument, so that it need not compute them
    again. as_given: whether it takes such values, and scores, in half precision where they are so, and masked keys that
    hold anything; other engines are given float32 at least, and masked keys that hold a kept one's score and zeros.
    trial: how it is tried before it computes; such an engine has `keeping`.
    """

    operation: str
    name: str
    rank: int
    able: Callable[..., bool]
    worth: Callable[..., bool]
    forward: Forward
    backward: Backward | None = None
    careful: bool = False
    exact: bool = False
    made: Callable[[], str] = lambda: "torch"
    keeping: Callable[..., tuple[Tensor, tuple[Tensor, ...]]] | None = None
    as_given: Callable[[Tensor], bool] = lambda v: False
    trial: Trial | None = None


def is_plain(x: Tensor) -> bool:
    """Whether a tensor is numbers in memory, and not a subclass or wrapped by a transform of `torch.func`."""
    inside = torch._C._functorch
    wrapped = inside.is_functorch_wrapped_tensor(x) or inside.is_legacy_batchedtensor(x)
    return type(x) in (Tensor, torch.nn.Parameter) and not wrapped


def is_now(*tensors: Tensor | None) -> bool:
    """Whether torch computes with these at once.

    Not where a transform is at work, see `is_transformed`, and not where torch records what is done, to do it later or
    on no numbers at all: a program or a fake tensor.
    """
    if torch.compiler.is_compiling() or torch.autograd.forward_ad._current_level >= 0:
        return False
    if torch._C._get_tracing_state() is not None or torch._C._len_torch_dispatch_stack() > 0:
        return False
    return all(x is None or (is_plain(x) and not x.is_meta) for x in tensors)


def is_transformed(*tensors: Tensor | None) -> bool:
    """Whether torch differentiates forward, traces, or has a transform of `torch.func` at work on one of these."""
    inside = torch._C._functorch
    return (
        torch.autograd.forward_ad._current_level >= 0
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or any(
            inside.is_functorch_wrapped_tensor(x) or inside.is_legacy_batchedtensor(x) for x in tensors if x is not None
        )
    )
