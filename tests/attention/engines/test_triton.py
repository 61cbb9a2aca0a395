"""The GPU engine against the n² formulas in float64: on a GPU, or in Triton's interpreter where Triton is installed."""

import os

import pytest
import torch

GPU = torch.cuda.is_available()
if not GPU:
    os.environ.setdefault("TRITON_INTERPRET", "1")
pytest.importorskip("triton")
engine = pytest.importorskip("srviz.attention.engines.triton.calls")
pytestmark = [  # within the interpreter, which computes with numpy
    pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
DEVICE = "cuda" if GPU else "cpu"
LARGE = pytest.mark.skipif(not GPU, reason="needs a GPU")
F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


def dense_relu(s, t, v, keep=None):
    r = s[..., None] - t[:, None, :]
    weight = torch.ones_like(t) if keep is None else keep.to(t.dtype)
    total = (r.abs() * weight[:, None]).sum(-1, keepdim=True)
    count = weight.sum(-1).clamp_min(1)[:, None, None]
    for _ in range(2):
        v = (v - (v * weight[..., None]).sum(1, keepdim=True) / count) * weight[..., None]
    return (r.relu() * weight[:, None]) @ v / torch.where(total > 0, total, 1)


def dense_bump(s, t, v, bandwidth, scale):
    r = (s[..., None] - t[:, None, :]).abs() / bandwidth[..., None]
    return scale[..., None] * torch.where(r < 1, 1 - r, 0) @ v


def problem(n_q, n_k, d, dtype=F32, *, rows=2, mean=0.0, shift=0.0, grid=0.0, masked=False, seed=0):
    """Scores (multiples of a grid), values, upstream gradient and mask; masked keys as the caller leaves them."""
    rng = torch.Generator().manual_seed(seed)
    s, t = torch.randn(rows, n_q, generator=rng), torch.randn(rows, n_k, generator=rng)
    v, g = torch.randn(rows, n_k, d, generator=rng) + mean, torch.randn(rows, n_q, d, generator=rng)
    if grid:
        s, t = (s / grid).round() * grid, (t / grid).round() * grid
    s, t, keep = s + shift, t + shift, None
    if masked:
        keep = torch.rand(rows, n_k, generator=rng) > 0.3
        keep[:, 0] = True
        t, v = torch.where(keep, t, t[:, :1]), torch.where(keep[..., None], v, 0)
    move = lambda x: None if x is None else x.to(DEVICE)  # noqa: E731
    return move(s), move(t), move(v.to(dtype)), move(g.to(dtype)), move(keep)


def error(found, expected):
    return ((found.double() - expected).norm() / expected.norm().clamp_min(1e-20)).item()


def check(found, expected, dtype, names):
    # the interpreter cuts bfloat16 off where a GPU rounds
    most = {F32: 2e-6, F16: 1e-3, BF16: 2.5e-3 if GPU else 8e-3}[dtype]
    for x, y, name in zip(found, expected, names, strict=True):
        close = error(x, y) <= most or (x.double() - y).abs().max() < 1e-6
        assert close, f"{name}: {error(x, y):.1e}"


@pytest.fixture(params=["small", "sorted"])
def way(request, monkeypatch):
    small = request.param == "small"
    monkeypatch.setattr(engine, "is_small", lambda s, t: small)
    return request.param


def run_relu(s, t, v, g, keep):
    y, kept = engine.relu_forward(s, t, v, keep)
    return y, *engine.relu_backward(g, s, t, v, keep, y, kept)


def run_bump(s, t, v, g, bandwidth, scale):
    y, kept = engine.bump_forward(s, t, v, bandwidth, scale)
    return y, *engine.bump_backward(g, s, t, v, bandwidth, scale, kept)


def check_relu(s, t, v, g, keep):
    found = run_relu(s, t, v, g, keep)
    leaves = [x.detach().double().requires_grad_() for x in (s, t, v)]
    y = dense_relu(*leaves, keep)
    ds, dt, dv = torch.autograd.grad(y, leaves, g.double())
    if keep is not None:
        dt = dt * keep
    check(found, (y.detach(), ds, dt, dv), v.dtype, ("y", "ds", "dt", "dv"))


def check_bump(s, t, v, g, b):
    bandwidth = torch.full((len(s), 1), b, device=DEVICE)
    scale = torch.full_like(bandwidth, 1 / t.shape[1])
    found = run_bump(s, t, v, g, bandwidth, scale)
    leaves = [x.detach().double().requires_grad_() for x in (s, t, v, bandwidth)]
    y = dense_bump(*leaves, scale.double())
    check(found, (y.detach(), *torch.autograd.grad(y, leaves, g.double())), v.dtype, ("y", "ds", "dt", "dv", "db"))


CASES = {
    "plain": {"n_q": 70, "n_k": 70, "d": 32},
    "one query": {"n_q": 1, "n_k": 65, "d": 8},
    "one key": {"n_q": 60, "n_k": 1, "d": 8},
    "mean 100, scores at 1000, masked": {"n_q": 60, "n_k": 90, "d": 8, "mean": 100.0, "shift": 1000.0, "masked": True},
    "ties": {"n_q": 90, "n_k": 60, "d": 8, "grid": 0.5, "masked": True},
    "few different scores": {"n_q": 80, "n_k": 80, "d": 8, "grid": 2.0, "masked": True},
    "float16": {"n_q": 50, "n_k": 60, "d": 16, "mean": 3.0, "dtype": F16},
    "bfloat16": {"n_q": 50, "n_k": 60, "d": 16, "dtype": BF16, "masked": True},
}
LARGE_CASES = {
    "mean 100": {"n_q": 3000, "n_k": 5000, "d": 64, "mean": 100.0, "shift": 1000.0, "masked": True},
    "mean 1": {"n_q": 5000, "n_k": 5000, "d": 48, "mean": 1.0},
    "ties": {"n_q": 5000, "n_k": 3000, "d": 32, "grid": 0.25, "masked": True},
    "all tie": {"n_q": 5000, "n_k": 5000, "d": 16, "grid": 100.0},
    "many runs": {"n_q": 20000, "n_k": 9000, "d": 16, "rows": 1},
    **{f"d = {d}": {"n_q": 300, "n_k": 500, "d": d, "mean": 1.0} for d in (1, 8, 128, 200, 256)},
    **{
        f"{dtype}, mean {mean}": {"n_q": 2000, "n_k": 2000, "d": 64, "dtype": dtype, "mean": mean}
        for dtype in (F16, BF16)
        for mean in (0.0, 100.0)
    },
}


@pytest.mark.parametrize("name", CASES)
def test_relu_agrees_with_all_pairs(name, way):
    check_relu(*problem(**CASES[name]))


@pytest.mark.parametrize("b", [0.3, 3.0])
@pytest.mark.parametrize("name", ["plain", "one query", "one key", "ties", "few different scores", "float16"])
def test_bump_agrees_with_all_pairs(name, b, way):
    check_bump(*problem(**{**CASES[name], "masked": False})[:4], b)


@LARGE
@pytest.mark.parametrize("name", LARGE_CASES)
def test_relu_agrees_with_all_pairs_at_length(name, monkeypatch):
    monkeypatch.setattr(engine, "is_small", lambda s, t: False)
    check_relu(*problem(**LARGE_CASES[name]))


@LARGE
@pytest.mark.parametrize("b", [0.01, 0.2, 10.0])
@pytest.mark.parametrize("name", LARGE_CASES)
def test_bump_agrees_with_all_pairs_at_length(name, b, monkeypatch):
    monkeypatch.setattr(engine, "is_small", lambda s, t: False)
    check_bump(*problem(**{**LARGE_CASES[name], "masked": False, "mean": 0.0})[:4], b)


def unbalanced(name, n):
    s, t, v, g, _ = problem(n, n, 8, rows=1)
    return {
        "all queries between two keys": (s.clamp(-0.01, 0.01), t + t.sign(), v, g),
        "one giant gap": (torch.where(s > 0, s + 1e4, s), torch.where(t > 0, t + 1e4, t), v, g),
        "all keys equal": (s, t * 0, v, g),
        "all scores equal": (s * 0 + 2, t * 0 + 2, v, g),
        "queries on both sides of the keys": (torch.where(s > 0, s + 10, s - 10), t, v, g),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "all queries between two keys",
        "one giant gap",
        "all keys equal",
        "all scores equal",
        "queries on both sides of the keys",
    ],
)
def test_unbalanced_scores(name, way):
    s, t, v, g = unbalanced(name, 4000 if GPU else 60)
    check_relu(s, t, v, g, None)
    check_bump(s, t, v, g, 1.5)


