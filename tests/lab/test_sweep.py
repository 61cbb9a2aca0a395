"""Many runs: what is done is kept, a killed worker loses nothing, and a cluster gives what one machine gives."""

import itertools
import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
import torch

from srviz import jobs, places
from srviz.jobs import Packed
from srviz.lab import TASKS, Spec, Training, cli
from srviz.lab.cli import main
from srviz.lab.pool import ATTEMPTS, NO_MEMORY, _at, cluster, local, processes
from srviz.lab.records import records
from srviz.lab.results import read, write
from srviz.lab.run import one, thinned
from srviz.lab.summary import lines, t_quantile, table
from srviz.lab.sweep import Sweep, do, runs

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


@pytest.mark.parametrize("text", ["x,y\n1,2", "hello", '{"x": 1}', '{"run": 3', "[1]\n[2]\n", "\ufeff{\n"])
def test_a_file_of_something_else_stays_as_it_is(tmp_path, text):
    path = tmp_path / "my.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"line 1 of my.csv: expected the result of a run"):
        Sweep(runs(PLAN), path)
    path.write_bytes(b"\xff\x00")
    with pytest.raises(ValueError, match=r"line 1 of my.csv: expected the result of a run"):
        Sweep(runs(PLAN), path)
    assert path.read_bytes() == b"\xff\x00"


def test_a_last_line_that_is_whole_is_kept_though_nothing_ends_it(tmp_path):
    path, (first, second, *_) = tmp_path / "out.jsonl", runs(PLAN)
    path.write_text(json.dumps({"run": first.to_json(), "metric": 0.5}))
    Sweep([first, second], path).take({"run": second.to_json(), "metric": 0.6})
    assert [result["metric"] for result in read(path)] == [0.5, 0.6]


def test_a_run_that_always_ends_its_process_keeps_no_other_from_being_done(monkeypatch):
    bad, *good = specs = runs(PLAN)
    begun = []

    class Pool:
        """As a pool of processes: the first runs are at work together, and the bad one ends them all."""

        def __init__(self, workers, *_):
            self.workers, self.futures = workers, []

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def submit(self, do_one, run):
            future, spec = Future(), Spec.of_json(run)
            if spec == bad or bad in self.futures:
                future.set_exception(BrokenProcessPool())
            else:
                future.set_result({"run": run, "metric": 0.5})
            if len(self.futures) < self.workers:
                begun.append(spec)
            self.futures.append(spec)
            return future

        def shutdown(self, **_):
            pass

    monkeypatch.setattr("srviz.lab.pool.ProcessPoolExecutor", Pool)
    found, results = [], local(specs, 2)
    with pytest.raises(ChildProcessError, match=r"recall relu seed 0: its process ended 3 times, .* not enough memory"):
        found.extend(Spec.of_json(result["run"]) for result in results)
    assert sorted(found, key=specs.index) == good
    assert begun.count(bad) == 3


