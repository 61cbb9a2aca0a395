"""Programs and transforms inside each other: function and layer, with masks, by chosen engines, on bad numbers."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from srviz.attention import SlicedAttention, sliced_bump, sliced_relu, use
from tests.attention import rules
from tests.attention.problems import random, relative
from tests.attention.rules import Net, Operator, kernels, layer, operators, problem, sizes

pytestmark = rules.marks
masked = pytest.mark.parametrize(
    "operator", [rules.OPERATORS["relu"][0], rules.OPERATORS["bump"][0]], ids=["relu", "bump"]
)
Shapes = list[dict[int, torch.export.Dim]]


class Function(nn.Module):
    """A function as a module, which is what can be exported."""

    def __init__(self, function: Operator) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def exported(function: Operator, *inputs: Tensor, shapes: Shapes | None = None) -> Operator:
    """The program of a function. shapes: which dimensions of its inputs may change."""
    module = function if isinstance(function, nn.Module) else Function(function)
    given = None if shapes is None else ((tuple(shapes),) if module is not function else tuple(shapes))
    program: Operator = torch.export.export(module, inputs, dynamic_shapes=given).module()
    return program


def compiled(function: Operator) -> Operator:
    program: Operator = torch.compile(function, fullgraph=True, backend="aot_eager")
    return program


def transformed(f: Operator, *x: Tensor) -> Iterator[Tensor]:
    """A derivative forward, a gradient, and a batch of two."""
    s, *others = x
    yield torch.func.jvp(f, x, tuple(part.sin() for part in x))[1]
    yield torch.func.grad(lambda s: f(s, *others).sin().sum())(s)
    yield torch.vmap(f)(*(torch.stack((part, part / 2)) for part in x))


def penalty(f: Operator, *x: Tensor) -> list[Tensor]:
    """The gradients of a sum of squares of gradients."""
    leaves = [part.clone().requires_grad_() for part in x]
    first = torch.autograd.grad(f(*leaves).sin().sum(), leaves, create_graph=True)
    total: Any = sum(part.square().sum() for part in first)
    return list(torch.autograd.grad(total, leaves))


def dual(f: Operator, *x: Tensor) -> Tensor:
    """The same derivative forward, by dual numbers."""
    with forward_ad.dual_level():
        found: Tensor = forward_ad.unpack_dual(f(*(forward_ad.make_dual(part, part.sin()) for part in x))).tangent
        return found


# Transforms in a program, and of one


@operators
@pytest.mark.parametrize("n", [300])
def test_transforms_within_a_program(operator: Operator, formula: Operator, n: int) -> None:
    inputs = problem(n, torch.float64)
    found = compiled(lambda *x: tuple(transformed(operator, *x)))(*inputs)
    for a, b in zip(found, transformed(formula, *inputs), strict=True):
        torch.testing.assert_close(a, b)
        assert b.any()


@operators
@sizes
@pytest.mark.filterwarnings("error:There is a performance drop")
def test_transforms_of_an_exported_program(operator: Operator, formula: Operator, n: int) -> None:
    inputs = problem(n, torch.float64)
    program = exported(operator, *inputs)
    for a, b in zip(transformed(program, *inputs), transformed(formula, *inputs), strict=True):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(dual(program, *inputs), dual(formula, *inputs))
    for a, b in zip(penalty(program, *inputs), penalty(formula, *inputs), strict=True):
        torch.testing.assert_close(a, b)


@operators
def test_dual_numbers_through_a_compiled_program(operator: Operator, formula: Operator) -> None:
    inputs = problem(20, torch.float64)
    torch.testing.assert_close(dual(compiled(operator), *inputs), dual(formula, *inputs))


@operators
def test_an_upstream_gradient_that_is_a_dual_number(operator: Operator, formula: Operator) -> None:
    found = []
    for f in (operator, formula):
        leaves = [x.requires_grad_() for x in problem(40, torch.float64)]
        y = f(*leaves)
        with forward_ad.dual_level():
            g = forward_ad.make_dual(torch.ones_like(y), y.detach())
            found.append(forward_ad.unpack_dual(torch.autograd.grad(y, leaves[2], g)[0]).tangent)
    torch.testing.assert_close(*found)


class Marked(Tensor):
    """Another kind of tensor."""


@operators
@sizes
def test_second_derivatives_of_another_kind_of_tensor_and_while_operations_are_counted(
    operator: Operator, formula: Operator, n: int
) -> None:
    inputs = problem(n, torch.float64)
    expected = penalty(formula, *inputs)
    with FlopCounterMode(display=False):
        counted = penalty(operator, *inputs)
    for found in (counted, penalty(operator, *(x.as_subclass(Marked) for x in inputs))):
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a.as_subclass(Tensor), b)


@operators
def test_a_program_of_gradients_is_differentiated_on(operator: Operator, formula: Operator) -> None:
    inputs = [x.requires_grad_() for x in problem(20, torch.float64)]

    def gradients(f: Operator, *x: Tensor, again: bool = False) -> list[Tensor]:
        return list(torch.autograd.grad(f(*x).sin().sum(), x, create_graph=again))

    program = make_fx(lambda *x: gradients(operator, *x), tracing_mode="fake")(*inputs)
    assert "_backward" in program.code
    first = gradients(formula, *inputs, again=True)
    g = [x.detach().cos() for x in first]
    found, expected = (torch.autograd.grad(y, inputs, g) for y in (program(*inputs), first))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)
    forward = torch.func.jvp(lambda *x: tuple(program(*x)), tuple(inputs), tuple(g))[1]
    for a, b in zip(forward, expected, strict=True):  # of second derivatives it does not matter which comes first
        torch.testing.assert_close(a, b)
    batches = torch.vmap(program)(*(x.detach()[None] for x in inputs))
    for a, b in zip(batches, first, strict=True):
        torch.testing.assert_close(a[0], b)


HIDDEN = """
import torch
below, key = torch._C._AutoDispatchBelowAutograd, torch._C.DispatchKey.FuncTorchDynamicLayerFrontMode
del torch._C._AutoDispatchBelowAutograd, torch._C.DispatchKey.FuncTorchDynamicLayerFrontMode
from srviz.attention import sliced_relu
torch._C._AutoDispatchBelowAutograd, torch._C.DispatchKey.FuncTorchDynamicLayerFrontMode = below, key
inputs = [torch.randn(*shape, requires_grad=True) for shape in ((2, 20), (2, 25), (2, 25, 3))]
torch.func.jvp(sliced_relu, tuple(inputs), tuple(x.detach().sin() for x in inputs))
y = torch.ops.srviz.sliced_relu(*inputs, None)
found = torch.autograd.grad(y.sin().sum(), inputs, create_graph=True)
for a, b in zip(found, torch.autograd.grad(sliced_relu(*inputs).sin().sum(), inputs), strict=True):
    torch.testing.assert_close(a, b)
