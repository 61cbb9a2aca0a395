"""From tokens to scores: one number per token and head, and a standardization that changes nothing but the digits."""

import pytest
import torch
from torch import Tensor, nn

from srviz.attention import METHODS, Heads, Projections, Slice, reference, seeded_slice, standardize
from srviz.attention import heads as noun
from srviz.attention.heads import power_of_two
from tests.attention.problems import differentiate, random, relative

PROJECTIONS = ("mlp", "linear")
projections = pytest.mark.parametrize("projection", PROJECTIONS)


def slice_(projection: str, seed: int = 0) -> Slice:
    return seeded_slice(3, 4, projection, seed=seed, dtype=torch.float64)


# Slice


@projections
def test_a_token_has_one_score_per_head(projection: str) -> None:
    x = random(0, 2, 3, 5, 4)
    scores = slice_(projection)(x)
    assert scores.shape == (2, 3, 5)
    for b in range(2):
        for i in range(5):
            vector = torch.cat([x[b, h, i] for h in range(3)])  # the token's heads side by side, and nobody else's
            torch.testing.assert_close(slice_(projection).pi(vector), scores[b, :, i])


@projections
def test_a_token_changes_its_own_scores_and_no_others(projection: str) -> None:
    """In all heads: a reshape without a transpose would mix tokens instead."""
    x = random(0, 2, 3, 5, 4)
    before = slice_(projection)(x)
    x[1, 2, 3] += 1  # one head of token 3 of batch 1
    changed = slice_(projection)(x) != before
    expected = torch.zeros(2, 3, 5, dtype=torch.bool)
    expected[1, :, 3] = True
    assert torch.equal(changed, expected)


def test_what_the_projections_are() -> None:
    x = random(0, 1, 2, 5, 3)
    tokens = torch.cat([x[0, 0], x[0, 1]], -1)
    linear = seeded_slice(2, 3, "linear", dtype=torch.float64)
    (weight,) = linear.parameters()
    torch.testing.assert_close(linear(x)[0].T, tokens @ weight.T)
    mlp = seeded_slice(2, 3, "mlp", dtype=torch.float64)
    first, first_bias, last, last_bias = mlp.parameters()
    expected = nn.functional.gelu(tokens @ first.T + first_bias) @ last.T + last_bias
    torch.testing.assert_close(mlp(x)[0].T, expected)
    assert first.shape == (6, 6)
    assert last.shape == (2, 6)


def test_an_unknown_projection() -> None:
    with pytest.raises(ValueError, match=r"projection: expected one of mlp, linear, got 'cubic'"):
        Slice(2, 3, "cubic")


@projections
def test_a_seed_names_a_slice(projection: str) -> None:
    x = random(0, 1, 3, 5, 4)
    before = torch.get_rng_state()
    assert torch.equal(slice_(projection)(x), slice_(projection)(x))
    assert not torch.allclose(slice_(projection)(x), slice_(projection, seed=1)(x))
    assert not any(p.requires_grad for p in slice_(projection).parameters())
    if projection == "linear":
        big = seeded_slice(8, 64, "linear")(random(1, 1, 8, 4000, 64, dtype=torch.float32))
        assert float(big.std()) == pytest.approx(1, rel=0.1)
    torch.set_rng_state(before)


# From tokens to heads


def untrained(columns: int = 7, seed: int = 1) -> Projections:
    return Projections.untrained(columns, 3, 4, seed=seed, dtype=torch.float64)


def test_the_projections_of_a_token_depend_on_that_token() -> None:
    x = random(0, 2, 5, 7)
    parts = untrained().project(x)
    assert [tuple(part.shape) for part in parts] == [(2, 3, 5, 4)] * 3
    assert not torch.allclose(parts[0], parts[1])
    moved = x.clone()
    moved[0, 2] += 1
    for before, after in zip(parts, untrained().project(moved), strict=True):
        changed = (before != after).any(-1)
        assert changed[0, :, 2].all()
        assert changed.sum() == 3
    assert not torch.allclose(untrained(seed=2).project(x)[0], parts[0])


