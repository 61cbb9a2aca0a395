"""The table of engines, the choice among them, and what they all need around them.

An operation goes one of three ways. Where torch records a program (`torch.compile`, `torch.export`, fake and meta
tensors) it is one registered operator, `srviz::…`, that chooses its engine when it runs. Where a transform of
`torch.func` or forward-mode differentiation is at work, within such a program too, it is a formula that torch sees
through. Otherwise an engine computes it at once.
"""

import contextlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import Tensor

from srviz.attention import checks
from srviz.attention.engines import trust
from srviz.attention.engines.composed import COMPOSED
from srviz.attention.engines.dense import FORMULAS, is_small
from srviz.attention.engines.engine import Engine, Forward, is_plain, is_recorded, is_transformed
from srviz.attention.engines.registered import below, operator
from srviz.attention.engines.settle import settled
from srviz.attention.heads import power_of_two
from srviz.attention.kernels import Kernel

LARGE_VALUE = 2.0**60  # of the values, from which sums in their dtype are not trusted
Kept = tuple[Tensor, ...]  # what an engine keeps for its backward pass
Sums = tuple[Tensor, Kept]
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
    is, or one is too large for its dtype, every query of its row gets NaN; a call on numbers on a CPU raises ValueError
    instead.
    """
    return _compute("sliced_relu", s, t, v, keep)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1).

    Every query of a row whose b is not above 0 and finite gets NaN. The rest as `sliced_relu`.
    """
    return _compute("sliced_bump", s, t, v, bandwidth, scale)