try:
    torch.autograd.grad(found[0].square().sum(), inputs)
except RuntimeError as error:
    print(error)
"""


def test_without_parts_that_torch_promises_to_nobody_programs_are_differentiated_once() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "srviz::sliced_relu: this version of torch can differentiate it once only" in done.stdout


def test_the_operators_keep_torchs_rules() -> None:
    s, t, v = (x.requires_grad_() for x in problem(30))
    b, scale = torch.ones(2, 1, requires_grad=True), torch.full((2, 1), 1 / 35)
    names: Any = torch.ops.srviz
    for operator, inputs in (
        (names.sliced_relu, (s, t, v, torch.arange(35).expand(2, -1) > 3)),
        (names.sliced_bump, (s, t, v, b, scale)),
        (names.kernel_sum, (s, t, v, [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0], 0.0, 0.0)),
    ):
        torch.library.opcheck(
            operator.default, inputs, test_utils=("test_schema", "test_autograd_registration", "test_faketensor")
        )


# Any number of everything


@operators
@pytest.mark.parametrize("names", [(), ("dense",)], ids=["an operator", "the formula"])
def test_an_exported_function_of_any_batch_and_any_length(
    operator: Operator, formula: Operator, names: tuple[str, ...]
) -> None:
    inputs = problem(20)
    batch, n, m = (torch.export.Dim(name, min=2, max=4096) for name in ("batch", "n", "m"))
    with use(*names) if names else contextlib.nullcontext():
        program = exported(operator, *inputs, shapes=[{0: batch, 1: n}, {0: batch, 1: m}, {0: batch, 1: m}])
    others = [torch.cat((x, x + 1, x)) for x in problem(300)]
    torch.testing.assert_close(program(*others), operator(*others), rtol=1e-4, atol=1e-5)


class Padded(Net):
    """With padding."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:  # type: ignore[override]
        y: Tensor = self.attend(x, x, x, key_padding_mask=padding, need_weights=False)[0]
        return y


