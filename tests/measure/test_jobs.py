"""The jobs of this room: what they say, and that what was stopped goes on to the same end."""

import json

import pytest
import torch

from srviz.attention import sliced_relu
from srviz.jobs import Packed
from srviz.measure import everything, rows
from srviz.measure.arrays import attached, pack, unpack
from srviz.measure.curve import Timing
from srviz.measure.jobs import attend, curve, routes


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def records(job, plan, **tensors):
    """What a job says, each record through JSON and back."""
    said = job.run(plan, {name: pack(x) for name, x in tensors.items()})
    return [json.loads(json.dumps(record)) for record in said]


def drawn(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("x", [drawn(3, 4), drawn(2, 3).T, torch.arange(5), torch.empty(0, 3), torch.tensor(2.0)])
def test_a_tensor_crosses_as_it_is(x):
    found = unpack(Packed.of_json(json.loads(json.dumps(pack(x).to_json()))))
    assert found.dtype == x.dtype
    assert torch.equal(found, x)


def test_a_tensor_that_is_missing_is_named():
    with pytest.raises(ValueError, match="expected v, got s, t"):
        attached({"s": pack(drawn(1)), "t": pack(drawn(1))}, "v")


def both_routes(first=0, sorted_=True):
    s, t, v = drawn(50), drawn(50, seed=4), drawn(50, 2, seed=5)
    found = records(routes, {"device": "cpu", "first": first, "sorted": sorted_}, s=s, t=t, v=v)
    return [record for record in found if "stop" in record], [record for record in found if "sorted_seconds" in record]


def test_the_n2_route_goes_on_where_it_was_stopped(monkeypatch):
    monkeypatch.setattr(rows, "MOST_PAIRS", 50 * 7)
    whole, timed = both_routes()
    assert [part["stop"] for part in whole] == [7, 14, 21, 28, 35, 42, 49, 50]
    assert timed[0]["sorted_seconds"] > 0
    for done, part in enumerate(whole[:-1], 1):
        rest, again = both_routes(part["stop"], sorted_=False)
        assert not again
        assert [(x["stop"], x["largest"]) for x in rest] == [(x["stop"], x["largest"]) for x in whole[done:]]
    assert max(part["largest"] for part in whole) < 1e-5


def test_the_difference_of_the_routes_is_measured_and_not_assumed(monkeypatch):
    monkeypatch.setattr(routes, "sliced_relu", lambda s, t, v: sliced_relu(s, t, v) + (torch.arange(50)[:, None] == 30))
    monkeypatch.setattr(rows, "MOST_PAIRS", 50 * 25)
    assert [round(part["largest"], 3) for part in both_routes()[0]] == [0, 1]


PLAN = {
    "device": "cpu", "threads": 1, "heads": 3, "head_dim": 4,
    "method": "relu", "projection": "mlp", "beside": "softmax", "seed": 2, "patience_seconds": 100.0,
    "heads_done": 0, "rows": 0, "estimate_seconds": None,
}  # fmt: skip


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(everything, "_seconds", lambda *_: tuple(1e-9 * n * n for n in everything.SIZES))
    monkeypatch.setattr(everything, "MOST_PAIRS", 3 * 40 * 15)


def test_all_attend_and_the_rest_is_the_same_after_a_stop(quick):
    x, seen = drawn(40, 3), torch.arange(0, 40, 3)
    whole = records(attend, PLAN, x=x, drawn=seen)
    assert whole[0]["on"].startswith("CPU")
    heads = [record for record in whole if "colours" in record]
    assert [record["heads"] for record in heads] == [1, 2, 3]
    outputs = torch.cat([unpack(Packed.of_json(record["y"])) for record in heads], 1)
    assert outputs.shape == (14, 12)
    colours = unpack(Packed.of_json(heads[-1]["colours"]))
    assert torch.equal(colours, everything.components(outputs))
    (estimate,) = [record["estimate"] for record in whole if "estimate" in record]
    assert [record["rows"] for record in whole if "rows" in record] == [15, 30, 40]
    for done in (1, 2):
        rest = records(attend, PLAN | {"heads_done": done}, x=x, drawn=seen, y=outputs[:, : 4 * done])
        again = [record for record in rest if "colours" in record]
        assert [record["heads"] for record in again] == list(range(done + 1, 4))
        assert again[-1]["colours"] == heads[-1]["colours"]
    plan = PLAN | {"heads_done": 3, "rows": 30, "estimate_seconds": estimate["seconds"]}
    assert [set(record) for record in records(attend, plan, x=x, drawn=seen)] == [{"on"}, {"rows", "seconds"}]


def test_softmax_that_would_take_long_is_estimated_and_not_run(quick):
    found = records(attend, PLAN | {"patience_seconds": 0.0}, x=drawn(40, 3), drawn=torch.arange(4))
    assert [record for record in found if "estimate" in record]
    assert not [record for record in found if "rows" in record]


@pytest.mark.parametrize("kernel", ["relu", "drawn", "gauss"])
def test_a_curve_is_timed_on_both_routes(kernel):
    given = {"kernel": kernel, "b": 1.0, "nodes": [[-1.0, 0.0], [0.5, 1.0]], "left": 0.0, "right": -0.5}
    s, t, v = drawn(600), drawn(600, seed=4), drawn(600, 2, seed=5)
    *parts, found = records(curve, {"curve": given, "device": "cpu"}, s=s, t=t, v=v)
    assert parts == [{"done": 1 / 3}, {"done": 2 / 3}]
    timing = Timing(**found)
    assert (timing.n, timing.d, timing.queries) == (600, 2, 256)
    assert (timing.sorted_seconds is None) == (kernel == "gauss")
    assert timing.dense_seconds > 0
    assert timing.sorted_error < 1e-5
    assert timing.dense_error < 1e-5
