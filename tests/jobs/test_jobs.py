"""Jobs as who asks for them meets them: records in order, ended at once, and whatever goes wrong is a sentence."""

import ast
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from srviz import host, jobs
from srviz.jobs import Limits, LocalRunner, Packed, local, registry

ROOT = Path(__file__).parents[2]
CHILD = str(Path(__file__).with_name("child.py"))
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def runner():
    runner = LocalRunner((CHILD,))
    yield runner
    runner.close()


def asked(runner, job, attachments=None, limits=None, **plan):
    """All that a job says, signs of life left out."""
    heard = jobs.stream({"job": job, **plan}, attachments, limits, runner)
    return [record for record in heard if record is not None]


def gone(process):
    """Whether a process has ended, within a second."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_records_come_in_order(runner):
    assert asked(runner, "count", first=0, to=500) == [{"number": k} for k in range(500)]


def test_a_silent_job_gives_signs_of_life(runner):
    heard = list(jobs.stream({"job": "count", "first": 0, "to": 1, "pause": 0.55}, runner=runner))
    assert heard.count(None) >= 4
    began = time.monotonic()
    with contextlib.closing(jobs.stream({"job": "hang"}, runner=runner)) as heard:
        for _ in range(5):
            next(heard)
            assert time.monotonic() - began < 1
            began = time.monotonic()


def test_attachments_arrive_whole_and_arrays_come_back(runner):
    sent = {
        "large": Packed("float32", (1000, 1000), os.urandom(4_000_000)),
        "none": Packed("int64", (0, 3), b""),
        "state": Packed.of_bytes(b"\x00\n\xff"),
    }
    heard = asked(runner, "echo", sent)
    assert {record["name"]: Packed.of_json(record["packed"]) for record in heard} == sent


@pytest.mark.parametrize(
    ("kind", "shape", "data"), [("float32", (2,), b"1234"), ("complex", (1,), b"1"), ("bytes", (2,), b"123")]
)
def test_what_is_packed_is_what_it_says(kind, shape, data):
    with pytest.raises(ValueError, match="expected"):
        Packed(kind, shape, data)


@linux
def test_a_job_that_hears_nothing_is_killed_within_a_fifth_of_a_second(runner):
    heard = jobs.stream({"job": "hang"}, runner=runner)
    process = next(record for record in heard if record)["process"]
    assert next(heard) is None  # it is at its long call now
    began = time.monotonic()
    heard.close()
    assert time.monotonic() - began < 0.2 + 0.1  # the machine of the tests may be busy
    assert gone(process)


@linux
def test_a_job_that_hears_stops_and_its_process_does_the_next(runner):
    (before,) = asked(runner, "where")
    heard = jobs.stream({"job": "count", "first": 0, "to": 1 << 40, "pause": 0.001}, runner=runner)
    while (next(heard) or {}).get("number", 0) < 20:
        pass
    began = time.monotonic()
    heard.close()
    assert time.monotonic() - began < 0.2
    assert asked(runner, "count", first=3, to=5) == [{"number": 3}, {"number": 4}]
    (after,) = asked(runner, "where")
    assert after["process"] == before["process"]


@linux
def test_a_job_that_is_stopped_before_it_begins_says_nothing_to_the_next(runner, monkeypatch):
    """While its imports run; the next one need not wait for another process to import the same."""
    monkeypatch.setenv("IMPORT_SECONDS", "0.5")
    began = time.monotonic()
    for first in (100, 200):
        heard = jobs.stream({"job": "count", "first": first, "to": first + 50}, runner=runner)
        assert next(heard) is None
        heard.close()
    assert time.monotonic() - began < 0.5
    process = runner._waiting.process.pid
    assert asked(runner, "count", first=0, to=2) == [{"number": 0}, {"number": 1}]
    assert asked(runner, "where")[0]["process"] == process


def test_nothing_happens_where_a_job_that_is_over_is_stopped(runner):
    handle = runner.submit({"job": "count", "first": 0, "to": 1})
    assert [record for record in runner.records(handle) if record] == [{"number": 0}]
    runner.stop(handle)
    runner.stop(handle)
    assert list(runner.records(handle)) == []


def test_a_process_that_dies_is_a_sentence_and_what_came_before_stands(runner):
    before, after = asked(runner, "die")
    assert before == {"before": 1}
    assert after == {"trouble": "The process of this work ended in the middle of it (exit code 7).", "exit": 7}
    assert asked(runner, "count", first=0, to=1) == [{"number": 0}]


@linux
def test_a_process_that_the_system_ends_ran_out_of_memory(runner):
    heard = jobs.stream({"job": "hang"}, runner=runner)
    os.kill(next(record for record in heard if record)["process"], 9)
    [said] = [record for record in heard if record]
    assert said.pop("exit") == -9
    sentence = "The system ended the process of this work: out of memory, of which {:,} MB are granted here."
    assert said == {"trouble": sentence.format(host.granted() >> 20)}


@linux
def test_the_limit_of_memory_holds_for_its_job_alone(runner):
    held = 200_000_000
    limits = Limits(memory_bytes=held)
    assert asked(runner, "take", limits=limits, bytes=held // 2) == [{"took": held // 2}]
    too_much = "There was not enough memory for it: it needs more than the 190 MB that could be had."
    assert asked(runner, "take", limits=limits, bytes=2 * held) == [{"trouble": too_much}]
    process = runner._waiting.process.pid
    assert asked(runner, "take", bytes=2 * held) == [{"took": 2 * held}]
    assert runner._waiting.process.pid == process


MB = 1 << 20
RUN = {"task": "solids", "method": "relu", "seed": 0}
MUCH = {"task": "solids", "method": "relu", "seed": 0, "recipe": {"batch": 4096}}


@pytest.mark.parametrize("job", sorted({*registry.names()} - {"lab.train", "lab.crowd", "lab.apart"}))
def test_every_job_says_the_least_that_it_needs(job):
    assert registry.needs({"job": job}) in (jobs.PROCESS_BYTES, jobs.OPTIMIZER_BYTES)


def test_what_a_training_needs_grows_with_what_is_asked_for():
    needs = [registry.needs({"job": "lab.train", "runs": runs}) for runs in ([], [RUN], [RUN, RUN], [MUCH])]
    assert needs == sorted(set(needs))
    assert needs[0] == jobs.OPTIMIZER_BYTES
    assert registry.needs({"job": "lab.train"}) == 0  # no plan of it, which the job says itself
    assert registry.needs({"job": "os.system"}) == 0


@pytest.mark.parametrize(
    ("granted", "left", "plan", "said"),
    [
        (690, 100, {"job": "measure.curve"},
         "There is too little memory just now for this work: 100 MB can be had, and 170 MB are needed at least. "
         "Try again in a few minutes."),
        (160, 100, {"job": "measure.race"},
         "There is too little memory here for this work: 160 MB are granted to all that runs here, and 170 MB are "
         "needed at least."),
        (690, 280, {"job": "lab.train", "runs": [RUN, RUN]},
         "There is too little memory just now for this work: 280 MB can be had, and 390 MB are needed at least. "
         "Try again in a few minutes."),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_so_before_a_process_is_started(granted, left, plan, said, runner, monkeypatch):
    monkeypatch.setattr(host, "granted", lambda: granted * MB)
    monkeypatch.setattr(host, "available", lambda: left * MB)
    monkeypatch.setattr(local, "Worker", None)
    assert list(jobs.stream(plan, runner=runner)) == [{"trouble": said}]


@linux
def test_priority_and_threads_are_those_that_were_asked_for(runner):
    (usual,) = asked(runner, "where", limits=Limits(threads=3))
    assert (usual["threads"], usual["nice"]) == ("3", os.nice(0))
    (nice,) = asked(runner, "where", limits=Limits(threads=3, nice=10))
    assert (nice["nice"], nice["policy"]) == (10, usual["policy"])
    (lowest,) = asked(runner, "where", limits=Limits(threads=3, nice=19))
    assert (lowest["nice"], lowest["policy"]) == (19, os.SCHED_IDLE)
    assert lowest["process"] != usual["process"]
    assert gone(usual["process"])  # at most one waits


@pytest.mark.parametrize(
    ("job", "plan", "said"),
    [
        ("count", {}, "The plan says nothing of 'first'."),
        ("break_down", {}, "The work failed: a wheel came off"),
        ("say_what_json_cannot", {}, "The work failed: Object of type object is not JSON serializable"),
    ],
)
def test_what_goes_wrong_is_one_sentence(job, plan, said, runner, capfd):
    *_, last = asked(runner, job, **plan)
    assert last == {"trouble": said}
    assert ("Traceback" in capfd.readouterr().err) == said.startswith("The work failed")  # for who looks after it
    assert asked(runner, "count", first=0, to=1) == [{"number": 0}]


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_a_plan_that_json_cannot_hold_is_refused_at_once(value, runner):
    with pytest.raises(ValueError, match="JSON"):
        runner.submit({"job": "count", "first": value})


def test_only_jobs_of_the_registry_can_be_run():
    assert {"measure.race", "measure.fit"} <= set(registry.names())
    for name in ("os.system", "srviz.measure.race", "measure.nothing", "measure.jobs.fit", "..fit", "", None, 3, ["x"]):
        with pytest.raises(ValueError, match="There is no job named"):
            registry.find(name)


def test_an_unknown_job_is_a_sentence():
    assert asked(LocalRunner(), "os.system", limits=Limits(reused=False)) == [
        {"trouble": "There is no job named 'os.system'."}
    ]


@linux
def test_a_process_ends_with_its_parent(tmp_path):
    script = f"""