@kernels
def test_an_exported_layer_of_any_batch_and_any_length(kernel: str) -> None:
    attend, _, x = layer(kernel)
    batch, n = (torch.export.Dim(name, min=2, max=4096) for name in ("batch", "n"))
    padding = torch.arange(70).expand(2, -1) > 60
    program = exported(Padded(attend), x, padding, shapes=[{0: batch, 1: n}] * 2)
    x, padding = torch.cat((x, x + 1))[:3, :31], torch.arange(31).expand(3, -1) > 20
    torch.testing.assert_close(program(x, padding), Padded(attend)(x, padding), rtol=1e-4, atol=1e-5)


# Numbers


WRONG = [-1.0, 0.0, torch.nan, torch.inf, 1e-40]


@pytest.mark.parametrize("way", [compiled, torch.vmap], ids=["compile", "vmap"])
def test_a_tensor_of_bandwidths_gives_nan_where_one_is_none(way: Callable[[Operator], Operator]) -> None:
    s, t, v = (x[:1].expand(len(WRONG) + 1, *x.shape[1:]) for x in problem(40))
    found = way(sliced_bump)(s, t, v, torch.tensor([0.4, *WRONG]))
    torch.testing.assert_close(found[0], sliced_bump(s[0], t[0], v[0], 0.4))
    assert found[1:].isnan().all()


@pytest.mark.parametrize("b", [*WRONG, 1e39])
def test_a_number_that_is_no_bandwidth_is_refused_everywhere(b: float) -> None:
    s, t, v = problem(40)
    with pytest.raises(ValueError, match="bandwidth: expected finite numbers above 0"):
        torch.vmap(lambda *x: sliced_bump(*x, b))(s, t, v)
    if b == -1:
        with pytest.raises(ValueError, match="bandwidth: expected finite numbers above 0"):
            torch.compile(lambda *x: sliced_bump(*x, b), backend="eager")(s, t, v)


@operators
@pytest.mark.parametrize("n", [3, 300])
@pytest.mark.parametrize("which", ["s", "t"])
@pytest.mark.usefixtures("path")
def test_scores_whose_differences_overflow_are_refused_or_give_nan(
    operator: Operator, formula: Operator, n: int, which: str
) -> None:
    s, t, v = problem(n)
    expected = operator(s, t, v)[1]
    (s if which == "s" else t)[0, 1] = -3e38
    with pytest.raises(ValueError, match="s, t: expected scores whose differences are finite"):
        operator(s, t, v)
    ways = [lambda *x: torch.vmap(operator)(*(part[None] for part in x))[0]]
    if n == 300 and which == "t":
        ways.append(exported(operator, *problem(n)))
    for found in (way(s, t, v) for way in ways):
        assert found[0].isnan().all()
        torch.testing.assert_close(found[1], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1e36, 3e37])
@pytest.mark.usefixtures("path")
def test_scores_whose_distances_overflow_in_their_sum_give_no_wrong_number(size: float) -> None:
    s, t, v = problem(300)
    expected = sliced_relu(s, t, v)
    ways = [lambda: sliced_relu(size * s, size * t, v), lambda: torch.vmap(sliced_relu)(size * s, size * t, v)]
    for way in ways:
        try:
            found = way()
        except ValueError:  # the engine in use cannot
            continue
        assert found.isnan().all() or relative(found, expected) < 1e-4


