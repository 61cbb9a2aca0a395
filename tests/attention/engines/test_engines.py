"""The table of engines, walked by one test: every operation of every engine against the n² formula, gradients too."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from srviz.attention import engines, use
from srviz.attention.engines.dense import FORMULAS
from srviz.attention.engines.table import Engine, pick
from srviz.attention.engines.table import engines as table
from srviz.attention.kernels import Kernel
from tests.attention.conftest import needs_compiler
from tests.attention.problems import differentiate, random, relative

KERNEL = Kernel((-1.5, 0.0, 0.25), (1.0, -1.0, 3.0), 0.5, -0.25)
OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "sliced_relu": engines.sliced_relu,
    "sliced_bump": engines.sliced_bump,
    "kernel_sum": engines.sum_pairs,
}
SHAPES = {  # rows, n_q, n_k, d
    "a few": (2, 13, 17, 3),
    "one token": (1, 1, 1, 1),
    "one key": (2, 9, 1, 4),
    "one query": (2, 1, 9, 4),
    "no queries": (2, 0, 7, 3),
    "no keys": (2, 7, 0, 3),
    "no rows": (0, 5, 6, 2),
    "many": (3, 300, 411, 20),
}
every = pytest.mark.parametrize("engine", table(), ids=lambda engine: f"{engine.operation} by {engine.name}")


@pytest.fixture
def only(engine: Engine) -> Iterator[None]:
    """This engine computes, whatever the size."""
    if engine.name == "native":
        needs_compiler()
    if engine.name == "triton" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    with use(engine.name):
        yield


def others(operation: str, rows: int, n_k: int, masked: bool) -> tuple[object, ...]:
    """What an operation takes besides s, t and v."""
    if operation == "kernel_sum":
        return (KERNEL,)
    if operation == "sliced_bump":
        return torch.linspace(0.3, 1.7, rows)[:, None], torch.full((rows, 1), 1 / max(n_k, 1))
    keep = torch.arange(n_k).expand(rows, -1) % 3 > 0 if masked else None
    return (None if keep is None else keep.contiguous(),)


@every
@pytest.mark.usefixtures("only")
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
@pytest.mark.parametrize("tied", [False, True], ids=["apart", "tied"])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_values_and_gradients_are_those_of_the_formula(
    engine: Engine, shape: tuple[int, int, int, int], tied: bool, masked: bool
) -> None:
    if masked and engine.operation != "sliced_relu":
        pytest.skip("the others know no mask: masked values are zeros")
    rows, n_q, n_k, d = shape
    s, t, v, g = (
        random(seed, *size, dtype=torch.float32)
        for seed, size in enumerate([(rows, n_q), (rows, n_k), (rows, n_k, d), (rows, n_q, d)])
    )
    if tied:
        s, t = (s * 4).round() / 4, (t * 4).round() / 4
    more = others(engine.operation, rows, n_k, masked)
    if masked and n_k:  # as the public operator hands them over
        keep = more[0]
        t, v = torch.where(keep, t, t[:, 1 % n_k, None]), torch.where(keep[..., None], v, 0)
    wide = [x.double() if isinstance(x, Tensor) and x.is_floating_point() else x for x in more]
    formula = FORMULAS[engine.operation]
    expected = differentiate(lambda *x: formula(*x, *wide), [x.double() for x in (s, t, v)], g)
    found = differentiate(lambda *x: OPERATIONS[engine.operation](*x, *more), (s, t, v), g)
    for name, a, b in zip(("y", "ds", "dt", "dv"), found, expected, strict=True):
        assert a.shape == b.shape
        if b.numel() and b.any():
            assert relative(a, b) < 2e-5, name
        else:
            assert float(a.abs().sum()) < 1e-12, name


@every
def test_the_table_is_whole(engine: Engine) -> None:
    assert engine.operation in OPERATIONS
    same = [other for other in table() if other.operation == engine.operation]
    assert len({other.name for other in same}) == len({other.rank for other in same}) == len(same)
    assert "torch" in {other.name for other in same}


def test_the_choice_is_by_size_unless_it_is_said() -> None:
    small, large = ([random(k, 1, n, dtype=torch.float64) for k in (0, 1)] for n in (10, 1000))
    v = torch.ones(1, 10, 1).double(), torch.ones(1, 1000, 1).double()
    assert pick("sliced_relu", *small, v[0], None).name == "dense"
    assert pick("sliced_relu", *large, v[1], None).name == "torch"
    with use("torch"):
        assert pick("sliced_relu", *small, v[0], None).name == "torch"
        with use("dense"):
            assert pick("sliced_relu", *large, v[1], None).name == "dense"
        assert pick("sliced_relu", *small, v[0], None).name == "torch"


def test_the_table_says_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert engines.computed_by("kernel_sum", torch.float32, cpu) == "torch"
    assert engines.computed_by("sliced_relu", torch.float64, cpu) == "torch"
    with use("dense"):
        assert engines.computed_by("sliced_relu", torch.float32, cpu) == "torch"
    monkeypatch.setenv("SRVIZ_NATIVE", "0")
    assert engines.computed_by("sliced_relu", torch.float32, cpu) == "torch"
    monkeypatch.delenv("SRVIZ_NATIVE")
    needs_compiler()
    for dtype in (torch.float32, torch.bfloat16):
        assert engines.computed_by("sliced_relu", dtype, cpu).startswith("C, ")


def test_an_engine_that_is_not_there_is_said() -> None:
    with (
        pytest.raises(ValueError, match=r"names: expected some of .*dense, .*native, .*torch.*, got abacus"),
        use("abacus"),
    ):
        pass
    with pytest.raises(ValueError, match="got none"), use():
        pass


def test_an_engine_that_is_not_able_is_said() -> None:
    s = random(0, 1, 50, dtype=torch.float64)
    with use("native"), pytest.raises(RuntimeError, match="sliced_relu: no engine in use can compute this: native"):
        engines.sliced_relu(s, s, s[..., None], None)
