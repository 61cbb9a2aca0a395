"""The engine for NVIDIA GPUs, in Triton: sliced ReLU and sliced bump over sorted scores, or dense where there are few.

It computes by itself where it is able: on a CUDA device from compute capability 8.0 on, where Triton, which comes with
torch's CUDA build, compiles its kernels, and where they have agreed with torch once, see `trust.py`.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from srviz.attention.engines.engine import Engine, Kind, Trial, is_plain

RANK = 5
DEVICE = "cuda"  # the kind of device on which the kernels run; in Triton's interpreter, which tests use, "cpu"
Kept = tuple[Tensor, ...]


@cache
def _installed() -> bool:
    return find_spec("triton") is not None and torch.version.hip is None


def _as_given(v: Tensor) -> bool:
    """Whether this may be taken in its own dtype; whether the engine is able is said with all arguments."""
    return v.device.type == DEVICE


def _able(operation: str) -> Callable[..., bool]:
    def able(s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> bool:
        """Plain tensors on a CUDA device for which there are kernels."""
        if v.device.type != DEVICE or not _installed():
            return False
        if not all(is_plain(x) for x in (s, t, v, *others) if x is not None):
            return False
        from srviz.attention.engines.triton import calls

        return calls.accepts(operation, s, t, v)

    return able


def _trial(operation: str) -> Trial:
    def kind(*arguments: Any) -> Kind:
        from srviz.attention.engines.triton import trial

        return trial.kind_of(operation, *arguments)

    def unfit(device: torch.device) -> str:
        from srviz.attention.engines.triton import trial

        return trial.unfit(device)

    def run(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        from srviz.attention.engines.triton import trial

        return trial.run(*arguments)

    return Trial(kind, unfit, run)


def _always(*arguments: Any) -> bool:
    return True


def _relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> tuple[Tensor, Kept]:
    from srviz.attention.engines.triton import calls

    with calls.on(v.device):
        return calls.relu_forward(s, t, v, keep)


def _relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor, needs: tuple[bool, ...], kept: Kept
) -> tuple[Tensor | None, ...]:
    """Without what forward kept, as within a program, it is computed again."""
    from srviz.attention.engines.triton import calls

    if not kept:
        y, kept = _relu(s, t, v, keep)
    with calls.on(v.device):
        return calls.relu_backward(g, s, t, v, keep, y, kept, needs[:3])


def _bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> tuple[Tensor, Kept]:
    from srviz.attention.engines.triton import calls

    with calls.on(v.device):
        return calls.bump_forward(s, t, v, bandwidth.float(), scale.float())


def _bump_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor, y: Tensor, needs: tuple[bool, ...],
    kept: Kept,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """Without what forward kept, as within a program, it is computed again."""
    from srviz.attention.engines.triton import calls

    if not kept:
        _, kept = _bump(s, t, v, bandwidth, scale)
    with calls.on(v.device):
        return calls.bump_backward(g, s, t, v, bandwidth.float(), scale.float(), kept, needs[:4])


def _made() -> str:
    import triton

    return f"Triton {triton.__version__}"


def _engine(operation: str, keeping: Callable[..., tuple[Tensor, Kept]], backward: Callable[..., Any]) -> Engine:
    return Engine(
        operation, "triton", RANK, _able(operation), _always, lambda *arguments: keeping(*arguments)[0], backward,
        careful=True, made=_made, keeping=keeping, as_given=_as_given, trial=_trial(operation),
    )  # fmt: skip


ENGINES = (_engine("sliced_relu", _relu, _relu_backward), _engine("sliced_bump", _bump, _bump_backward))