@pytest.mark.parametrize("n", [20, 300])
def test_large_values_under_transforms(n: int) -> None:
    s, t, v = problem(n)
    large = (v.abs() + 3) * 1e36
    wide = [x.double() for x in (s, t, large)]
    assert relative(torch.vmap(sliced_relu)(s, t, large), torch.vmap(sliced_relu)(*wide)) < 1e-4
    found, expected = (
        torch.func.jvp(lambda s, t, v: sliced_relu(s, t, v), x, (x[1][:, :n], x[0][:, :1] * x[1], x[2] / 3))[1]
        for x in ((s, t, large), tuple(wide))
    )
    assert relative(found, expected) < 1e-3


# With a mask


@masked
@sizes
def test_every_rule_with_a_mask(operator: Operator, n: int) -> None:
    s, t, v = problem(n, torch.float64)
    keep = random(7, 2, n + 5) > -0.5
    kept = [keep[row].nonzero().flatten() for row in range(2)]

    def f(*x: Tensor) -> Tensor:
        return operator(*x[:3], key_mask=x[3] if len(x) > 3 else keep)

    def rows(s: Tensor, t: Tensor, v: Tensor) -> Tensor:
        """The same without a mask, row by row."""
        return torch.stack([operator(s[row], t[row][kept[row]], v[row][kept[row]]) for row in range(2)])

    for a, b in zip(transformed(f, s, t, v), transformed(rows, s, t, v), strict=True):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(dual(f, s, t, v), dual(rows, s, t, v))
    for a, b in zip(penalty(f, s, t, v), penalty(rows, s, t, v), strict=True):
        torch.testing.assert_close(a, b)
    expected = rows(s, t, v)
    for program in (exported(f, s, t, v, keep), *([compiled(f)] if n == 300 else [])):
        torch.testing.assert_close(program(s, t, v, keep), expected)
    both = torch.vmap(lambda *x: f(*x))(*(torch.stack((x, x)) for x in (s, t, v, keep)))
    torch.testing.assert_close(both, torch.stack((expected, expected)))
    assert f(*(x.to("meta") for x in (s, t, v, keep))).shape == expected.shape


# By an engine that was chosen


@operators
@pytest.mark.parametrize("n", [300])
@pytest.mark.parametrize("name", ["torch", "dense"])
def test_a_chosen_engine_under_every_rule(operator: Operator, formula: Operator, n: int, name: str) -> None:
    inputs = [x.requires_grad_() for x in problem(n, torch.float64)]
    expected = formula(*inputs)
    gradients = torch.autograd.grad(expected.sin().sum(), inputs)
    with use(name):
        ways = {
            "export": exported(operator, *inputs),
            "checkpoint": lambda *x: checkpoint(operator, *x, use_reentrant=False),
            "vmap": lambda *x: torch.vmap(operator)(*(part[None] for part in x))[0],
        } | ({"compile": compiled(operator)} if name == "torch" else {})
        for way in ways.values():
            found = way(*inputs)
            torch.testing.assert_close(found, expected)
            for a, b in zip(torch.autograd.grad(found.sin().sum(), inputs), gradients, strict=True):
                torch.testing.assert_close(a, b)


@operators
@sizes
@pytest.mark.usefixtures("path")
def test_a_checkpoint_of_a_function(operator: Operator, formula: Operator, n: int) -> None:
    inputs = [x.requires_grad_() for x in problem(n)]
    plain = torch.autograd.grad(operator(*inputs).sin().sum(), inputs)
    for entered_again in (False, True):
        y = checkpoint(operator, *inputs, use_reentrant=entered_again)
        y.sin().sum().backward()
        for a, b in zip(inputs, plain, strict=True):
            assert a.grad is not None
            assert torch.equal(a.grad, b)
            a.grad = None


# The layer


def attention(kernel: str, padded: bool) -> tuple[SlicedAttention, Operator, Tensor]:
    """Self-attention in float64, with the last tokens as padding or without, and an input (2, 40, 32)."""
    attend, _, x = layer(kernel)
    attend, x = attend.double(), x[:, :40].double()
    padding = torch.arange(40).expand(2, -1) > torch.tensor([[30], [38]]) if padded else None
    return attend, lambda x: attend(x, x, x, key_padding_mask=padding, need_weights=False)[0], x


