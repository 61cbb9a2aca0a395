"""The compiled path: the same numbers as the n² formula whatever the shape, and torch alone where it cannot be had.

That it agrees with the other routes on ties, masks, shifts and digits is in `test_sliced`, which runs on all of them.
"""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from srviz.attention import dense, native, sliced_bump, sliced_relu
from tests.attention.conftest import take
from tests.attention.problems import differentiate, random, relative

ROOT = Path(__file__).parents[2]
Operator = Callable[..., Tensor]


def bump(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return sliced_bump(s, t, v, 0.4)


OPERATORS = (sliced_relu, bump)
SCRIPT = """
import logging, torch
logging.basicConfig()
from srviz.attention import dense, native, sliced_relu
s, t, v = torch.randn(2, 400), torch.randn(2, 500), torch.randn(2, 500, 3)
torch.testing.assert_close(sliced_relu(s, t, v), dense.sliced_relu(s, t, v))
print(native.library() is not None)
"""


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    take("native", monkeypatch)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def problem(rows: int, n_q: int, n_k: int, d: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shapes = enumerate([(rows, n_q), (rows, n_k), (rows, n_k, d), (rows, n_q, d)])
    s, t, v, g = (random(k, *shape, dtype=torch.float32) for k, shape in shapes)
    return s, t, v, g


SHAPES = [(1, 1), (1, 300), (300, 1), (257, 40), (2047, 2049), (2500, 600)]
any_shape = pytest.mark.parametrize(("n_q", "n_k"), SHAPES, ids=str)


def check(operator: Operator, dense_: Operator, inputs: list[Tensor], g: Tensor, keep: Tensor | None) -> None:
    """The output and all gradients, against the n² formula in float64."""
    found = differentiate(lambda *x: operator(*x, key_mask=keep), inputs, g)
    expected = differentiate(lambda *x: dense_(*x, keep), [x.double() for x in inputs], g.double())
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == torch.float32
        assert float((a.double() - b).norm()) <= 2e-6 * float(b.norm()) + 1e-9 * inputs[1].shape[-1]


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("masked", [False, True], ids=["all kept", "some masked"])
@pytest.mark.parametrize("d", [1, 7, 16, 33, 64, 150])
@any_shape
def test_relu_of_any_shape(n_q: int, n_k: int, d: int, masked: bool) -> None:
    s, t, v, g = problem(3, n_q, n_k, d)
    s[0], t[1] = s[0] + 9, t[1] + 9  # above all keys, below all keys
    check(sliced_relu, dense.sliced_relu, [s, t, v], g, random(4, 3, n_k) > -0.5 if masked else None)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("masked", [False, True], ids=["all kept", "some masked"])
@pytest.mark.parametrize("d", [1, 32, 70])
@pytest.mark.parametrize("b", [1e-4, 0.03, 3.0])
@any_shape
def test_bump_of_any_shape(n_q: int, n_k: int, b: float, d: int, masked: bool) -> None:
    s, t, v, g = problem(3, n_q, n_k, d)
    s[0] = s[0] + 9  # above all keys
    check(
        sliced_bump, dense.sliced_bump, [s, t, v, torch.tensor([b, b, 2 * b])], g,
        random(4, 3, n_k) > -0.5 if masked else None,
    )  # fmt: skip


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("b", [0.125, 0.25, 0.5, 1.0])
def test_a_bump_on_a_grid_where_every_key_may_lie_at_an_end_of_a_window(b: float) -> None:
    s, t, v, g = problem(3, 400, 500, 5)
    s, t = (s * 8).round() / 8, (t * 8).round() / 8
    check(sliced_bump, dense.sliced_bump, [s, t, v, torch.tensor([b, b / 8, 3 * b])], g, None)


@pytest.mark.usefixtures("compiled")
def test_a_bump_forgets_what_has_left_its_window() -> None:
    """One value of 1e30 among the first keys, and windows that end long after it."""
    s, t, v, _ = problem(1, 2000, 3000, 4)
    v[0, t[0].argmin()] = 1e30
    y = sliced_bump(s, t, v, 0.05)[0]
    far = (s[0] - t[0].min()) > 0.1
    exact = dense.sliced_bump(s.double(), t.double(), v.double(), torch.tensor([0.05]).double())[0]
    assert int(far.sum()) > 1900
    assert relative(y[far], exact[far]) < 1e-6


@pytest.mark.usefixtures("compiled", "threads")
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("rows", "d"), [(1, 64), (2, 48), (3, 33), (5, 8)], ids=str)
def test_threads_share_rows_and_columns(rows: int, d: int, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "WORK", 1)
    s, t, v, g = problem(rows, 700, 900, d)
    found = []
    for count in (1, 2, 3, 8):
        torch.set_num_threads(count)
        found.append(differentiate(operator, (s, t, v), g))
    for other in found[1:]:
        for k, (a, b) in enumerate(zip(found[0], other, strict=True)):
            if k in (0, 3):  # y and ∂v: no column knows of another one
                assert torch.equal(a, b)
            else:
                assert relative(a, b) < 1e-6


@pytest.mark.usefixtures("threads")
def test_columns_are_all_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "WORK", 1)
    torch.set_num_threads(8)
    for rows, d in ((1, 1), (1, 16), (1, 40), (1, 64), (1, 200), (3, 64), (8, 64), (9, 64)):
        columns = native._columns(torch.zeros(rows, 4, d))
        assert [c for first, last in columns for c in range(first, last)] == list(range(d))
        assert all(first % native.LINE == 0 for first, _ in columns)
        assert len(columns) == 1 or rows * len(columns) <= 8 + rows


