"""What people do with an attention layer under torch's own rules: programs, transforms, higher derivatives."""

import copy
import pickle
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.checkpoint import checkpoint

from srviz.attention import SlicedAttention, hinge_sum, reference, sliced_relu, use
from tests.attention import rules
from tests.attention.problems import random, relative
from tests.attention.rules import Net, Operator, kernels, layer, operators, problem, sizes

pytestmark = rules.marks

# Programs


@operators
@sizes
def test_a_program_in_one_graph(operator: Operator, formula: Operator, n: int) -> None:
    inputs = problem(n)
    program = torch.compile(operator, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(program(*inputs), operator(*inputs))
    leaves, wide = ([x.to(dtype).requires_grad_() for x in inputs] for dtype in (torch.float32, torch.float64))
    found = torch.autograd.grad(program(*leaves).sin().sum(), leaves)
    for a, b in zip(found, torch.autograd.grad(formula(*wide).sin().sum(), wide), strict=True):
        assert relative(a, b) < 1e-4


@kernels
def test_a_layer_in_one_graph_with_and_without_padding(kernel: str) -> None:
    attend, run, x = layer(kernel)
    torch.testing.assert_close(torch.compile(run, fullgraph=True, backend="aot_eager")(x), run(x))
    padding = torch.arange(70).expand(2, -1) > torch.tensor([[50], [69]])

    def padded(x: Tensor, padding: Tensor) -> Tensor:
        return attend(x, x, x, key_padding_mask=padding, need_weights=False)[0]

    program = torch.compile(padded, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(program(x, padding), padded(x, padding))


@kernels
def test_inside_torchs_own_encoder_under_compile(kernel: str) -> None:
    attend, _, x = layer(kernel)
    block = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    block.self_attn = attend  # type: ignore[assignment]
    whole = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
    padding = torch.arange(70).expand(2, -1) > 60
    for mode in (whole.train(), whole.eval()):
        torch.manual_seed(0)
        expected = mode(x, src_key_padding_mask=padding)
        torch.manual_seed(0)
        found = torch.compile(mode, backend="aot_eager")(x, src_key_padding_mask=padding)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@kernels
@pytest.mark.parametrize("any_n", [False, True])
def test_an_exported_program_of_one_or_of_any_length(kernel: str, any_n: bool) -> None:
    attend, run, x = layer(kernel)
    shapes = {"x": {1: torch.export.Dim("n", min=2, max=4096)}} if any_n else None
    program = torch.export.export(Net(attend), (x,), dynamic_shapes=shapes).module()
    torch.testing.assert_close(program(x), run(x))
    if any_n:
        torch.testing.assert_close(program(x[:, :31]), run(x[:, :31]))


class Cross(Net):
    """From queries to keys that are others, and of another number."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:  # type: ignore[override]
        y: Tensor = self.attend(x, z, z, need_weights=False)[0]
        return y


@kernels
def test_an_exported_program_of_any_queries_and_any_keys(kernel: str) -> None:
    attend, _, x = layer(kernel)
    z = random(4, 2, 40, 32, dtype=torch.float32)
    n_q, n_k = torch.export.Dim("n_q", min=2, max=4096), torch.export.Dim("n_k", min=2, max=4096)
    program = torch.export.export(Cross(attend), (x, z), dynamic_shapes={"x": {1: n_q}, "z": {1: n_k}}).module()
    for queries, keys in ((x, z), (x[:, :31], z), (z, z[:, :9]), (x, x.clone())):
        expected = attend(queries, keys, keys, need_weights=False)[0]
        torch.testing.assert_close(program(queries, keys), expected, rtol=1e-4, atol=1e-5)


@operators
def test_shapes_without_numbers(operator: Operator, formula: Operator) -> None:
    inputs = problem(300)
    expected = operator(*inputs)
    with FakeTensorMode() as mode:
        fake = operator(*map(mode.from_tensor, inputs))
    meta = operator(*(x.to("meta") for x in inputs))
    for found in (fake, meta):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert meta.is_meta


@kernels
def test_a_layer_without_numbers(kernel: str) -> None:
    attend = SlicedAttention(32, 4, kernel=kernel, device="meta")
    x = torch.empty(2, 9, 32, device="meta")
    assert attend(x, x, x)[1].shape == (2, 9, 9)


# Transforms


@operators
@sizes
@pytest.mark.parametrize("dims", [(0, 0, 0), (None, None, 0), (0, None, None)], ids=str)
def test_vmap(operator: Operator, formula: Operator, n: int, dims: tuple[int | None, ...]) -> None:
    batch = [x if dim is None else torch.stack([x, x * 0.5, x + 1]) for x, dim in zip(problem(n), dims, strict=True)]
    found = torch.vmap(operator, dims)(*batch)
    one = [operator(*(x if dim is None else x[k] for x, dim in zip(batch, dims, strict=True))) for k in range(3)]
    torch.testing.assert_close(found, torch.stack(one), rtol=1e-4, atol=1e-5)


@operators
@sizes
def test_functional_gradients_forward_mode_and_jacobians(operator: Operator, formula: Operator, n: int) -> None:
    s, t, v = problem(n, torch.float64)

    def ways(f: Operator) -> Iterator[Tensor]:
        yield torch.func.grad(lambda s: f(s, t, v).sin().sum())(s)
        yield torch.func.jvp(lambda *x: f(*x), (s, t, v), (t[:, :n], s.mean() * t, v + 1))[1]
        yield torch.func.jacrev(lambda s: f(s, t, v)[:, 0, 0])(s)
        yield torch.func.jacfwd(lambda b: f(s * b, t, v)[:, :2])(torch.tensor(1.3, dtype=torch.float64))

    for a, b in zip(ways(operator), ways(formula), strict=True):
        torch.testing.assert_close(a, b)
        assert b.any()


@kernels
def test_a_layer_as_a_function_of_its_parameters(kernel: str) -> None:
    attend, run, x = layer(kernel)
    parameters = dict(attend.named_parameters())

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(attend, parameters, (x, x, x), {"need_weights": False})[0].sin().sum()

    run(x).sin().sum().backward()
    for name, gradient in torch.func.grad(loss)(parameters).items():
        torch.testing.assert_close(gradient, parameters[name].grad, rtol=1e-3, atol=1e-4)


# Higher derivatives


@operators
@sizes
@pytest.mark.usefixtures("path")
def test_a_gradient_penalty_is_that_of_the_formula(operator: Operator, formula: Operator, n: int) -> None:
    found = []
    for f in (operator, formula):
        leaves = [x.requires_grad_() for x in problem(n, torch.float64)]
        first = torch.autograd.grad(f(*leaves).sin().sum(), leaves, create_graph=True)
        found.append(torch.autograd.grad(sum(x.square().sum() for x in first), leaves))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)
        assert b.any()


@pytest.mark.usefixtures("compiled")
def test_a_second_derivative_of_what_was_computed_in_c() -> None:
    s, t, v = (x.requires_grad_() for x in problem(300))
    wide = [x.detach().double().requires_grad_() for x in (s, t, v)]
    found = []
    for f, leaves in ((sliced_relu, [s, t, v]), (reference.sliced_relu, wide)):
        first = torch.autograd.grad(f(*leaves).sin().sum(), leaves, create_graph=True)
        found.append(torch.autograd.grad(sum(x.square().sum() for x in first), leaves))
    for a, b in zip(*found, strict=True):
        assert relative(a, b) < 1e-4


# Scores that are not finite, and values that are large


@operators
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.usefixtures("path")
def test_a_query_that_is_not_finite_spoils_its_own_row_alone(operator: Operator, formula: Operator, bad: float) -> None:
    s, t, v = problem(40)
    expected = operator(s, t, v)
    s[0, 7] = bad
    found = operator(s.requires_grad_(), t, v)
    assert found[0, 7].isnan().all()
    rest = torch.ones(2, 40, dtype=torch.bool)
    rest[0, 7] = False
    torch.testing.assert_close(found[rest], expected[rest])
    (gradient,) = torch.autograd.grad(found[rest].sum(), s)
    assert gradient[rest].isfinite().all()


@operators
def test_a_key_that_is_not_finite_is_refused_now_and_is_nan_in_a_program(operator: Operator, formula: Operator) -> None:
    s, t, v = problem(40)
    t[1, 3] = torch.nan
    with pytest.raises(ValueError, match="t: expected finite scores, got 1 that are NaN or infinite"):
        operator(s, t, v)
    found = torch.compile(operator, fullgraph=True, backend="aot_eager")(s, t, v)
    assert found[1].isnan().all()
    torch.testing.assert_close(found[0], operator(s[:1], t[:1], v[:1])[0])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("size", [1e36, 1e20])
def test_values_whose_sums_are_too_large_for_their_dtype(size: float) -> None:
    s, t, v = problem(300)
    inputs = [s, t, v.abs() * size + 3 * size]
    g = random(5, 2, 300, 3, dtype=torch.float32) / size
    found, expected = [], []
    for f, kept, dtype in ((sliced_relu, found, torch.float32), (reference.sliced_relu, expected, torch.float64)):
        leaves = [x.to(dtype).requires_grad_() for x in inputs]
        y = f(*leaves)
        kept += [y.detach(), *torch.autograd.grad(y, leaves, g.to(dtype))]
    for a, b in zip(found, expected, strict=True):
        assert relative(a, b) < 1e-4


# The layer


def test_rows_of_a_batch_do_not_know_each_other() -> None:
    attend, _, x = layer("relu")
    padding = torch.zeros(2, 70, dtype=torch.bool)
    x[1], padding[0] = x[1] * 1e20, True
    with torch.no_grad():
        together = attend(x, x, x, key_padding_mask=padding)[0]
        alone = attend(x[1:], x[1:], x[1:], key_padding_mask=padding[1:])[0]
        assert relative(together[1:], alone) < 1e-6
        attend, x = attend.double(), x.double()  # where rounding does not hide a single wrong number
        together = attend(x, x, x, key_padding_mask=padding)[0]
        torch.testing.assert_close(together[1:], attend(x[1:], x[1:], x[1:], key_padding_mask=padding[1:])[0])


@pytest.mark.parametrize("padded_with", [1e10, torch.nan, -torch.inf])
@kernels
def test_what_is_padding_does_no_harm_whoever_hands_it_over(kernel: str, padded_with: float) -> None:
    attend, _, x = layer(kernel)
    padding = torch.zeros(2, 70, dtype=torch.bool)
    padding[:, -5:] = True
    clean = attend(x[:, :-5], x[:, :-5], x[:, :-5])[0]
    x[:, -5:] = padded_with
    for query in (x, x.clone()):
        found = attend(query, x, x, key_padding_mask=padding)[0][:, :-5]
        torch.testing.assert_close(found, clean, rtol=1e-3, atol=1e-4)


@kernels
def test_parameters_are_all_reset(kernel: str) -> None:
    with torch.device("meta"):
        attend = SlicedAttention(32, 4, kernel=kernel)
    attend.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in attend.parameters():
            parameter.fill_(torch.nan)
    for module in attend.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    assert all(parameter.isfinite().all() for parameter in attend.parameters())
    if kernel == "bump":
        torch.testing.assert_close(attend.bandwidth, torch.ones(4))


@kernels
def test_a_checkpoint_gives_the_same_gradients(kernel: str) -> None:
    _, run, x = layer(kernel)
    x.requires_grad_()
    (plain,) = torch.autograd.grad(run(x).sum(), x)
    (again,) = torch.autograd.grad(checkpoint(run, x, use_reentrant=False).sum(), x)
    assert torch.equal(plain, again)


@kernels
def test_copies_of_a_layer_are_the_layer(kernel: str) -> None:
    attend, run, x = layer(kernel)
    other = SlicedAttention(32, 4, kernel=kernel)
    other.load_state_dict(attend.state_dict())
    for copied in (copy.deepcopy(attend), pickle.loads(pickle.dumps(attend)), other):
        assert torch.equal(copied(x, x, x, need_weights=False)[0], run(x))


def test_the_default_device_and_dtype_are_not_those_of_the_data() -> None:
    s, v = random(0, 40_000, dtype=torch.float32), random(1, 40_000, 2, dtype=torch.float32)
    expected = hinge_sum(s, s, v), sliced_relu(s, s, v)
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float64)
    try:
        found = []
        for names in (("torch",), ("native", "torch"), ()):
            if names:
                with use(*names):
                    found.append((hinge_sum(s, s, v), sliced_relu(s, s, v)))
            else:
                found.append((hinge_sum(s, s, v), sliced_relu(s, s, v)))
    finally:
        torch.set_default_device("cpu")
        torch.set_default_dtype(torch.float32)
    for both in found:
        for a, b in zip(both, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)