def test_a_seed_names_projections_on_every_device_and_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    assert torch.equal(untrained().weight, untrained().weight)
    assert torch.equal(untrained().weight.float(), Projections.untrained(7, 3, 4, seed=1).weight)
    assert torch.equal(torch.get_rng_state(), before)


@projections
def test_heads_have_the_scores_of_the_slice(projection: str) -> None:
    x, maps = random(0, 9, 7), untrained()
    heads = maps.heads(x, projection=projection)
    q, k, v = maps.project(x)
    for found, expected in zip((heads.q, heads.k, heads.v), (q, k, v), strict=True):
        assert torch.equal(found, expected)
    pi = seeded_slice(3, 4, projection, seed=1, dtype=torch.float64)
    torch.testing.assert_close(heads.s, pi(q[None])[0])
    torch.testing.assert_close(heads.t, pi(k[None])[0])
    assert heads.mean is None


def test_standardized_heads_say_what_was_taken_off_and_divided_by() -> None:
    x, maps = random(0, 9, 7) * 3 + 1, untrained()
    raw, heads = maps.heads(x, projection="mlp"), maps.heads(x, METHODS["relu"])
    for score, before in ((heads.s, raw.s), (heads.t, raw.t)):
        torch.testing.assert_close(score, (before - heads.mean) / heads.deviation)
    assert heads.mean.shape == heads.deviation.shape == (3, 1)


@projections
def test_scores_by_chunks_are_the_scores_of_the_whole(projection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, maps = random(0, 23, 7), untrained()
    whole = maps.heads(x, projection=projection)
    monkeypatch.setattr(noun, "CHUNK_ROWS", 5)
    s, t = maps.scores(x, projection)
    torch.testing.assert_close(s, whole.s)
    torch.testing.assert_close(t, whole.t)


def test_one_head_at_a_time_is_that_head_of_all() -> None:
    x, maps = random(0, 9, 7), untrained()
    heads = maps.heads(x, METHODS["relu"])
    for number in range(3):
        alone = heads.head(number)
        for name, part in zip(("queries", "keys", "values"), (alone.q, alone.k, alone.v), strict=True):
            torch.testing.assert_close(maps.project_head(x, name, number), part)
        assert torch.equal(heads.s[number], alone.s)
        assert alone.deviation.shape == (1,)
        some = alone.queries(slice(2, 4))
        assert torch.equal(some.s, alone.s[2:4])
        assert torch.equal(some.q, alone.q[2:4])
        assert some.k is alone.k


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(ValueError, match="q, k: expected queries and keys"):
        METHODS["softmax"].weights(Heads(s=random(0, 3), t=random(1, 3)))
    with pytest.raises(ValueError, match="s, t: expected query and key scores"):
        METHODS["relu"].weights(Heads(random(0, 3, 2), random(1, 3, 2)))
    with pytest.raises(ValueError, match="v: expected values"):
        METHODS["relu"].apply(Heads(s=random(0, 3), t=random(1, 3)))


# Standardization


def by_hand(s: Tensor, t: Tensor, eps: float = 1e-6) -> tuple[Tensor, Tensor]:
    middle = (s.mean() + t.mean()) / 2
    variance = (((s - middle) ** 2).mean() + ((t - middle) ** 2).mean()) / 2
    return (s - middle) / (variance + eps).sqrt(), (t - middle) / (variance + eps).sqrt()


def test_is_the_formula_row_by_row() -> None:
    s, t = random(0, 2, 3, 10) + 2, random(1, 2, 3, 30) * 3
    found = standardize(s, t)
    for b in range(2):
        for h in range(3):
            for a, e in zip((found[0][b, h], found[1][b, h]), by_hand(s[b, h], t[b, h]), strict=True):
                torch.testing.assert_close(a, e)
    assert float((found[0].mean(-1) + found[1].mean(-1)).abs().max()) < 1e-12


def test_queries_and_keys_move_together() -> None:
    """Both sides' own means taken away would slide all queries over the keys."""
    s, t = random(0, 10) + 5, random(1, 12)
    a, b, *_ = standardize(s, t)
    r, standard = s[:, None] - t, a[:, None] - b
    torch.testing.assert_close(standard / r, (standard / r)[0, 0].expand(10, 12))
    v = random(2, 12, 3)
    torch.testing.assert_close(reference.sliced_relu(a, b, v), reference.sliced_relu(s, t, v))


def test_masked_tokens_are_left_out_and_come_back_as_0() -> None:
    s, t = random(0, 2, 10), random(1, 2, 12)
    keep_s, keep_t = torch.arange(10).expand(2, -1) % 3 > 0, torch.arange(12).expand(2, -1) % 4 > 0
    bad_s, bad_t = torch.where(keep_s, s, torch.nan), torch.where(keep_t, t, torch.inf)
    a, b, *_ = (*standardize(bad_s, bad_t, query_mask=keep_s, key_mask=keep_t),)
    assert not a[~keep_s].any()
    assert not b[~keep_t].any()
    for row in range(2):
        expected = by_hand(s[row, keep_s[row]], t[row, keep_t[row]])
        torch.testing.assert_close(a[row, keep_s[row]], expected[0])
        torch.testing.assert_close(b[row, keep_t[row]], expected[1])


def test_gradients_under_a_mask_are_finite_and_0() -> None:
    s, t = random(0, 10), random(1, 12)
    keep_s, keep_t = torch.arange(10) % 3 > 0, torch.arange(12) % 4 > 0

    def f(s: Tensor, t: Tensor) -> Tensor:
        a, b, *_ = standardize(s, t, query_mask=keep_s, key_mask=keep_t)
        return torch.cat([a, b]).pow(3)

    bad = torch.where(keep_s, s, torch.nan), torch.where(keep_t, t, torch.nan)
    _, ds, dt = differentiate(f, bad, torch.ones(22))
    assert ds.isfinite().all()
    assert dt.isfinite().all()
    assert not ds[~keep_s].any()
    assert not dt[~keep_t].any()
    assert torch.autograd.gradcheck(f, (s.requires_grad_(), t.requires_grad_()))


@pytest.mark.parametrize(("s", "t"), [([], []), ([], [3.0]), ([3.0], []), ([3.0], [3.0]), ([7.0, 7.0], [7.0])], ids=str)
def test_nothing_and_equal_scores_become_zeros(s: list[float], t: list[float]) -> None:
    for found, given in zip(standardize(torch.tensor(s), torch.tensor(t))[:2], (s, t), strict=True):
        assert found.shape == (len(given),)
        assert found.isfinite().all()
        if len(set(s + t)) <= 1 and s and t:
            assert not found.any()


def test_all_masked_is_finite() -> None:
    nothing = torch.zeros(5, dtype=torch.bool)
    for found in standardize(random(0, 5), random(1, 5), query_mask=nothing, key_mask=nothing)[:2]:
        assert not found.any()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6, 1e25], ids=str)
