"""Training: to the bit, stopped and gone on with, and what wrong files and wrong rates get."""

import json
import math
import pickle
from dataclasses import replace

import pytest
import torch

from srviz.attention import METHODS, Heads, SlicedAttention, seeded_slice
from srviz.attention.method import LineStyle
from srviz.attention.methods import registered
from srviz.lab import Spec, Training, checkpoint, load
from srviz.lab.mixing import Attention, mixings, turned
from srviz.lab.records import at_sizes, is_due, records
from srviz.lab.train import Diverged, attentions, rate
from srviz.lab.variants import VARIANTS, variant
from tests.attention.terms import computed

SMALL = {"steps": 6, "batch": 8}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(training):
    return {name: x.clone() for name, x in training.model.state_dict().items()}


@pytest.mark.parametrize("name", ["relu", "bump", "softmax", "linear", "mean"])
def test_a_run_that_was_stopped_is_equal_to_the_bit(name):
    spec = Spec.usual("patches", name, 3, SMALL)
    whole = Training(spec)
    losses = [step.loss for step in whole.run()]
    first = Training(spec)
    for _ in range(3):
        first.step()
    second = Training(spec)
    second.resume(first.state())
    assert [step.loss for step in second.run()] == losses[3:]
    assert second.losses == losses
    assert second.seconds > first.seconds  # also the time before it was stopped
    mine, theirs = (checkpoint.load(one.state(), "training")[0] for one in (second, whole))
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_what_attends_is_the_layer_that_is_for_everyone():
    torch.manual_seed(0)
    x = torch.randn(2, 40, 32)
    for name, kernel in (("relu", "relu"), ("bump", "bump")):
        mine, theirs = Attention(METHODS[name], 32, 4), SlicedAttention(32, 4, kernel=kernel)
        for layer, part in zip((theirs.q_proj, theirs.k_proj, theirs.v_proj), mine.qkv.weight.chunk(3), strict=True):
            layer.weight.data.copy_(part)
        theirs.out_proj.load_state_dict(mine.out.state_dict())
        theirs.slice.load_state_dict(mine.slice.state_dict())
        expected, _ = theirs(x, x, x, need_weights=False)
        assert torch.allclose(mine(x), expected, atol=2e-6)


def test_a_method_without_straight_pieces_learns_its_bandwidth():
    def weights(heads, *, effective=True):
        s, t = heads.scores
        r = s.unsqueeze(-1) - t.unsqueeze(-2)
        return (-(r / heads.bandwidth[..., None, None]).square()).exp() / t.shape[-1]

    method = replace(
        METHODS["bump"], name="gauss", label="Gauss", kernel=None, ways=(), weights=weights,
        apply=lambda heads: weights(heads) @ heads.values,
    )  # fmt: skip
    layer = Attention(method, 8, 2, bandwidth=0.5)
    layer(torch.randn(3, 5, 8)).square().sum().backward()
    assert layer.raw_bandwidth.grad.abs().min() > 0


