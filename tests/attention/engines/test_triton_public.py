"""The GPU engine behind the public operators: how it is chosen, when it is trusted, and what a call costs.

On a GPU, or in Triton's interpreter, where a hook makes the engine able on CPU tensors.
"""

import contextlib
import os
import warnings

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

GPU = torch.cuda.is_available()
if not GPU:
    os.environ.setdefault("TRITON_INTERPRET", "1")
triton = pytest.importorskip("triton")

from srviz.attention import SlicedAttention, reference, sliced_bump, sliced_relu, use  # noqa: E402
from srviz.attention.engines import computed_by, operations, table, trust  # noqa: E402
from srviz.attention.engines import triton as engine  # noqa: E402
from srviz.attention.engines.engine import Kind  # noqa: E402
from srviz.attention.engines.triton import calls, small, trial  # noqa: E402

pytestmark = [  # within the interpreter, which computes with numpy
    pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:(invalid value|overflow|divide by zero|All-NaN)"),
]
DEVICE = "cuda" if GPU else "cpu"
F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16
NAN, INF = float("nan"), float("inf")


@pytest.fixture(autouse=True)
def untried(monkeypatch):
    """The engine computes on DEVICE, and no kernel has been tried yet."""
    monkeypatch.setattr(engine, "DEVICE", DEVICE)
    monkeypatch.setattr(trust, "_tried", {})
    monkeypatch.setattr(trust, "_said", set())


@pytest.fixture
def trusted(monkeypatch):
    """Kernels are trusted untried, which other tests try."""
    monkeypatch.setattr(trust, "_try", lambda *one: True)


@pytest.fixture(params=["small", "sorted"])
def way(request, monkeypatch, trusted):
    small = request.param == "small"
    monkeypatch.setattr(calls, "is_small", lambda s, t: small)
    return request.param


def problem(n_q=40, n_k=50, d=8, dtype=F32, lead=(1, 2), seed=0):
    rng = torch.Generator().manual_seed(seed)
    shapes = ((*lead, n_q), (*lead, n_k), (*lead, n_k, d), (*lead, n_q, d))
    return [torch.randn(shape, generator=rng).to(DEVICE, dtype) for shape in shapes]


def differentiated(f, s, t, v, g):
    """y, ∂s, ∂t, ∂v."""
    leaves = [x.detach().requires_grad_() for x in (s, t, v)]
    y = f(*leaves)
    return y.detach(), *torch.autograd.grad(y, leaves, g)


def relative(found, expected):
    found, expected = found.detach().double(), expected.detach().double()
    return float((found - expected).norm() / expected.norm())


def pairs(s, t, v, keep=None):
    return reference.sliced_relu(s.double(), t.double(), v.double(), keep)


def bumps(s, t, v):
    return reference.sliced_bump(s.double(), t.double(), v.double(), torch.tensor(0.7).double().expand(s.shape[:-1]))


OPERATORS = {"relu": (sliced_relu, pairs), "bump": (lambda s, t, v: sliced_bump(s, t, v, 0.7), bumps)}
both = pytest.mark.parametrize("name", OPERATORS)


# ---- trust ----------------------------------------------------------------------------------------------------------


def test_a_kind_of_kernel_is_tried_once_and_then_chosen_by_itself(monkeypatch):
    tries, try_ = [], trust._try
    monkeypatch.setattr(trust, "_try", lambda *one: tries.append(one[-1]) or try_(*one))
    s, t, v, _ = problem()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for _ in range(2):
            sliced_relu(s, t, v)
    assert [kind.operation for kind in tries] == ["sliced_relu"]
    assert list(trust._tried.values()) == [True]
    assert table.pick("sliced_relu", s[0], t[0], v[0], None).name == "triton"


@pytest.mark.parametrize(
    ("operation", "small", "dtype", "masked"),
    [("sliced_relu", False, F32, True), ("sliced_bump", True, F16, False), ("sliced_bump", False, F32, False)],
    ids=str,
)
def test_kernels_agree_with_torch_when_they_are_tried(operation, small, dtype, masked):
    kind = Kind(operation, torch.device(DEVICE), dtype, dtype, 8, masked, small)
    found = {one.name: one for one in table.engines() if one.operation == operation}
    assert trust.disagreement(found["triton"], found["torch"], kind) == ""