def test_sorting_in_runs(monkeypatch, way):
    if way == "small":
        pytest.skip("does not sort")
    from srviz.attention.engines.triton import tiles

    monkeypatch.setattr(tiles, "RUN", 32)
    check_relu(*problem(90, 70, 8, grid=0.5, masked=True))


@pytest.mark.parametrize("sizes", [(0, 5, 4), (5, 0, 4), (5, 5, 0)])
def test_nothing_to_do(sizes, way):
    n_q, n_k, d = sizes
    s, t, v = (
        torch.zeros(2, n_q, device=DEVICE),
        torch.zeros(2, n_k, device=DEVICE),
        torch.zeros(2, n_k, d, device=DEVICE),
    )
    g, one = torch.zeros(2, n_q, d, device=DEVICE), torch.ones(2, 1, device=DEVICE)
    for found in (run_relu(s, t, v, g, None), run_bump(s, t, v, g, one, one)):
        assert [x.shape for x in found[:4]] == [(2, n_q, d), (2, n_q), (2, n_k), (2, n_k, d)]
        assert all((x == 0).all() for x in found)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("side", ["query", "key"])
def test_a_score_that_is_not_finite_gives_nan(side, value, way):
    s, t, v, g, _ = problem(60, 60, 8)
    (s if side == "query" else t)[0, 17] = value
    one = torch.ones(2, 1, device=DEVICE)
    for y, *_ in (run_relu(s, t, v, g, None), run_bump(s, t, v, g, one, one)):
        assert (y[0, 17] if side == "query" else y[0]).isnan().all()
        assert y[1].isfinite().all()