@pytest.mark.usefixtures("compiled")
def test_ranks_decide_and_not_digits() -> None:
    """Signed zeros tie, and so do equal scores; the smallest floats there are do not."""
    tiny = torch.finfo(torch.float32).smallest_normal * 2.0**-23
    s = torch.tensor([[0.0, -0.0, tiny, 1.0]])
    t = torch.tensor([[-0.0, 0.0, -tiny, 1.0]])
    v = torch.tensor([[[1.0], [2.0], [3.0], [6.0]]])
    for a, b in zip(
        differentiate(sliced_relu, (s, t, v), torch.ones(1, 4, 1)),
        differentiate(dense.sliced_relu, (s.double(), t.double(), v.double()), torch.ones(1, 4, 1)),
        strict=True,
    ):
        assert a.isfinite().all() == b.float().isfinite().all()
    torch.testing.assert_close(
        sliced_relu(s, t, v).double(), dense.sliced_relu(s.double(), t.double(), v.double()), rtol=1e-6, atol=0
    )


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("bad", "said"), [(torch.nan, "1 that are NaN"), (-torch.inf, "1 that are NaN"), (3e38, "whose differences")]
)
@pytest.mark.parametrize("which", ["s", "t"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_scores_that_are_none_are_refused(operator: Operator, bad: float, said: str, which: str) -> None:
    s, t, v, _ = problem(2, 300, 400, 3)
    {"s": s, "t": t}[which][1, 17] = bad
    with pytest.raises(ValueError, match=rf"{which}\b.*: expected.* {said}"):
        operator(s, t, v)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("operator", OPERATORS)
def test_only_the_gradients_that_are_wanted(operator: Operator) -> None:
    s, t, v, g = problem(2, 300, 400, 5)
    whole = differentiate(operator, (s, t, v), g)[1:]
    for k in range(3):
        leaves = [x.clone().requires_grad_(i == k) for i, x in enumerate((s, t, v))]
        (found,) = torch.autograd.grad(operator(*leaves), leaves[k], g)
        torch.testing.assert_close(found, whole[k])


@pytest.mark.usefixtures("compiled")
def test_an_upstream_gradient_of_any_strides() -> None:
    s, t, v, g = problem(2, 300, 400, 5)
    leaves = [x.clone().requires_grad_() for x in (s, t, v)]
    sliced_relu(*leaves).sum().backward()  # an expanded one
    for a, b in zip(leaves, differentiate(sliced_relu, (s, t, v), torch.ones_like(g))[1:], strict=True):
        assert torch.equal(a.grad, b)


@pytest.mark.usefixtures("compiled")
@pytest.mark.filterwarnings("ignore:Dynamo detected", "ignore::DeprecationWarning")  # within torch
def test_what_looks_at_torch_sees_torch() -> None:
    """The operator compiled as part of something larger computes on other inputs, too."""
    s, t, v, _ = problem(2, 300, 400, 3)
    whole = torch.compile(lambda *x: sliced_relu(*x) + 1, backend="eager")
    torch.testing.assert_close(whole(s, t, v), sliced_relu(s, t, v) + 1)
    torch.testing.assert_close(whole(s + 0.5, t, v), sliced_relu(s + 0.5, t, v) + 1)


@pytest.mark.usefixtures("compiled")
def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    found = native.library()
    assert found is not None
    monkeypatch.setattr(native, "library", lambda: found._replace(relu_forward=lambda *_: native.NO_MEMORY))
    with pytest.raises(MemoryError, match="to sort 300 queries and 400 keys"):
        sliced_relu(*problem(2, 300, 400, 3)[:3])


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    usual = {name: value for name, value in os.environ.items() if name not in ("CC", "SRVIZ_NATIVE")}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=usual | environment, capture_output=True, text=True, timeout=120
    )


def test_without_a_compiler_torch_computes_it(tmp_path: Path) -> None:
    done = run(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    done = run(SRVIZ_NATIVE="0", XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_it_is_compiled_once_and_kept(tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        done = run(XDG_CACHE_HOME=str(tmp_path))
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
        made.append([(path.name, path.stat().st_mtime_ns) for path in (tmp_path / "srviz").iterdir()])
    assert len(made[0]) == 1
    assert made[0] == made[1]


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_without_a_place_to_keep_it(tmp_path: Path) -> None:
    """Compiled for this process alone, and nothing is left behind."""
    (tmp_path / "file").write_text("")
    (tmp_path / "tmp").mkdir()
    done = run(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path / "tmp"))
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    assert not list((tmp_path / "tmp").iterdir())


def test_a_compiler_that_fails_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "cc"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "cc 0.1" && exit 0\necho "no such flag" >&2\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(native, "_load", native._load.__wrapped__)
    with caplog.at_level(logging.WARNING):
        assert native.library() is None
    assert "cc ended with 3: no such flag" in caplog.text
    s, t, v, _ = problem(2, 300, 400, 3)
    torch.testing.assert_close(sliced_relu(s, t, v), dense.sliced_relu(s, t, v))
