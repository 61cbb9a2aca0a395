"""The table of engines, and the choice among them."""

import contextlib
import pkgutil
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from srviz.attention.engines import trust
from srviz.attention.engines.engine import Engine, is_now

MANY = 1 << 16  # tokens, for which no engine of small problems is picked


@cache
def engines() -> tuple[Engine, ...]:
    """All engines of all operations, the preferred ones first."""
    package = __package__ or ""
    path = import_module(package).__path__
    found = [getattr(import_module(f"{package}.{module.name}"), "ENGINES", ()) for module in pkgutil.iter_modules(path)]
    return tuple(sorted((engine for group in found for engine in group), key=lambda engine: engine.rank))


@cache
def _of(operation: str) -> tuple[Engine, ...]:
    return tuple(engine for engine in engines() if engine.operation == operation)


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


def only_dense() -> bool:
    """Whether the n² formula alone is in use, which programs then hold in torch's own operations."""
    return _only.get() == ("dense",)


def pick(operation: str, *arguments: Any) -> Engine:
    """The engine that computes this operation on these arguments. Raises RuntimeError where none in use is able to."""
    only, mine = _only.get(), _of(operation)
    if not all(x.numel() for x in arguments[:3]):  # nothing to sum
        return next(engine for engine in mine if engine.name == "dense")
    if only is not None:
        mine = tuple(sorted((one for one in mine if one.name in only), key=lambda engine: only.index(engine.name)))
    for engine in mine:
        if (only is not None or engine.worth(*arguments)) and _can(engine, *arguments):
            return engine
    raise RuntimeError(f"{operation}: no engine in use can compute this: {', '.join(only or ())}")


def _can(engine: Engine, *arguments: Any) -> bool:
    return engine.able(*arguments) and trust.trusted(engine, torch_engine(engine.operation), *arguments)


@cache
def torch_engine(operation: str) -> Engine:
    """The engine that is always able."""
    return next(engine for engine in _of(operation) if engine.name == "torch")


def may_take_as_given(operation: str, v: Tensor) -> bool:
    """Whether `takes_as_given` is worth asking: what tells most calls apart in no time."""
    if torch.compiler.is_dynamo_compiling():
        return False
    return any(engine.as_given(v) for engine in _of(operation))


def takes_as_given(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> bool:
    """Whether these would be computed now by an engine that takes them as they are, see `Engine.as_given`.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d) of any floating dtype; others as the operation takes them.
    """
    if not is_now(s, t, v, *(x for x in others if isinstance(x, Tensor))):
        return False
    return pick(operation, s, t, v, *others).as_given(v)


def takes_any_scores(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> bool:
    """Whether these would be summed now by an engine to which the mean and the size of the scores do not matter, see
    `Engine.exact`. s: (B, n_q), t: (B, n_k), v: (B, n_k, d); others as the operation takes them.
    """
    if torch.compiler.is_dynamo_compiling() or not is_now(s, t, v):
        return False
    if not any(engine.exact and engine.able(s, t, v, *others) for engine in _of(operation)):
        return False  # before any other engine is tried
    return pick(operation, s, t, v, *others).exact


def computed_by(operation: str, dtype: torch.dtype, device: torch.device) -> str:
    """What computes an operation on many tokens of a dtype on a device, in words: "torch", or "C, cc 12.2.0", say.

    What is to be compiled for it is compiled now, so that nobody waits for it later; later calls are free.
    """
    scores = torch.empty(1, 1, dtype=torch.promote_types(dtype, torch.float32), device=device).expand(1, MANY)
    return pick(operation, scores, scores, scores.unsqueeze(-1)).made()
