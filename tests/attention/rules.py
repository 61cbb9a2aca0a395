"""What is tried under torch's own rules: the operators with their formulas, and a layer."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from srviz.attention import SlicedAttention, kernel_sum, reference, sliced_bump, sliced_relu
from srviz.attention.kernels import Kernel
from tests.attention.problems import random

marks = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # within torch
    pytest.mark.filterwarnings("ignore:Dynamo detected"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.usefixtures("no_programs"),
]

Operator = Callable[..., Tensor]
DRAWN = Kernel((-1.5, 0.0, 0.25), (1.0, -1.0, 3.0), 0.5, -0.25)
OPERATORS: dict[str, tuple[Operator, Operator]] = {  # and the formula of each
    "relu": (sliced_relu, reference.sliced_relu),
    "bump": (
        lambda s, t, v, **mask: sliced_bump(s, t, v, 0.4, **mask),
        lambda s, t, v: reference.sliced_bump(s, t, v, s.new_tensor(0.4)),
    ),
    "kernel": (
        lambda s, t, v, key_mask=None: kernel_sum(s, t, v, DRAWN),
        lambda s, t, v: reference.kernel_sum(s, t, v, DRAWN),
    ),
}
operators = pytest.mark.parametrize(("operator", "formula"), OPERATORS.values(), ids=list(OPERATORS))
kernels = pytest.mark.parametrize("kernel", ["relu", "bump"])
sizes = pytest.mark.parametrize("n", [20, 300], ids=["small", "large"])  # by the n² formula, and sorted


def problem(n: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    s, t, v = (random(seed, *shape, dtype=dtype) for seed, shape in enumerate([(2, n), (2, n + 5), (2, n + 5, 3)]))
    return s, t, v


def layer(kernel: str) -> tuple[SlicedAttention, Callable[[Tensor], Tensor], Tensor]:
    """A layer, self-attention by it, and an input (2, 70, 32)."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        attend = SlicedAttention(32, 4, kernel=kernel)
    return attend, lambda x: attend(x, x, x, need_weights=False)[0], random(3, 2, 70, 32, dtype=torch.float32)


class Net(nn.Module):
    def __init__(self, attend: SlicedAttention) -> None:
        super().__init__()
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.attend(x, x, x, need_weights=False)[0]
        return y
