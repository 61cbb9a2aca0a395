"""Fits to contexts: names of the family, where tokens are after every layer, and how many steps it takes."""

import base64
import math
import struct

import pytest
import torch

from srviz.attention.checks import NotFinite
from srviz.jobs import Packed
from srviz.lab import Spec, Training, contexts
from srviz.lab.cli import main
from srviz.lab.jobs import apart as job
from srviz.lab.look import silent
from srviz.lab.tasks import apart, data, find
from srviz.lab.train import losses
from srviz.lab.until import read, until

QUICK = {"steps": 12, "width": 8, "heads": 2}


def spec(name="apart:any,sequences=3", mixing="relu", **changes):
    return Spec.usual(name, mixing, 0, QUICK | changes)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("any", 4, 0, 0.0), "apart:any"),
        (("moments", 8, 3, 0.5), "apart:moments,sequences=8,seed=3,close=0.5"),
        (("means", 4, 0, 0, apart.written({2: (0.25, -0.5)})), "apart:means,moved=CmSc"),
    ],
)
def test_a_name_says_what_is_made(arguments, name):
    assert apart.named(*arguments) == name
    task = find(name)
    assert task.name == name
    made = apart.read(name.partition(":")[2])
    batch = data(name).test(contexts.n)
    assert torch.equal(batch.x, made.tokens.float())
    assert torch.equal(batch.y, made.targets.float())
    assert len(batch) == task.recipe.batch == arguments[1]


def test_places_moved_by_hand_are_written_and_read():
    given = {0: (0.0, 1.275), 47: (-1.28, 0.005), 20: (5.0, -9.0)}
    found = apart.places("moved", apart.written(given))
    assert found == {
        0: pytest.approx((0, 1.275)), 47: pytest.approx((-1.28, 0.005)), 20: pytest.approx((1.275, -1.28)),
    }  # fmt: skip
    everything = apart.written(dict.fromkeys(range(8 * contexts.n), (0.1, 0.1)))
    name = apart.named("moments", 8, 9999, 0.99, apart.written(dict.fromkeys(range(21), (1, 1))), everything)
    assert find(name).name == name  # all that can be moved, and it is not too long


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("apart:", "kind: expected one of any, means, moments, got ''"),
        ("apart:any,", "apart: expected a kind, then sequences=…"),
        ("apart:any,count=3", "separated by commas, got 'count=3'"),
        ("apart:any,seed", "separated by commas, got 'seed'"),
        ("apart:any,seed=-1", "seed: expected a whole number from 0 to 9999, got '-1'"),
        ("apart:any,seed=²", "seed: expected a whole number"),
        ("apart:any,seed=99999999999", "seed: expected a whole number"),
        ("apart:any,sequences=1", "sequences: expected a whole number from 2 to 8"),
        ("apart:any,close=nan", "close: expected a number from 0 to 1"),
        ("apart:any,close=1e400", "close: expected a number from 0 to 1"),
        ("apart:any,moved=abc", "moved: expected places in four letters each"),
        ("apart:any,aimed=ab<b", "aimed: expected places in four letters each"),
        ("apart:" + "any," * 200, "task: expected one of"),
    ],
)
def test_a_bad_name_gets_a_sentence(name, sentence):
    with pytest.raises(ValueError, match=sentence):
        spec(name)


def test_fewer_contexts_a_step_and_other_numbers_of_tokens():
    crowds = data("apart:any,sequences=5")
    some = crowds.train(torch.Generator().manual_seed(1), 2, contexts.n)
    assert len(some) == 2
    with pytest.raises(ValueError, match="n: expected 6, the tokens of a sequence, got 7"):
        crowds.test(7)


def unpacked(look):
    shape, held = look["shape"], base64.b64decode(look["levels"])
    levels = torch.tensor(struct.unpack(f"<{len(held) // 2}H", held)).double()
    return (levels.view(*shape) - job.MIDDLE) * job.UNIT


@pytest.mark.parametrize("mixing", ["relu", "softmax", "mean"])
def test_places_are_those_after_every_layer(mixing):
    training = Training(spec(mixing=mixing, norm="layer"))
    for _ in training.run():
        pass
    batch, model = training.data.test(contexts.n), training.model.eval()
    found = job.places(model, batch)
    assert found.shape == (3, 3, contexts.n, 2)
    with torch.no_grad():
        assert torch.equal(found[-1], model(batch.x))
        assert torch.equal(found[0], model.head(model.norm(model.embed(batch.x))))
    flat, twins = found[0].flatten(0, 1), training.data.contexts.twins
    assert torch.equal(flat[twins[:, 0]], flat[twins[:, 1]])  # before attention a token knows nothing of its crowd
    torch.testing.assert_close(unpacked(job.packed(found)), found.double(), rtol=0, atol=6e-4)