@both
@pytest.mark.parametrize("trouble", ["does not compile", "disagrees", "is too old"])
def test_what_cannot_be_trusted_is_said_once_and_torch_computes(name, trouble, monkeypatch):
    def refuse(*arguments, **options):
        raise RuntimeError("PTX assembler: no such instruction\nand more")

    def shifted(*arguments, **options):
        y, kept = forward(*arguments, **options)
        return y + 0.01, kept

    forward = getattr(small, f"{name}_forward")
    if trouble == "is too old":
        monkeypatch.setattr(trial, "unfit", lambda device: "it needs compute capability 8.0, and this card has 7.5")
    else:
        monkeypatch.setattr(small, f"{name}_forward", refuse if trouble == "does not compile" else shifted)
    operator, formula = OPERATORS[name]
    s, t, v, g = problem()
    said = {
        "does not compile": r"could not be used \(RuntimeError: PTX assembler: no such instruction\)",
        "disagrees": r"the sums of its kernels differ from torch's by .* on a small problem",
        "is too old": r"it needs compute capability 8.0, and this card has 7.5",
    }[trouble]
    said = f"does not compute sliced_{name} of torch.float32 on .*, since .*{said}"
    with pytest.warns(RuntimeWarning, match=said) as all_:
        found = differentiated(operator, s, t, v, g)
    assert len([one for one in all_ if one.category is RuntimeWarning and "srviz" in str(one.message)]) == 1
    for x, y in zip(found, differentiated(formula, s, t, v, g), strict=True):
        assert relative(x, y) < 1e-5
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        operator(s, t, v)
        with use("triton"), pytest.raises(RuntimeError, match="no engine in use can compute this: triton"):
            operator(s, t, v)


@both
@pytest.mark.parametrize("part", ["forward", "backward"])
def test_a_call_that_fails_later_is_computed_by_torch_too(name, part, monkeypatch, trusted):
    def refuse(*arguments, **options):
        raise RuntimeError("out of resource: shared memory")

    monkeypatch.setattr(calls, f"{name}_{part}", refuse)
    operator, formula = OPERATORS[name]
    s, t, v, g = problem(n_q=5, n_k=6, d=2)
    with pytest.warns(RuntimeWarning, match=r"since a kernel could not be used \(RuntimeError: out of resource"):
        found = differentiated(operator, s, t, v, g)
    for x, y in zip(found, differentiated(formula, s, t, v, g), strict=True):
        assert relative(x, y) < 1e-5


def test_memory_that_is_short_is_no_reason(monkeypatch, trusted):
    def refuse(*arguments):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(calls, "relu_forward", refuse)
    with pytest.raises(torch.OutOfMemoryError):
        sliced_relu(*problem()[:3])
    assert all(trust._tried.values())


def test_nothing_is_tried_while_a_graph_is_captured(monkeypatch):
    monkeypatch.setattr(trust, "capturing", lambda device: True)
    monkeypatch.setattr(trust, "_try", lambda *one: pytest.fail("this would wait for the device"))
    s, t, v, _ = problem()
    assert relative(sliced_relu(s, t, v), pairs(s, t, v)) < 1e-5
    assert table.pick("sliced_relu", s[0], t[0], v[0], None).name != "triton"
    assert not trust._tried
    trust._tried[trial.kind_of("sliced_relu", s[0], t[0], v[0], None)] = True
    assert table.pick("sliced_relu", s[0], t[0], v[0], None).name == "triton"


def test_kernels_are_launched_where_the_tensors_are(monkeypatch):
    """Triton launches on the device that is current."""
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext(device))
    with calls.on(torch.device("cuda", 1)) as there, calls.on(torch.device("cuda", 0)) as here:
        assert (there, here) == (torch.device("cuda", 1), None)


@pytest.mark.usefixtures("trusted")
def test_what_the_kernels_do_not_take_is_left_to_others():
    s, t, v, _ = problem(d=300)
    assert table.pick("sliced_relu", s[0], t[0], v[0], None).name != "triton"
    s, t, v, _ = problem(dtype=torch.float64)
    assert table.pick("sliced_relu", s[0], t[0], v[0], None).name != "triton"
    assert computed_by("sliced_relu", F16, torch.device(DEVICE)).startswith("Triton ")
    assert not computed_by("kernel_sum", F32, torch.device(DEVICE)).startswith("Triton")


# ---- answers --------------------------------------------------------------------------------------------------------


def looked(compute, found):
    def look(s, t, v, *others):
        found.append((s.dtype, v.dtype))
        return compute(s, t, v, *others)

    return look


