"""The benchmark runs, its numbers are sane, and whatever ends a method ends no more than that."""

import argparse
import contextlib
import json
import math
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from srviz.attention import METHODS
from srviz.attention.engines import table
from srviz.attention.methods import ways
from srviz.jobs import local
from srviz.measure import bench, growth, memory, provenance, race, replay
from srviz.measure.plan import DIRECTIONS, FLOOR, Plan, Row

ROOT = Path(__file__).parents[2]
SMALL = Plan(methods=("softmax", "relu"), most=256, heads=2, d=4)
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def rows(plan):
    """(method, direction, n) → row, of a plan that is run in this process."""
    records = list(race.race(plan))
    assert "provenance" in records[0]
    found = [Row.read(json.loads(json.dumps(record["row"]))) for record in records if "row" in record]
    return {(row.method, row.direction, row.n): row for row in found}, records


def made(method="relu", n=64, seconds=1.0, spread=1.0, **other):
    return Row(
        method, "forward", n, 1, 4, 32, "float32", "cpu", 1, "s, t, v", seconds, seconds / spread, seconds * spread,
        seconds / spread, seconds * spread, 3, 0, 1, **other,
    )  # fmt: skip


def test_every_method_runs_in_both_directions_and_its_numbers_are_sane():
    found, records = rows(Plan(directions=DIRECTIONS, most=128, heads=2, d=4))
    assert records[-1] == {"end": True}
    assert len(found) == 2 * (2 * len(ways()) + 1)
    for row in found.values():
        assert not row.stopped, row
        assert 0 < row.least <= row.lower <= row.seconds <= row.upper <= row.most < 10
        assert row.samples >= race.FEWEST
        assert row.calls >= 1
        output = 2 * row.n * 4 * 4
        if row.inputs == "x":
            parameters = sum(x.numel() for x in ways()[row.method].layer(8, 2).parameters())
            gradients = output + 4 * parameters
        elif row.method == FLOOR:
            gradients = 0
        else:
            gradients = {"q, k, v": 3 * output, "s, t, v": output + 2 * 2 * row.n * 4}[row.inputs]
        assert row.returned == output + (gradients if row.direction == "backward" else 0)


def test_a_layer_is_raced_against_the_layer_it_takes_the_place_of():
    layers = {name: way.layer(8, 2) for name, way in ways().items() if way.layer}
    assert {"softmax-layer", "relu-layer", "bump-layer"} <= set(layers)
    x = torch.randn(2, 5, 8)
    for name, layer in layers.items():
        plan = replace(SMALL, batch=2, heads=2, d=4)
        (y, *gradients) = race.Inputs(plan, 5, torch.device("cpu")).call(race.Lane(name, "backward", ways()[name]))()
        assert y.shape == layer(x, x, x)[0].shape
        for direction in DIRECTIONS:
            inputs = race.Inputs(plan, 5, torch.device("cpu"))
            inputs.call(race.Lane(name, direction, ways()[name]))()
            assert inputs.layers[name].training == (direction == "backward")
        assert [g.shape for g in gradients] == [x.shape, *(p.shape for p in layer.parameters())]


def test_a_device_without_its_number_is_the_first_of_its_kind(monkeypatch):
    monkeypatch.setattr(
        bench.devices, "present", lambda: [torch.device("cpu"), *map(torch.device, ("cuda:0", "cuda:1"))]
    )
    assert [bench._device(name) for name in ("cpu", "cuda", "cuda:1")] == ["cpu", "cuda:0", "cuda:1"]
    with pytest.raises(argparse.ArgumentTypeError, match="expected one of cpu, cuda:0, cuda:1, got cuda:2"):
        bench._device("cuda:2")


def test_a_plan_names_the_engine_of_the_sliced_methods(monkeypatch):
    seen = []
    linear = METHODS["linear"]
    run = lambda q, k, v: seen.append(table._only.get()) or v  # noqa: E731
    monkeypatch.setitem(METHODS, "linear", replace(linear, ways=(replace(linear.ways[0], run=run),)))
    plan = replace(SMALL, methods=("linear",), most=64, engine="torch")
    found, records = rows(plan)
    assert set(seen) == {("torch",)}
    assert table._only.get() is None
    assert found["linear", "forward", 64].engine == "torch"
    assert records[0]["provenance"]["sliced"] == "torch"
    assert plan.command().endswith("--engine torch")
    assert Plan.of(json.loads(json.dumps(asdict(plan)))) == plan


