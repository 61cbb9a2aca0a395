"""The table of engines, walked by one test: every operation of every engine against the n² formula, gradients too."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch import Tensor

from srviz.attention import engines, reference, sliced_bump, sliced_relu, use
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
Pair = tuple[Callable[..., Tensor], Callable[..., Tensor]]
MASKED: dict[str, Pair] = {  # the operators that know masks, and the formula of each
    "sliced_relu": (lambda s, t, v, keep: sliced_relu(s, t, v, key_mask=keep), reference.sliced_relu),
    "sliced_bump": (lambda s, t, v, b, keep: sliced_bump(s, t, v, b, key_mask=keep), reference.sliced_bump),
}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
ties = pytest.mark.parametrize("tied", [False, True], ids=["apart", "tied"])


def walk(found: Sequence[Engine]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("engine", found, ids=lambda engine: f"{engine.operation} by {engine.name}")


every = walk(table())
masked = walk([engine for engine in table() if engine.operation in MASKED])


@pytest.fixture
def only(engine: Engine) -> Iterator[None]:
    """This engine computes, whatever the size."""
    if engine.name == "native":
        needs_compiler()
    if engine.name == "triton" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    with use(engine.name):
        yield


def more(operation: str, rows: int, n_k: int) -> tuple[object, ...]:
    """What an operation takes besides s, t and v."""
    if operation == "kernel_sum":
        return (KERNEL,)
    if operation == "sliced_bump":
        return bandwidths(rows)[:, None], torch.full((rows, 1), 1 / max(n_k, 1))
    return (None,)


def bandwidths(rows: int) -> Tensor:
    return torch.linspace(0.3, 1.7, rows)


def problem(shape: tuple[int, int, int, int], tied: bool) -> tuple[Tensor, ...]:
    """s, t, v, and what comes from upstream."""
    rows, n_q, n_k, d = shape
    sizes = [(rows, n_q), (rows, n_k), (rows, n_k, d), (rows, n_q, d)]
    s, t, v, g = (random(seed, *size, dtype=torch.float32) for seed, size in enumerate(sizes))
    if tied:
        s, t = (s * 4).round() / 4, (t * 4).round() / 4
    return s, t, v, g


def compare(found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    """The sums, and the gradients for s, t, v and the bandwidth where there is one."""
    for name, a, b in zip(("y", "ds", "dt", "dv", "db"), found, expected, strict=False):
        assert a.shape == b.shape
        if b.numel() and b.any():
            assert relative(a, b) < 2e-5, name
        else:
            assert float(a.abs().sum()) < 1e-12, name


@every
@shapes
@ties
@pytest.mark.usefixtures("only")
def test_values_and_gradients_are_those_of_the_formula(
    engine: Engine, shape: tuple[int, int, int, int], tied: bool
) -> None:
    *inputs, g = problem(shape, tied)
    inputs += more(engine.operation, shape[0], shape[2])
    asked = 3 + (engine.operation == "sliced_bump")  # its bandwidth has a gradient too
    known = inputs[asked:]
    formula, operation = FORMULAS[engine.operation], OPERATIONS[engine.operation]
    wide = [x.double() if isinstance(x, Tensor) else x for x in known]
    expected = differentiate(lambda *x: formula(*x, *wide), [x.double() for x in inputs[:asked]], g)
    found = differentiate(lambda *x: operation(*x, *known), inputs[:asked], g)
    assert len(found) == len(expected) == 1 + asked
    compare(found, expected)


@masked
@shapes
@ties
@pytest.mark.usefixtures("only")
def test_masked_keys_do_not_count(engine: Engine, shape: tuple[int, int, int, int], tied: bool) -> None:
    *inputs, g = problem(shape, tied)
    keep = (torch.arange(shape[2]) % 3 > 0).expand(shape[0], -1)
    if engine.operation == "sliced_bump":
        inputs.append(bandwidths(shape[0]))
    public, formula = MASKED[engine.operation]
    expected = differentiate(lambda *x: formula(*x, keep), [x.double() for x in inputs], g)
    found = differentiate(lambda *x: public(*x, keep), inputs, g)
    assert len(found) == len(expected) == 1 + len(inputs)
    compare(found, expected)


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
