"""The engine for NVIDIA GPUs, in Triton: sliced ReLU and sliced bump over sorted scores, or dense where there are few.

It computes where it is asked for, `with use("triton"): …`, and not by itself: in this form its kernels have become
machine code for two cards and have been tested in Triton's interpreter alone, and have not run on a GPU yet. Triton
comes with torch's CUDA build; without it, and on devices before compute capability 8.0, the engine is not able.
"""

from importlib.util import find_spec
from typing import Any

from torch import Tensor

from srviz.attention.engines.engine import Engine, is_plain

RANK = 5


def _able(operation: str) -> Any:
    def able(s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> bool:
        """Plain tensors on a CUDA device for which there are kernels."""
        if v.device.type != "cuda" or find_spec("triton") is None:
            return False
        from srviz.attention.engines.triton import calls

        plain = all(is_plain(x) for x in (s, t, v, *others) if x is not None)
        return plain and calls.accepts(operation, s, t, v)

    return able


def _only_when_asked(*arguments: Any) -> bool:
    return False


def _relu_forward(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    from srviz.attention.engines.triton import calls

    return calls.relu_forward(s, t, v, keep)[0]


def _relu_backward(
    g: Tensor, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None, y: Tensor, needs: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """The sorted order that forward computed is not saved for backward, so it is computed again."""
    from srviz.attention.engines.triton import calls

    y, kept = calls.relu_forward(s, t, v, keep)
    return calls.relu_backward(g, s, t, v, keep, y, kept, needs[:3])


def _bump_forward(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    from srviz.attention.engines.triton import calls

    return calls.bump_forward(s, t, v, bandwidth.float(), scale.float())[0]


def _bump_backward(
    g: Tensor,
    s: Tensor,
    t: Tensor,
    v: Tensor,
    bandwidth: Tensor,
    scale: Tensor,
    y: Tensor,
    needs: tuple[bool, ...],
) -> tuple[Tensor | None, ...]:
    """The sorted order that forward computed is not saved for backward, so it is computed again."""
    from srviz.attention.engines.triton import calls

    width, factor = bandwidth.float(), scale.float()
    _, kept = calls.bump_forward(s, t, v, width, factor)
    return calls.bump_backward(g, s, t, v, width, factor, kept, needs[:4])


def _made() -> str:
    return "Triton"


ENGINES = (
    Engine(
        "sliced_relu", "triton", RANK, _able("sliced_relu"), _only_when_asked, _relu_forward, _relu_backward, made=_made
    ),
    Engine(
        "sliced_bump", "triton", RANK, _able("sliced_bump"), _only_when_asked, _bump_forward, _bump_backward, made=_made
    ),
)
