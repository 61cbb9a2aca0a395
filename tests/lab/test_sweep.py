"""Many runs: what is done is kept, a killed worker loses nothing, and a cluster gives what one machine gives."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress

import psutil
import pytest

from srviz import jobs, places
from srviz.jobs import Packed
from srviz.lab import TASKS, Spec
from srviz.lab.cli import main
from srviz.lab.summary import lines, t_quantile, table
from srviz.lab.sweep import Sweep, cluster, do, local, one, processes, read, runs, thinned

QUICK = {"steps": 4, "batch": 4}
PLAN = {"tasks": ["recall"], "methods": ["relu", "softmax"], "seeds": [0, 1], "recipes": [QUICK]}


def without_time(results):
    """What does not depend on the machine."""
    dropped = ("seconds", "mixing", "where", "tests")
    return [{k: v for k, v in result.items() if k not in dropped} for result in results]


def test_a_plan_is_a_product():
    specs = runs(PLAN | {"runs": [{"task": "patches", "method": "mean"}]})
    assert [(spec.task, spec.mixing, spec.seed) for spec in specs] == [
        ("patches", "mean", 0), ("recall", "relu", 0), ("recall", "relu", 1), ("recall", "softmax", 0),
        ("recall", "softmax", 1),
    ]  # fmt: skip
    assert specs[1].recipe.steps == 4
    assert Spec.of_json(specs[1].to_json()) == specs[1]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ([], "plan: expected an object"),
        ({}, "plan: expected at least one run"),
        ({"tasks": "recall"}, "tasks: expected a list"),
        (PLAN | {"seeds": list(range(5001))}, "plan: expected at most 10,000 runs"),
        (PLAN | {"seeds": [-1]}, "seed: expected"),
        (PLAN | {"recipes": [{"n": -5}]}, "n: expected a whole number"),
        (PLAN | {"task": ["recall"]}, "plan: expected tasks"),
        (PLAN | {"methods": ["magic"]}, "method: expected one of"),
    ],
)
def test_a_wrong_plan_gets_a_sentence(plan, sentence):
    with pytest.raises(ValueError, match=sentence):
        runs(plan)


def test_a_sweep_goes_on_where_it_was_ended(tmp_path):
    path = tmp_path / "out.jsonl"
    specs = runs(PLAN)
    first = Sweep(specs, path)
    first.take(one(specs[2].to_json()))
    with path.open("a") as file:
        file.write('{"run": {"task": "rec')  # cut off in the middle of a line
    again = Sweep(specs, path)
    assert again.left == [specs[0], specs[1], specs[3]]
    said = []
    do(again, local(again.left, 1), said.append)
    assert said[-1].startswith("4 of 4: ")
    assert not Sweep(specs, path).left
    assert without_time(Sweep(specs, path).table()) == without_time([one(spec.to_json()) for spec in specs])


FAILS = Spec.usual("colours", "mean", 0, QUICK | {"n": 63})  # no square: only the data of the task know that


def test_a_run_that_fails_keeps_no_other_from_being_done(tmp_path, capsys):
    plan, out = tmp_path / "plan.json", tmp_path / "out.jsonl"
    specs = [FAILS, *runs(PLAN)[:2]]
    plan.write_text(json.dumps({"runs": [spec.to_json() for spec in specs]}))
    assert main(["sweep", str(plan), "--out", str(out), "--workers", "1"]) == 2
    assert "colours mean seed 0: n: expected the square of a number" in capsys.readouterr().err
    assert Sweep(specs, out).left == [FAILS]


def test_a_file_that_is_no_results_gets_a_sentence(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("nonsense\n" + json.dumps({"run": Spec.usual("recall", "relu").to_json()}) + "\n")
    with pytest.raises(ValueError, match=r"line 1 of out.jsonl: expected the result of a run"):
        read(path)


def test_a_killed_process_loses_nothing():
    specs = runs(PLAN | {"recipes": [{"steps": 120, "batch": 32}]})
    killed = []

    def kill():
        ends = time.monotonic() + 30
        while not multiprocessing.active_children() and time.monotonic() < ends:
            time.sleep(0.05)
        time.sleep(0.3)  # it is at a run
        for child in multiprocessing.active_children()[:1]:
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    results = {Spec.of_json(result["run"]): result for result in local(specs, 2)}
    killer.join()
    assert killed
    assert set(results) == set(specs)


def test_a_sweep_that_is_killed_leaves_no_process_behind(tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "out.jsonl"
    plan.write_text(json.dumps(PLAN | {"recipes": [{"steps": 10_000}]}))
    command = [sys.executable, "-m", "srviz.lab", "sweep", str(plan), "--out", str(out), "--workers", "2"]
    sweep = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    root = psutil.Process(sweep.pid)
    ends = time.monotonic() + 60
    while True:  # until somebody is at a run, which takes the processor
        children = root.children(recursive=True)
        with suppress(psutil.NoSuchProcess):
            if sum(child.cpu_times().user > 0.5 for child in children) >= (2 if sys.platform == "linux" else 1):
                break  # on Linux the process that forks has imported torch, and one of the others is at work
        assert time.monotonic() < ends
        time.sleep(0.1)
    sweep.kill()
    sweep.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_a_cluster_gives_what_one_machine_gives_though_a_worker_is_killed(tmp_path):
    import dask
    from distributed import LocalCluster

    forked = dask.config.set({"distributed.worker.multiprocessing-method": processes().get_start_method()})
    specs = runs(PLAN | {"recipes": [{"steps": 30, "batch": 32}]})
    plan = [FAILS, *specs]
    quiet = {"dashboard_address": None, "silence_logs": 50}
    with forked, LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **quiet) as here:
        sweep = Sweep(plan, tmp_path / "out.jsonl")
        victim = here.workers[0].pid

        def kill():
            time.sleep(2)
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(ValueError, match="colours mean seed 0: n: expected the square"):
            do(sweep, cluster(here.scheduler_address, sweep.left), lambda said: None)
        killer.join()
    assert sweep.left == [FAILS]
    assert without_time(sweep.table()) == without_time([one(spec.to_json()) for spec in specs])


def test_no_cluster_gets_a_sentence():
    with pytest.raises(ValueError, match=r"There is no Dask scheduler at tcp://127.0.0.1:9"):
        list(cluster("tcp://127.0.0.1:9", runs(PLAN), timeout_seconds=1))


def test_a_summary_has_the_mean_and_its_interval():
    results = [
        {"run": Spec.usual("recall", "relu", seed).to_json(), "metric": metric, "seconds": 60.0, "mixing": 30.0}
        for seed, metric in enumerate((0.5, 0.6, 0.7))
    ]
    results.append({"run": Spec.usual("recall", "relu", 9).to_json(), "diverged": 12})
    (line,) = lines(results)
    assert line.mean == pytest.approx(0.6)
    assert line.interval == pytest.approx((0.6 - 0.2484, 0.6 + 0.2484), abs=1e-3)
    assert (line.diverged, line.mixing_share) == (1, 0.5)
    assert "3, 1 diverged" in table(results)
    for freedom, expected in ((1, 12.706), (3, 3.182), (4, 2.776), (9, 2.262), (30, 2.042)):
        assert t_quantile(freedom) == pytest.approx(expected, rel=2e-3)


def test_what_a_task_says_of_itself_is_what_was_recorded():
    found = {(line.task, line.mixing): line for line in lines(read(places.RECORDED / "lab/methods.jsonl"))}
    assert all(len(line.values) == 5 for line in found.values())
    assert round(100 * found["solids", "none"].mean) == 96
    assert "gets 96 of 100 right" in TASKS["solids"].honest
    assert not TASKS["tumbled"].honest
    letters = {name: found["letters", name].mean for name in ("softmax", "bump", "relu", "mean", "none")}
    assert letters["softmax"] < letters["bump"] < letters["relu"] < letters["mean"] < letters["none"]
    assert letters["mean"] - letters["relu"] < 0.2  # bits: "does little better"
    assert found["recall", "relu"].interval[1] < found["recall", "softmax"].interval[0]


def test_the_best_recipe_of_each_method_is_planned(tmp_path, capsys):
    def result(name, rate, metric, task="recall"):
        return {
            "run": Spec.usual(task, name, 9, {"rate": rate}).to_json(),
            "metric": metric,
            "seconds": 1.0,
            "mixing": 0.5,
        }

    found = [
        result("relu", 0.001, 0.5), result("relu", 0.002, 0.7), result("mean", 0.001, 0.4), result("mean", 0.002, 0.1),
        result("relu", 0.001, 3.0, "letters"), result("relu", 0.002, 3.4, "letters"),
    ]  # fmt: skip
    results, plan = tmp_path / "rates.jsonl", tmp_path / "plan.json"
    results.write_text("".join(json.dumps(one) + "\n" for one in found))
    assert main(["best", str(results), "--seed", "0…1", "--out", str(plan)]) == 0
    specs = runs(json.loads(plan.read_text()))
    assert [(spec.task, spec.mixing, spec.seed, spec.recipe.rate) for spec in specs] == [
        ("recall", "relu", 0, 0.002), ("recall", "relu", 1, 0.002), ("recall", "mean", 0, 0.001),
        ("recall", "mean", 1, 0.001), ("letters", "relu", 0, 0.001), ("letters", "relu", 1, 0.001),
    ]  # fmt: skip


def test_losses_are_thinned_to_means():
    assert thinned([1.0] * 5, 2) == [[3, 1.0], [5, 1.0]]
    assert thinned([], 2) == []
    assert len(thinned([0.0] * 1000)) <= 60


# ---- the command line


def test_train_from_the_command_line(tmp_path, capsys):
    out = tmp_path / "out.json"
    command = [
        "train",
        "recall",
        "--method",
        "relu,mean",
        "--seed",
        "0…1",
        "--steps",
        "3",
        "--batch",
        "4",
        "--workers",
        "1",
    ]
    assert main([*command, "--json", str(out)]) == 0
    found = json.loads(out.read_text())
    assert [(r["run"]["method"], r["run"]["seed"]) for r in found["runs"]] == [
        ("relu", 0), ("relu", 1), ("mean", 0), ("mean", 1),
    ]  # fmt: skip
    assert found["runs"][0]["where"]["torch"]
    assert set(found["runs"][0]["sizes"]) == {"8", "16", "32", "64", "128"}
    assert "A plain mean" in capsys.readouterr().out


def test_places_that_were_not_learned_are_not_tested(tmp_path):
    out = tmp_path / "out.json"
    assert (
        main(["train", "letters", "--method", "mean", "--positions", "learned", "--steps", "2", "--json", str(out)])
        == 0
    )
    assert set(json.loads(out.read_text())["runs"][0]["sizes"]) == {"16", "32"}


def test_a_run_on_disk_goes_on(tmp_path, capsys):
    command = ["train", "recall", "--method", "relu", "--batch", "4", "--checkpoints", str(tmp_path), "--steps"]
    assert main([*command, "3"]) == 0
    weights = tmp_path / "recall-relu-0.safetensors"
    before = weights.read_bytes()
    assert main([*command, "3"]) == 0
    assert "goes on at step 3" in capsys.readouterr().out
    assert weights.read_bytes() == before
    assert main([*command, "4"]) == 2  # the state is of a run of three steps
    assert "of another run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "chess"], "task: expected one of"),
        (["train", "recall", "--method", "magic"], "method: expected one of"),
        (["train", "recall", "--n", "-4"], "n: expected a whole number"),
        (["train", "recall", "--n", "many"], "n: expected a number"),
        (["train", "recall", "--seed", "x"], "seed: expected numbers such as"),
        (["train", "recall", "--seed", "4-0"], "seed: expected a first and a later last one"),
        (["train", "recall", "--workers", "0"], "workers: expected 1 to 256"),
        (["sweep", "/nowhere/plan.json"], "No such file"),
    ],
)
def test_a_wrong_command_gets_a_sentence(words, sentence, capsys):
    assert main(words) == 2
    assert sentence in capsys.readouterr().err


def test_too_little_memory_gets_a_sentence(monkeypatch, capsys):
    def none_left(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    monkeypatch.setattr("srviz.lab.cli._do", none_left)
    assert main(["train", "recall"]) == 2
    assert "not enough memory" in capsys.readouterr().err


def test_a_run_that_goes_on_counts_what_it_did_before(tmp_path):
    from srviz.lab import Training

    spec = Spec.usual("recall", "relu", 0, QUICK)
    whole, half = one(spec.to_json()), Training(spec)
    half.step()
    half.seconds += 1000.0
    (tmp_path / "recall-relu-0.training.safetensors").write_bytes(half.state())
    result = one(spec.to_json(), folder=tmp_path)
    assert result["losses"] == whole["losses"]
    assert result["seconds"] > 1000


def test_a_plan_that_is_no_json_gets_a_sentence(tmp_path, capsys):
    plan = tmp_path / "plan.json"
    plan.write_text("{tasks")
    assert main(["sweep", str(plan)]) == 2
    assert "plan.json: expected JSON" in capsys.readouterr().err


def test_python_m(tmp_path):
    done = subprocess.run([sys.executable, "-m", "srviz.lab", "tasks"], capture_output=True, text=True, check=True)
    assert "Recall" in done.stdout
    done = subprocess.run([sys.executable, "-m", "srviz.lab", "sweep", tmp_path / "no"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "No such file" in done.stderr


# ---- the jobs


def heard(plan, attachments=None, stop=None):
    """Records of a job by their run, to a record for which `stop` is true."""
    found = {}
    with closing(jobs.stream(plan, attachments or {})) as said:
        for record in said:
            if record is not None:
                found.setdefault(record.get("run"), []).append(record)
                if stop and stop(record):
                    break
    return found


def losses(records):
    return [loss for record in records for loss in record.get("losses", [])]


def test_two_train_at_once_as_each_would_alone():
    plan = {
        "job": "lab.train",
        "runs": [Spec.usual("patches", name, 0, QUICK).to_json() for name in ("relu", "softmax")],
    }
    both = heard(plan)
    for number in (0, 1):
        alone = heard(plan | {"runs": [plan["runs"][number]]})
        assert losses(both[number]) == losses(alone[0])
        assert both[number][-1]["weights"] == alone[0][-1]["weights"]


def test_a_job_is_stopped_and_gone_on_with_to_the_bit():
    plan = {"job": "lab.train", "runs": [Spec.usual("recall", "relu", 0, {"steps": 60, "batch": 16}).to_json()]}
    first = heard(plan | {"state_seconds": 0.1}, stop=lambda record: "state" in record)
    state = first[0][-1]
    assert 0 < state["step"] < 60
    rest = heard(plan, {"state 0": Packed.of_json(state["state"])})[0]
    assert rest[0]["begin"]["step"] == state["step"]
    whole = heard(plan)[0]
    assert losses(whole) == losses(first[0])[: state["step"]] + losses(rest)
    assert rest[-1]["weights"] == whole[-1]["weights"]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ({}, "The plan says nothing of 'runs'"),
        ({"runs": []}, "runs: expected a list of 1 to 4"),
        ({"runs": [{"task": "recall", "method": "magic"}]}, "method: expected one of"),
        ({"runs": [Spec.usual("recall", "relu").to_json()], "example": 10**6}, "example: expected one of the test"),
    ],
)
def test_a_wrong_job_gets_a_sentence(plan, sentence):
    (said,) = heard({"job": "lab.train"} | plan).values()
    assert sentence in said[-1]["trouble"]


def test_a_model_is_tested_at_another_length():
    from srviz.lab import Training

    training = Training(Spec.usual("recall", "mean", 0, QUICK))
    weights = {"weights": Packed.of_bytes(training.weights())}
    said = heard({"job": "lab.test", "n": 64}, weights)[None]
    assert said[0]["n"] == 64
    assert said[0]["test"]["asked"] == 64 * 32
    for plan, attachments, sentence in (
        ({"n": 5}, weights, "n: expected one of 8, 16"),
        ({"n": 64}, {}, "attachments: expected weights"),
        ({"n": 64}, {"weights": Packed.of_bytes(b"no")}, "not a whole file"),
    ):
        assert sentence in heard({"job": "lab.test"} | plan, attachments)[None][-1]["trouble"]
