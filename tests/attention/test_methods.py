"""Every method of the registry, walked by one test: what its weights make of the values is what it applies."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from srviz.attention import METHODS, Heads, Method, seeded_slice, standardize
from srviz.attention.method import Terms
from srviz.attention.methods import registered, ways
from tests.attention.problems import loop_sliced_bump, loop_sliced_relu, random
from tests.attention.signed import SIGNED
from tests.attention.terms import computed

B, H, N_Q, N_K, D = 2, 3, 7, 9, 4

every = pytest.mark.parametrize("method", [*METHODS.values(), SIGNED], ids=[*METHODS, SIGNED.name])
both = pytest.mark.usefixtures("path")


def parts(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(x.to(dtype) for x in (random(0, B, H, N_Q, D), random(1, B, H, N_K, D), random(2, B, H, N_K, D) + 1))


def heads(
    method: Method, q: Tensor, k: Tensor, v: Tensor | None = None, keep: Tensor | None = None, seed: int = 0
) -> Heads:
    """The heads that a method takes, its scores by an untrained slice."""
    plain = Heads(q, k, v, key_mask=keep)
    if not method.projection:
        return plain
    return plain.scored(seeded_slice(H, D, method.projection, seed=seed, dtype=q.dtype), method)


def mask(shape: tuple[int, ...]) -> Tensor:
    """Some keys masked; in the second row of the batch, where there is one, all of them."""
    keep = torch.ones(shape, dtype=torch.bool)
    keep[..., 1::3] = False
    if len(shape) > 1:
        keep[1] = False
    return keep


MASKS = {
    "none": None,
    "for all": mask((N_K,)),
    "per row": mask((B, 1, N_K)),
    "per head": mask((B, H, N_K)),
}
masks = pytest.mark.parametrize("keep", MASKS.values(), ids=list(MASKS))


def test_the_registry() -> None:
    assert {"softmax", "relu", "bump", "linear"} <= set(METHODS)
    for name, method in METHODS.items():
        assert method.name == name
        assert all((method.label, method.formula, method.cost))
        assert bool(method.projection) == ("s" in method.takes)
    assert {"written", "softmax", "relu", "dense", "bump", "linear"} <= set(ways())


@every
@masks
@both
def test_weights_times_values_are_what_it_applies(method: Method, keep: Tensor | None) -> None:
    q, k, v = parts()
    given = heads(method, q, k, v, keep)
    weights, y = method.weights(given), method.apply(given)
    assert weights.shape == (B, H, N_Q, N_K)
    assert y.shape == (B, H, N_Q, D)
    torch.testing.assert_close(weights @ v, y)
    if keep is not None:
        assert not weights[~keep.expand(B, H, N_K)[:, :, None].expand_as(weights)].any()
        if keep.dim() > 1:
            assert not y[1].any()
    assert y[0].any()
    assert bool((weights < 0).any()) == method.signed


@every
def test_a_bandwidth_stretches_its_weights_where_it_says_so(method: Method) -> None:
    given = heads(method, *parts())
    wide = method.weights(replace(given, bandwidth=torch.full((H,), 2.0, dtype=torch.float64)))
    assert torch.equal(wide, method.weights(given)) != method.bandwidth
    if method.kernel:
        assert (method.kernel(1.0) != method.kernel(2.0)) == method.bandwidth


@every
@masks
def test_effective_weights_are_the_raw_ones_less_the_mean_of_their_row_where_values_are_centred(
    method: Method, keep: Tensor | None
) -> None:
    given = heads(method, *parts(), keep)
    effective, raw = method.weights(given), method.weights(given, effective=False)
    if method.centred:
        kept = torch.ones(B, H, N_K) if keep is None else keep.expand(B, H, N_K)
        kept = kept.double().unsqueeze(-2)
        raw = raw - raw.sum(-1, keepdim=True) / kept.sum(-1, keepdim=True).clamp_min(1) * kept
    torch.testing.assert_close(effective, raw)


@every
@both
def test_every_way_to_run_it_gives_what_it_applies(method: Method) -> None:
    q, k, v = parts()
    given = heads(method, q, k, v)
    for way in (way for way in method.raced if way.layer is None):
        inputs = [getattr(given, name) for name in way.takes]
        torch.testing.assert_close(way.run(*inputs), method.apply(given))


@every
def test_the_terms_are_the_arithmetic_of_the_weights(method: Method) -> None:
    given = heads(method, *parts())
    torch.testing.assert_close(computed(method.terms(given), given), method.weights(given, effective=False))


@pytest.mark.parametrize(
    ("numerator", "dividend"),
    [
        ("exp({x}) − 1", "(exp({x}) − 1)"), ("exp({x} − {top})", "exp({x} − {top})"), ("−{x}", "−{x}"),
        ("|{s} − {t}|", "|{s} − {t}|"), ("|{s} − {t}| + |{s}|", "(|{s} − {t}| + |{s}|)"),
        ("max(0, 1 − |{s} − {t}| / 0.50)", "max(0, 1 − |{s} − {t}| / 0.50)"), ("{s}² · ({t} + 1)", "{s}² · ({t} + 1)"),
        ("φ(q)·φ(k) + 1 = {x} + 1\n", "φ(q)·φ(k) + 1 = ({x} + 1)"),
    ],
)  # fmt: skip
def test_a_numerator_that_is_a_sum_stands_in_brackets_before_its_divisor(numerator: str, dividend: str) -> None:
    assert Terms(numerator, 3).dividend == dividend


@every
@both
def test_another_slice_gives_another_output_where_there_is_one(method: Method) -> None:
    q, k, v = parts()
    y = method.apply(heads(method, q, k, v, seed=7))
    assert torch.allclose(y, method.apply(heads(method, q, k, v))) != bool(method.projection)


@every
@masks
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_same_dtype_out_and_right_to_it(method: Method, keep: Tensor | None, dtype: torch.dtype) -> None:
    q, k, v = parts(dtype)
    given = heads(method, q, k, v, keep)
    y, weights = method.apply(given), method.weights(given)
    assert y.dtype == weights.dtype == dtype
    expected = method.apply(heads(method, q.double(), k.double(), v.double(), keep))
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=8 * eps, atol=8 * eps)
    torch.testing.assert_close((weights.double() @ v.double()), expected, rtol=16 * eps, atol=16 * eps)


@every
def test_many_tokens_in_half_do_not_overflow(method: Method) -> None:
    if "²" in method.cost:
        pytest.skip("n² of them would not fit")
    q, k, v = (random(x, 1, H, 70_000, D).half() for x in range(3))
    given, wide = (heads(method, *(x.to(dtype) for x in (q, k, v))) for dtype in (torch.float16, torch.float32))
    found, expected = method.apply(given).float(), method.apply(wide)
    assert float((found - expected).norm() / expected.norm()) < 0.01


@every
def test_apply_is_differentiable(method: Method) -> None:
    q, k, v = (x.requires_grad_() for x in parts())
    for gradient in torch.autograd.grad(method.apply(heads(method, q, k, v)).square().sum(), (q, k, v)):
        assert gradient.isfinite().all()
        assert gradient.any()


@masks
def test_softmax_rows_are_probabilities(keep: Tensor | None) -> None:
    q, k, v = parts()
    method, given = METHODS["softmax"], Heads(q, k, v, key_mask=keep)
    weights = method.weights(given)
    kept = torch.ones(B, H, N_K) if keep is None else keep.expand(B, H, N_K).double()
    expected = (kept.sum(-1, keepdim=True) > 0).double().expand(B, H, N_Q)
    torch.testing.assert_close(weights.sum(-1), expected)
    logits = torch.exp(q @ k.mT / D**0.5) * kept[:, :, None]
    expected_y = logits / logits.sum(-1, keepdim=True).clamp_min(1e-300) @ v
    torch.testing.assert_close(method.apply(given), expected_y)


@masks
def test_linear_is_its_formula(keep: Tensor | None) -> None:
    q, k, v = parts()
    phi = [torch.where(x > 0, x + 1, x.exp()) for x in (q, k)]
    kept = torch.ones(B, H, N_K) if keep is None else keep.expand(B, H, N_K).double()
    raw = phi[0] @ phi[1].mT * kept[:, :, None]
    expected = raw / raw.sum(-1, keepdim=True).clamp_min(1e-300) @ v
    torch.testing.assert_close(METHODS["linear"].apply(Heads(q, k, v, key_mask=keep)), expected)


@masks
def test_effective_relu_rows_sum_to_0_and_raw_ones_never_are_negative(keep: Tensor | None) -> None:
    given = heads(METHODS["relu"], *parts(), keep)
    effective = METHODS["relu"].weights(given)
    torch.testing.assert_close(effective.sum(-1), torch.zeros(B, H, N_Q).double(), rtol=0, atol=1e-14)
    raw = METHODS["relu"].weights(given, effective=False)
    assert float(raw.min()) >= 0
    assert float(raw.sum(-1).max()) <= 1 + 1e-12
    assert raw.any()


@both
def test_the_sliced_ones_are_their_formulas_on_the_scores_of_the_slice() -> None:
    q, k, v = parts()
    mlp, linear = (seeded_slice(H, D, name, dtype=torch.float64) for name in ("mlp", "linear"))
    keep = [True] * N_K
    relus, bumps = (METHODS[name].apply(heads(METHODS[name], q, k, v)) for name in ("relu", "bump"))
    s, t, *_ = standardize(mlp(q), mlp(k))
    for b in range(B):
        for h in range(H):
            torch.testing.assert_close(relus[b, h], loop_sliced_relu(s[b, h], t[b, h], v[b, h], keep))
            expected = loop_sliced_bump(linear(q)[b, h], linear(k)[b, h], v[b, h], 1.0, keep)
            torch.testing.assert_close(bumps[b, h], expected)


def test_one_more_method_is_there_while_it_is_registered() -> None:
    before = list(METHODS)
    twin = replace(METHODS["relu"], name="twin", label="Twin", rank=1.5, ways=())
    with registered(twin):
        assert list(METHODS) == [*before[:2], "twin", *before[2:]]
        assert ways()["twin"].takes == twin.takes
    assert list(METHODS) == before


@pytest.mark.parametrize(
    ("own", "says"),
    [({"name": "bump", "label": "Other"}, "name: .*'bump' twice"), ({"name": "other"}, "label: .*'Sliced ReLU' twice")],
)
def test_a_method_with_the_name_or_label_of_another_is_refused(own: dict[str, str], says: str) -> None:
    before = list(METHODS)
    with pytest.raises(ValueError, match=says), registered(replace(METHODS["relu"], **own)):  # type: ignore[arg-type]
        pass
    assert list(METHODS) == before
    way = replace(METHODS["relu"], name="dense", label="Other", ways=())
    with registered(way), pytest.raises(ValueError, match=r"name: .*'dense' twice"):
        ways()
