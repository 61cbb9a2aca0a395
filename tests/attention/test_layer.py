"""The layer takes the place of `nn.MultiheadAttention`: same arguments and returns; what it cannot do it refuses."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from srviz.attention import SlicedAttention, reference, sliced_bump, sliced_relu, standardize, use
from tests.attention.conftest import needs_compiler
from tests.attention.problems import random

B, N_Q, N_K, E, H = 2, 5, 7, 12, 3

kernels = pytest.mark.parametrize("kernel", ["relu", "bump"])
both = pytest.mark.usefixtures("path")
ARGUMENTS: list[dict[str, Any]] = [
    {"kernel": "relu"},
    {"kernel": "relu", "projection": "linear"},
    {"kernel": "bump"},
    {"kernel": "bump", "projection": "mlp"},
]
every = pytest.mark.parametrize("arguments", ARGUMENTS, ids=["relu", "relu linear", "bump", "bump mlp"])


def layer(**arguments: Any) -> SlicedAttention:
    """A layer with weights of a seed, biases included, in float64."""
    made = SlicedAttention(E, H, **({"dtype": torch.float64} | arguments))
    with torch.no_grad():
        for k, parameter in enumerate(made.parameters()):
            parameter += random(k, *parameter.shape).to(parameter) * 0.1
    return made


def tokens(n: int = N_K, width: int = E, seed: int = 0) -> Tensor:
    return random(seed, B, n, width)


PADDING = torch.zeros(B, N_K, dtype=torch.bool)
PADDING[0, 5:] = True
PADDING[1, 2] = True


# What it returns


@every
@pytest.mark.parametrize("case", ["self", "cross"])
@pytest.mark.parametrize("batched", [True, False], ids=["batch", "no batch"])
def test_shapes_are_those_of_multihead_attention(arguments: dict[str, Any], case: str, batched: bool) -> None:
    attention, ours = nn.MultiheadAttention(E, H, batch_first=True, dtype=torch.float64), layer(**arguments)
    query = tokens(N_K if case == "self" else N_Q, seed=1)
    key = query if case == "self" else tokens()
    if not batched:
        query, key = query[0], key[0]
    for options in ({}, {"average_attn_weights": False}, {"need_weights": False}):
        expected, found = attention(query, key, key, **options), ours(query, key, key, **options)
        assert found[0].shape == expected[0].shape
        assert (found[1] is None) == (expected[1] is None)
        if found[1] is not None:
            assert found[1].shape == expected[1].shape


@every
def test_arguments_stand_in_the_same_places(arguments: dict[str, Any]) -> None:
    attention, x = layer(**arguments), tokens()
    by_name = attention(
        query=x, key=x, value=x, key_padding_mask=PADDING, need_weights=True, average_attn_weights=False
    )
    by_place = attention(x, x, x, PADDING, True, None, False, False)
    for a, b in zip(by_name, by_place, strict=True):
        assert torch.equal(a, b)
    first = SlicedAttention(E, H, 0.5, False, False, False, 4, 6, True, "cpu", torch.float64)
    assert (first.dropout, first.k_proj.in_features, first.v_proj.in_features) == (0.5, 4, 6)
    assert first.out_proj.bias is None
    assert first.out_proj.weight.dtype == torch.float64


def parts(attention: SlicedAttention, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (B, H, n) and values (B, H, n, d), token by token and head by head."""
    q, k, v = attention.q_proj(query), attention.k_proj(key), attention.v_proj(value)
    s = torch.stack([attention.slice.pi(q[:, i]) for i in range(q.shape[1])], -1)
    t = torch.stack([attention.slice.pi(k[:, j]) for j in range(k.shape[1])], -1)
    d = E // H
    return s, t, torch.stack([v[..., h * d : (h + 1) * d] for h in range(H)], 1)


