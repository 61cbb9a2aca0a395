"""A call replayed by a CUDA graph: the time of its kernels alone, without Python and without their launches."""

from collections.abc import Callable

import torch

WARM_UP = 3  # calls before one is captured, as torch asks for


def possible(device: torch.device) -> bool:
    """Whether a device has such graphs."""
    return device.type == "cuda"


def captured(call: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """What replays one call, whose inputs and results stay where they are. Raises RuntimeError where it cannot be."""
    with torch.cuda.device(device):  # of several, a graph is of the current one
        here, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(here)
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                call()
        here.wait_stream(side)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            results = call()

    def replay() -> object:
        with torch.cuda.device(device):
            graph.replay()
        return results

    return replay