def test_a_fit_stops_and_goes_on_to_the_same_end():
    runs = [spec().to_json(), spec(mixing="mean").to_json()]
    plan = {"job": "lab.apart", "runs": runs, "looks": 4, "state_seconds": 0.0}
    whole = list(job.run(plan, {}))
    for number in (0, 1):
        looks = [record["step"] for record in whole if record["run"] == number and "look" in record]
        assert looks == [0, 3, 6, 9, 12]
    states = {r["run"]: r["state"] for r in whole if "state" in r and r["step"] == 6}
    again = list(job.run(plan, {f"state {number}": Packed.of_json(state) for number, state in states.items()}))
    for number in (0, 1):
        first, second = (
            {r["step"]: r["look"] for r in records if r["run"] == number and "look" in r} for records in (whole, again)
        )
        assert list(second) == [9, 12]
        assert all(second[step] == first[step] for step in second)
    ends = [{r["run"]: r["weights"]["base64"] for r in records if "end" in r} for records in (whole, again)]
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ([], "runs: expected a list of 1 to 16 of them"),
        ("apart:any", "runs: expected a list"),
        ([{"task": "recall", "method": "relu"}], "runs: expected tasks of the family apart"),
        ([{"task": "apart:any", "method": "nothing"}], "method: expected one of"),
    ],
)
def test_a_wrong_plan_gets_a_sentence(runs, sentence):
    with pytest.raises(ValueError, match=sentence):
        list(job.run({"runs": runs}, {}))


def test_a_plain_mean_in_one_layer_cannot_tell_equal_means_apart():
    """The embedding is linear and nothing is normalized: it sees the mean of the crowd, and no more."""
    for kind, same in (("means", True), ("moments", True), ("any", False)):
        training = Training(spec(f"apart:{kind},sequences=4", "mean", layers=1, steps=40))
        for _ in training.run():
            pass
        places = job.places(training.model, training.data.test(contexts.n))[-1].flatten(0, 1)
        one, other = training.data.contexts.twins.T
        apart_by = (places[one] - places[other]).abs().max()
        assert (apart_by < 1e-5) == same


def test_a_head_whose_queries_lie_below_all_keys_is_silent_and_gets_no_gradient():
    training = Training(spec(layers=1))
    batch, model, mix = training.data.test(contexts.n), training.model, training.model.blocks[0].mix
    assert silent(model, batch) == [2, 0]
    with torch.no_grad():  # Π adds up what is positive: −5 for every query, 5 for every key, nearly
        mix.qkv.weight[:16] *= 0.01
        mix.qkv.bias[:8], mix.qkv.bias[8:16] = -5, 5
        mix.slice.pi[0].weight.copy_(torch.eye(8))
        mix.slice.pi[2].weight.fill_(1)
    assert silent(model, batch) == [2, 2]
    losses(model.train()(batch.x), batch.y).backward()
    assert not mix.qkv.weight.grad.any()
    assert not any(parameter.grad.any() for parameter in mix.slice.parameters())
    assert model.head.weight.grad.any()
    assert silent(Training(spec(mixing="mean")).model, batch) == [0, 0]


def test_until_stops_where_all_are_right():
    found = until(spec("apart:any,sequences=2", "softmax", steps=600, width=32, heads=4))
    assert found["right"] == 1
    assert found["until"] == found["steps"] < 600
    assert found["until"] % 10 == 0
    assert found["distance"] == pytest.approx(contexts.smallest(contexts.make("any", 2, 0)))
    assert until(spec(steps=1))["until"] is None


def test_until_of_a_run_without_a_loss_says_so():
    found = until(spec(mixing="bump", steps=12, layers=8, rate=100.0))
    assert (found["until"], found["right"], found["diverged"], found["steps"]) == (None, 0.0, 2, 1)


def test_places_that_are_no_numbers_are_not_told():
    training = Training(spec())
    training.model.head.bias.data.fill_(math.nan)
    with pytest.raises(NotFinite):
        job.places(training.model, training.data.test(contexts.n))


def test_the_command_does_what_is_missing(tmp_path, capsys):
    plan, out = tmp_path / "plan.json", tmp_path / "out.json"
    plan.write_text('{"tasks": ["apart:any"], "methods": ["mean"], "seeds": [0, 1], "recipes": [{"steps": 3}]}')
    assert main(["until", str(plan), "--out", str(out)]) == 0
    held = read(out)
    assert [one["run"]["seed"] for one in held["runs"]] == [0, 1]
    assert {"date", "processor", "torch"} <= set(held["where"])
    capsys.readouterr()
    assert main(["until", str(plan), "--out", str(out)]) == 0
    assert capsys.readouterr().out == ""  # nothing was missing
    for wrong in ("", "[1]", '{"format": "another", "runs": []}', "[" * 100_000):
        out.write_text(wrong)
        assert main(["until", str(plan), "--out", str(out)]) == 2
        assert "expected what `python -m srviz.lab until` wrote" in capsys.readouterr().err
