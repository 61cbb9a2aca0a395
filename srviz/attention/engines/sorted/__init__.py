"""The engine that torch alone makes possible, on every device: prefix sums over sorted scores, in O(n log n)."""

from typing import Any

from srviz.attention.engines.engine import Engine
from srviz.attention.engines.sorted import relu, sums

RANK = 30


def _always(*arguments: Any) -> bool:
    return True


ENGINES = (
    Engine("sliced_relu", "torch", RANK, _always, _always, relu.forward, relu.backward),
    Engine("sliced_bump", "torch", RANK, _always, _always, sums.bump_forward, sums.bump_backward),
    Engine("kernel_sum", "torch", RANK, _always, _always, sums.forward, sums.backward),
)