@pytest.mark.parametrize("name", ["laplace", "mean"])  # of a variant, and of a control
def test_a_method_never_takes_the_name_of_what_else_a_model_can_be_trained_with(name):
    method = replace(METHODS["bump"], name=name, label="Other", ways=())
    with registered(method), pytest.raises(ValueError, match=f"name: .*'{name}' twice"):
        mixings()
    assert name in mixings()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_weighs_as_it_sums(name):
    torch.manual_seed(0)
    method = VARIANTS[name]
    keep = torch.rand(2, 1, 30) > 0.3
    for mask in (None, keep):
        heads = Heads(v=torch.randn(2, 3, 30, 5) + 2, s=torch.randn(2, 3, 30), t=torch.randn(2, 3, 30), key_mask=mask)
        assert torch.allclose(method.weights(heads) @ heads.v, method.apply(heads), atol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_record_of_a_variant_is_its_own(name):
    """Its arithmetic, its curve and whether a browser draws it are those of what was changed."""
    torch.manual_seed(0)
    method = VARIANTS[name]
    q, k, v = torch.randn(3, 2, 3, 30, 5, dtype=torch.float64)
    given = Heads(q, k, v).scored(seeded_slice(3, 5, method.projection, dtype=q.dtype), method)
    raw, r = method.weights(given, effective=False), given.s.unsqueeze(-1) - given.t.unsqueeze(-2)
    torch.testing.assert_close(computed(method.terms(given), given), raw)
    assert method.formula.endswith(" − row mean") == method.centred
    assert bool((method.weights(given) < 0).any()) == method.signed
    if method.kernel is not None:
        curve = method.kernel(1.0)(r)
        torch.testing.assert_close(raw * curve.sum(-1, keepdim=True), curve * raw.sum(-1, keepdim=True))
    theirs = METHODS["relu"].weights(given, effective=False)
    assert torch.allclose(raw, theirs) == (method.rule == "relu")
    assert bool((raw == 0).all(-1).any()) == bool(method.silence)


def test_everything_that_mixes_says_how_it_is_drawn():
    known = mixings()
    assert known["softmax"].look == METHODS["softmax"].look
    assert known["mean"].look == known["none"].look == LineStyle()


def test_a_variant_with_nothing_changed_is_sliced_relu():
    torch.manual_seed(0)
    same = variant("same", "Same")
    heads = Heads(v=torch.randn(2, 3, 30, 5), s=torch.randn(2, 3, 30), t=torch.randn(2, 3, 30))
    assert torch.allclose(same.apply(heads), METHODS["relu"].apply(heads), atol=1e-5)
    assert torch.allclose(same.weights(heads), METHODS["relu"].weights(heads), atol=1e-6)
    assert (same.formula, same.rule) == (METHODS["relu"].formula, METHODS["relu"].rule)
    with pytest.raises(ValueError, match="divide: expected one of"):
        variant("other", "Other", divide="columns")
    with pytest.raises(ValueError, match=r"kernel: expected one of relu, .*, got 'cubic'"):
        variant("other", "Other", kernel="cubic")


def test_rotary_products_know_the_distance_alone():
    torch.manual_seed(0)
    q, k = torch.randn(8), torch.randn(8)
    products = turned(q.expand(20, 8)) @ turned(k.expand(20, 8)).T
    for apart in range(-19, 20):
        along = products.diagonal(apart)
        assert torch.allclose(along, along[0].expand_as(along), atol=1e-4)


def test_the_rate_rises_and_falls():
    rates = [rate(2.0, step, 100, 0.05) for step in range(100)]
    assert rates[4] == 2.0
    assert rates[:5] == sorted(rates[:5])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] < 0.01
    assert sum(is_due(step, 300, 12) for step in range(1, 301)) == 12
    assert is_due(300, 300, 12)


def test_a_few_seconds_teach_something():
    training = Training(Spec.usual("patches", "relu", 0, {"steps": 150}))
    losses = [step.loss for step in training.run()]
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])
    assert training.test().accuracy > 0.3  # a guess is right in one of ten


def test_time_in_what_mixes_is_a_part_of_the_step():
    training = Training(Spec.usual("solids", "relu", 0, {"steps": 3, "batch": 8}))
    for step in training.run():
        assert 0 < step.mixing < step.seconds


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_curve():
    training = Training(
        Spec.usual(
            "patches", "relu", 0, {"steps": 400, "rate": 100.0, "clip": 1e6, "norm": "none", "layers": 8, "batch": 4}
        )
    )
    said = list(records(training, looks=0))
    assert "the learning rate is too high" in said[-1]["diverged"]
    losses = [loss for record in said for loss in record.get("losses", [])]
    assert len(losses) == said[-1]["step"] - 1
    assert all(map(math.isfinite, losses))
    assert not any("end" in record for record in said)
    with pytest.raises(Diverged):
        training.step()


