"""The table of engines, the choice among them, and what they all need around them.

An operation goes one of three ways. Where torch records a program (`torch.compile`, `torch.export`, fake and meta
tensors) it is one registered operator, `srviz::…`, that chooses its engine when it runs. Where a transform of
`torch.func` or forward-mode differentiation is at work, it is a formula that torch sees through. Otherwise an engine
computes it at once.
"""

import contextlib
import pkgutil
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from functools import cache, partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from srviz.attention import checks
from srviz.attention.engines import trust
from srviz.attention.engines.composed import COMPOSED
from srviz.attention.engines.dense import FORMULAS, is_small
from srviz.attention.engines.engine import Engine, Forward, is_plain, is_recorded, is_transformed
from srviz.attention.engines.settle import settled
from srviz.attention.heads import power_of_two
from srviz.attention.kernels import Kernel

LARGE_VALUE = 2.0**60  # of the values, from which sums in their dtype are not trusted
MANY = 1 << 16  # tokens, for which no engine of small problems is picked


@cache
def engines() -> tuple[Engine, ...]:
    """All engines of all operations, the preferred ones first."""
    package = __package__ or ""
    path = import_module(package).__path__
    found = [getattr(import_module(f"{package}.{module.name}"), "ENGINES", ()) for module in pkgutil.iter_modules(path)]
    return tuple(sorted((engine for group in found for engine in group), key=lambda engine: engine.rank))


_only: ContextVar[tuple[str, ...] | None] = ContextVar("engines in use", default=None)


@contextlib.contextmanager
def use(*names: str) -> Iterator[None]:
    """Compute by these engines only, the first that is able, whatever the size: `with use("torch"): …`.

    Raises ValueError for a name that no engine has. Gradients are computed by the engine that computed the sums. A
    program that is exported under `use("dense")` holds the n² formula in torch's own operations, which ONNX knows.
    """
    known = {engine.name for engine in engines()}
    if not names or not set(names) <= known:
        raise ValueError(f"names: expected some of {', '.join(sorted(known))}, got {', '.join(names) or 'none'}")
    token = _only.set(names)
    try:
        yield
    finally:
        _only.reset(token)


def pick(operation: str, *arguments: Any) -> Engine:
    """The engine that computes this operation on these arguments. Raises RuntimeError where none in use is able to."""
    only = _only.get()
    mine = [engine for engine in engines() if engine.operation == operation]
    if not all(x.numel() for x in arguments[:3]):  # nothing to sum
        return next(engine for engine in mine if engine.name == "dense")
    if only is None:
        found = next((e for e in mine if e.worth(*arguments) and _can(e, *arguments)), None)
    else:
        named = sorted((engine for engine in mine if engine.name in only), key=lambda engine: only.index(engine.name))
        found = next((engine for engine in named if _can(engine, *arguments)), None)
    if found is None:
        raise RuntimeError(f"{operation}: no engine in use can compute this: {', '.join(only or ())}")
    return found


def _can(engine: Engine, *arguments: Any) -> bool:
    return engine.able(*arguments) and trust.trusted(engine, _torch(engine.operation), *arguments)


@cache
def _torch(operation: str) -> Engine:
    """The engine that is always able."""
    return next(engine for engine in engines() if engine.operation == operation and engine.name == "torch")


def may_take_as_given(operation: str, v: Tensor) -> bool:
    """Whether `takes_as_given` is worth asking: what tells most calls apart in no time."""
    if torch.compiler.is_dynamo_compiling():
        return False
    return any(engine.as_given(v) for engine in engines() if engine.operation == operation)