def test_who_stops_does_not_wait_for_what_is_at_work():
    quick, long = (Spec.usual("recall", "none", seed, {"steps": steps}) for seed, steps in ((0, 2), (1, 5_000)))
    results = local([quick, long], 1)
    assert Spec.of_json(next(results)["run"]) == quick
    results.close()
    ends = time.monotonic() + 10
    while multiprocessing.active_children():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_process_does_one_run_at_a_time_whatever_its_threads_ask_for():
    specs, threads, said = runs(PLAN), torch.get_num_threads(), []
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda spec: one(spec.to_json(), False, tell=said.append), specs))
    assert torch.get_num_threads() == threads
    assert len(list(itertools.groupby(line.partition(":")[0] for line in said))) == len(specs)
    assert without_time(at_once) == without_time([one(spec.to_json(), False) for spec in specs])


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
        nanny, lost = here.workers[0], set()

        def kill():
            while not lost:  # until it is at a run
                time.sleep(0.005)
                worker = here.scheduler.workers.get(nanny.worker_address)
                lost.update(str(task.key) for task in list(worker.processing)) if worker else None
            time.sleep(0.2)  # of a run of a second
            os.kill(nanny.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(ValueError, match="colours mean seed 0: n: expected the square"):
            do(sweep, cluster(here.scheduler_address, sweep.left), lambda said: None)
        killer.join()
        log = list(here.scheduler.transition_log)
    (wrong,) = {key for key, _, state, *_ in log if state == "erred"}
    begun = [key for key, _, state, *_ in log if state == "processing"]
    assert any(begun.count(key) > 1 for key in lost)  # what was under way was done again
    assert sum(key == wrong and state == "processing" for key, _, state, *_ in log) < ATTEMPTS  # it is not tried again
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
    assert all(len(line.values) >= 5 for line in found.values())
    recall = sorted(found["recall", "relu"].values)
    assert abs(recall[len(recall) // 2] - 1 / 7) < 0.02  # "with most of the recorded ones about one answer in seven"
    assert 0.4 < recall[-1] < 0.5  # "with one of them nearly half"
    assert recall[-2] < 0.4
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
    assert [step for step, _ in found["runs"][0]["losses"]] == [1, 2, 3]
    assert found["runs"][0]["where"]["capability"]
    assert "A plain mean" in capsys.readouterr().out


def stopped_after(number, monkeypatch):
    """Let a command be stopped by Ctrl-C after so many runs."""

    def some(specs, workers, sizes=True, **how):
        yield from (one(spec.to_json(), False, **how) for spec in specs[:number])
        raise KeyboardInterrupt

    monkeypatch.setattr("srviz.lab.pool.local", some)


def test_a_training_that_is_stopped_keeps_what_is_over(tmp_path, capsys, monkeypatch):
    stopped_after(2, monkeypatch)
    out, said = tmp_path / "new" / "out.json", tmp_path / "said"
    command = ["train", "recall", "--method", "none", "--seed", "0…2", "--steps", "2", "--batch", "4"]
    assert main([*command, "--json", str(out), "--records", str(said), "--checkpoints", str(tmp_path)]) == 130
    assert [result["run"]["seed"] for result in json.loads(out.read_text())["runs"]] == [0, 1]
    told = capsys.readouterr()
    assert f"Stopped. 2 of 3 runs are over, and {out} has them." in told.err
    assert f"is in {said}. The same command goes on from the states in {tmp_path}." in told.err
    assert "recall  No mixing  2" in told.out
    assert main(command) == 130
    assert "2 of 3 runs are over. No file has anything of them" in capsys.readouterr().err
    stopped_after(1, monkeypatch)
    assert main([*command, "--json", str(out)]) == 130
    assert [result["run"]["seed"] for result in json.loads(out.read_text())["runs"]] == [0, 1]  # what was there before


def test_a_file_is_written_where_a_link_points_and_what_is_no_file_is_written_to(tmp_path):
    there, link = tmp_path / "there.json", tmp_path / "link.json"
    there.write_bytes(b"before")
    link.symlink_to(there)
    write(link, b"after")
    assert link.is_symlink()
    assert there.read_bytes() == b"after"
    write(Path("/dev/null"), b"nothing")
    assert not Path("/dev/null").is_file()


def test_what_is_no_file_is_not_read_for_earlier_results(monkeypatch):
    """Reading the output of a command, /dev/stdout, would wait for ever."""
    monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it was read"))
    assert cli._earlier(Path("/dev/null")) == {}
    cli._ready(Path("/dev/null"))


def test_a_training_writes_its_records_as_they_come(tmp_path):
    spec, lines = Spec.usual("recall", "relu", 0, QUICK), []
    path = tmp_path / "recall-relu-0.jsonl"

    def tell(said):  # a record is there before anything else is done with it
        lines.append(len(path.read_text().splitlines()))

    one(spec.to_json(), False, tmp_path, tell, told=tmp_path)
    assert lines == sorted(set(lines))
    found = [json.loads(line) for line in path.read_text().splitlines()]
    whole = list(records(Training(spec), state_seconds=math.inf))
    assert [sorted(record) for record in found] == [
        sorted(set(record) - {"weights"}) for record in whole if "state" not in record
    ]
    assert losses(found) == losses(whole)
    assert [record["look"] for record in found if "look" in record] == [r["look"] for r in whole if "look" in r]
    path.write_text(path.read_text() + '{"step": 4, "lo')
    one(spec.to_json(), False, tmp_path, told=tmp_path)  # goes on, at its end
    again = [json.loads(line) for line in path.read_text().splitlines()]
    assert again[: len(found)] == found
    assert again[len(found)]["begin"]["step"] == 4


def test_a_name_or_a_seed_that_is_given_twice_is_one_run(tmp_path, capsys):
    out = tmp_path / "out.json"
    command = ["train", "recall", "--method", "none,none", "--seed", "0,0", "--steps", "1", "--batch", "4"]
    assert main([*command, "--workers", "1", "--json", str(out)]) == 0
    assert len(json.loads(out.read_text())["runs"]) == 1
    assert "one seed" in capsys.readouterr().out
    result = {"run": Spec.usual("recall", "relu").to_json(), "metric": 0.5, "seconds": 1.0, "mixing": 0.5}
    (line,) = lines([result, result | {"metric": 0.6}])  # of two files of results
    assert line.values == (0.6,)


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
    weights, state = (tmp_path / f"recall-relu-0.{end}" for end in ("safetensors", "training.safetensors"))
    before = weights.read_bytes()
    assert main([*command, "3", "--workers", "2"]) == 0
    assert weights.read_bytes() == before
    assert main([*command, "4"]) == 2
    assert f"{state.name}: This training is of another run: steps 3, not 4." in capsys.readouterr().err
    state.write_bytes(state.read_bytes()[:-5])
    assert main([*command, "3"]) == 2
    assert f"{state.name}: This is not a whole file" in capsys.readouterr().err


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
        (["train", "recall", "--json", "/dev/null/out.json"], "/dev/null: expected a folder, got a file"),
        (["train", "recall", "--json", "/dev"], "expected a file, got a folder"),
        (["train", "recall", "--records", "/dev/null"], "/dev/null: expected a folder, got a file"),
        (["train", "recall", "--records", "said", "--cluster", "tcp://127.0.0.1:9"], "cluster: expected neither"),
        (["train", "recall", "--checkpoints", "kept", "--cluster", "tcp://127.0.0.1:9"], "cluster: expected neither"),
        (["capacity", "--json", "/dev/null/new/out.json"], "/dev/null/new: expected a folder, got a file"),
        (["sweep", "/nowhere/plan.json"], "No such file"),
    ],
)
def test_a_wrong_command_gets_a_sentence(words, sentence, capsys, monkeypatch):
    monkeypatch.setattr("srviz.lab.pool.one", None)  # nothing is trained before
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


def test_a_lack_of_memory_says_which_run_it_was():
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory")
    assert str(_at(runs(PLAN)[0], error)) == f"recall relu seed 0: {NO_MEMORY}"


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
