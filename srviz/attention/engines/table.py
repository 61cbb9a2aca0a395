"""The table of engines, the choice among them, and one gradient for all."""

import contextlib
import pkgutil
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from srviz.attention import checks
from srviz.attention.engines.dense import FORMULAS, is_small
from srviz.attention.engines.engine import Engine, Forward, is_plain, is_watched
from srviz.attention.kernels import Kernel


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

    Raises ValueError for a name that no engine has. Gradients are computed by the engine that computed the sums.
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
        found = next((e for e in mine if e.worth(*arguments) and e.able(*arguments)), None)
    else:
        named = sorted((engine for engine in mine if engine.name in only), key=lambda engine: only.index(engine.name))
        found = next((engine for engine in named if engine.able(*arguments)), None)
    if found is None:
        raise RuntimeError(f"{operation}: no engine in use can compute this: {', '.join(only or ())}")
    return found


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄). s: (B, n_q), t: (B, n_k), v: (B, n_k, d), keep: (B, n_k) or None.

    All contiguous, float32 at least → (B, n_q, d). Raises ValueError on NaN or infinite scores.
    """
    return _compute("sliced_relu", s, t, v, keep)


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j. bandwidth b, scale: (B, 1). The rest as `sliced_relu`."""
    return _compute("sliced_bump", s, t, v, bandwidth, scale)


def sum_pairs(s: Tensor, t: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
    """Σ_j f(s_i − t_j) v_j for a piecewise linear kernel f. The rest as `sliced_relu`."""
    return _compute("kernel_sum", s, t, v, kernel)


def _compute(operation: str, *arguments: Any) -> Tensor:
    s, t = arguments[:2]
    engine = pick(operation, *arguments)
    with torch.autocast(s.device.type, enabled=False):
        if not engine.refuses:
            checks.finite(s, t)
        if engine.backward is None:
            return engine.forward(*arguments)
        result: Tensor = _Computed.apply(engine, *arguments)  # type: ignore[no-untyped-call]
        return result


class _Computed(torch.autograd.Function):
    """An operation by an engine that has a backward pass of its own. Only the arguments and the result are kept."""

    @staticmethod
    def forward(ctx: Any, engine: Engine, *arguments: Any) -> Tensor:
        plain = tuple(x.resolve_neg() if isinstance(x, Tensor) else x for x in arguments)
        y = engine.forward(*plain)
        ctx.engine = engine
        ctx.others = tuple(None if isinstance(x, Tensor) else x for x in arguments)
        ctx.save_for_backward(y, *(x if isinstance(x, Tensor) else None for x in arguments))
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        engine: Engine = ctx.engine
        y, *saved = ctx.saved_tensors
        arguments = [other if x is None else x for x, other in zip(saved, ctx.others, strict=True)]
        needs = ctx.needs_input_grad[1:]
        if _by_formula(arguments[0], arguments[1], g):
            return (None, *_differentiated(FORMULAS[engine.operation], arguments, needs, g))
        return _Computed.once(ctx, arguments, y, needs, _once(g))

    @staticmethod
    @once_differentiable
    def once(
        ctx: Any, arguments: list[Any], y: Tensor, needs: tuple[bool, ...], g: Tensor
    ) -> tuple[Tensor | None, ...]:
        """The gradients of a large problem, which cannot be differentiated again."""
        backward = ctx.engine.backward
        g = torch.zeros(g.shape, dtype=g.dtype, device=g.device) if g._is_zerotensor() else g.resolve_neg().contiguous()
        with torch.autocast(g.device.type, enabled=False):
            found = backward(g, *arguments, y, needs)
        return (None, *found, *[None] * (len(arguments) - len(found)))


def _once(g: Tensor) -> Tensor:
    """The upstream gradient so that gradients which are differentiated again raise, and are not taken for constants."""
    return g.detach().requires_grad_() if torch.is_grad_enabled() else g


def _by_formula(s: Tensor, t: Tensor, g: Tensor) -> bool:
    """Whether gradients come from the n² formula: those of a small problem that are to be differentiated again, or that
    are asked for in batches.
    """
    return is_small(s, t) and (torch.is_grad_enabled() or not is_plain(g) or is_watched())


def _differentiated(
    formula: Forward, arguments: list[Any], needs: tuple[bool, ...], g: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of a formula that torch knows, None where they are not needed."""
    needed = [x for x, wanted in zip(arguments, needs, strict=True) if wanted]
    with torch.enable_grad():
        found = iter(torch.autograd.grad(formula(*arguments), needed, g, create_graph=True))
    return tuple(next(found) if wanted else None for wanted in needs)
