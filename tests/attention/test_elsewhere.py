"""The layer where others run it: in several processes that share its work or its weights, and exported to ONNX."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from srviz.attention import SlicedAttention, use
from tests.attention.problems import random

ROOT = Path(__file__).parents[2]
kernels = pytest.mark.parametrize("kernel", ["relu", "bump"])
# Each of two processes takes half of the batch. What they learn together is what one learns from the whole of it.
TOGETHER = """
import itertools, sys, torch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from srviz.attention import SlicedAttention
rank, meeting = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
for kernel, way in itertools.product(("relu", "bump"), ("ddp", "fsdp")):
    torch.manual_seed(0)
    alone = SlicedAttention(16, 2, kernel=kernel)
    x, g = torch.randn(2, 4, 300, 16)
    alone(x, x, x, need_weights=False)[0].backward(g / 2)
    torch.manual_seed(0)
    layer = SlicedAttention(16, 2, kernel=kernel)
    mesh = init_device_mesh("cpu", (2,))
    together = DistributedDataParallel(layer) if way == "ddp" else fully_shard(layer, mesh=mesh)
    mine = x[2 * rank : 2 * rank + 2]
    together(mine, mine, mine, need_weights=False)[0].backward(g[2 * rank : 2 * rank + 2])
    for (name, a), b in zip(alone.named_parameters(), layer.parameters(), strict=True):
        found = b.grad.full_tensor() if way == "fsdp" else b.grad
        torch.testing.assert_close(found, a.grad, rtol=1e-4, atol=1e-5, msg=lambda m: f"{kernel}, {way}, {name}: {m}")
    print("the same", kernel, way)
distributed.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="torch was built without gloo")
def test_two_processes_learn_what_one_would(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo"}
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", TOGETHER, str(rank), str(tmp_path / "meeting")],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    for process in running:
        said, trouble = process.communicate(timeout=120)
        assert said.splitlines() == [
            f"the same {kernel} {way}" for kernel in ("relu", "bump") for way in ("ddp", "fsdp")
        ], trouble


class Attend(nn.Module):
    """Self-attention, output alone."""

    def __init__(self, kernel: str) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = SlicedAttention(16, 2, kernel=kernel)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x, x, x, need_weights=False)[0]
        return y


class Recall(Attend):
    """From some tokens to others, of which some are padding."""

    def forward(self, x: Tensor, z: Tensor, padding: Tensor) -> Tensor:  # type: ignore[override]
        y: Tensor = self.layer(x, z, z, key_padding_mask=padding, need_weights=False)[0]
        return y


def tokens(batch: int, n: int, m: int) -> dict[str, Tensor]:
    """What `Recall` takes; `Attend` takes the first."""
    x, z = random(1, batch, n, 16, dtype=torch.float32), random(2, batch, m, 16, dtype=torch.float32)
    return {"x": x, "z": z, "padding": torch.arange(m).expand(batch, -1) > torch.arange(batch)[:, None] + m // 2}


@pytest.mark.parametrize(("kind", "kernel"), [(Attend, "relu"), (Attend, "bump"), (Recall, "relu")])
@pytest.mark.filterwarnings("ignore")  # of exporters
def test_exported_to_onnx_it_computes_the_same_for_any_batch_and_any_number_of_tokens(
    kind: type[Attend], kernel: str, tmp_path: Path
) -> None:
    """By the n² formula, whose operations ONNX has."""
    import onnxruntime

    model = kind(kernel).eval()
    names = ["x"] if kind is Attend else ["x", "z", "padding"]
    batch, n, m = (torch.export.Dim(name, min=2, max=4096) for name in ("batch", "n", "m"))
    with use("dense"):
        torch.onnx.export(
            model, tuple(tokens(2, 20, 30)[name] for name in names), tmp_path / "layer.onnx", dynamo=True,
            verbose=False, input_names=names,
            dynamic_shapes=tuple({0: batch, 1: n if name == "x" else m} for name in names),
        )  # fmt: skip
    session = onnxruntime.InferenceSession(tmp_path / "layer.onnx", providers=["CPUExecutionProvider"])
    for sizes in ((2, 7, 9), (3, 20, 30), (5, 300, 310)):
        given = {name: x for name, x in tokens(*sizes).items() if name in names}
        (found,) = session.run(None, {name: x.numpy() for name, x in given.items()})
        np.testing.assert_allclose(found, model(**given).detach().numpy(), rtol=1e-3, atol=1e-5)


@kernels
def test_a_batch_of_sequences_of_different_lengths_is_refused_in_a_sentence(kernel: str) -> None:
    nested = torch.nested.nested_tensor([torch.randn(5, 16), torch.randn(3, 16)], layout=torch.jagged)
    with pytest.raises(TypeError, match=r"query: expected a plain tensor.*key_padding_mask"):
        Attend(kernel)(nested)