def test_half_precision_scores_are_taken_exactly(way):
    s, t, v, _g, _ = problem(60, 60, 8)
    s, t = s.bfloat16(), t.bfloat16()
    assert torch.equal(engine.relu_forward(s, t, v)[0], engine.relu_forward(s.float(), t.float(), v)[0])


def test_every_run_gives_the_same_bits(way):
    s, t, v, g, keep = problem(*((3000, 3000) if GPU else (60, 60)), 16, masked=True)
    assert all(torch.equal(x, y) for x, y in zip(run_relu(s, t, v, g, keep), run_relu(s, t, v, g, keep), strict=True))


@LARGE
def test_a_graph_replays(way):
    s, t, v, g, _ = problem(3000, 3000, 32)
    expected = run_relu(s, t, v, g, None)
    run_relu(s, t, v, g, None)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = run_relu(s, t, v, g, None)
    for x in found:
        x.zero_()
    graph.replay()
    assert all(torch.equal(x, y) for x, y in zip(found, expected, strict=True))


@LARGE
def test_memory_beyond_the_result_is_bounded(monkeypatch):
    monkeypatch.setattr(engine, "is_small", lambda s, t: False)
    s, t, v, *_ = problem(8192, 8192, 64, F16, rows=8)
    engine.relu_forward(s, t, v)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    y, _ = engine.relu_forward(s, t, v)
    assert torch.cuda.max_memory_allocated() - before - y.nbytes <= 1.3 * v.nbytes


@LARGE
def test_more_elements_than_four_bytes_count():
    rows = (1 << 31) // (4096 * 256) + 1
    s, t = torch.randn(1, 4096, device=DEVICE).expand(rows, -1), torch.randn(1, 4096, device=DEVICE).expand(rows, -1)
    v = torch.randn(1, 4096, 256, device=DEVICE, dtype=F16).expand(rows, -1, -1).contiguous()
    y = engine.relu_forward(s, t, v)[0]
    assert torch.equal(y[0], y[-1])