@every
@both
@pytest.mark.parametrize("padded", [False, True], ids=["no padding", "padding"])
def test_is_the_formula_written_out_head_by_head(arguments: dict[str, Any], padded: bool) -> None:
    attention, query, key, value = layer(**arguments), tokens(N_Q), tokens(seed=1), tokens(seed=2)
    y, weights = attention(query, key, value, key_padding_mask=PADDING if padded else None, average_attn_weights=False)
    s, t, v = parts(attention, query, key, value)
    for b in range(B):
        keep = ~PADDING[b] if padded else torch.ones(N_K, dtype=torch.bool)
        heads = []
        for h in range(H):
            if arguments["kernel"] == "relu":
                heads.append(reference.sliced_relu(s[b, h], t[b, h, keep], v[b, h, keep]))
            else:
                heads.append(reference.sliced_bump(s[b, h], t[b, h, keep], v[b, h, keep], attention.bandwidth[h]))
            torch.testing.assert_close(weights[b, h] @ v[b, h], heads[h], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(y[b], attention.out_proj(torch.cat(heads, -1)), rtol=1e-4, atol=1e-5)


@every
@both
@pytest.mark.parametrize("padded", [False, True], ids=["no padding", "padding"])
def test_weights_times_heads_are_the_output(arguments: dict[str, Any], padded: bool) -> None:
    """To the last digit, unlike above, where scores were not standardized."""
    attention, x = layer(**arguments), tokens()
    mask = PADDING if padded else None
    y, weights = attention(x, x, x, key_padding_mask=mask, average_attn_weights=False)
    v = attention.v_proj(x).unflatten(-1, (H, E // H)).transpose(1, 2)
    torch.testing.assert_close(attention.out_proj((weights @ v).transpose(1, 2).flatten(2)), y)
    assert weights.shape == (B, H, N_K, N_K)
    torch.testing.assert_close(attention(x, x, x, key_padding_mask=mask)[1], weights.mean(1))
    torch.testing.assert_close(attention(x, x, x, key_padding_mask=mask, need_weights=False)[0], y)
    if padded:
        assert not weights[PADDING[:, None, None].expand_as(weights)].any()
    if arguments["kernel"] == "relu":
        torch.testing.assert_close(weights.sum(-1), torch.zeros(B, H, N_K).double(), rtol=0, atol=1e-14)


def test_relu_scores_are_standardized_with_the_padding_left_out() -> None:
    """Seen in the weights of tokens so small that ε counts."""
    attention, x = layer(kernel="relu"), tokens() * 1e-4
    _, weights = attention(x, x, x, key_padding_mask=PADDING, average_attn_weights=False)
    s, t, _ = parts(attention, x, x, x)
    keep = ~PADDING[:, None].expand(B, H, N_K)
    _, t, mean, deviation = standardize(t, t, query_mask=keep, key_mask=keep)
    expected = reference.sliced_relu_weights((s - mean) / deviation, t, keep)
    torch.testing.assert_close(weights[keep], expected[keep])  # the rows of the queries that are no padding


@pytest.mark.parametrize("padded", [False, True], ids=["no padding", "padding"])
@pytest.mark.parametrize(("size", "shift"), [(1e-15, 0), (1, 0), (1, 1e5), (1e15, 1e5), (1e36, 0), (1.5e38, 0)])
def test_an_engine_that_sums_scores_of_any_size_finds_what_others_find_of_standardized_ones(
    size: float, shift: float, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """size: of the largest score. shift: by about how many times that all are moved. Of the last two sizes only
    standardized ones can be summed, or differentiated twice.
    """
    needs_compiler()
    attention, (x,) = layer(kernel="relu", projection="linear", dtype=torch.float32), [tokens(120).float()]
    mask = (torch.arange(120) % 7 == 3).expand(B, -1) if padded else None
    with torch.no_grad():
        largest = max(float(scores.abs().max()) for scores in parts(attention, x, x, x)[:2])
        attention.slice.maps()[0].weight *= size / largest
        for mapping in (attention.q_proj, attention.k_proj):
            assert mapping.bias is not None
            mapping.bias += shift
    standardized, done = attention._standardized, []

    def counted(*arguments: Any, **named: Any) -> tuple[Tensor, Tensor]:
        done.append(1)
        return standardized(*arguments, **named)

    monkeypatch.setattr(attention, "_standardized", counted)

    def run(engine: str) -> list[Tensor]:
        given = x.clone().requires_grad_()
        with use(engine):
            y = attention(given, given, given, key_padding_mask=mask, need_weights=False)[0]
        ask = [given, attention.v_proj.weight, attention.k_proj.weight]
        gradients = torch.autograd.grad(y.square().sum(), ask, create_graph=True)
        twice = size < 1e38  # beyond, those of the maps overflow with every engine
        again = torch.autograd.grad(gradients[0].square().sum(), ask[:2]) if twice else ()
        return [y, *gradients, *again]

    expected = run("torch")
    assert done == [1]
    for found, right in zip(run("native"), expected, strict=True):
        assert bool(right.isfinite().all())
        torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-4 * float(right.detach().abs().max()))
    assert done == ([1, 1] if size > 1e35 else [1])


def test_a_query_that_is_no_number_is_as_bad_with_every_engine() -> None:
    needs_compiler()
    attention, query = layer(kernel="relu", dtype=torch.float32), tokens(40).float()
    query[0, 3, 0] = torch.nan
    for engine in ("torch", "dense", "native"):
        with use(engine), pytest.raises(ValueError, match="t: expected finite scores"):
            attention(query, tokens(40, seed=1).float(), tokens(40, seed=1).float(), need_weights=False)


@both
def test_keys_and_values_of_other_widths() -> None:
    attention = layer(kdim=4, vdim=6)
    y, weights = attention(tokens(N_Q), tokens(width=4), tokens(width=6))
    assert y.shape == (B, N_Q, E)
    assert weights.shape == (B, N_Q, N_K)


@every
@both
def test_permuting_tokens_permutes_the_outputs(arguments: dict[str, Any]) -> None:
    """The heads of one token stay together, and nothing else knows of the order."""
    attention, x = layer(**arguments), tokens()
    order = torch.randperm(N_K, generator=torch.Generator().manual_seed(0))
    y, weights = attention(x, x, x)
    z, permuted = attention(x[:, order], x[:, order], x[:, order])
    torch.testing.assert_close(z, y[:, order])
    torch.testing.assert_close(permuted, weights[:, order][:, :, order])


@every
@both
def test_a_batch_is_made_of_rows_that_know_nothing_of_one_another(arguments: dict[str, Any]) -> None:
    attention, x = layer(**arguments), tokens()
    y, weights = attention(x, x, x)
    for b in range(B):
        alone, its_weights = attention(x[b], x[b], x[b])
        torch.testing.assert_close(alone, y[b])
        torch.testing.assert_close(its_weights, weights[b])


@both
def test_dropout_acts_in_training_alone() -> None:
    attention, x = layer(dropout=0.5), tokens()
    attention.eval()
    assert torch.equal(attention(x, x, x)[0], attention(x, x, x)[0])
    attention.train()
    with torch.random.fork_rng():
        assert not torch.equal(attention(x, x, x)[0], attention(x, x, x)[0])
    assert torch.equal(layer(dropout=1.0)(x, x, x)[0][0, 0], layer(dropout=1.0).out_proj.bias)


# Padding


@every
@both
@pytest.mark.parametrize("kind", [torch.bool, torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("case", ["self", "cross"])
def test_padding_is_as_good_as_no_tokens(arguments: dict[str, Any], kind: torch.dtype, case: str) -> None:
    """With NaN under it. In self-attention the rows of padded tokens themselves are finite, and mean nothing."""
    attention, x, query = layer(**arguments), tokens(), tokens(N_Q, seed=1)
    spoilt = torch.where(PADDING[..., None], torch.nan, x).requires_grad_()
    asks = query if case == "cross" else spoilt
    mask = PADDING if kind == torch.bool else torch.zeros(B, N_K, dtype=kind).masked_fill(PADDING, -torch.inf)
    y, weights = attention(asks, spoilt, spoilt, key_padding_mask=mask)
    assert y.isfinite().all()
    assert weights.isfinite().all()
    for b in range(B):
        kept = x[b][~PADDING[b]]
        alone, its_weights = attention(query[b] if case == "cross" else kept, kept, kept)
        rows = slice(None) if case == "cross" else ~PADDING[b]
        torch.testing.assert_close(y[b][rows], alone)
        torch.testing.assert_close(weights[b][rows][:, ~PADDING[b]], its_weights)
        assert not weights[b][:, PADDING[b]].any()
    y.square().sum().backward()
    assert spoilt.grad is not None
    assert spoilt.grad.isfinite().all()
    assert not spoilt.grad[PADDING].any()
    for name, parameter in attention.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@every
@both
def test_a_row_of_padding_alone(arguments: dict[str, Any]) -> None:
    attention, x = layer(**arguments), tokens()
    mask = torch.zeros(B, N_K, dtype=torch.bool)
    mask[1] = True
    y, weights = attention(x, x, x, key_padding_mask=mask)
    torch.testing.assert_close(y[1], attention.out_proj.bias.expand(N_K, -1))
    assert not weights[1].any()
    torch.testing.assert_close(y[0], attention(x, x, x)[0][0])


@every
def test_no_keys_and_no_queries(arguments: dict[str, Any]) -> None:
    attention = layer(**arguments)
    y, weights = attention(tokens(N_Q), tokens(0), tokens(0))
    torch.testing.assert_close(y, attention.out_proj.bias.expand(B, N_Q, -1))
    assert weights.shape == (B, N_Q, 0)
    y, weights = attention(tokens(0), tokens(), tokens())
    assert y.shape == (B, 0, E)
    assert weights.shape == (B, 0, N_K)


# In torch's own layers


@every
@pytest.mark.parametrize("norm_first", [False, True], ids=["norm last", "norm first"])
def test_inside_transformer_encoder_layer(arguments: dict[str, Any], norm_first: bool) -> None:
    block = nn.TransformerEncoderLayer(E, H, 16, 0.0, batch_first=True, norm_first=norm_first, dtype=torch.float64)
    block.self_attn = layer(**arguments)
    x = tokens()
    trained = block.train()(x, src_key_padding_mask=PADDING)
    attended = x + block.self_attn(*[block.norm1(x) if norm_first else x] * 3, PADDING)[0]
    mixed = attended if norm_first else block.norm1(attended)
    fed = mixed + block.linear2(block.linear1(block.norm2(mixed) if norm_first else mixed).relu())
    torch.testing.assert_close(trained, fed if norm_first else block.norm2(fed))
    for without_gradients in (torch.no_grad, torch.inference_mode):  # where torch would take its own softmax
        with without_gradients():
            torch.testing.assert_close(block.eval()(x, src_key_padding_mask=PADDING), trained)
            torch.testing.assert_close(block(x), block.train()(x))


@every
@pytest.mark.parametrize("heads", [2, 3])
def test_inside_transformer_encoder(arguments: dict[str, Any], heads: int) -> None:
    block = nn.TransformerEncoderLayer(E, heads, 16, 0.0, batch_first=True, dtype=torch.float64)
    block.self_attn = SlicedAttention(E, heads, dtype=torch.float64, **arguments)
    encoder = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
    x = tokens()
    y = encoder.train()(x, src_key_padding_mask=PADDING)
    expected = x
    for each in encoder.layers:
        expected = each(expected, src_key_padding_mask=PADDING)
    torch.testing.assert_close(y, expected)
    with torch.no_grad():
        evaluated = encoder.eval()(x, src_key_padding_mask=PADDING)
    torch.testing.assert_close(evaluated[~PADDING], y[~PADDING])
    for b in range(B):
        torch.testing.assert_close(y[b][~PADDING[b]], encoder(x[b][~PADDING[b]][None])[0])
    y.sum().backward()


def test_torch_keeps_its_nested_tensors_to_itself() -> None:
    """It says so; what it computes is right all the same."""
    block = nn.TransformerEncoderLayer(E, 2, 16, 0.0, batch_first=True, dtype=torch.float64)
    block.self_attn = SlicedAttention(E, 2, dtype=torch.float64)
    with pytest.warns(UserWarning, match="enable_nested_tensor is True"):
        encoder = nn.TransformerEncoder(block, 1).eval()
    with torch.no_grad():
        y = encoder(tokens(), src_key_padding_mask=PADDING)
    torch.testing.assert_close(y, encoder.layers[0](tokens(), src_key_padding_mask=PADDING))


@kernels
def test_inside_transformer_decoder_layer(kernel: str) -> None:
    block = nn.TransformerDecoderLayer(E, H, 16, 0.0, batch_first=True, dtype=torch.float64)
    block.self_attn, block.multihead_attn = layer(kernel=kernel), layer(kernel=kernel)
    y = block(tokens(N_Q), tokens(seed=1), memory_key_padding_mask=PADDING)
    assert y.shape == (B, N_Q, E)
    assert y.isfinite().all()


# Parameters


@every
@both
def test_gradients_reach_all_parameters(arguments: dict[str, Any]) -> None:
    attention, x = layer(**arguments), tokens()
    attention(x, x, tokens(seed=3), need_weights=False)[0].square().sum().backward()
    for name, parameter in attention.named_parameters():
        assert parameter.grad is not None, name
        shifts_all_scores_alike = name == "slice.pi.2.bias"
        shifts_all_values_alike = arguments["kernel"] == "relu" and name == "v_proj.bias"
        if shifts_all_scores_alike or shifts_all_values_alike:
            assert float(parameter.grad.abs().max()) < 1e-10, name
        else:
            assert float(parameter.grad.abs().max()) > 1e-6, name


@kernels
@both
def test_gradcheck(kernel: str) -> None:
    attention, x, z = layer(kernel=kernel), tokens(3)[:1].requires_grad_(), tokens(4, seed=1)[:1].requires_grad_()
    assert torch.autograd.gradcheck(lambda x, z: attention(x, z, z, need_weights=False)[0], (x, z))


def test_one_bandwidth_for_each_head_1_at_the_start() -> None:
    attention = SlicedAttention(E, H, kernel="bump")
    torch.testing.assert_close(attention.bandwidth, torch.ones(H))
    with torch.no_grad():
        attention.raw_bandwidth.fill_(-1000.0)
    assert bool((attention.bandwidth > 0).all())
    assert not hasattr(SlicedAttention(E, H), "raw_bandwidth")


def test_default_projections() -> None:
    """As in arXiv 2512.11411: a small MLP for ReLU, linear without bias for the bump."""
    assert isinstance(SlicedAttention(E, H).slice.pi, nn.Sequential)
    linear = SlicedAttention(E, H, kernel="bump").slice.pi
    assert isinstance(linear, nn.Linear)
    assert linear.bias is None


@every
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("widths", [{}, {"kdim": 4, "vdim": 6}], ids=["one width", "three widths"])
def test_from_multihead(arguments: dict[str, Any], bias: bool, widths: dict[str, int]) -> None:
    """The output of softmax written out on what our projections give is that of the layer it was made from."""
    theirs = nn.MultiheadAttention(E, H, bias=bias, batch_first=True, dtype=torch.float64, **widths).eval()
    with torch.no_grad():
        for k, parameter in enumerate(theirs.parameters()):
            parameter += random(k, *parameter.shape).to(parameter) * 0.1
    ours = SlicedAttention.from_multihead(theirs, **arguments)
    assert (ours.kernel, ours.training) == (arguments["kernel"], False)
    query, key, value = tokens(N_Q), tokens(width=widths.get("kdim", E)), tokens(width=widths.get("vdim", E), seed=2)
    q, k, v = (
        linear(x).unflatten(-1, (H, E // H)).transpose(1, 2)
        for linear, x in ((ours.q_proj, query), (ours.k_proj, key), (ours.v_proj, value))
    )
    attended = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    torch.testing.assert_close(ours.out_proj(attended), theirs(query, key, value)[0])
    theirs.out_proj.weight.data.zero_()
    assert ours.out_proj.weight.any()


@pytest.mark.parametrize("wrong", [{"batch_first": False}, {"add_bias_kv": True}, {"add_zero_attn": True}], ids=str)
def test_from_a_multihead_that_has_what_it_has_not(wrong: dict[str, bool]) -> None:
    theirs = nn.MultiheadAttention(E, H, **({"batch_first": True} | wrong))
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SlicedAttention.from_multihead(theirs)


@every
@both
@pytest.mark.parametrize("n", [E - 1, E, 3 * E])
def test_queries_and_keys_are_skipped_where_their_maps_are_multiplied_first(arguments: dict[str, Any], n: int) -> None:
    """Whether the tokens are one tensor or three, and few or many: the same function and the same gradients."""
    attention, x = layer(**arguments), tokens(n)
    found = []
    for inputs in ([x] * 3, [x, x, x.clone()], [x, x.clone(), x.clone()]):
        y = attention(*inputs, need_weights=False)[0]
        found.append([y, *torch.autograd.grad(y.square().sum(), tuple(attention.parameters()))])
    s, t, v = parts(attention, x, x, x)
    heads = sliced_relu(s, t, v) if arguments["kernel"] == "relu" else sliced_bump(s, t, v, attention.bandwidth[None])
    y = attention.out_proj(heads.transpose(1, 2).flatten(2))
    found.append([y, *torch.autograd.grad(y.square().sum(), tuple(attention.parameters()))])
    for one in found[1:]:
        for a, b in zip(one, found[0], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-9)


@every
def test_state_dict_round_trip(arguments: dict[str, Any]) -> None:
    one, other, x = layer(**arguments), SlicedAttention(E, H, dtype=torch.float64, **arguments), tokens()
    assert not torch.allclose(one(x, x, x)[0], other(x, x, x)[0])
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(x, x, x)[0], other(x, x, x)[0])
    assert torch.equal(copy.deepcopy(one)(x, x, x)[0], one(x, x, x)[0])


def test_print_names_the_kernel() -> None:
    assert "kernel='bump'" in repr(SlicedAttention(E, H, kernel="bump"))


# Precision


@every
@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_same_dtype_out_and_right_to_it(arguments: dict[str, Any], dtype: torch.dtype) -> None:
    exact, x = layer(**arguments), tokens()
    y, weights = copy.deepcopy(exact).to(dtype)(*[x.to(dtype)] * 3, PADDING)
    assert y.dtype == weights.dtype == dtype
    expected, its_weights = exact(x, x, x, PADDING)
    tol = 30 * torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=tol, atol=tol)
    torch.testing.assert_close(weights.double(), its_weights, rtol=tol, atol=tol)


@every
@both
def test_autocast(arguments: dict[str, Any]) -> None:
    """Projections in bfloat16, the operator in float32."""
    attention, x = layer(**arguments).float(), tokens().float()
    expected, its_weights = attention(x, x, x, PADDING)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, weights = attention(x, x, x, PADDING)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), expected, rtol=0.1, atol=0.1)
    torch.testing.assert_close(weights.float(), its_weights, rtol=0.1, atol=0.1)
    y.sum().backward()
    assert attention.q_proj.weight.grad is not None


@kernels
def test_autocast_takes_any_dtype_to_its_own(kernel: str) -> None:
    """As `nn.MultiheadAttention` does: a memory in bfloat16, queries in float32."""
    attention, query, memory = layer(kernel=kernel).float(), tokens(N_Q).float(), tokens(seed=1).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = attention(query, memory, memory)[0]
        torch.testing.assert_close(y, attention(query, memory.float(), memory.float())[0])
    with pytest.raises(TypeError, match=r"key: expected the dtype of query, torch\.float32, got torch\.bfloat16"):
        attention(query, memory, memory)


# What it refuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"attn_mask": torch.zeros(N_K, N_K)}, r"attn_mask: expected None.*shape \(7, 7\)", id="attn_mask"),
        pytest.param({"is_causal": True}, r"is_causal: expected False.*, got True", id="is_causal"),
        pytest.param(
            {"is_causal": True, "attn_mask": torch.ones(N_K, N_K) > 0}, r"attn_mask: expected None", id="causal mask"
        ),
        pytest.param(
            {"key_padding_mask": PADDING[:, :3]}, r"key_padding_mask: expected shape \(2, 7\), got \(2, 3\)", id="shape"
        ),
        pytest.param(
            {"key_padding_mask": PADDING[0]}, r"key_padding_mask: expected shape \(2, 7\), got \(7,\)", id="no batch"
        ),
        pytest.param(
            {"key_padding_mask": PADDING.double()}, r"key_padding_mask: expected 0 or −inf", id="additive mask"
        ),
    ],
)
def test_what_it_cannot_do(arguments: dict[str, Any], message: str) -> None:
    x = tokens()
    with pytest.raises(ValueError, match=message):
        layer()(x, x, x, **arguments)


def test_a_mask_of_integers() -> None:
    with pytest.raises(TypeError, match=r"key_padding_mask: expected a bool or floating tensor, got torch\.int64"):
        layer()(tokens(), tokens(), tokens(), PADDING.long())


def test_inside_torch_a_mask_is_refused_too() -> None:
    block = nn.TransformerEncoderLayer(E, H, 16, batch_first=True, dtype=torch.float64)
    block.self_attn = layer()
    causal = nn.Transformer.generate_square_subsequent_mask(N_K, dtype=torch.float64)
    for mode in (True, False):
        with torch.no_grad(), pytest.raises(ValueError, match="attn_mask"):
            block.train(mode)(tokens(), src_mask=causal, is_causal=True)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        pytest.param(((B, N_Q, 5), (B, N_K, E), (B, N_K, E)), r"query: expected .*12\), got \(2, 5, 5\)", id="query"),
        pytest.param(((B, N_Q, E), (B, N_K, 5), (B, N_K, E)), r"key: expected .*12\), got \(2, 7, 5\)", id="key"),
        pytest.param(((B, N_Q, E), (B, N_K, E), (B, N_K, 5)), r"value: expected .*12\), got \(2, 7, 5\)", id="value"),
        pytest.param(
            ((B, N_Q, E), (B, N_K, E), (B, 3, E)), r"value: expected one row for each key", id="one value less"
        ),
        pytest.param(((B, N_Q, E), (3, N_K, E), (3, N_K, E)), r"key: expected the batch of query", id="batch"),
        pytest.param(((B, N_Q, E), (N_K, E), (N_K, E)), r"key: expected shape .* got \(7, 12\)", id="no batch of keys"),
        pytest.param(((E,), (N_K, E), (N_K, E)), r"query: expected shape .* got \(12,\)", id="one token"),
        pytest.param(((1, B, N_Q, E),) * 3, r"query: expected shape .* got \(1, 2, 5, 12\)", id="four dimensions"),
    ],
)
def test_shapes_that_do_not_fit(shapes: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer()(*[torch.zeros(shape, dtype=torch.float64) for shape in shapes])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"embed_dim": 10}, r"embed_dim: expected a multiple of num_heads, got 10 with 3", id="embed_dim"),
        pytest.param({"num_heads": 0}, r"embed_dim: expected a multiple of num_heads, got 12 with 0", id="no heads"),
        pytest.param({"embed_dim": 0}, r"embed_dim: expected .*, got 0", id="no width"),
        pytest.param({"kernel": "softmax"}, r"kernel: expected one of relu, bump, got 'softmax'", id="kernel"),
        pytest.param({"projection": "cubic"}, r"projection: expected one of mlp, linear, got 'cubic'", id="projection"),
        pytest.param({"batch_first": False}, r"batch_first: expected True.*, got False", id="batch_first"),
        pytest.param({"add_bias_kv": True}, r"add_bias_kv: expected False.*, got True", id="add_bias_kv"),
        pytest.param({"add_zero_attn": True}, r"add_zero_attn: expected False.*, got True", id="add_zero_attn"),
        pytest.param({"dropout": 1.5}, r"dropout: expected a number from 0 to 1, got 1.5", id="dropout"),
    ],
)
def test_layers_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SlicedAttention(**({"embed_dim": E, "num_heads": H} | arguments))


def test_a_token_that_is_no_number_is_no_silent_row() -> None:
    x = tokens()
    x[0, 3, 2] = torch.nan
    with pytest.raises(ValueError, match=r"[st]: expected finite scores"):
        layer()(x, x, x)