@pytest.mark.parametrize("offset", [0.0, 1000.0, -1e6], ids=str)
def test_float32_keeps_differences_whatever_the_offset_and_scale(scale: float, offset: float) -> None:
    s, t = ((random(k, 1000) + offset).float() * scale for k in range(2))
    a, b, *_ = standardize(s, t)
    exact = by_hand(s.double(), t.double())
    r = a[:50, None].double() - b[None, :50].double()
    expected = exact[0][:50, None] - exact[1][None, :50]
    assert relative(r / r.norm(), expected / expected.norm()) < 1e-6
    assert float(r.norm()) == pytest.approx(float(expected.norm()), rel=0.01)  # a mean far away rounds, for all alike


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    """A count of 70,000 alone is infinite in half."""
    s, t = random(0, 70_000).to(dtype), (random(1, 70_000) + 1).to(dtype)
    wide = standardize(s.float(), t.float())
    for a, b in zip(standardize(s, t)[:2], wide[:2], strict=True):
        assert a.dtype == dtype
        assert torch.equal(a, b.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_powers_of_two(dtype: torch.dtype) -> None:
    x = torch.tensor([1.0, 1.5, 2.0, 3.999, 1e-30, 1e30, 0.75, 2.0**-126], dtype=dtype)
    expected = 2.0 ** x.double().log2().floor()
    assert torch.equal(power_of_two(x), expected.to(dtype))