def takes_as_given(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> bool:
    """Whether these would be computed now by an engine that takes them as they are, see `Engine.as_given`.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d) of any floating dtype; others as the operation takes them.
    """
    if is_transformed(s, t, v) or is_recorded(s, t, v):
        return False
    return pick(operation, s, t, v, *others).as_given(v)


def computed_by(operation: str, dtype: torch.dtype, device: torch.device) -> str:
    """What computes an operation on many tokens of a dtype on a device, in words: "torch", or "C, cc 12.2.0", say.

    What is to be compiled for it is compiled now, so that nobody waits for it later; later calls are free.
    """
    scores = torch.empty(1, 1, dtype=torch.promote_types(dtype, torch.float32), device=device).expand(1, MANY)
    return pick(operation, scores, scores, scores.unsqueeze(-1)).made()


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None.

    All contiguous, float32 at least → (B, n_q, d). A query whose score is NaN or infinite gets NaN. Where that of a key
    is, every query of its row gets NaN; a call on numbers on a CPU raises ValueError instead.
    """
    return _compute("sliced_relu", s, t, v, keep)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1). The rest as `sliced_relu`."""
    return _compute("sliced_bump", s, t, v, bandwidth, scale)


def sum_pairs(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a piecewise linear kernel f. The rest as `sliced_relu`."""
    return _compute("kernel_sum", s, t, v, kernel)


def _compute(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    if torch.compiler.is_dynamo_compiling():  # which could not look any further
        return _without_bad_scores(_registered, operation, s, t, v, *others)
    tensors = (s, t, v, *(x for x in others if isinstance(x, Tensor)))
    with _full_precision(s):
        if is_transformed(*tensors):
            return _without_bad_scores(_formula, operation, s, t, v, *others)
        if is_recorded(*tensors):
            inlined = _only.get() == ("dense",)
            return _without_bad_scores(_formula if inlined else _registered, operation, s, t, v, *others)
        engine = pick(operation, s, t, v, *others)
        if engine.careful:
            try:
                return _by(engine, s, t, v, *others)
            except checks.NotFinite:  # the check below finds out where
                pass
        elif s.device.type != "cpu":  # without waiting for the device
            return _without_bad_scores(_eager, operation, s, t, v, *others)
        bad = checks.queries_not_finite(s, t)
        if bad is None:
            return _by(engine, s, t, v, *others)
        y = _by(engine, torch.where(bad, 0, s), t, v, *others)
        return torch.where(bad.unsqueeze(-1), torch.nan, y)


def _full_precision(x: Tensor) -> contextlib.AbstractContextManager[object]:
    """No autocast, where the device of a tensor has one."""
    needed = not x.is_meta and (torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type))
    return torch.autocast(x.device.type, enabled=False) if needed else contextlib.nullcontext()


def _without_bad_scores(compute: Forward, operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """Compute with 0 for every score that is NaN or infinite, and answer NaN wherever it would have counted."""
    query_is_fine, key_is_fine = s.isfinite(), t.isfinite()
    y = compute(operation, torch.where(query_is_fine, s, 0), torch.where(key_is_fine, t, 0), v, *others)
    fine = query_is_fine & key_is_fine.all(-1, keepdim=True)
    return torch.where(fine.unsqueeze(-1), y, torch.nan)


def _formula(operation: str, s: Tensor, t: Tensor, *others: Any) -> Tensor:
    """By operations that torch sees through, and differentiates in every mode."""
    formula = FORMULAS if is_small(s, t) or _only.get() == ("dense",) else COMPOSED
    return formula[operation](s, t, *others)


def _eager(operation: str, *arguments: Any) -> Tensor:
    return _by(pick(operation, *arguments), *arguments)


def _by(engine: Engine, *arguments: Any) -> Tensor:
    """By an engine, now."""
    if engine.backward is None:
        return _forward(engine, *arguments)
    if not (torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in arguments)):
        return _forward(engine, *_resolved(arguments))  # without what torch does around a function that it records
    result: Tensor = _Computed.apply(engine, *arguments)  # type: ignore[no-untyped-call]
    return result


def _resolved(arguments: Sequence[Any]) -> list[Any]:
    """Numbers that are negative in name only are written out, since an engine may read them from memory."""
    return [x.resolve_neg() if isinstance(x, Tensor) else x for x in arguments]


def _forward(engine: Engine, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    if engine.trial is not None:
        return _tried(engine, s, t, v, *others)[0]
    unit = None if engine.careful else _unit(v)
    return engine.forward(s, t, v, *others) if unit is None else engine.forward(s, t, v / unit, *others) * unit


def _tried(engine: Engine, *arguments: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """By an engine that is tried, with what it keeps; where it raises nevertheless, by torch."""
    return trust.sums(engine, partial(_by_torch, engine), *arguments)


def _by_torch(engine: Engine, *arguments: Any) -> Tensor:
    with use("torch"):
        return _compute(engine.operation, *arguments)


def _backward(
    engine: Engine, g: Tensor, s: Tensor, t: Tensor, v: Tensor, others: tuple[Any, ...], y: Tensor, needs: Any,
    kept: tuple[Tensor, ...] = (),
) -> tuple[Tensor | None, ...]:  # fmt: skip
    assert engine.backward is not None
    if engine.trial is not None:
        other, again = partial(_backward, _torch(engine.operation)), partial(_by_torch, engine)
        return trust.gradients(engine, other, again, g, (s, t, v, *others), y, needs, kept)
    unit = None if engine.careful else _unit(v)
    if unit is None:
        return engine.backward(g, s, t, v, *others, y, needs)
    ds, dt, dv, *rest = engine.backward(g, s, t, v / unit, *others, y / unit, needs)
    return *(None if x is None else x * unit for x in (ds, dt)), dv, *(None if x is None else x * unit for x in rest)


def _unit(v: Tensor) -> Tensor | None:
    """A power of two by which the values are to be divided so that their sums stay within their dtype; None for 1."""
    if not v.numel():
        return None
    largest = v.detach().abs().amax()
    if v.device.type == "cpu" and not LARGE_VALUE < float(largest) < torch.inf:
        return None
    return torch.where((largest > LARGE_VALUE) & largest.isfinite(), power_of_two(largest), 1)


class _Computed(torch.autograd.Function):
    """An operation by an engine that has a backward pass of its own. The arguments and the result are kept, and what an
    engine wants kept.
    """

    @staticmethod
    def forward(ctx: Any, engine: Engine, *arguments: Any) -> Tensor:
        kept: tuple[Tensor, ...] = ()
        if engine.trial is None:
            y = _forward(engine, *_resolved(arguments))
        else:
            y, kept = _tried(engine, *_resolved(arguments))
        ctx.engine, ctx.kept = engine, len(kept)
        ctx.others = tuple(None if isinstance(x, Tensor) else x for x in arguments)
        ctx.save_for_backward(y, *kept, *(x if isinstance(x, Tensor) else None for x in arguments))
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        engine: Engine = ctx.engine
        y, *saved = ctx.saved_tensors  # once: a checkpoint computes them anew each time
        kept, saved = tuple(saved[: ctx.kept]), saved[ctx.kept :]
        arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
        needs = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled() or not is_plain(g):  # to be differentiated again, or asked for in batches
            return (None, *_differentiated(engine, arguments, needs, g))
        s, t, v, *others = _resolved(arguments)
        g = torch.zeros_like(y) if g._is_zerotensor() else g.resolve_neg().contiguous()
        with _full_precision(g):
            found = _backward(engine, g, s, t, v, tuple(others), y, needs, kept)
        return (None, *found, *[None] * (len(arguments) - len(found)))


def _differentiated(
    engine: Engine, arguments: list[Any], needs: tuple[bool, ...], g: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of a formula that torch knows, None where they are not needed."""
    needed = [x for x, wanted in zip(arguments, needs, strict=True) if wanted]
    with torch.enable_grad(), _full_precision(g):
        if engine.as_given(arguments[2]):
            y = _without_bad_scores(_formula, engine.operation, *settled(*arguments))
        else:
            y = _formula(engine.operation, *arguments)
        found = iter(torch.autograd.grad(y, needed, g.to(y.dtype), create_graph=True))
    return tuple(next(found) if wanted else None for wanted in needs)


# ---- registered with torch, for programs ----------------------------------------------------------------------------


@torch.library.custom_op("srviz::sliced_relu", mutates_args=())
def _relu_op(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    return _forward(pick("sliced_relu", s, t, v, keep), s, t, v, keep)


@torch.library.custom_op("srviz::sliced_relu_backward", mutates_args=())
def _relu_op_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    ds, dt, dv = _gradients("sliced_relu", g, (s, t, v, keep), y, 3)
    return ds, dt, dv


@torch.library.custom_op("srviz::sliced_bump", mutates_args=())
def _bump_op(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    return _forward(pick("sliced_bump", s, t, v, bandwidth, scale), s, t, v, bandwidth, scale)


@torch.library.custom_op("srviz::sliced_bump_backward", mutates_args=())
def _bump_op_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    ds, dt, dv, db = _gradients("sliced_bump", g, (s, t, v, bandwidth, scale), y, 4)
    return ds, dt, dv, db


@torch.library.custom_op("srviz::kernel_sum", mutates_args=())
def _sum_op(
    s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float
) -> Tensor:
    kernel = Kernel(tuple(nodes), tuple(heights), left, right)
    return _forward(pick("kernel_sum", s, t, v, kernel), s, t, v, kernel)


@torch.library.custom_op("srviz::kernel_sum_backward", mutates_args=())
def _sum_op_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float,
    y: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    ds, dt, dv = _gradients("kernel_sum", g, (s, t, v, Kernel(tuple(nodes), tuple(heights), left, right)), y, 3)
    return ds, dt, dv


def _gradients(operation: str, g: Tensor, arguments: tuple[Any, ...], y: Tensor, count: int) -> list[Tensor]:
    """All gradients of an operation, as tensors of their own.

    Below torch's own differentiation, where the n² formula cannot be differentiated: a small problem is sorted.
    """
    engine, needs = pick(operation, *arguments), (True,) * count
    if engine.backward is None:
        engine = _torch(operation)
    s, t, v, *others = arguments
    found = _backward(engine, g.contiguous(), s, t, v, tuple(others), y, needs)
    return [
        torch.zeros_like(x) if part is None else part.to(x.dtype).reshape(x.shape)
        for part, x in zip(found[:count], arguments, strict=False)
    ]


def _register() -> None:
    """What torch asks of an operator: its result without numbers, its gradients, and itself on a batch."""
    for forward, backward, count in (
        (_relu_op, _relu_op_backward, 3),
        (_bump_op, _bump_op_backward, 4),
        (_sum_op, _sum_op_backward, 3),
    ):
        forward.register_fake(lambda s, t, v, *others: v.new_empty(*s.shape, v.shape[-1]))
        backward.register_fake(lambda g, *arguments, count=count: tuple(torch.empty_like(x) for x in arguments[:count]))

        def setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
            ctx.others = tuple(None if isinstance(x, Tensor) else x for x in inputs)
            ctx.save_for_backward(output, *(x if isinstance(x, Tensor) else None for x in inputs))

        def differentiate(ctx: Any, g: Tensor, backward: Any = backward, count: int = count) -> tuple[Any, ...]:
            y, *saved = ctx.saved_tensors
            arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
            found = backward(g, *arguments, y)
            needs = ctx.needs_input_grad
            mine = (part if wanted else None for part, wanted in zip(found, needs, strict=False))
            return (*mine, *[None] * (len(arguments) - count))

        forward.register_autograd(differentiate, setup_context=setup)


_register()


def _registered(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """As one operator of the program that torch records."""
    y: Tensor
    if operation == "sliced_relu":
        y = _relu_op(s, t, v, *others)
    elif operation == "sliced_bump":
        y = _bump_op(s, t, v, *others)
    else:
        kernel: Kernel = others[0]
        y = _sum_op(s, t, v, list(kernel.nodes), list(kernel.heights), kernel.left, kernel.right)
    return y
