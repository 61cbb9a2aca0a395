"""Engines that are tried before they are trusted, and what is done where one cannot be.

Before its first use in a process, every kind of kernel computes a small problem on its device, forward and backward,
and torch's engine computes the same in float64. This waits for the device, once for each kind, and never while a CUDA
graph is captured: there a kind that has not been tried yet is left to torch. Where kernels do not compile, raise or
disagree, one warning says so, and it is computed in another way from then on: half precision in float32, float32 by
torch.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from srviz.attention.engines.engine import Engine, Kind
from srviz.attention.engines.settle import settled, without_masked

ROWS, QUERIES, KEYS, BANDWIDTH = 2, 70, 90, 0.7  # of the problem that is tried
TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 3e-2}  # relative: far above rounding
NAMES = ("sums", "gradients of s", "gradients of t", "gradients of v")

_tried: dict[Kind, bool] = {}
_said: set[str] = set()


def trusted(engine: Engine, other: Engine, *arguments: Any) -> bool:
    """Whether an engine computes such arguments as another does; it is tried where it has not been yet."""
    if engine.trial is None:
        return True
    kind = engine.trial.kind(*arguments)
    found = _tried.get(kind)
    if found is None:
        if capturing(kind.device):
            return False
        found = _tried[kind] = _try(engine, other, kind)
    return found


def capturing(device: torch.device) -> bool:
    """Whether what a device is given now goes into a CUDA graph, and is not computed yet."""
    if device.type != "cuda":
        return False
    with torch.cuda.device(device):
        return torch.cuda.is_current_stream_capturing()


def sums(engine: Engine, other: Callable[..., Tensor], *arguments: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """What an engine computes and keeps; where it raises, what another does with settled arguments, from then on."""
    assert engine.trial is not None
    assert engine.keeping is not None
    kind = engine.trial.kind(*arguments)
    if _tried.get(kind, True):
        try:
            return engine.keeping(*arguments)
        except Exception as error:
            _distrust(kind, error)
    with torch.no_grad():
        return other(*settled(*arguments)).to(kind.dtype), ()


def gradients(
    engine: Engine,
    other: Callable[..., tuple[Tensor | None, ...]],
    again: Callable[..., Tensor],
    g: Tensor,
    arguments: Sequence[Any],
    y: Tensor,
    needs: Sequence[bool],
    kept: tuple[Tensor, ...],
) -> tuple[Tensor | None, ...]:
    """The same for the gradients. Nothing comes from a result that is NaN for its score. again: computes the sums."""
    assert engine.trial is not None
    assert engine.backward is not None
    kind = engine.trial.kind(*arguments)
    if _tried.get(kind, True):
        try:
            return engine.backward(g, *arguments, y, needs, kept)
        except Exception as error:
            _distrust(kind, error)
    with torch.no_grad():
        s, t, v, *others = settled(*arguments)
        fine = s.isfinite() & t.isfinite().all(-1, keepdim=True)
        s, t = torch.where(s.isfinite(), s, 0), torch.where(t.isfinite(), t, 0)
        y = again(s, t, v, *others)
        g = torch.where(fine.unsqueeze(-1), g, 0).to(y.dtype).contiguous()
        return other(g, (s, t, v, *others), y, needs)


def _try(engine: Engine, other: Engine, kind: Kind) -> bool:
    assert engine.trial is not None
    reason: Exception | str = engine.trial.unfit(kind.device)
    if not reason:
        try:
            with torch.no_grad():
                reason = disagreement(engine, other, kind)
        except Exception as error:
            reason = error
    return _distrust(kind, reason) if reason else True


def _distrust(kind: Kind, reason: Exception | str) -> bool:
    """Leave a kind to others from now on, and say why, once for each reason. Memory that is short is no reason."""
    if isinstance(reason, torch.OutOfMemoryError):
        raise reason
    _tried[kind] = False
    if isinstance(reason, Exception):
        first = (str(reason).strip().splitlines() or [""])[0][:200]
        reason = f"a kernel could not be used ({type(reason).__name__}: {first})"
    if reason not in _said:
        _said.add(reason)
        instead = "Torch computes it" if kind.dtype == torch.float32 else "It is computed in float32"
        warnings.warn(
            f"srviz.attention: the GPU engine does not compute {kind.operation} of {kind.dtype} on {kind.device}, "
            f"since {reason}. {instead} from now on.",
            RuntimeWarning,
            stacklevel=2,
        )
    return False


def disagreement(engine: Engine, other: Engine, kind: Kind) -> str:
    """What is wrong with an engine's kernels, in words; empty where they agree with another engine in float64.

    Some scores tie, some keys are masked and one query's score is NaN, which is its own trouble alone.
    """
    assert engine.trial is not None
    assert other.backward is not None
    rng, device = torch.Generator().manual_seed(0), kind.device

    def draw(*shape: int, dtype: torch.dtype) -> Tensor:
        drawn = torch.randn(shape, generator=rng, device="cpu", dtype=torch.float32)
        return drawn.to(device=device, dtype=dtype)

    s, t = draw(ROWS, QUERIES, dtype=kind.scores), draw(ROWS, KEYS, dtype=kind.scores)
    v, g = draw(ROWS, KEYS, kind.d, dtype=kind.dtype), draw(ROWS, QUERIES, kind.d, dtype=kind.dtype)
    t[:, :40:4] = s[:, :10]
    fine = torch.arange(QUERIES, device=device) != 5
    keep = (torch.arange(KEYS, device=device).expand(ROWS, -1) % 5 != 3).contiguous() if kind.masked else None
    others: tuple[Tensor | None, ...] = (keep,)
    if kind.operation == "sliced_bump":
        bandwidth = torch.full((ROWS, 1), BANDWIDTH, dtype=torch.float32, device=device)
        others = bandwidth, torch.ones_like(bandwidth)
    found = engine.trial.run(kind, g, torch.where(fine, s, torch.nan), t, v, *others)
    s, t, v, g = s.double(), t.double(), v.double(), torch.where(fine[:, None], g, 0).double()
    if keep is not None:
        t, v = without_masked(t, v, keep)
    wide = [x.double() if x is not None and x.is_floating_point() else x for x in others]
    y = other.forward(s, t, v, *wide)
    ds, dt, dv, *_ = other.backward(g, s, t, v, *wide, y, (True,) * 4)
    expected = torch.where(fine[:, None], y, torch.nan), ds, dt, dv
    for name, x, right in zip(NAMES, found, expected, strict=True):
        assert right is not None
        if not torch.equal(x.isnan(), right.isnan()):
            return f"the {name} of its kernels are NaN in other places than torch's on a small problem"
        right = right.nan_to_num()
        difference = float((x.double().nan_to_num() - right).norm() / right.norm())
        if not difference <= TOLERANCE[kind.dtype]:
            return f"the {name} of its kernels differ from torch's by {difference:.1e} on a small problem"
    return ""
