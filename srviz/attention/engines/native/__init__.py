"""The engine for CPUs: sliced ReLU and sliced bump in C, compiled where there is a compiler."""

import torch
from torch import Tensor

from srviz.attention.engines.engine import Engine, is_plain
from srviz.attention.engines.native import calls, library

RANK = 10
LEAST_PAIRS = 32**2  # n_q · n_k from which a call is worth it
MOST_TOKENS = 1 << 31  # of a row, whose places are 32 bits


def _able(s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> bool:
    """float32 on a CPU, tensors that are numbers in memory, and a library that could be made."""
    return (
        v.dtype == torch.float32
        and v.device.type == "cpu"
        and max(s.shape[1], t.shape[1]) < MOST_TOKENS
        and all(is_plain(x) for x in (s, t, v, *others) if x is not None)
        and library.library() is not None
    )


def _worth(s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> bool:
    return s.shape[1] * t.shape[1] >= LEAST_PAIRS


def _made() -> str:
    found = library.library()
    return f"C, {found.compiler}" if found else "C"


ENGINES = (
    Engine(
        "sliced_relu",
        "native",
        RANK,
        _able,
        _worth,
        calls.relu_forward,
        calls.relu_backward,
        careful=True,
        exact=True,
        made=_made,
    ),
    Engine(
        "sliced_bump", "native", RANK, _able, _worth, calls.bump_forward, calls.bump_backward, careful=True, made=_made
    ),
)
