"""Every method of the registry, walked by one test: what its weights make of the values is what it applies."""

import pytest
import torch
from torch import Tensor

from srviz.attention import METHODS, Method, seeded_slice, standardize
from tests.attention.problems import loop_sliced_bump, loop_sliced_relu, random

B, H, N_Q, N_K, D = 2, 3, 7, 9, 4

every = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
both = pytest.mark.usefixtures("path")


def heads(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(x.to(dtype) for x in (random(0, B, H, N_Q, D), random(1, B, H, N_K, D), random(2, B, H, N_K, D) + 1))


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
    assert list(METHODS) == ["softmax", "relu", "bump", "linear"]
    for name, method in METHODS.items():
        assert method.name == name
        assert all((method.label, method.formula, method.cost))


@every
@masks
@both
def test_weights_times_values_are_what_it_applies(method: Method, keep: Tensor | None) -> None:
    q, k, v = heads()
    weights, y = method.weights(q, k, key_mask=keep), method.apply(q, k, v, key_mask=keep)
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
@both
def test_with_a_slice_of_ones_own(method: Method) -> None:
    q, k, v = heads()
    own = seeded_slice(H, D, seed=7, dtype=torch.float64)
    y = method.apply(q, k, v, slice_=own)
    torch.testing.assert_close(method.weights(q, k, slice_=own) @ v, y)
    sliced = method.name in ("relu", "bump")
    assert torch.allclose(y, method.apply(q, k, v)) != sliced


@every
@masks
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_same_dtype_out_and_right_to_it(method: Method, keep: Tensor | None, dtype: torch.dtype) -> None:
    q, k, v = heads(dtype)
    y, weights = method.apply(q, k, v, key_mask=keep), method.weights(q, k, key_mask=keep)
    assert y.dtype == weights.dtype == dtype
    expected = method.apply(q.double(), k.double(), v.double(), key_mask=keep)
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=8 * eps, atol=8 * eps)
    torch.testing.assert_close((weights.double() @ v.double()), expected, rtol=16 * eps, atol=16 * eps)


@every
def test_many_tokens_in_half_do_not_overflow(method: Method) -> None:
    if method.cost == "n²":
        pytest.skip("n² of them would not fit")
    q, k, v = (random(x, 1, 1, 70_000, 2).half() for x in range(3))
    found, expected = method.apply(q, k, v).float(), method.apply(q.float(), k.float(), v.float())
    assert float((found - expected).norm() / expected.norm()) < 0.01


@every
def test_apply_is_differentiable(method: Method) -> None:
    q, k, v = (x.requires_grad_() for x in heads())
    for gradient in torch.autograd.grad(method.apply(q, k, v).square().sum(), (q, k, v)):
        assert gradient.isfinite().all()
        assert gradient.any()


@masks
def test_softmax_rows_are_probabilities(keep: Tensor | None) -> None:
    q, k, v = heads()
    weights = METHODS["softmax"].weights(q, k, key_mask=keep)
    kept = torch.ones(B, H, N_K) if keep is None else keep.expand(B, H, N_K).double()
    expected = (kept.sum(-1, keepdim=True) > 0).double().expand(B, H, N_Q)
    torch.testing.assert_close(weights.sum(-1), expected)
    logits = torch.exp(q @ k.mT / D**0.5) * kept[:, :, None]
    expected_y = logits / logits.sum(-1, keepdim=True).clamp_min(1e-300) @ v
    torch.testing.assert_close(METHODS["softmax"].apply(q, k, v, key_mask=keep), expected_y)


@masks
def test_linear_is_its_formula(keep: Tensor | None) -> None:
    q, k, v = heads()
    phi = [torch.where(x > 0, x + 1, x.exp()) for x in (q, k)]
    kept = torch.ones(B, H, N_K) if keep is None else keep.expand(B, H, N_K).double()
    raw = phi[0] @ phi[1].mT * kept[:, :, None]
    expected = raw / raw.sum(-1, keepdim=True).clamp_min(1e-300) @ v
    torch.testing.assert_close(METHODS["linear"].apply(q, k, v, key_mask=keep), expected)


@masks
def test_effective_relu_rows_sum_to_0_and_raw_ones_never_are_negative(keep: Tensor | None) -> None:
    q, k, _ = heads()
    effective = METHODS["relu"].weights(q, k, key_mask=keep)
    torch.testing.assert_close(effective.sum(-1), torch.zeros(B, H, N_Q).double(), rtol=0, atol=1e-14)
    raw = METHODS["relu"].weights(q, k, key_mask=keep, effective=False)
    assert float(raw.min()) >= 0
    assert float(raw.sum(-1).max()) <= 1 + 1e-12
    assert raw.any()


@pytest.mark.parametrize("name", ["softmax", "bump", "linear"])
def test_where_nothing_is_centred_raw_weights_are_the_effective_ones(name: str) -> None:
    q, k, _ = heads()
    assert torch.equal(METHODS[name].weights(q, k), METHODS[name].weights(q, k, effective=False))


@both
def test_the_sliced_ones_are_their_formulas_on_the_scores_of_the_slice() -> None:
    q, k, v = heads()
    mlp, linear = (seeded_slice(H, D, name, dtype=torch.float64) for name in ("mlp", "linear"))
    keep = [True] * N_K
    relus, bumps = METHODS["relu"].apply(q, k, v), METHODS["bump"].apply(q, k, v)
    s, t = standardize(mlp(q), mlp(k))
    for b in range(B):
        for h in range(H):
            torch.testing.assert_close(relus[b, h], loop_sliced_relu(s[b, h], t[b, h], v[b, h], keep))
            expected = loop_sliced_bump(linear(q)[b, h], linear(k)[b, h], v[b, h], 1.0, keep)
            torch.testing.assert_close(bumps[b, h], expected)