@pytest.fixture
def seen(monkeypatch):
    """The dtypes of values that reach the kernels."""
    found = []
    for name in ("relu_forward", "bump_forward"):
        monkeypatch.setattr(calls, name, looked(getattr(calls, name), found))
    return found


@both
@pytest.mark.parametrize("dtype", [F32, F16, BF16], ids=str)
def test_values_reach_the_kernels_in_their_own_dtype(name, dtype, way, seen):
    operator, formula = OPERATORS[name]
    s, t, v, g = problem(dtype=dtype)
    found = differentiated(operator, s, t, v, g)
    assert seen == [(dtype, dtype)]
    # the interpreter cuts bfloat16 off where a GPU rounds; scores' gradients are rounded to the scores' own dtype
    most = {F32: 2e-6, F16: 1e-3, BF16: 5e-3 if GPU else 1.2e-2}[dtype]
    for x, y in zip(found, differentiated(formula, s.double(), t.double(), v.double(), g.double()), strict=True):
        assert x.dtype == dtype
        assert relative(x, y) < most


def test_what_masked_keys_hold_does_no_harm(way):
    s, t, v, g = problem()
    keep = torch.arange(50, device=DEVICE) % 3 > 0
    keep = torch.stack([keep, torch.zeros_like(keep)])[None]  # of the second row none is kept
    clean = [s, torch.where(keep, t, 0), torch.where(keep[..., None], v, 0)]
    expected = differentiated(lambda *x: pairs(*x, keep), *(x.double() for x in clean), g.double())
    t, v = torch.where(keep, t, NAN), torch.where(keep[..., None], v, INF)
    found = differentiated(lambda *x: sliced_relu(*x, key_mask=keep), s, t, v, g)
    for x, y in zip(found, expected, strict=True):
        assert not x.isnan().any()
        assert relative(x[0, 0], y[0, 0]) < 2e-6
        assert not x[0, 1].any()


@both
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_score_that_is_not_finite_spoils_what_it_must_and_no_more(name, value, way):
    operator, formula = OPERATORS[name]
    s, t, v, g = problem()
    g[0, 0, 7] = 0
    expected = differentiated(formula, s, t, v, g)
    s[0, 0, 7] = value
    t[0, 1, 9] = value
    g[0, 0, 7] = 1
    y, *slopes = differentiated(operator, s, t, v, g)
    bad = torch.zeros(1, 2, 40, dtype=torch.bool, device=DEVICE)
    bad[0, 0, 7] = bad[0, 1] = True
    assert torch.equal(y.isnan().any(-1), bad)
    assert torch.equal(y.isnan().all(-1), bad)
    others = ~bad[0, 0]
    assert relative(y[0, 0][others], expected[0][0, 0][others]) < 2e-6
    for x, right in zip(slopes, expected[1:], strict=True):
        assert relative(x[0, 0], right[0, 0]) < 2e-6
        assert not x[0, 1].any()


def test_the_row_of_a_bandwidth_that_is_none_is_nan(way):
    s, t, v, _ = (x[0] for x in problem(lead=(1, 7)))
    b = torch.tensor([0.4, -1, 0, NAN, INF, 1e-40, 0.4], device=DEVICE)
    scale = torch.full((7, 1), 1 / 50, device=DEVICE)
    y, _ = calls.bump_forward(s, t, v, b[:, None], scale)
    assert y[1:6].isnan().all()
    assert relative(y[::6], reference.sliced_bump(*(x[::6].double() for x in (s, t, v, b)))) < 2e-6


@pytest.mark.usefixtures("trusted")
def test_a_batch_of_bandwidths_for_half_precision():
    s, t, v, _ = (x[0, 0] for x in problem(dtype=F16))
    b = torch.tensor([0.4, 0.8], dtype=F16, device=DEVICE)
    found = torch.vmap(lambda b: sliced_bump(s, t, v, b))(b)
    assert found.dtype == F16
    expected = [reference.sliced_bump(*(x.double() for x in (s, t, v, one))) for one in b]
    assert relative(found, torch.stack(expected)) < 1e-3


