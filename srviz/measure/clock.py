"""Time on the device that does the work."""

import statistics
import time
from collections.abc import Callable

import torch

from srviz.device import synchronize


def seconds(work: Callable[[], object], device: torch.device, *, repeats: int = 5) -> float:
    """The median time of `work`, after one call to warm up; the device has finished when the clock is read."""
    work()
    taken = []
    for _ in range(repeats):
        synchronize(device)
        began = time.perf_counter()
        work()
        synchronize(device)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