def test_a_call_is_timed_as_python_makes_it_and_replayed(monkeypatch):
    """With a stand-in for CUDA graphs: a method that cannot be captured says so, and the run goes on."""

    def refused(call, device):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(replay, "possible", lambda device: True)
    monkeypatch.setattr(replay, "captured", lambda call, device: call)
    plan = replace(SMALL, methods=("relu",), most=128)
    found, _ = rows(plan)
    assert len(found) == 4
    assert all(0 < row.replayed < 10 and not row.not_replayed for row in found.values())
    assert re.search(r"eager .* replayed +\S", bench._line(found["relu", "forward", 128]))
    monkeypatch.setattr(replay, "captured", refused)
    found, records = rows(plan)
    row = found["relu", "forward", 128]
    assert row.seconds
    assert row.replayed is None
    assert row.not_replayed == "failed: CUDA error: operation not permitted when stream is capturing"
    assert "replayed failed: CUDA error" in bench._line(row)
    assert records[-1] == {"end": True}


def test_no_replay_is_spoken_of_where_there_is_none():
    found, _ = rows(replace(SMALL, methods=("relu",), most=64))
    row = found["relu", "forward", 64]
    assert row.replayed is None
    assert "replayed" not in bench._line(row)
    older = {name: value for name, value in asdict(row).items() if name not in ("engine", "replayed", "not_replayed")}
    assert Row.read(older) == row


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0], ids="a share of {} undisturbed".format)
def test_samples_that_others_disturb_count_only_where_there_are_too_few_others(share):
    """Every disturbed sample takes ten times as long."""
    lane = race.Lane("relu", "forward", ways()["relu"])
    while lane.wants():
        quiet = len(lane.samples) < share * len([*lane.samples, *lane.disturbed, 0])
        (lane.samples if quiet else lane.disturbed).append(0.005 if quiet else 0.05)
    row = race._row(lane, 64, SMALL)
    assert row.samples >= race.FEWEST
    assert row.samples + row.left_out == len(lane.samples + lane.disturbed) <= race.PATIENCE * race.MOST
    assert row.seconds == (0.005 if share else 0.05)
    assert bool(row.left_out) == (0 < share < 1)


def test_long_calls_are_not_waited_for_until_nobody_disturbs_them():
    lane = race.Lane("relu", "forward", ways()["relu"])
    while lane.wants():
        lane.disturbed.append(1.0)
    assert len(lane.disturbed) == race.FEWEST


@linux
def test_how_much_of_the_time_others_took(monkeypatch):
    """Of 200 ticks on all processors 90 were work, 30 of them ours."""
    said = iter(["cpu  100 0 50 800 50 0 0 0 7 7\ncpu0 1", "cpu  150 10 80 900 60 0 0 0 9 9\ncpu0 1", "", "cpu x"])
    ours = iter([(1.0, 0.5), (1.2, 0.6)])
    monkeypatch.setattr(provenance.os, "sysconf", lambda name: 100)
    monkeypatch.setattr(provenance.os, "times", lambda: next(ours))
    monkeypatch.setattr(provenance.Path, "read_text", lambda path, encoding: next(said))
    others = provenance.Others()
    assert others.share() == 0.3
    assert others.share() is None
    assert others.share() is None


def test_a_run_keeps_what_others_took():
    run = bench.Run(SMALL)
    for _ in bench.measure(run):
        pass
    assert 0 <= run.provenance["others"] <= 1 or not sys.platform.startswith("linux")
    assert bench.read(json.dumps(run.document())).provenance == run.document()["provenance"]


def test_the_command_writes_what_the_page_can_read(tmp_path, capsys):
    file = tmp_path / "out.json"
    words = ["--quick", "--json", str(file), "--methods", "softmax,relu", "--directions", "forward", "--most", "128"]
    assert (
        bench.main([*words, "--heads", "2", "--d", "4", "--threads", "1", "--device", "cpu", "--note", "a test"]) == 0
    )
    run = bench.read(file.read_text("utf-8"))
    assert set(run.rows) == {(m, "forward", n) for m in ("softmax", "relu", FLOOR) for n in (64, 128)}
    assert run.provenance["note"] == "a test"
    assert run.provenance["threads"] == 1
    assert "--methods softmax,relu" in run.provenance["command"]
    for name in ("device", "cpu", "cores", "torch", "sliced", "python", "date"):
        assert run.provenance[name]
    assert re.search(r"relu +forward +64 +[\d.]+ .s", capsys.readouterr().out)


