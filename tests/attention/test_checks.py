"""Bad input to every operator: the error names the argument, what was expected and what came."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from srviz.attention import hinge_sum, kernel_sum, sliced_bump, sliced_relu, trace
from srviz.attention.kernels import distance

N_Q, N_K, D = 4, 5, 3

OPERATORS: dict[str, Callable[..., Tensor]] = {
    "hinge_sum": hinge_sum,
    "kernel_sum": lambda s, t, v: kernel_sum(s, t, v, distance()),
    "sliced_relu": sliced_relu,
    "sliced_bump": lambda s, t, v: sliced_bump(s, t, v, 0.5),
    "trace": lambda s, t, v: trace(s, t, v).y,
}
every = pytest.mark.parametrize("operator", OPERATORS.values(), ids=list(OPERATORS))
masked = pytest.mark.parametrize(
    "operator", [sliced_relu, lambda s, t, v, **m: sliced_bump(s, t, v, 0.5, **m)], ids=["sliced_relu", "sliced_bump"]
)


def nested(x: Tensor) -> Tensor:
    """A batch of one, nested."""
    batch: Tensor = torch.nested.nested_tensor([x], layout=torch.jagged)
    return batch


def some(**changes: Any) -> dict[str, Any]:
    """Arguments that fit, but for the changes."""
    return {"s": torch.ones(N_Q), "t": torch.ones(N_K), "v": torch.ones(N_K, D)} | changes


WRONG = {
    "s a list": ({"s": [1.0]}, TypeError, r"s: expected a tensor, got list"),
    "t None": ({"t": None}, TypeError, r"t: expected a tensor, got NoneType"),
    "s of integers": ({"s": torch.ones(N_Q).long()}, TypeError, r"s: expected a floating dtype, got torch\.int64"),
    "t of integers": ({"t": torch.ones(N_K).int()}, TypeError, r"t: expected a floating dtype, got torch\.int32"),
    "v of bools": ({"v": torch.ones(N_K, D) > 0}, TypeError, r"v: expected a floating dtype, got torch\.bool"),
    "v complex": ({"v": torch.ones(N_K, D) * 1j}, TypeError, r"v: expected a floating dtype, got torch\.complex64"),
    "t of another dtype": (
        {"t": torch.ones(N_K).double()},
        TypeError,
        r"t: expected the dtype of s, torch\.float32, got torch\.float64",
    ),
    "v of another dtype": (
        {"v": torch.ones(N_K, D).half()},
        TypeError,
        r"v: expected the dtype of s, torch\.float32, got torch\.float16",
    ),
    "t on another device": (
        {"t": torch.ones(N_K, device="meta")},
        ValueError,
        r"t: expected the device of s, cpu, got meta",
    ),
    "v on another device": (
        {"v": torch.ones(N_K, D, device="meta")},
        ValueError,
        r"v: expected the device of s, cpu, got meta",
    ),
    "s a number": ({"s": torch.tensor(1.0)}, ValueError, r"s: expected shape \(…, n_q\), got \(\)"),
    "t a number": ({"t": torch.tensor(1.0)}, ValueError, r"t: expected shape \(…, n_k\), got \(\)"),
    "v a vector": ({"v": torch.ones(N_K)}, ValueError, r"v: expected shape \(…, n_k, d\), got \(5,\)"),
    "v too short": ({"v": torch.ones(4, D)}, ValueError, r"v: expected shape \(…, 5, d\).*, got \(4, 3\)"),
    "v too long": ({"v": torch.ones(6, D)}, ValueError, r"v: expected shape \(…, 5, d\).*, got \(6, 3\)"),
    "one value for all": ({"v": torch.ones(1, D)}, ValueError, r"v: expected shape \(…, 5, d\).*, got \(1, 3\)"),
    "leads that do not fit": (
        {"s": torch.ones(2, N_Q), "t": torch.ones(3, N_K)},
        ValueError,
        r"s, t, v: expected leading dimensions that broadcast, got s \(2, 4\), t \(3, 5\), v \(5, 3\)",
    ),
}


@every
@pytest.mark.parametrize(("changes", "error", "message"), WRONG.values(), ids=list(WRONG))
def test_arguments_that_do_not_fit(
    operator: Callable[..., Tensor], changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        operator(**some(**changes))


@every
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", ["s", "t"])
@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_scores_that_are_no_numbers(
    operator: Callable[..., Tensor], name: str, number: float, dtype: torch.dtype
) -> None:
    arguments = {key: x.to(dtype) for key, x in some().items()}
    arguments[name][1:3] = number
    if name == "t" or operator is OPERATORS["trace"]:
        with pytest.raises(ValueError, match=f"{name}: expected finite scores, got 2 that are NaN or infinite"):
            operator(**arguments)
    else:  # a query that is none spoils its own row
        y = operator(**arguments)
        assert y.dtype == dtype
        assert y.isnan().all(-1).nonzero().flatten().tolist() == [1, 2]


@pytest.mark.parametrize("kernel", [None, 1.0, "relu", lambda r: r])
def test_kernel_sum_wants_a_kernel(kernel: Any) -> None:
    with pytest.raises(TypeError, match=r"kernel: expected a Kernel, got (NoneType|float|str|function)"):
        kernel_sum(**some(), kernel=kernel)


def test_trace_wants_one_head() -> None:
    for changes in (
        {"s": torch.ones(2, N_Q)},
        {"t": torch.ones(2, N_K)},
        {"v": torch.ones(2, N_K, D)},
        {"t": torch.ones(0), "v": torch.ones(0, D)},
    ):
        with pytest.raises(ValueError, match=r"s, t, v: expected one head, .* got s \("):
            trace(**some(**changes))


@pytest.mark.parametrize(
    ("bandwidth", "error", "message"),
    [
        pytest.param(0, ValueError, r"bandwidth: expected finite numbers above 0.*, got 0", id="0"),
        pytest.param(-0.5, ValueError, r"bandwidth: expected finite numbers above 0.*, got -0.5", id="negative"),
        pytest.param(1e-40, ValueError, r"bandwidth: expected finite numbers above 0.*, got 1e-40", id="too small"),
        pytest.param(torch.nan, ValueError, r"bandwidth: .*, got nan", id="NaN"),
        pytest.param(torch.inf, ValueError, r"bandwidth: .*, got inf", id="infinite"),
        pytest.param("1", TypeError, r"bandwidth: expected a number or a tensor, got str", id="text"),
        pytest.param(None, TypeError, r"bandwidth: expected a number or a tensor, got NoneType", id="None"),
        pytest.param(True, TypeError, r"bandwidth: expected a number or a tensor, got bool", id="bool"),
        pytest.param(torch.tensor(0.0), ValueError, r"bandwidth: .* above 0.*, got 0", id="tensor 0"),
        pytest.param(torch.tensor([1.0, -2.0]), ValueError, r"bandwidth: .*, got -2", id="one negative"),
        pytest.param(torch.tensor([1.0, torch.nan]), ValueError, r"bandwidth: .*, got nan", id="one NaN"),
        pytest.param(torch.tensor([1.0, torch.inf]), ValueError, r"bandwidth: .*, got inf", id="one infinite"),
        pytest.param(torch.tensor(1), TypeError, r"bandwidth: .*torch\.float32, got torch\.int64", id="integers"),
        pytest.param(
            torch.tensor(1.0).double(), TypeError, r"bandwidth: .*torch\.float32, got torch\.float64", id="dtype"
        ),
        pytest.param(
            torch.tensor(1.0, device="meta"), ValueError, r"bandwidth: .*device of s, cpu, got meta", id="device"
        ),
        pytest.param(
            nested(torch.ones(2)), TypeError, r"bandwidth: expected a plain tensor, got a nested", id="nested"
        ),
        pytest.param(torch.ones(3), ValueError, r"bandwidth: .*broadcasts to \(2,\), got \(3,\)", id="shape"),
        pytest.param(torch.ones(2, 1), ValueError, r"bandwidth: .*broadcasts to \(2,\), got \(2, 1\)", id="dimensions"),
    ],
)
def test_bandwidths_that_are_none(bandwidth: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sliced_bump(**some(s=torch.ones(2, N_Q)), bandwidth=bandwidth)


@every
@pytest.mark.usefixtures("path")
def test_scores_whose_differences_overflow(operator: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match=r"s, t: expected scores whose differences are finite .*, got .* 3e\+38"):
        operator(**some(s=torch.full((N_Q,), -3e38)))


@masked
@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        pytest.param([True] * 5, TypeError, r"key_mask: expected a bool tensor, got list", id="list"),
        pytest.param(torch.ones(5), TypeError, r"key_mask: expected a bool tensor, got torch\.float32", id="numbers"),
        pytest.param(
            torch.ones(4) > 0, ValueError, r"key_mask: expected .* broadcasts to \(5,\), got \(4,\)", id="shape"
        ),
        pytest.param(
            torch.ones(2, 5) > 0, ValueError, r"key_mask: expected .* broadcasts to \(5,\), got \(2, 5\)", id="lead"
        ),
        pytest.param(
            torch.ones(5, device="meta") > 0, ValueError, r"key_mask: .*device of t, cpu, got meta", id="device"
        ),
        pytest.param(
            nested(torch.ones(5) > 0), TypeError, r"key_mask: expected a plain tensor, got a nested", id="nested"
        ),
    ],
)
def test_masks_that_are_none(operator: Callable[..., Tensor], mask: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        operator(**some(), key_mask=mask)


@masked
def test_a_mask_over_the_queries_is_none(operator: Callable[..., Tensor]) -> None:
    """A query is there to be answered: where its score is no number, nor is its answer, whatever the mask says."""
    s = torch.tensor([1.0, torch.nan])
    y = operator(s, torch.ones(2), torch.ones(2, 1), key_mask=torch.tensor([True, False]))
    assert y.isnan().flatten().tolist() == [False, True]
