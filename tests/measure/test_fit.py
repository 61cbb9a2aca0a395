"""Fits come nearer to a pattern, and the distance is what it says."""

import pytest
import torch

from srviz.attention import METHODS
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.jobs import Packed
from srviz.measure.arrays import pack, unpack
from srviz.measure.fit import Fit, distance
from srviz.measure.jobs import fit as job


def problem(name, n=24):
    tokens = INPUTS[name].make(n, random_state=1)
    return torch.from_numpy(tokens.x), torch.from_numpy(PATTERNS[name](tokens))


def test_the_distance_does_not_see_the_scale():
    pattern = torch.eye(5, dtype=torch.float64)
    assert distance(3 * pattern, pattern) < 1e-12
    assert distance(torch.ones(5, 5, dtype=torch.float64), pattern) == pytest.approx((1 - 1 / 5) ** 0.5)
    assert distance(torch.zeros(5, 5, dtype=torch.float64), pattern) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_fit_comes_nearer_step_by_step(method):
    steps = list(Fit(method, *problem("clusters"), steps=40, starts=2).run())
    assert [step.step for step in steps] == list(range(1, 81))
    assert steps[-1].steps == 80
    best = [step.best for step in steps]
    assert best == sorted(best, reverse=True)
    assert best[-1] < steps[0].distance - 0.05
    assert distance(steps[-1].weights, problem("clusters")[1]).item() == pytest.approx(best[-1], abs=1e-5)


@pytest.mark.parametrize("method", ["softmax", "relu", "linear"])
def test_a_needle_is_found_by_every_head_that_has_a_bias(method):
    tokens = INPUTS["needle"].make(24, random_state=1)
    pattern = torch.from_numpy(PATTERNS["needle"](tokens))
    assert list(Fit(method, torch.from_numpy(tokens.x), pattern).run())[-1].best < 0.05


def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    return before


@pytest.mark.parametrize("stopped", [1, 17, 30, 31, 59, 60], ids="after step {}".format)
@pytest.mark.parametrize("method", METHODS)
def test_a_fit_that_goes_on_is_bit_for_bit_one_that_was_not_stopped(method, stopped):
    """Two starts of 30 steps; also from the last step of a start, and from the very end."""
    before = one_thread()
    whole = list(Fit(method, *problem("clusters"), steps=30, starts=2).run())
    first = Fit(method, *problem("clusters"), steps=30, starts=2)
    for step in first.run():
        if step.step == stopped:
            break
    then = Fit(method, *problem("clusters"), steps=30, starts=2)
    then.resume(first.state())
    rest = list(then.run())
    assert [step.step for step in rest] == list(range(stopped + 1, 61))
    for found, expected in zip(rest, whole[stopped:], strict=True):
        assert (found.distance, found.best) == (expected.distance, expected.best)
        assert torch.equal(found.weights, expected.weights)
    assert torch.equal(then.weights, whole[-1].weights)
    torch.set_num_threads(before)


def asked(method, state=None, **plan):
    x, pattern = problem("clusters")
    attachments = {"x": pack(x), "pattern": pack(pattern)} | ({"state": state} if state else {})
    before = torch.get_num_threads()
    records = list(job.run({"method": method, "steps": 25, "starts": 1} | plan, attachments))
    torch.set_num_threads(before)
    return records


def test_the_job_goes_on_from_any_of_its_records():
    whole = asked("relu")
    assert [record["step"] for record in whole] == [1, 10, 20, 25]
    for number, record in enumerate(whole):
        rest = asked("relu", Packed.of_json(record["state"]))
        if not rest:
            assert number == len(whole) - 1
            continue
        assert (rest[-1]["step"], rest[-1]["steps"]) == (25, 25)
        assert rest[-1]["best"] == whole[-1]["best"]
        assert rest[-1]["weights"] == whole[-1]["weights"]
    _, pattern = problem("clusters")
    assert distance(unpack(Packed.of_json(whole[-1]["weights"])), pattern).item() == pytest.approx(whole[-1]["best"])


def test_the_job_refuses_what_is_no_method_and_what_lacks_its_tokens():
    with pytest.raises(ValueError, match="method: expected one of"):
        asked("no such")
    with pytest.raises(ValueError, match="expected x, got none"):
        list(job.run({"method": "relu"}, {}))