@pytest.mark.parametrize("words", [["--methods", "evil"], ["--most", "0"], ["--dtype", "int8"], ["--directions", "up"]])
def test_the_command_refuses_what_it_does_not_know(words, capsys):
    with pytest.raises(SystemExit):
        bench.main(words)
    assert "expected" in capsys.readouterr().err or "--dtype" in words


def test_torch_alone_is_enough():
    script = """
import sys
import torch
for name in ("numpy", "pandas", "PIL", "plotly", "scipy", "sklearn", "streamlit", "trimesh"):
    sys.modules[name] = None  # to import it is an error
from srviz.measure import bench, race
from srviz.measure.plan import DIRECTIONS, Plan
plan = Plan(methods=("softmax", "relu"), directions=DIRECTIONS, most=64, heads=1, d=2)
print([record for record in race.race(plan)][-1])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'end': True}"


def test_a_method_ends_before_a_call_that_would_take_too_long():
    found, records = rows(replace(SMALL, seconds=1e-9))
    assert {n for _, _, n in found} == {64, 128}
    for method in SMALL.methods:
        assert found[method, "forward", 64].seconds
        last = found[method, "forward", 128]
        assert last.stopped.startswith("would take ")
        assert last.expected > found[method, "forward", 64].least
        assert last.seconds is None
    assert records[-1] == {"end": True}


@pytest.mark.parametrize("growth_", [1.0, 2.0, 4.0, 7.0, 50.0])
def test_the_prediction_follows_how_the_time_grew(growth_):
    lane = race.Lane("softmax", "forward", ways()["softmax"], [(64, 1.0), (128, growth_)])
    assert lane.predicted(256) == pytest.approx(growth_ * min(max(growth_, 4), 8))
    assert lane.predicted(512) == pytest.approx(growth_ * min(max(growth_, 4), 8) ** 2)


def test_a_size_that_does_not_fit_is_refused_with_the_arithmetic_and_never_tried():
    plan = Plan(methods=("written",), least=1 << 20, most=1 << 20, heads=1, d=1, seconds=1e9)
    found, _ = rows(plan)
    row = found["written", "forward", 1 << 20]
    assert row.stopped.startswith("would need 8.8 TB: 2 × 1 × n² numbers")  # 2 · 2⁴⁰ · 4 bytes


def test_a_limit_of_ones_own_counts():
    found, records = rows(replace(SMALL, memory=1))
    assert set(found) == {(method, "forward", 64) for method in (*SMALL.methods, FLOOR)}
    assert all(row.stopped.startswith("would need ") and "can be had" in row.stopped for row in found.values())
    assert records[-1] == {"end": True}
    lane = race.Lane("written", "forward", ways()["written"])
    assert race._refused(lane, 256, SMALL, 1_000_000).startswith("would need 1.1 MB: 2 × 2 × n² numbers; 1.0 MB")
    assert race._refused(lane, 256, SMALL, 1_200_000) == ""


def failing(monkeypatch, message, after):
    """The linear method fails from its n = `after` on."""

    def run(q, k, v):
        if q.shape[-2] >= after:
            raise RuntimeError(message)
        return v

    linear = METHODS["linear"]
    monkeypatch.setitem(METHODS, "linear", replace(linear, ways=(replace(linear.ways[0], run=run),)))
    return replace(SMALL, methods=("linear", "relu"))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", "out of memory"),
        ('"sort" not implemented for Half\nmore', 'failed: "sort" not implemented for Half'),
    ],
)
def test_an_error_marks_the_point_ends_the_method_and_no_other(message, said, monkeypatch):
    found, records = rows(failing(monkeypatch, message, 128))
    assert found["linear", "forward", 128].stopped == said
    assert ("linear", "forward", 256) not in found
    assert found["relu", "forward", 256].seconds
    assert records[-1] == {"end": True}


def test_a_device_that_disappears_is_a_sentence(monkeypatch):
    monkeypatch.setattr(race, "_gone", lambda device: f"The device {device} does not answer any more.")
    found, records = rows(failing(monkeypatch, "CUDA error: unspecified launch failure", 128))
    assert found["linear", "forward", 128].stopped.startswith("failed: CUDA error")
    assert records[-1] == {"lost": "The device cpu does not answer any more."}
    assert list(race.race(replace(SMALL, device="cuda:63"))) == [{"lost": "There is no device cuda:63 here."}]


@pytest.fixture
def children(monkeypatch):
    """The child processes that are started."""
    started, popen = [], subprocess.Popen

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(local.subprocess, "Popen", start)
    return started


def test_a_child_that_the_system_ends_marks_its_point_and_the_rest_goes_on(children):
    # On a busy machine the child is far ahead of what is read: it is held until all that it said is read, then killed.
    run, killed = bench.Run(replace(SMALL, most=1 << 14)), False
    for new in bench.measure(run):
        if killed:
            continue
        there = run.at and run.at[0] == "relu" and run.at[2] >= 128
        if there and new:
            children[0].send_signal(signal.SIGSTOP)
        elif there:
            children[0].kill()
            killed, run.plan = True, replace(run.plan, most=max(256, run.at[2]))
        else:
            children[0].send_signal(signal.SIGCONT)
    assert len(children) == 2
    stopped = [row for row in run.rows.values() if row.stopped]
    assert [row.stopped for row in stopped] == ["the system ended it: out of memory"]
    assert stopped[0].n >= 128
    assert stopped[0].method == "relu"
    assert run.rows["softmax", "forward", run.plan.most].seconds
    assert run.over
    assert not run.trouble


def test_a_run_that_is_let_go_ends_its_child_at_once_and_can_be_gone_on_with(children):
    run = bench.Run(replace(SMALL, most=128))
    with contextlib.closing(bench.measure(run)) as ticks:
        for _ in ticks:
            if run.rows:
                break
        began = time.monotonic()
    assert time.monotonic() - began < 0.5
    assert children[0].poll() is not None
    assert not run.over
    for _ in bench.measure(run):
        pass
    assert set(run.rows) == {(m, "forward", n) for m in (*SMALL.methods, FLOOR) for n in (64, 128)}
    assert run.over


def test_every_run_is_measured_in_a_process_of_its_own(children):
    for number in (1, 2):
        for _ in bench.measure(bench.Run(replace(SMALL, most=64))):
            pass
        assert len(children) == number
        assert children[-1].poll() is not None


def test_what_cannot_be_measured_is_a_sentence():
    run = bench.Run(replace(SMALL, dtype="no such type"))
    for _ in bench.measure(run):
        pass
    assert run.over
    assert "no such type" in run.trouble
    assert not [row for row in run.rows.values() if row.seconds]


@linux
def test_the_limit_of_memory_is_an_error_that_torch_raises():
    script = """