@pytest.mark.parametrize("looks", [0, 40])
@pytest.mark.parametrize(
    ("task", "name", "changes", "done"),
    [
        ("recall", "bump", {"layers": 8, "steps": 12}, 1),  # attention refuses the scores of a test
        ("recall", "softmax", {"layers": 8, "steps": 12}, 1),  # the answers of a test are NaN
        ("solids", "softmax", {"steps": 2}, 2),  # the test after the last step is the first that has no loss
    ],
)
def test_a_test_or_a_look_without_a_number_ends_the_run_as_a_step_does(task, name, changes, done, looks):
    spec = Spec.usual(task, name, 0, changes | {"rate": 100.0, "norm": "none", "batch": 4})
    said = list(records(Training(spec), looks=looks))
    json.dumps(said, allow_nan=False)
    assert said[-1]["step"] == 2
    assert "at step 2: the learning rate is too high" in said[-1]["diverged"]
    assert len([loss for record in said for loss in record.get("losses", [])]) == done


def test_a_length_at_which_a_model_has_no_answers_is_left_out(monkeypatch):
    training = Training(Spec.usual("recall", "mean", 0, SMALL))
    whole, tested = at_sizes(training), training.data.test

    def wrong_at_64(n, most):
        batch = tested(n, most)
        training.model.head.bias.data.fill_(math.inf if n == 64 else 0.0)
        return batch

    monkeypatch.setattr(training.data, "test", wrong_at_64)
    assert whole.keys() - at_sizes(training).keys() == {"64"}


def test_records_say_all_that_a_page_draws():
    spec = Spec.usual("patches", "relu", 0, SMALL)
    said = list(records(Training(spec), looks=3, tests=2))
    assert said[0]["begin"]["run"] == spec.to_json()
    assert [loss for record in said for loss in record.get("losses", [])]
    looks = [record for record in said if "look" in record]
    assert [record["step"] for record in looks] == [0, 2, 4, 6]
    assert looks[0]["look"]["received"]["shape"] == [3, 4, 17]
    assert set(looks[0]["look"]) == {"says", "received", "s", "t"}
    assert [record["step"] for record in said if "test" in record] == [3, 6]
    end = said[-1]
    assert 0 < end["end"]["mixing"] < end["end"]["seconds"]
    assert len(end["end"]["confusion"]) == 10


def test_a_state_is_told_after_all_that_led_to_it():
    told = 0
    for record in records(Training(Spec.usual("patches", "mean", 0, SMALL)), looks=0, tests=1, state_seconds=0):
        told += len(record.get("losses", []))
        if "state" in record:
            assert told == record["step"]


def test_a_look_is_what_the_weights_say():
    from srviz.lab.look import look

    training = Training(Spec.usual("patches", "softmax", 0, SMALL))
    one = training.data.test(16, 1)
    seen = look(training.model, one)
    assert [len(pair) for pair in seen["says"]] == [2, 2, 2]
    assert 1 > seen["says"][0][1] > seen["says"][2][1] > 0
    import base64

    levels = list(base64.b64decode(seen["received"]["levels"]))
    values = [low + b * step for low, step, row in zip(
        seen["received"]["low"], seen["received"]["step"], [levels[k : k + 17] for k in range(0, len(levels), 17)],
        strict=True) for b in row]  # fmt: skip
    assert sum(values) == pytest.approx(3 * 4 * 17, rel=0.01)  # rows of softmax sum to 1, so the mean is an even share
    assert all(layer.watched is None for layer in attentions(training.model))


# ---- files


def trained(task="patches", name="relu", steps=2):
    training = Training(Spec.usual(task, name, 0, {"steps": steps, "batch": 4}))
    for _ in training.run():
        pass
    return training


def test_weights_come_back_from_their_file():
    training = trained()
    model, spec = load(training.weights())
    assert spec == training.spec
    batch = training.data.test(16, 20)
    assert torch.equal(model(batch.x), training.model.eval()(batch.x))


