"""The operations as operators of programs: `srviz::sliced_relu` and the others, with their gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from srviz.attention.engines.computed import Kept, Steps, by_formula, by_steps, full_precision, gradients, sums
from srviz.attention.engines.engine import Forward, is_transformed
from srviz.attention.engines.registered import KEEPS_RULES, below, differentiate_once, operator
from srviz.attention.engines.table import pick, torch_engine
from srviz.attention.kernels import Kernel


def _relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    return _eager_sums("sliced_relu", s, t, v, keep)


def _relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    ds, dt, dv = _all_gradients("sliced_relu", g, (s, t, v, keep), y, 3)
    return ds, dt, dv


def _bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    return _eager_sums("sliced_bump", s, t, v, bandwidth, scale)


def _bump_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    ds, dt, dv, db = _all_gradients("sliced_bump", g, (s, t, v, bandwidth, scale), y, 4)
    return ds, dt, dv, db


def _sum(
    s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float
) -> Tensor:
    return _eager_sums("kernel_sum", s, t, v, Kernel(tuple(nodes), tuple(heights), left, right))


def _sum_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float,
    y: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    ds, dt, dv = _all_gradients("kernel_sum", g, (s, t, v, Kernel(tuple(nodes), tuple(heights), left, right)), y, 3)
    return ds, dt, dv


def _eager_sums(operation: str, *arguments: Any) -> Tensor:
    return sums(pick(operation, *arguments), *arguments)[0]


def _all_gradients(operation: str, g: Tensor, arguments: tuple[Any, ...], y: Tensor, count: int) -> list[Tensor]:
    """All gradients of an operation, as tensors of their own.

    Below torch's own differentiation, where the n² formula cannot be differentiated: a small problem is sorted.
    """
    engine, needs = pick(operation, *arguments), (True,) * count
    if engine.backward is None:
        engine = torch_engine(operation)
    found = gradients(engine, g.contiguous(), arguments, y, needs)
    return [
        torch.zeros_like(x) if part is None else part.to(x.dtype).reshape(x.shape)
        for part, x in zip(found[:count], arguments, strict=False)
    ]


def _flat(arguments: Sequence[Any]) -> list[Any]:
    """The arguments of an operation as those of its operator: a kernel is its numbers."""
    *tensors, last = arguments
    if isinstance(last, Kernel):
        return [*tensors, list(last.nodes), list(last.heights), last.left, last.right]
    return [*tensors, last]


def _register(operation: str, forward: Forward, backward: Callable[..., Any], count: int) -> Callable[..., Any]:
    """An operation and its gradients, of its first `count` arguments, as operators. Returns that of the operation.

    Under a transform of `torch.func`, and where derivatives are taken forward, it is the formula that torch sees
    through. Its gradients are, too, where they are to be differentiated again.
    """

    def fake(s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
        return v.new_empty(*s.shape, v.shape[-1])

    def fake_gradients(g: Tensor, *arguments: Any) -> tuple[Tensor, ...]:
        return tuple(torch.empty_like(x) for x in arguments[:count])

    def whole(flat: Sequence[Any]) -> Sequence[Any]:
        return flat if operation != "kernel_sum" else [*flat[:3], Kernel(tuple(flat[3]), tuple(flat[4]), *flat[5:])]

    def transformed(*flat: Any) -> Tensor:
        with full_precision(flat[0]):
            return by_formula(operation, *whole(flat))

    def kept(flat: Sequence[Any]) -> bool:
        """Whether torch may have derivatives to keep."""
        tensors = [x for x in flat if isinstance(x, Tensor)]
        return is_transformed(*tensors) or (torch.is_grad_enabled() and any(x.requires_grad for x in tensors))

    def differentiated(*flat: Any) -> Tensor:
        if is_transformed(*(x for x in flat if isinstance(x, Tensor))):
            return transformed(*flat)
        y: Tensor = by_steps(steps, *whole(flat)) if kept(flat) else below(made, *flat)
        return y

    def transformed_gradients(g: Tensor, *flat: Any) -> tuple[Tensor, ...]:
        arguments = whole(flat[:-1])
        with full_precision(g):
            through = torch.func.vjp(lambda *x: by_formula(operation, *x, *arguments[count:]), *arguments[:count])[1]
            found: tuple[Tensor, ...] = through(g)
        return found

    def differentiated_gradients(*flat: Any) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = transformed_gradients(*flat) if kept(flat) else below(made_backward, *flat)
        return found

    made = operator(operation, forward, fake, differentiated=differentiated, transformed=transformed)
    made_backward = operator(
        f"{operation}_backward",
        backward,
        fake_gradients,
        differentiated=differentiated_gradients,
        transformed=transformed_gradients,
    )
    if not KEEPS_RULES:
        differentiate_once(operation, made_backward, count)

    def chosen(
        g: Tensor, arguments: Sequence[Any], y: Tensor, needs: Sequence[bool], kept: Kept
    ) -> tuple[Tensor | None, ...]:
        found = made_backward(g, *_flat(arguments), y)
        return tuple(part if wanted else None for part, wanted in zip(found, needs, strict=False))

    steps = Steps(operation, lambda *arguments: (below(made, *_flat(arguments)), ()), chosen, is_transformed)
    return made


_OPERATORS = {
    "sliced_relu": _register("sliced_relu", _relu, _relu_backward, 3),
    "sliced_bump": _register("sliced_bump", _bump, _bump_backward, 4),
    "kernel_sum": _register("kernel_sum", _sum, _sum_backward, 3),
}


def registered(operation: str, *arguments: Any) -> Tensor:
    """As one operator of the program that torch records."""
    y: Tensor = _OPERATORS[operation](*_flat(arguments))
    return y
