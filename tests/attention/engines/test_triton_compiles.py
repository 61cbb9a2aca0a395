"""Every kernel of the GPU engine becomes machine code for an A100 and an H100, on a machine without a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton")
ROOT = Path(__file__).parents[3]
SHARED_BYTES = {80: 163 << 10, 90: 227 << 10}  # the most of one block, by compute capability


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
@pytest.mark.parametrize("capability", SHARED_BYTES)
def test_every_kernel_compiles(capability, dtype, tmp_path):
    """In a process of its own: Triton's interpreter, which the other tests use, is chosen when Triton is imported."""
    own = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("compile_triton.py"), str(capability), dtype],
        env=own | {"PYTHONPATH": paths, "TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    kernels = [json.loads(line) for line in ran.stdout.splitlines()]
    names = {"_relu_forward", "_relu_backward", "_bump", "_pack", "_merge", "_cut", "_moments", "_scan", "_forward"}
    assert names | {"_backward_queries", "_backward_keys"} <= {kernel["name"] for kernel in kernels}
    assert all(kernel["shared"] <= SHARED_BYTES[capability] for kernel in kernels)