def test_wrong_files_get_a_sentence():
    training = trained()
    whole, state = training.weights(), training.state()
    for data, sentence in (
        (b"", "not a whole file"),
        (whole[:1000], "not a whole file"),
        (whole[:-5], "not a whole file"),
        (pickle.dumps({"a": 1}), "not a whole file"),
        ((2**40).to_bytes(8, "little") + b"{}", "not a whole file"),
        (state, "holds a training that can go on, not a trained model"),
    ):
        with pytest.raises(ValueError, match=sentence):
            load(data)
    with pytest.raises(ValueError, match="holds a trained model, not a training"):
        training.resume(whole)
    with pytest.raises(ValueError, match="of another run: recall, relu, seed 0, not patches, relu, seed 0"):
        training.resume(trained("recall").state())
    with pytest.raises(ValueError, match=r"of another run: steps 2, not 6, rate 0.004, not 0.01\.$"):
        Training(Spec.usual("patches", "relu", 0, SMALL | {"batch": 4, "rate": 0.01})).resume(state)
    from safetensors.torch import save

    with pytest.raises(ValueError, match="not written by this lab"):
        load(save({"a": torch.zeros(2)}))
    for said, sentence in (
        ("{", "not written by this lab"),
        ("[]", "not written by this lab"),
        ('{"format": "0", "kind": "weights", "words": {}}', "by another version"),
        ('{"format": "1", "kind": "weights", "words": []}', "by another version"),
        ('{"format": "1", "kind": "weights", "words": {"run": 3}}', "run: expected an object"),
        ('{"format": "1", "kind": "weights", "words": {"run": {"task": "patches", "method": "relu"}}}', "do not fit"),
    ):
        with pytest.raises(ValueError, match=sentence):
            load(save({"a": torch.zeros(2)}, {"srviz": said}))


def test_a_state_from_before_a_recipe_had_an_entry_goes_on():
    training = trained("recall")
    held, words = checkpoint.load(training.state(), "training")
    del words["run"]["recipe"]["bandwidth"]
    other = Training(training.spec)
    other.resume(checkpoint.save("training", held, words))
    assert other.done == training.done


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"task": "chess", "method": "relu"}, "task: expected one of"),
        ({"task": 3, "method": "relu"}, "task: expected one of"),
        ({"task": "patches", "method": "magic"}, "method: expected one of"),
        ({"task": "patches", "method": ["relu"]}, "method: expected one of"),
        ({"task": "patches", "method": "relu", "seed": -1}, "seed: expected a whole number"),
        ({"task": "patches", "method": "relu", "seed": True}, "seed: expected a whole number"),
        ({"task": "patches", "method": "relu", "recipe": {"n": -4}}, "n: expected a whole number from 1"),
        ({"task": "patches", "method": "relu", "recipe": {"n": 4.5}}, "n: expected a whole number from 1"),
        ({"task": "patches", "method": "relu", "recipe": {"rate": float("nan")}}, "rate: expected a number"),
        ({"task": "patches", "method": "relu", "recipe": {"rate": "fast"}}, "rate: expected a number"),
        ({"task": "patches", "method": "relu", "recipe": {"heads": 5}}, "heads: expected a divisor"),
        ({"task": "letters", "method": "relu", "recipe": {"heads": 64}}, "heads: rotary positions need an even"),
        ({"task": "patches", "method": "relu", "recipe": {"norm": "group"}}, "norm: expected one of"),
        ({"task": "patches", "method": "relu", "recipe": {"colour": 1}}, "recipe: expected entries among"),
        ({"task": "patches", "method": "relu", "recipe": [1]}, "recipe: expected an object"),
        ({"task": "patches", "method": "relu", "speed": 2}, "run: expected task, method, seed and recipe"),
        (["patches"], "run: expected an object"),
    ],
)
def test_a_wrong_run_gets_a_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        Spec.of_json(given)


def test_a_pointwise_part_too_narrow_to_make_up_for_the_slice():
    with pytest.raises(ValueError, match="feedforward: expected enough width"):
        Training(Spec.usual("patches", "relu", 0, {"feedforward": 0.4}))
