"""How an operation is computed by an engine or a formula, and how its gradients are found."""

import contextlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from srviz.attention import checks
from srviz.attention.engines import trust
from srviz.attention.engines.composed import COMPOSED
from srviz.attention.engines.dense import FORMULAS, is_small
from srviz.attention.engines.engine import Engine, Forward, is_plain
from srviz.attention.engines.settle import settled
from srviz.attention.engines.table import only_dense, pick, torch_engine
from srviz.attention.heads import power_of_two

LARGE_VALUE = 2.0**60  # of the values, from which sums in their dtype are not trusted
Kept = tuple[Tensor, ...]  # what an engine keeps for its backward pass
Sums = tuple[Tensor, Kept]


def full_precision(x: Tensor) -> contextlib.AbstractContextManager[object]:
    """No autocast, where the device of a tensor has one."""
    needed = not x.is_meta and (torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type))
    return torch.autocast(x.device.type, enabled=False) if needed else contextlib.nullcontext()


def summed(operation: str, t: Tensor) -> int:
    """How many differences of scores are added up: sliced ReLU divides by Σ_l |s_i − t_l|."""
    return t.shape[1] if operation == "sliced_relu" else 1


def without_bad_numbers(compute: Forward, operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """Compute with 0 for every score that is no number or too large, and answer NaN wherever it would have counted.

    So with a bandwidth, (B, 1), that is not above 0 and finite, which becomes 1.
    """
    many = summed(operation, t)
    query_is_fine, key_is_fine = checks.fits(s, many), checks.fits(t, many)
    too_large = (query_is_fine != (s.detach().abs() < torch.inf)).any(-1, keepdim=True)
    row_is_fine = key_is_fine.all(-1, keepdim=True) & ~too_large
    if operation == "sliced_bump":
        bandwidth, scale = others
        width_is_fine = checks.is_bandwidth(bandwidth)
        row_is_fine, others = row_is_fine & width_is_fine, (torch.where(width_is_fine, bandwidth, 1), scale)
    y = compute(operation, torch.where(query_is_fine, s, 0), torch.where(key_is_fine, t, 0), v, *others)
    return torch.where((query_is_fine & row_is_fine).unsqueeze(-1), y, torch.nan)


def by_formula(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """By operations that torch sees through, and differentiates in every mode."""
    formula = (FORMULAS if only_dense() or is_small(s, t) else COMPOSED)[operation]
    unit = _unit(v)
    return formula(s, t, v, *others) if unit is None else formula(s, t, v / unit, *others) * unit


def by_an_engine(operation: str, *arguments: Any) -> Tensor:
    """By the engine that is picked for such arguments."""
    return by(pick(operation, *arguments), *arguments)


def by(engine: Engine, *arguments: Any) -> Tensor:
    """By an engine, now."""
    if engine.backward is None:
        return sums(engine, *arguments)[0]
    if not (torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in arguments)):
        return sums(engine, *_resolved(arguments))[0]  # without what torch does around a function that it records
    return by_steps(_steps(engine), *arguments)


def _resolved(arguments: Sequence[Any]) -> list[Any]:
    """Numbers that are negative in name only are written out, since an engine may read them from memory."""
    return [x.resolve_neg() if isinstance(x, Tensor) else x for x in arguments]


def sums(engine: Engine, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Sums:
    """What an engine computes, and what it keeps. Where one that is tried raises nevertheless, by torch."""
    if engine.trial is not None:
        return trust.sums(engine, partial(_by_torch, engine.operation), s, t, v, *others)
    unit = None if engine.careful else _unit(v)
    y = engine.forward(s, t, v, *others) if unit is None else engine.forward(s, t, v / unit, *others) * unit
    return y, ()


def _by_torch(operation: str, *arguments: Any) -> Tensor:
    return without_bad_numbers(lambda _, *x: sums(torch_engine(operation), *x)[0], operation, *arguments)


def gradients(
    engine: Engine,
    g: Tensor,
    arguments: Sequence[Any],
    y: Tensor,
    needs: Sequence[bool],
    kept: Kept = (),
) -> tuple[Tensor | None, ...]:
    """By the same engine, None where they are not needed. kept: what it kept for this."""
    assert engine.backward is not None
    if engine.trial is not None:
        other, again = partial(gradients, torch_engine(engine.operation)), partial(_by_torch, engine.operation)
        return trust.gradients(engine, other, again, g, arguments, y, needs, kept)
    s, t, v, *others = arguments
    unit = None if engine.careful else _unit(v)
    if unit is None:
        return engine.backward(g, s, t, v, *others, y, needs)
    ds, dt, dv, *rest = engine.backward(g, s, t, v / unit, *others, y / unit, needs)
    return *(None if x is None else x * unit for x in (ds, dt)), dv, *(None if x is None else x * unit for x in rest)


def _is_more_than_numbers(g: Tensor) -> bool:
    return not is_plain(g)


def _unit(v: Tensor) -> Tensor | None:
    """A power of two by which the values are to be divided so that their sums stay within their dtype; None for 1."""
    if not v.shape[0] * v.shape[1] * v.shape[2]:
        return None
    largest = v.detach().abs().amax((0, 1, 2))  # ONNX wants to know which
    if checks.are_numbers(v) and not LARGE_VALUE < float(largest) < torch.inf:
        return None
    return torch.where((largest > LARGE_VALUE) & largest.isfinite(), power_of_two(largest), 1)


class Steps(NamedTuple):
    """How an operation is computed, and its gradients: by an engine, or by an operator of a program.

    forward: also gives what is to be kept for `backward`. beyond: whether an upstream gradient is more than `backward`
    can take. as_given: whether the arguments with such values may be what `Engine.as_given` says.
    """

    operation: str
    forward: Callable[..., Sums]
    backward: Callable[[Tensor, Sequence[Any], Tensor, Sequence[bool], Kept], tuple[Tensor | None, ...]]
    beyond: Callable[[Tensor], bool]
    as_given: Callable[[Tensor], bool] = lambda v: False


@cache
def _steps(engine: Engine) -> Steps:
    return Steps(
        engine.operation, partial(sums, engine), partial(gradients, engine), _is_more_than_numbers, engine.as_given
    )


def by_steps(steps: Steps, *arguments: Any) -> Tensor:
    """So that torch finds the gradients by these steps too."""
    y: Tensor = _Computed.apply(steps, *arguments)  # type: ignore[no-untyped-call]
    return y


class _Computed(torch.autograd.Function):
    """An operation whose gradients are computed without torch's help.

    The arguments and the result are kept, and what an engine wants kept.
    """

    @staticmethod
    def forward(ctx: Any, steps: Steps, *arguments: Any) -> Tensor:
        y, kept = steps.forward(*_resolved(arguments))
        ctx.steps, ctx.kept = steps, len(kept)
        ctx.others = tuple(None if isinstance(x, Tensor) else x for x in arguments)
        ctx.save_for_backward(y, *kept, *(x if isinstance(x, Tensor) else None for x in arguments))
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        steps: Steps = ctx.steps
        y, *saved = ctx.saved_tensors  # once: a checkpoint computes them anew each time
        kept, saved = tuple(saved[: ctx.kept]), saved[ctx.kept :]
        arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
        needs = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled() or steps.beyond(g):  # to be differentiated again, or asked for in batches
            return (None, *_differentiated(steps, arguments, needs, g))
        g = torch.zeros_like(y) if g._is_zerotensor() else g.resolve_neg().contiguous()
        with full_precision(g):
            found = steps.backward(g, _resolved(arguments), y, needs, kept)
        return (None, *found, *[None] * (len(arguments) - len(found)))


def _differentiated(
    steps: Steps, arguments: list[Any], needs: tuple[bool, ...], g: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of a formula that torch knows, None where they are not needed."""
    s, t, v, *_ = arguments
    needed = [x for x, wanted in zip(arguments, needs, strict=True) if wanted]
    with torch.enable_grad(), full_precision(g):
        if steps.as_given(v):
            y = without_bad_numbers(by_formula, steps.operation, *settled(*arguments))
        else:
            if checks.are_numbers(s):  # what an engine could still sum, the formula cannot
                checks.queries_not_finite(s, t, summed(steps.operation, t))
            y = by_formula(steps.operation, *arguments)
        found = iter(torch.autograd.grad(y, needed, g.to(y.dtype), create_graph=True))
    return tuple(next(found) if wanted else None for wanted in needs)