def sum_pairs(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a piecewise linear kernel f. The rest as `sliced_relu`."""
    return _compute("kernel_sum", s, t, v, kernel)


def _compute(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    if torch.compiler.is_dynamo_compiling():  # which could not look any further
        return _without_bad_numbers(_registered, operation, s, t, v, *others)
    tensors = (s, t, v, *(x for x in others if isinstance(x, Tensor)))
    with _full_precision(s):
        if is_transformed(*tensors):
            return _without_bad_numbers(_formula, operation, s, t, v, *others)
        if is_recorded(*tensors):
            inlined = _only.get() == ("dense",)
            return _without_bad_numbers(_formula if inlined else _registered, operation, s, t, v, *others)
        engine = pick(operation, s, t, v, *others)
        if engine.careful:
            try:
                return _by(engine, s, t, v, *others)
            except checks.NotFinite:  # the check below finds out where
                pass
        elif s.device.type != "cpu":  # without waiting for the device
            return _without_bad_numbers(_eager, operation, s, t, v, *others)
        bad = checks.queries_not_finite(s, t, _summed(operation, t))
        if bad is None:
            return _by(engine, s, t, v, *others)
        y = _by(engine, torch.where(bad, 0, s), t, v, *others)
        return torch.where(bad.unsqueeze(-1), torch.nan, y)


def _full_precision(x: Tensor) -> contextlib.AbstractContextManager[object]:
    """No autocast, where the device of a tensor has one."""
    needed = not x.is_meta and (torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type))
    return torch.autocast(x.device.type, enabled=False) if needed else contextlib.nullcontext()


def _summed(operation: str, t: Tensor) -> int:
    """How many differences of scores are added up: sliced ReLU divides by Σ_l |s_i − t_l|."""
    return t.shape[1] if operation == "sliced_relu" else 1


def _without_bad_numbers(compute: Forward, operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """Compute with 0 for every score that is no number or too large, and answer NaN wherever it would have counted.

    So with a bandwidth, (B, 1), that is not above 0 and finite, which becomes 1.
    """
    many = _summed(operation, t)
    query_is_fine, key_is_fine = checks.fits(s, many), checks.fits(t, many)
    too_large = (query_is_fine != (s.detach().abs() < torch.inf)).any(-1, keepdim=True)
    row_is_fine = key_is_fine.all(-1, keepdim=True) & ~too_large
    if operation == "sliced_bump":
        bandwidth, scale = others
        width_is_fine = checks.is_bandwidth(bandwidth)
        row_is_fine, others = row_is_fine & width_is_fine, (torch.where(width_is_fine, bandwidth, 1), scale)
    y = compute(operation, torch.where(query_is_fine, s, 0), torch.where(key_is_fine, t, 0), v, *others)
    return torch.where((query_is_fine & row_is_fine).unsqueeze(-1), y, torch.nan)


def _formula(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Tensor:
    """By operations that torch sees through, and differentiates in every mode."""
    formula = (FORMULAS if _only.get() == ("dense",) or is_small(s, t) else COMPOSED)[operation]
    unit = _unit(v)
    return formula(s, t, v, *others) if unit is None else formula(s, t, v / unit, *others) * unit


def _eager(operation: str, *arguments: Any) -> Tensor:
    return _by(pick(operation, *arguments), *arguments)


def _by(engine: Engine, *arguments: Any) -> Tensor:
    """By an engine, now."""
    if engine.backward is None:
        return _forward(engine, *arguments)
    if not (torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in arguments)):
        return _forward(engine, *_resolved(arguments))  # without what torch does around a function that it records
    return _Computed.of(_steps(engine), *arguments)


def _resolved(arguments: Sequence[Any]) -> list[Any]:
    """Numbers that are negative in name only are written out, since an engine may read them from memory."""
    return [x.resolve_neg() if isinstance(x, Tensor) else x for x in arguments]


def _forward(engine: Engine, *arguments: Any) -> Tensor:
    return _sums(engine, *arguments)[0]


def _sums(engine: Engine, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> Sums:
    """By an engine, with what it keeps. Where one that is tried raises nevertheless, by torch."""
    if engine.trial is not None:
        return trust.sums(engine, partial(_by_torch, engine), s, t, v, *others)
    unit = None if engine.careful else _unit(v)
    y = engine.forward(s, t, v, *others) if unit is None else engine.forward(s, t, v / unit, *others) * unit
    return y, ()


def _by_torch(engine: Engine, *arguments: Any) -> Tensor:
    with use("torch"):
        return _compute(engine.operation, *arguments)


def _backward(
    engine: Engine,
    g: Tensor,
    arguments: Sequence[Any],
    y: Tensor,
    needs: Sequence[bool],
    kept: Kept = (),
) -> tuple[Tensor | None, ...]:
    assert engine.backward is not None
    if engine.trial is not None:
        other, again = partial(_backward, _torch(engine.operation)), partial(_by_torch, engine)
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


class _Steps(NamedTuple):
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
def _steps(engine: Engine) -> _Steps:
    forward, backward = partial(_sums, engine), partial(_backward, engine)
    return _Steps(engine.operation, forward, backward, _is_more_than_numbers, engine.as_given)


class _Computed(torch.autograd.Function):
    """An operation whose gradients are computed without torch's help.

    The arguments and the result are kept, and what an engine wants kept.
    """

    @staticmethod
    def of(steps: _Steps, *arguments: Any) -> Tensor:
        """The result."""
        y: Tensor = _Computed.apply(steps, *arguments)  # type: ignore[no-untyped-call]
        return y

    @staticmethod
    def forward(ctx: Any, steps: _Steps, *arguments: Any) -> Tensor:
        y, kept = steps.forward(*_resolved(arguments))
        ctx.steps, ctx.kept = steps, len(kept)
        ctx.others = tuple(None if isinstance(x, Tensor) else x for x in arguments)
        ctx.save_for_backward(y, *kept, *(x if isinstance(x, Tensor) else None for x in arguments))
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        steps: _Steps = ctx.steps
        y, *saved = ctx.saved_tensors  # once: a checkpoint computes them anew each time
        kept, saved = tuple(saved[: ctx.kept]), saved[ctx.kept :]
        arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
        needs = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled() or steps.beyond(g):  # to be differentiated again, or asked for in batches
            return (None, *_differentiated(steps, arguments, needs, g))
        g = torch.zeros_like(y) if g._is_zerotensor() else g.resolve_neg().contiguous()
        with _full_precision(g):
            found = steps.backward(g, _resolved(arguments), y, needs, kept)
        return (None, *found, *[None] * (len(arguments) - len(found)))


def _differentiated(
    steps: _Steps, arguments: list[Any], needs: tuple[bool, ...], g: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of a formula that torch knows, None where they are not needed."""
    s, t, v, *_ = arguments
    needed = [x for x, wanted in zip(arguments, needs, strict=True) if wanted]
    with torch.enable_grad(), _full_precision(g):
        if steps.as_given(v):
            y = _without_bad_numbers(_formula, steps.operation, *settled(*arguments))
        else:
            if checks.are_numbers(s):  # what an engine could still sum, the formula cannot
                checks.queries_not_finite(s, t, _summed(steps.operation, t))
            y = _formula(steps.operation, *arguments)
        found = iter(torch.autograd.grad(y, needed, g.to(y.dtype), create_graph=True))
    return tuple(next(found) if wanted else None for wanted in needs)


# ---- registered with torch, for programs ----------------------------------------------------------------------------


def _relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    return _eager_sums("sliced_relu", s, t, v, keep)


def _relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    ds, dt, dv = _gradients("sliced_relu", g, (s, t, v, keep), y, 3)
    return ds, dt, dv


def _bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    return _eager_sums("sliced_bump", s, t, v, bandwidth, scale)


def _bump_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    ds, dt, dv, db = _gradients("sliced_bump", g, (s, t, v, bandwidth, scale), y, 4)
    return ds, dt, dv, db


def _sum(
    s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float
) -> Tensor:
    return _eager_sums("kernel_sum", s, t, v, Kernel(tuple(nodes), tuple(heights), left, right))


def _sum_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, nodes: list[float], heights: list[float], left: float, right: float,
    y: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    ds, dt, dv = _gradients("kernel_sum", g, (s, t, v, Kernel(tuple(nodes), tuple(heights), left, right)), y, 3)
    return ds, dt, dv


def _eager_sums(operation: str, *arguments: Any) -> Tensor:
    return _forward(pick(operation, *arguments), *arguments)


def _gradients(operation: str, g: Tensor, arguments: tuple[Any, ...], y: Tensor, count: int) -> list[Tensor]:
    """All gradients of an operation, as tensors of their own.

    Below torch's own differentiation, where the n² formula cannot be differentiated: a small problem is sorted.
    """
    engine, needs = pick(operation, *arguments), (True,) * count
    if engine.backward is None:
        engine = _torch(operation)
    found = _backward(engine, g.contiguous(), arguments, y, needs)
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
        with _full_precision(flat[0]):
            return _formula(operation, *whole(flat))

    def kept(flat: Sequence[Any]) -> bool:
        """Whether torch may have derivatives to keep."""
        tensors = [x for x in flat if isinstance(x, Tensor)]
        return is_transformed(*tensors) or (torch.is_grad_enabled() and any(x.requires_grad for x in tensors))

    def differentiated(*flat: Any) -> Tensor:
        if is_transformed(*(x for x in flat if isinstance(x, Tensor))):
            return transformed(*flat)
        y: Tensor = _Computed.of(steps, *whole(flat)) if kept(flat) else below(made, *flat)
        return y

    def transformed_gradients(g: Tensor, *flat: Any) -> tuple[Tensor, ...]:
        arguments = whole(flat[:-1])
        with _full_precision(g):
            through = torch.func.vjp(lambda *x: _formula(operation, *x, *arguments[count:]), *arguments[:count])[1]
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

    def gradients(
        g: Tensor, arguments: Sequence[Any], y: Tensor, needs: Sequence[bool], kept: Kept
    ) -> tuple[Tensor | None, ...]:
        found = made_backward(g, *_flat(arguments), y)
        return tuple(part if wanted else None for part, wanted in zip(found, needs, strict=False))

    steps = _Steps(operation, lambda *arguments: (below(made, *_flat(arguments)), ()), gradients, is_transformed)
    return made


_OPERATORS = {
    "sliced_relu": _register("sliced_relu", _relu, _relu_backward, 3),
    "sliced_bump": _register("sliced_bump", _bump, _bump_backward, 4),
    "kernel_sum": _register("kernel_sum", _sum, _sum_backward, 3),
}


def _registered(operation: str, *arguments: Any) -> Tensor:
    """As one operator of the program that torch records."""
    y: Tensor = _OPERATORS[operation](*_flat(arguments))
    return y
