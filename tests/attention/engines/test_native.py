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
from torch._subclasses.fake_tensor import FakeTensorMode

from srviz.attention import reference, sliced_bump, sliced_relu
from srviz.attention.checks import NotFinite
from srviz.attention.engines.native import calls as native
from srviz.attention.engines.native import library
from srviz.attention.engines.table import engines
from tests.attention.problems import differentiate, random, relative

ROOT = Path(__file__).parents[3]
Operator = Callable[..., Tensor]


def bump(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return sliced_bump(s, t, v, 0.4)


OPERATORS = (sliced_relu, bump)
SCRIPT = """
import logging, torch
logging.basicConfig()
from srviz.attention import reference, sliced_relu
from srviz.attention.engines.native import library
s, t, v = torch.randn(2, 400), torch.randn(2, 500), torch.randn(2, 500, 3)
torch.testing.assert_close(sliced_relu(s, t, v), reference.sliced_relu(s, t, v))
print(library.library() is not None)
"""


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def problem(rows: int, n_q: int, n_k: int, d: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shapes = enumerate([(rows, n_q), (rows, n_k), (rows, n_k, d), (rows, n_q, d)])
    s, t, v, g = (random(k, *shape, dtype=torch.float32) for k, shape in shapes)
    return s, t, v, g


SHAPES = [(1, 1), (1, 300), (300, 1), (257, 40)]
LARGE = [(2047, 2049), (2500, 600)]  # where the n² formula in float64 takes seconds: with some widths alone


def cases(widths: list[int], of_large: list[int]) -> pytest.MarkDecorator:
    """Every shape with its widths, all keys kept, and some masked; the large shapes with the one or the other."""
    names = ("n_q", "n_k", "d", "masked")
    every = [(*shape, d, masked) for shape in SHAPES for d in widths for masked in (False, True)]
    large = [(*shape, d, (i + j) % 2 == 1) for i, shape in enumerate(LARGE) for j, d in enumerate(of_large)]
    return pytest.mark.parametrize(names, every + large, ids=str)


def check(operator: Operator, dense_: Operator, inputs: list[Tensor], g: Tensor, keep: Tensor | None) -> None:
    """The output and all gradients, against the n² formula in float64."""
    found = differentiate(lambda *x: operator(*x, key_mask=keep), inputs, g)
    expected = differentiate(lambda *x: dense_(*x, keep), [x.double() for x in inputs], g.double())
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == torch.float32
        assert float((a.double() - b).norm()) <= 2e-6 * float(b.norm()) + 1e-9 * inputs[1].shape[-1]


@pytest.mark.usefixtures("compiled")
@cases([1, 7, 16, 33, 64, 150], of_large=[1, 70])
def test_relu_of_any_shape(n_q: int, n_k: int, d: int, masked: bool) -> None:
    s, t, v, g = problem(3, n_q, n_k, d)
    s[0], t[1] = s[0] + 9, t[1] + 9  # above all keys, below all keys
    check(sliced_relu, reference.sliced_relu, [s, t, v], g, random(4, 3, n_k) > -0.5 if masked else None)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("b", [1e-4, 0.03, 3.0])
@cases([1, 32, 70], of_large=[])
def test_bump_of_any_shape(n_q: int, n_k: int, b: float, d: int, masked: bool) -> None:
    check_bump(n_q, n_k, b, d, random(4, 3, n_k) > -0.5 if masked else None)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(("n_q", "n_k"), LARGE)
def test_bump_of_a_large_shape(n_q: int, n_k: int) -> None:
    check_bump(n_q, n_k, 0.03, 17, None)


def check_bump(n_q: int, n_k: int, b: float, d: int, keep: Tensor | None) -> None:
    s, t, v, g = problem(3, n_q, n_k, d)
    s[0] = s[0] + 9  # above all keys
    check(sliced_bump, reference.sliced_bump, [s, t, v, torch.tensor([b, b, 2 * b])], g, keep)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("b", [0.125, 0.25, 0.5, 1.0])
def test_a_bump_on_a_grid_where_every_key_may_lie_at_an_end_of_a_window(b: float) -> None:
    s, t, v, g = problem(3, 400, 500, 5)
    s, t = (s * 8).round() / 8, (t * 8).round() / 8
    check(sliced_bump, reference.sliced_bump, [s, t, v, torch.tensor([b, b / 8, 3 * b])], g, None)


@pytest.mark.usefixtures("compiled")
def test_a_bump_forgets_what_has_left_its_window() -> None:
    """One value of 1e30 among the first keys, and windows that end long after it."""
    s, t, v, _ = problem(1, 2000, 3000, 4)
    v[0, t[0].argmin()] = 1e30
    y = sliced_bump(s, t, v, 0.05)[0]
    far = (s[0] - t[0].min()) > 0.1
    exact = reference.sliced_bump(s.double(), t.double(), v.double(), torch.tensor([0.05]).double())[0]
    assert int(far.sum()) > 1900
    assert relative(y[far], exact[far]) < 1e-6


@pytest.mark.usefixtures("compiled", "threads")
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("rows", "d"), [(1, 64), (2, 48), (3, 33), (5, 8)], ids=str)
def test_threads_share_rows_and_columns(rows: int, d: int, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "THREAD_WORK", 1)
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
    monkeypatch.setattr(native, "THREAD_WORK", 1)
    torch.set_num_threads(8)
    for rows, d in ((1, 1), (1, 16), (1, 40), (1, 64), (1, 200), (3, 64), (8, 64), (9, 64)):
        columns = native._columns(torch.zeros(rows, 4), torch.zeros(rows, 4, d))
        assert [c for first, last in columns for c in range(first, last)] == list(range(d))
        assert all(first % native.CACHE_LINE == 0 for first, _ in columns)
        assert len(columns) == 1 or rows * len(columns) <= 8 + rows


@pytest.mark.usefixtures("compiled", "threads")
@pytest.mark.parametrize(("rows", "calls"), [(1, 2), (2, 2), (3, 2), (8, 2), (1000, 2)])
def test_many_rows_go_together(rows: int, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call for each thread, not one for each row."""
    monkeypatch.setattr(native, "THREAD_WORK", 1)
    torch.set_num_threads(2)
    seen: list[list[tuple[int, int]]] = []
    monkeypatch.setattr(native, "_side_by_side", lambda call, places, _: seen.append(places) or [*map(call, places)])
    s, t, v, _ = problem(rows, 30, 40, 32)
    torch.testing.assert_close(sliced_relu(s, t, v), reference.sliced_relu(s, t, v))
    assert [len(places) for places in seen] == [calls]


@pytest.mark.usefixtures("compiled", "threads")
def test_where_no_thread_can_be_started_one_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(count: int) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(native, "THREAD_WORK", 1)
    torch.set_num_threads(2)
    monkeypatch.setattr(native, "ThreadPoolExecutor", refuse)
    s, t, v, _ = problem(3, 300, 400, 32)
    torch.testing.assert_close(sliced_relu(s, t, v), reference.sliced_relu(s, t, v))


@pytest.mark.usefixtures("compiled")
def test_the_smallest_numbers_and_both_zeros() -> None:
    """Signed zeros tie, the smallest floats there are do not, and 1 / N does not overflow."""
    tiny = torch.finfo(torch.float32).smallest_normal * 2.0**-23
    s = torch.tensor([[0.0, -0.0, tiny, 3 * tiny, -tiny]])
    t = torch.tensor([[-0.0, 0.0, -tiny, 2 * tiny]])
    v = torch.tensor([[[1.0], [2.0], [3.0], [6.0]]])
    exact = reference.sliced_relu(s.double(), t.double(), v.double())
    torch.testing.assert_close(sliced_relu(s, t, v).double(), exact, rtol=1e-6, atol=0)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("bad", "said"), [(torch.nan, "1 that are NaN"), (-torch.inf, "1 that are NaN"), (3e38, "whose differences")]
)
@pytest.mark.parametrize("which", ["s", "t"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_scores_that_are_none_are_refused(operator: Operator, bad: float, said: str, which: str) -> None:
    s, t, v, _ = problem(2, 300, 400, 3)
    {"s": s, "t": t}[which][1, 17] = bad
    if which == "s" and bad != 3e38:  # its own row is spoilt, and no other
        y = operator(s, t, v)
        assert y.isnan().any(-1).nonzero().tolist() == [[1, 17]]
        return
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
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("which", range(4), ids=["s", "t", "v", "g"])
def test_negatives_in_name_only(operator: Operator, which: int) -> None:
    inputs = problem(2, 300, 400, 5)
    named = [torch._neg_view(-x) if k == which else x for k, x in enumerate(inputs)]
    assert named[which].is_neg()
    for a, b in zip(
        differentiate(operator, named[:3], named[3]), differentiate(operator, inputs[:3], inputs[3]), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_upstream_gradient_of_nothing(operator: Operator) -> None:
    *inputs, g = problem(2, 300, 400, 5)
    leaves = [x.requires_grad_() for x in inputs]
    operator(*leaves).backward(torch._efficientzerotensor(g.shape))
    assert not any(x.grad.any() for x in leaves)


# What looks at torch's own operations, or differentiates them otherwise


ABLE = next(engine for engine in engines() if engine.name == "native").able


def dense_bump(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return reference.sliced_bump(s, t, v, torch.tensor(0.4, dtype=s.dtype))


PAIRS = pytest.mark.parametrize(("operator", "formula"), [(sliced_relu, reference.sliced_relu), (bump, dense_bump)])


@pytest.mark.usefixtures("compiled")
@PAIRS
def test_gradients_of_gradients_of_a_small_problem(operator: Operator, formula: Operator) -> None:
    found = []
    for f in (operator, formula):
        *inputs, g = problem(2, 60, 50, 3)
        leaves = [x.requires_grad_() for x in inputs]
        first = torch.autograd.grad(f(*leaves), leaves, g, create_graph=True)
        found.append(torch.autograd.grad(sum(x.square().sum() for x in first), leaves))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
        assert b.any()


@pytest.mark.usefixtures("compiled")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # within torch
@PAIRS
def test_other_ways_to_differentiate(operator: Operator, formula: Operator) -> None:
    s, t, v, g = problem(2, 60, 50, 3)
    many = torch.stack([g, -2 * g])

    def ways(f: Operator) -> Iterator[Tensor]:
        leaf = s.clone().requires_grad_()
        yield torch.func.grad(lambda s: (f(s, t, v) * g).sum())(s)
        yield torch.func.jvp(lambda s: f(s, t, v), (s,), (t.sum(-1, True) * s,))[1]
        yield torch.func.vmap(lambda v: f(s, t, v))(torch.stack([v, -v]))
        yield torch.autograd.grad(f(leaf, t, v), leaf, many, is_grads_batched=True)[0]

    for a, b in zip(ways(operator), ways(formula), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("operator", OPERATORS)
def test_tensors_without_numbers(operator: Operator) -> None:
    inputs = problem(2, 60, 50, 3)[:3]
    with FakeTensorMode() as mode:
        fake = [mode.from_tensor(x) for x in inputs]
        assert not ABLE(*fake)
    assert not ABLE(*fake)
    assert ABLE(*inputs)


@pytest.mark.usefixtures("compiled")
@pytest.mark.filterwarnings("ignore:Dynamo detected", "ignore::DeprecationWarning")  # within torch
def test_compiled_as_part_of_something_larger() -> None:
    """It computes on other inputs, too."""
    s, t, v, _ = problem(2, 300, 400, 3)
    whole = torch.compile(lambda *x: sliced_relu(*x) + 1, backend="eager")
    torch.testing.assert_close(whole(s, t, v), sliced_relu(s, t, v) + 1)
    torch.testing.assert_close(whole(s + 0.5, t, v), sliced_relu(s + 0.5, t, v) + 1)


# What goes wrong


@pytest.mark.usefixtures("compiled")
def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    found = library.library()
    assert found is not None
    monkeypatch.setattr(library, "loaded", lambda: found._replace(relu_forward=lambda *_: native.NO_MEMORY))
    with pytest.raises(MemoryError, match="to sort 300 queries and 400 keys"):
        sliced_relu(*problem(2, 300, 400, 3)[:3])
    monkeypatch.setattr(library, "loaded", lambda: found._replace(relu_forward=lambda *_: native.NOT_FINITE))
    with pytest.raises(NotFinite):  # and no check finds why
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


@pytest.fixture
def cache_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing loaded yet."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(library, "READY", tmp_path / "none.so")
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    monkeypatch.setattr(library, "FLAGS", tuple(flag for flag in library.FLAGS if not flag.startswith("-O")))
    return tmp_path / "srviz"


def test_it_is_compiled_once_and_kept(cache_: Path) -> None:
    made = []
    for _ in range(2):
        assert library.library() is not None
        made.append([(path.name, path.stat().st_mtime_ns) for path in cache_.iterdir()])
    assert len(made[0]) == 1
    assert made[0] == made[1]


def test_with_a_library_in_the_cache_no_other_folder_is_needed(cache_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.library() is not None
    monkeypatch.setattr(library.tempfile, "TemporaryDirectory", lambda **_: pytest.fail("a folder was asked for"))
    assert library.library() is not None


def test_a_broken_library_is_made_anew(cache_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is broken before it was ever loaded: what a process has loaded once, it does not read again."""
    with monkeypatch.context() as patched:
        asked: list[Path] = []
        patched.setattr(library, "_open", lambda path, version: asked.append(path))
        library.library()
    asked[0].write_bytes(b"")
    assert library.library() is not None
    assert not asked[0].exists()
    assert library.library() is not None
    assert asked[0].stat().st_size > 0


def test_a_library_without_the_functions_is_none(cache_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = cache_.parent / "empty.c"
    empty.write_text("int nothing;")
    monkeypatch.setattr(library, "SOURCE", empty)
    assert library.library() is None


@pytest.mark.parametrize("where", ["folder", "file"])
def test_what_others_could_have_written_is_not_loaded(
    where: str, cache_: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, open_ = [], library._open
    monkeypatch.setattr(library, "_open", lambda path, version: opened.append(path.parent) or open_(path, version))
    assert library.library() is not None
    (path,) = cache_.iterdir()
    (cache_ if where == "folder" else path).chmod(0o777)
    assert library.library() is not None
    assert [place == cache_ for place in opened] == [True, False]


def test_without_a_home_or_a_place_to_keep_it(cache_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled for this process alone, and nothing is left behind."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(library.tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert library.library() is not None
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert library.library() is not None
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("elsewhere", [True, False])
@pytest.mark.parametrize("above", [True, False])
def test_nothing_is_compiled_where_others_could_swap_it(
    above: bool, elsewhere: bool, cache_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the cache nor in the usual folder for temporary files, nor by the compiler on its way there."""
    shared, safe = tmp_path / "shared", tmp_path / "safe"
    (shared / "tmp").mkdir(parents=True)
    safe.mkdir()
    (shared if above else shared / "tmp").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "tmp"))
    monkeypatch.setenv("TMPDIR", str(shared / "tmp"))
    monkeypatch.setattr(library.tempfile, "tempdir", str(shared / "tmp"))
    monkeypatch.setattr(library, "ELSEWHERE", (safe,) if elsewhere else ())
    compiler, log = tmp_path / "cc", tmp_path / "log"
    compiler.write_text(f'#!/bin/sh\n[ "$1" = --version ] || echo "$TMPDIR" >> {log}\nexec cc "$@"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    opened, open_ = [], library._open

    def opening(path: Path, version: str) -> library.Library:
        opened.append(path)
        return open_(path, version)

    monkeypatch.setattr(library, "_open", opening)
    assert (library.library() is not None) is elsewhere
    assert [path.parents[1] for path in opened] == [safe] * elsewhere
    written = log.read_text().split() if log.exists() else []
    assert written == [str(path.parent) for path in opened]
    assert [path.name for path in (shared / "tmp").iterdir()] == ["srviz"]  # the cache, which was not trusted
    assert not list((shared / "tmp" / "srviz").iterdir())
    assert not list(safe.iterdir())


def test_a_compiler_with_words_of_its_own(cache_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "cc -DNOTHING=1")
    assert library.library() is not None


def test_without_a_flag_for_this_processor_where_there_is_none(cache_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, asked = library._run, []

    def refuse(command: list[str]) -> str:
        asked.append("-march=native" in command)
        if asked[-1]:
            raise ValueError("unsupported argument 'native'")
        return run(command)

    monkeypatch.setattr(library, "_processor", lambda: "one of a kind")
    monkeypatch.setattr(library, "_run", refuse)
    assert library.library() is not None
    assert asked == [False, True, False]


def test_a_compiler_that_fails_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "cc"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "cc 0.1" && exit 0\necho "no such flag" >&2\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    with caplog.at_level(logging.WARNING):
        assert library.library() is None
    assert "cc ended with 3: no such flag" in caplog.text
    s, t, v, _ = problem(2, 300, 400, 3)
    torch.testing.assert_close(sliced_relu(s, t, v), reference.sliced_relu(s, t, v))