import torch
from srviz import host
assert host.limit(200_000_000)
torch.ones(10_000_000)
try:
    torch.ones(100_000_000)
except RuntimeError as error:
    print("memory" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr


def fresh(script, *arguments):
    """What a script prints, in a process of its own as the clock has: here other tests have left their heaps."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@linux
@pytest.mark.parametrize("megabytes", [3, 8, 64])
def test_peak_memory_is_what_was_held(megabytes):
    script = """
import json, sys, torch
from srviz.measure import memory
count = int(sys.argv[1]) * 250_000
cases = {  # numbers held at most
    count: lambda: torch.ones(count),
    2 * count: lambda: torch.ones(count) + 1,
    count + 1: lambda: [torch.ones(count).sum() for _ in range(3)],
}
found = {}
for held, work in cases.items():
    work()
    found[4 * held] = memory.peak_of(work)
print(json.dumps(found))
"""
    for held, (peak, how) in fresh(script, megabytes).items():
        assert peak == pytest.approx(int(held), rel=0.1, abs=700_000)  # pages are counted late, up to 64 a core
        assert how


@linux
def test_what_is_too_small_to_be_told_is_not_told():
    assert memory.peak_of(lambda: torch.ones(100)) == (None, "")


@linux
def test_the_peak_of_fused_softmax_is_no_matrix_and_that_of_the_written_out_one_is():
    n, heads = 1024, 2
    script = f"""
import json
from srviz.measure.plan import Plan
from srviz.measure.race import race
plan = Plan(methods=("written", "softmax"), least={n}, most={n}, heads={heads}, d=8, seconds=100)
rows = [record["row"] for record in race(plan) if "row" in record]
print(json.dumps({{row["method"]: row["peak"] for row in rows if row["direction"] == "forward"}}))
"""
    found = fresh(script)
    needed = race.Lane("written", "forward", ways()["written"]).needs(n, Plan(heads=heads, d=8))
    assert 4 * heads * n * n < found["written"] < 1.2 * needed
    assert found["softmax"] is None or found["softmax"] < 4 * heads * n * n


def test_a_plan_survives_its_json():
    plan = replace(SMALL, directions=DIRECTIONS, ended=(("relu", "backward"),), memory=5)
    assert Plan.of(json.loads(json.dumps(asdict(plan)))) == plan
    assert plan.lanes() == [("softmax", "forward"), ("relu", "forward"), ("softmax", "backward")]
    assert plan.sizes() == [64, 128, 256]
    with pytest.raises(ValueError, match="got least, ponies"):
        Plan.of({"least": 64, "ponies": 3})


def test_a_row_from_a_file_is_checked():
    good = asdict(made())
    assert Row.read(good) == made()
    for name, value in [
        ("n", 1.5), ("n", True), ("n", -1), ("seconds", math.inf), ("seconds", math.nan), ("seconds", "1"),
        ("method", "x"), ("direction", "<b>"), ("stopped", "x" * 999), ("seconds", None), ("stopped", "why"),
        ("peak", "9"), ("heads", None), ("lower", 0.0), ("lower", None),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="row"):
            Row.read(good | {name: value})
    with pytest.raises(ValueError, match="fields"):
        Row.read(good | {"more": 1})
    with pytest.raises(ValueError, match="fields"):
        Row.read({})


def test_a_file_is_checked():
    run = bench.Run(Plan(), {"device": "x"}, {("relu", "forward", 64): made()})
    good = run.document()
    assert bench.read(json.dumps(good)).rows == run.rows
    broken = [
        "", "[]", "{}", "[" * 100_000, "null", json.dumps(good | {"format": "x"}), json.dumps(good | {"rows": []}),
        json.dumps(good | {"rows": [3]}), json.dumps(good | {"provenance": {"a": []}}), json.dumps(good | {"rows": {}}),
        json.dumps(good | {"rows": good["rows"] * 3000}), json.dumps(good | {"provenance": {"a": "x" * 999}}),
    ]  # fmt: skip
    for text in broken:
        with pytest.raises(ValueError, match=r"expected|Expecting"):
            bench.read(text)


def test_every_recorded_run_can_be_read():
    for file in (ROOT / "assets" / "recorded").glob("*.json"):
        run = bench.read(file.read_text("utf-8"))
        assert run.provenance["command"].startswith("python -m srviz.measure.bench")
        assert any(row.seconds for row in run.rows.values())


@pytest.mark.parametrize("power", [1.0, 1.93, 2.0])
def test_the_slope_is_that_of_the_last_decade(power):
    times = [made(n=64 << k, seconds=1e-3 if k < 4 else (64 << k) ** power) for k in range(9)]
    assert growth.slope(times[-4:]) == pytest.approx(power)
    assert growth.slope(times) == pytest.approx(power)
    assert growth.slope(times[:2]) is None


def test_no_law_is_read_from_what_any_call_costs():
    """A call of 1 ms whatever it computes, and a sum that shows only far beyond."""
    times = [made(n=64 << k, seconds=1e-3 + 1e-9 * (64 << k) ** 2) for k in range(12)]
    assert growth.law([]) is None
    assert growth.law(times[:6]) is None
    assert growth.law(times) == pytest.approx(2, abs=0.05)
    shaken = [made(n=row.n, seconds=row.seconds * (2 if k % 2 else 1)) for k, row in enumerate(times)]
    assert growth.slope(shaken) is not None
    assert growth.law(shaken) is None


def test_one_method_overtakes_the_other_where_their_lines_cross():
    sizes = [64 << k for k in range(6)]
    square = [made("softmax", n, 1e-9 * n**2, 1.2) for n in sizes]
    line = [made("relu", n, 3e-7 * n, 1.2) for n in sizes]
    found = growth.crossover(square, line)
    assert found.n == pytest.approx(300)
    assert found.low == pytest.approx(300 / 1.44)
    assert found.high == pytest.approx(300 * 1.44)
    assert growth.crossover(line, square).n is None
    assert growth.crossover(square[3:], line).n == sizes[3]
    assert growth.crossover(square, [made("relu", 100)]) is None


def test_a_lead_that_is_lost_again_does_not_count():
    first = [made("softmax", n, seconds) for n, seconds in [(64, 2.0), (128, 0.5), (256, 2.0)]]
    second = [made("relu", n, 1.0) for n in (64, 128, 256)]
    assert 128 < growth.crossover(first, second).n < 256