import os
from srviz.jobs import LocalRunner, stream
runner = LocalRunner(({CHILD!r},))
idle = next(record for record in stream({{"job": "where"}}, runner=runner) if record)["process"]
list(stream({{"job": "count", "first": 0, "to": 1}}, runner=runner))
busy = runner.submit({{"job": "hang"}})
working = next(record for record in runner.records(busy) if record)["process"]
print(idle, working, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    processes = done.stdout.split()
    assert len(processes) == 2
    assert all(map(gone, processes))


def test_nothing_is_left_when_the_parent_ends_as_it_should():
    script = f"""
from srviz.jobs import LocalRunner, stream
runner = LocalRunner(({CHILD!r},))
print(next(record for record in stream({{"job": "where"}}, runner=runner) if record)["process"])
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert not done.stderr
    assert gone(int(done.stdout))


@linux
def test_a_process_that_nobody_asks_ends_and_another_takes_its_place():
    runner = LocalRunner((CHILD, "1"))  # seconds it waits for a next job
    (first,) = asked(runner, "where")
    assert gone(first["process"])
    (second,) = asked(runner, "where")
    assert second["process"] != first["process"]
    runner.close()


def test_a_process_that_ends_before_it_reads_its_order_is_replaced(runner, monkeypatch):
    (first,) = asked(runner, "where")
    waiting = runner._waiting
    waiting.process.kill()
    waiting.process.wait()
    monkeypatch.setattr(waiting.process, "poll", lambda: None)  # the runner does not know it yet
    (second,) = asked(runner, "where", {"sent": Packed.of_bytes(b"with its attachments")})
    assert second["process"] != first["process"]
    assert asked(runner, "where") == [second]


@linux
def test_on_a_small_host_no_process_waits(runner, monkeypatch):
    monkeypatch.setattr(local.host, "granted", lambda: 1_900_000_000)
    (first,) = asked(runner, "where")
    assert gone(first["process"])
    monkeypatch.setattr(local.host, "granted", lambda: 2_000_000_000)
    (second,) = asked(runner, "where")
    assert asked(runner, "where")[0]["process"] == second["process"]


@linux
def test_a_job_that_wants_a_process_of_its_own_gets_one(runner):
    (first,) = asked(runner, "where")
    (own,) = asked(runner, "where", limits=Limits(reused=False))
    assert own["process"] != first["process"]
    assert gone(own["process"])
    assert asked(runner, "where")[0]["process"] == first["process"]


def test_jobs_need_the_standard_library_alone():
    script = """
import sys
import srviz.jobs, srviz.jobs.worker
others = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
print(sorted(name for name in others if not name.startswith("_")))
"""
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['srviz']", done.stderr


def test_the_standard_library_is_all_that_is_imported():
    """The import contracts forbid packages by name; this holds for any."""
    files = [*(ROOT / "srviz/jobs").glob("*.py"), ROOT / "srviz/host.py", ROOT / "srviz/child.py"]
    found = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    assert {"json", "srviz"} <= found
    assert found - {"srviz"} <= sys.stdlib_module_names


MEASURED = """
import sys
import torch
from srviz.jobs import registry

def private():  # bytes that no other process shares
    with open("/proc/self/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) << 10

x = torch.zeros(64, 8, requires_grad=True)
registry.find("measure.curve"), registry.find("lab.train")
print(private())
step = torch.optim.AdamW([x])
(x @ x.T).sum().backward()
step.step()
print(private())
"""


@linux
def test_what_jobs_need_at_least_is_what_their_processes_take():
    ran = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, timeout=120, check=True)
    empty, training = map(int, ran.stdout.split())
    assert 0.6 * jobs.PROCESS_BYTES < empty < jobs.PROCESS_BYTES
    assert 0.6 * jobs.OPTIMIZER_BYTES < training < jobs.OPTIMIZER_BYTES