@both
@pytest.mark.parametrize("dtype", [F32, BF16], ids=str)
def test_large_values_do_not_overflow(name, dtype, way):
    operator, formula = OPERATORS[name]
    s, t, v, g = problem()
    expected = differentiated(formula, s, t, v, g)
    most = {F32: 3e-6, BF16: 3e-2}[dtype]
    size = 2.0**122
    found = differentiated(operator, s.to(dtype), t.to(dtype), v.to(dtype) * size, g.to(dtype))
    if dtype == BF16:
        expected = differentiated(formula, *(x.to(dtype).double() for x in (s, t, v, g)))
    for k, (x, y) in enumerate(zip(found, expected, strict=True)):
        assert relative(x.double() / (1 if k == 3 else size), y) < most


@both
def test_a_checkpoint_and_second_derivatives_go_through(name, trusted):
    operator, formula = OPERATORS[name]
    s, t, v, g = problem(n_q=6, n_k=7, d=2)

    def penalty(f, *x):
        leaves = [a.detach().requires_grad_() for a in x]
        (slope,) = torch.autograd.grad((f(*leaves) * g.to(x[0].dtype)).sum(), leaves[:1], create_graph=True)
        return torch.autograd.grad(slope.square().sum(), leaves[2])[0]

    assert relative(penalty(operator, s, t, v), penalty(formula, s.double(), t.double(), v.double())) < 1e-5
    half = [x.to(F16) for x in (s, t, v)]
    assert relative(penalty(operator, *half), penalty(formula, *(x.double() for x in half))) < 1e-2
    kept = differentiated(lambda *x: torch.utils.checkpoint.checkpoint(operator, *x, use_reentrant=False), s, t, v, g)
    for x, y in zip(kept, differentiated(operator, s, t, v, g), strict=True):
        assert torch.equal(x, y)


@pytest.mark.filterwarnings("ignore")  # of a compiler that looks at torch's own code
@both
@pytest.mark.parametrize("trouble", [False, True], ids=["trusted", "not trusted"])
def test_a_program_computes_by_the_kernels_and_can_do_without(name, trouble, monkeypatch):
    """In a program kernels are tried, and torch takes their place, below torch's own differentiation."""
    if trouble:
        monkeypatch.setattr(calls, f"{name}_backward", lambda *arguments: 1 / 0)
    operator, formula = OPERATORS[name]
    s, t, v, g = problem(n_q=6, n_k=7, d=2)
    torch.compiler.reset()
    found = differentiated(torch.compile(operator, backend="aot_eager", fullgraph=True), s, t, v, g)
    assert list(trust._tried.values()) == [not trouble]
    for x, y in zip(found, differentiated(formula, s, t, v, g), strict=True):
        assert relative(x, y) < 1e-5


@pytest.mark.parametrize("kernel", ["relu", "bump"])
def test_a_layer_of_half_precision_with_padding(kernel, trusted, seen):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = SlicedAttention(16, 2, kernel=kernel)
    x = torch.randn(1, 12, 16, generator=torch.Generator().manual_seed(1))
    padding = torch.arange(12).expand(1, -1) > 9
    with use("dense"):
        expected = layer(x, x, x, padding, need_weights=False)[0][:, :10]
    layer = layer.to(DEVICE, BF16)
    x, padding = x.to(DEVICE, BF16), padding.to(DEVICE)
    found = layer(x, x, x, padding, need_weights=False)[0][:, :10]
    assert seen
    assert relative(found.cpu(), expected) < 3e-2


# ---- what a call costs ----------------------------------------------------------------------------------------------

FREE = ("promote_types", "view", "reshape", "expand", "empty", "detach", "alias", "as_strided", "unsqueeze", "select")