@kernels
@pytest.mark.parametrize("padded", [False, True], ids=["no padding", "padding"])
def test_a_layer_under_every_rule(kernel: str, padded: bool) -> None:
    _, run, x = attention(kernel, padded)
    direction, step = random(9, *x.shape), 1e-6
    along = (run(x + step * direction) - run(x - step * direction)) / (2 * step)
    torch.testing.assert_close(torch.func.jvp(run, (x,), (direction,))[1], along, rtol=1e-4, atol=1e-6)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(run(forward_ad.make_dual(x, direction))).tangent
    torch.testing.assert_close(tangent, along, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(torch.vmap(run)(torch.stack((x, x + 1))), torch.stack([run(x), run(x + 1)]))
    one = torch.tensor(1.0, dtype=torch.float64)
    few = torch.func.jacrev(lambda z: run(x * z)[0, :3, 0])(one)
    torch.testing.assert_close(few, torch.func.jacfwd(lambda z: run(x * z)[0, :3, 0])(one))

    def squared(x: Tensor) -> Tensor:
        leaf = x.detach().requires_grad_()
        return torch.autograd.grad(run(leaf).sin().sum(), leaf)[0].square().sum()

    (curvature,) = penalty(run, x)
    change = (squared(x + step * direction) - squared(x - step * direction)) / (2 * step)
    torch.testing.assert_close((curvature * direction).sum(), change, rtol=1e-3, atol=1e-4)


@kernels
def test_the_gradients_of_a_compiled_layer(kernel: str) -> None:
    attend, run, x = attention(kernel, padded=True)
    leaves = [x.requires_grad_(), *attend.parameters()]
    found, expected = (torch.autograd.grad(f(x).sin().sum(), leaves) for f in (compiled(run), run))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


@kernels
def test_a_layer_without_numbers_and_with_padding(kernel: str) -> None:
    attend = SlicedAttention(32, 4, kernel=kernel, device="meta")
    x = torch.empty(2, 9, 32, device="meta")
    for padding in (torch.empty(2, 9, device="meta", dtype=torch.bool), torch.empty(2, 9, device="meta")):
        assert attend(x, x, x, key_padding_mask=padding)[1].shape == (2, 9, 9)


@kernels
def test_a_floating_mask_of_other_numbers_makes_nan_of_its_row_in_a_program(kernel: str) -> None:
    _, _, x = layer(kernel)
    attend, x = Padded(layer(kernel)[0]), x[:, :9]
    padding = torch.zeros(2, 9)
    padding[:, -1] = -torch.inf
    expected = attend(x, padding)
    wrong = padding.clone()
    wrong[1, 3] = 1.0
    with pytest.raises(ValueError, match="key_padding_mask: expected 0 or −inf in a floating mask"):
        attend(x, wrong)
    program = exported(attend, x, padding)
    torch.testing.assert_close(program(x, padding), expected)
    found = program(x, wrong)
    torch.testing.assert_close(found[0], expected[0])
    assert found[1].isnan().all()


def test_inside_torchs_own_transformer_under_compile() -> None:
    """Its decoder attends to itself and to what the encoder remembers, of another length."""
    whole = nn.Transformer(16, 2, 1, 1, 32, batch_first=True, dropout=0.0)
    for part in (*whole.encoder.layers, *whole.decoder.layers):
        part.self_attn = SlicedAttention(16, 2)
    whole.decoder.layers[0].multihead_attn = SlicedAttention(16, 2, kernel="bump")
    given, asked = random(1, 2, 30, 16, dtype=torch.float32), random(2, 2, 20, 16, dtype=torch.float32)
    found = torch.compile(whole, backend="aot_eager")(given, asked)
    torch.testing.assert_close(found, whole(given, asked), rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(not shutil.which("g++"), reason="torch compiles by a C++ compiler")
def test_compiled_by_torchs_own_compiler() -> None:
    inputs = problem(20)
    torch.testing.assert_close(torch.compile(sliced_relu, fullgraph=True)(*inputs), sliced_relu(*inputs))
