"""Compile the kernels of the GPU engine for a card that need not be there: `python compile_triton.py 90 float16`.

A driver that only says its compute capability takes the place of CUDA's, and every launch ends once its kernel is
machine code. Each kernel gets one line of JSON: its name, its warps, and the bytes of shared memory of one block.
"""

import itertools
import json
import sys

import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

from srviz.attention.engines.triton import calls

WARP = 32
PROBLEMS = {"float32": (32, True), "float16": (64, False), "bfloat16": (256, False)}  # d, and whether keys are masked


class Card:
    """What compiling asks of a driver."""

    def __init__(self, capability: int) -> None:
        self.target = GPUTarget("cuda", capability, WARP)

    def get_current_target(self) -> GPUTarget:
        return self.target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0


def main(capability: int, dtypes: list[str]) -> None:
    driver.set_active(Card(capability))
    launch = JITFunction.run
    told = set()

    def compiled(self, *args, grid, warmup, **options):
        kernel = launch(self, *args, grid=grid, warmup=True, **options)
        if kernel.hash not in told:
            told.add(kernel.hash)
            assert kernel.asm["cubin"]
            line = {"name": kernel.name, "warps": kernel.metadata.num_warps, "shared": kernel.metadata.shared}
            print(json.dumps(line), flush=True)
        return kernel

    JITFunction.run = compiled
    for dtype, small in itertools.product(dtypes, (True, False)):
        d, masked = PROBLEMS[dtype]
        calls.is_small = lambda s, t, small=small: small
        n = 300 if small else 5000
        s, t, one = torch.zeros(2, n), torch.zeros(2, n), torch.ones(2, 1)
        v = torch.zeros(2, n, d, dtype=getattr(torch, dtype))
        keep = torch.ones(2, n, dtype=torch.bool) if masked else None
        y, kept = calls.relu_forward(s, t, v, keep)
        calls.relu_backward(y, s, t, v, keep, y, kept)
        y, kept = calls.bump_forward(s, t, v, one, one)
        calls.bump_backward(y, s, t, v, one, one, kept)


main(int(sys.argv[1]), sys.argv[2:])