class Launches(TorchDispatchMode):
    """What a GPU is asked to do: kernels of this engine and operations of torch that are more than a view."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.kernels, self.operations = [], []
        one = triton.runtime.jit.JITFunction if GPU else triton.runtime.interpreter.InterpretedFunction
        run = one.run

        def counted(kernel, *arguments, **options):
            self.kernels.append(kernel.fn.__name__)
            with _disable_current_modes():
                return run(kernel, *arguments, **options)

        monkeypatch.setattr(one, "run", counted)
        for module in (table, operations):  # a mode that looks on is no program
            monkeypatch.setattr(module, "is_now", lambda *tensors: True)

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        if not function.__name__.startswith(FREE) and not function.__name__.startswith("_unsafe_view"):
            self.operations.append(function.__name__.partition(".")[0])
        return function(*arguments, **(options or {}))


def launches(monkeypatch, call):
    call()  # kernels are tried
    with Launches(monkeypatch) as found:
        call()
    return found.kernels, found.operations


@pytest.mark.parametrize("dtype", [F32, F16], ids=str)
def test_a_small_call_is_one_launch(dtype, monkeypatch, trusted):
    s, t, v, _ = problem(n_q=9, n_k=9, d=2, dtype=dtype)
    assert launches(monkeypatch, lambda: sliced_relu(s, t, v)) == (["_relu_forward"], [])


def test_a_mask_costs_no_launch(monkeypatch, trusted):
    s, t, v, _ = problem(n_q=9, n_k=9, d=2)
    keep = torch.ones(1, 2, 9, dtype=torch.bool, device=DEVICE)
    assert launches(monkeypatch, lambda: sliced_relu(s, t, v, key_mask=keep)) == (["_relu_forward"], [])


def test_a_bump_of_a_number_fills_two_numbers_a_row(monkeypatch, trusted):
    s, t, v, _ = problem(n_q=9, n_k=9, d=2)
    kernels, operations = launches(monkeypatch, lambda: sliced_bump(s, t, v, 0.7))
    assert (kernels, sorted(operations)) == (["_bump"], ["full", "full_like"])


def test_a_sorted_call_is_six_launches(monkeypatch, trusted):
    monkeypatch.setattr(calls, "is_small", lambda s, t: False)
    s, t, v, _ = problem(n_q=9, n_k=9, d=2)
    kernels, operations = launches(monkeypatch, lambda: sliced_relu(s, t, v))
    assert kernels == ["_pack", "_cut", "_moments", "_scan", "_forward"]
    assert operations == ["sort"]
    kernels, operations = launches(monkeypatch, lambda: sliced_bump(s, t, v, 0.7))
    assert kernels == ["_pack", "_cut", "_moments", "_scan", "_limits", "_bump"]
    assert sorted(operations) == ["full", "full_like", "sort"]


@pytest.mark.parametrize("small", [True, False], ids=["small", "sorted"])
def test_backward_does_not_run_forward_again(small, monkeypatch, trusted):
    monkeypatch.setattr(calls, "is_small", lambda s, t: small)
    arguments = problem(n_q=9, n_k=9, d=2)
    for operator, most in ((sliced_relu, 2), (lambda *x: sliced_bump(*x, 0.7), 4)):
        kernels, operations = launches(monkeypatch, lambda f=operator: differentiated(f, *arguments))
        assert kernels.count("_pack") + kernels.count("_relu_forward") <= 1
        assert len(operations) <= most  # the sort, a number a row twice, and sums of what windows found


@both
def test_what_is_kept_for_backward_is_little(name, monkeypatch, trusted):
    """In half precision, at a length: what the kernels leave is less than the values."""
    monkeypatch.setattr(calls, "is_small", lambda s, t: False)
    s, t, v, _ = problem(n_q=300, n_k=300, d=64, dtype=F16, lead=(1, 1))
    run = calls.relu_forward if name == "relu" else calls.bump_forward
    one = torch.ones(1, 1, device=DEVICE)
    _, kept = run(s[0], t[0], v[0], *([] if name == "relu" else [one, one]))
    assert sum(x.nbytes for x in kept) < 1.0 * v.nbytes


@both
def test_public_calls_give_the_same_bits(name, way):
    operator, _ = OPERATORS[name]
    s, t, v, g = problem(*((3000, 3000) if GPU else (60, 60)))
    for x, y in zip(differentiated(operator, s, t, v, g), differentiated(operator, s, t, v, g), strict=True):
        assert torch.equal(x, y)


@pytest.mark.gpu
@pytest.mark.skipif(not GPU, reason="needs a GPU")
@both
@pytest.mark.parametrize("n", [300, 8000])
def test_a_graph_replays_public_calls(name, n):
    operator, _ = OPERATORS[name]
    s, t, v, g = problem(n, n, 32)
    expected = differentiated(operator, s, t, v, g)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        differentiated(operator, s, t, v, g)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = differentiated(operator, s, t, v, g)
    for x in found:
        x.zero_()
    graph.replay()
    assert all(torch.equal(x, y) for x, y in zip(found, expected, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not GPU, reason="needs a GPU")
@both
def test_memory_of_a_public_call_is_bounded(name):
    operator, _ = OPERATORS[name]
    s, t, v, _ = problem(8192, 8192, 64, F16, lead=(2, 4))
    operator(s, t, v)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    y = operator(s, t, v)
    assert torch.cuda.max_memory_allocated() - before - y.nbytes <= 1.3 * v.nbytes
