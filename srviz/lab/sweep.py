"""Many independent runs: planned as JSON, done by a pool on this machine or by a Dask cluster, kept line by line.

A file of results has one line of JSON for each run that is over. A sweep that is started again does what is missing.
"""

import itertools
import json
import math
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import active_children, connection, get_context, parent_process
from multiprocessing.context import BaseContext
from pathlib import Path
from threading import Thread
from typing import Any
from zlib import crc32

from srviz import host
from srviz.jobs import Packed
from srviz.lab.spec import Spec

MOST_RUNS = 10_000
ATTEMPTS = 3  # of a run whose process ended in the middle of it
# torch._dynamo is among them so that no worker imports it at the first step of its optimizer
PRELOADED = ["srviz.lab.train", "srviz.lab.records", "srviz.lab.variants", "torch._dynamo"]
POINTS = 60  # losses that a result has at most
NO_MEMORY = "there was not enough memory for it; a smaller n or batch takes less."
LISTS = ("tasks", "methods", "seeds", "recipes")
BEGINNING = '{"run": {"task": "'  # of every line of a file of results

Result = dict[str, Any]


def runs(plan: Any) -> list[Spec]:
    """The runs of a plan: every task with every method, seed and recipe. Raises ValueError, with a sentence.

    {"tasks": ["solids"], "methods": ["relu"], "seeds": [0, 1], "recipes": [{}, {"rate": 0.002}]}; seeds and recipes may
    be left out. Instead of these, or besides, {"runs": [{"task", "method", "seed", "recipe"}, …]}.
    """
    if not isinstance(plan, Mapping):
        raise ValueError(f"plan: expected an object, got {type(plan).__name__}")
    unknown = set(plan) - {*LISTS, "runs", "name", "note"}
    if unknown:
        raise ValueError(f"plan: expected {', '.join((*LISTS, 'runs'))}, got {str(min(unknown))[:60]!r}")
    given = {"seeds": [0], "recipes": [{}], "tasks": [], "methods": [], "runs": []} | dict(plan)
    for name in (*LISTS, "runs"):
        if not isinstance(given[name], list):
            raise ValueError(f"{name}: expected a list, got {type(given[name]).__name__}")
    number = len(given["runs"])
    product = 1
    for name in LISTS:
        product *= len(given[name])
    if number + product > MOST_RUNS:
        raise ValueError(f"plan: expected at most {MOST_RUNS:,} runs, got {number + product:,}")
    specs = [Spec.of_json(one) for one in given["runs"]]
    order = (given[name] for name in ("tasks", "recipes", "methods", "seeds"))
    for task, recipe, method, seed in itertools.product(*order):
        specs.append(Spec.of_json({"task": task, "method": method, "seed": seed, "recipe": recipe}))
    if not specs:
        raise ValueError("plan: expected at least one run, got none")
    return list(dict.fromkeys(specs))


def one(
    run: Mapping[str, Any],
    sizes: bool = True,
    folder: Path | None = None,
    tell: Callable[[str], object] | None = None,
    *,
    told: Path | None = None,
    points: int = POINTS,
) -> Result:
    """Do one run, as JSON says it, on one thread. It is what a worker is asked for, here or in a cluster.

    A process does one run at a time: others that its threads are asked for wait. folder: where it leaves
    NAME.training.safetensors every few seconds, from which it goes on, and at the end NAME.safetensors. tell: hears how
    far it is. told: a folder, where NAME.jsonl gets what `records` says, a line each, as it is said, without the states
    and the weights; the lines of a run that goes on follow those that are there. points: how many losses the result has
    at most. Raises ValueError for a state of another run.
    """
    from srviz.lab.records import LOOKS, STATE_SECONDS, at_sizes, records
    from srviz.lab.train import Training, one_thread
    from srviz.lab.variants import VARIANTS

    with one_thread(), ExitStack() as files:
        training = Training(Spec.of_json(run))
        spec = training.spec
        name = f"{file_name(spec.task)}-{spec.mixing}-{spec.seed}"
        tell = tell or (lambda said: None)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            state = folder / f"{name}.training.safetensors"
            if state.exists():
                try:
                    training.resume(state.read_bytes())
                except ValueError as error:
                    raise ValueError(f"{state.name}: {error}") from None
                tell(f"{name}: goes on at step {training.done:,}")
        lines = None
        if told:
            told.mkdir(parents=True, exist_ok=True)
            path = told / f"{name}.jsonl"
            goes_on = training.done > 0 and path.exists()
            if goes_on:
                _whole_lines(path)
            lines = files.enter_context(path.open("a" if goes_on else "w", encoding="utf-8", buffering=1))
        result: Result = {"run": spec.to_json(), "parameters": training.parameters}
        looks = LOOKS if told else 0
        for record in records(training, looks=looks, state_seconds=STATE_SECONDS if folder else math.inf):
            if folder and "state" in record:
                write(state, Packed.of_json(record["state"]).data)
            if folder and "weights" in record:
                write(folder / f"{name}.safetensors", Packed.of_json(record["weights"]).data)
            if lines and "state" not in record:
                lines.write(json.dumps({key: value for key, value in record.items() if key != "weights"}) + "\n")
            if "test" in record:
                said = f"{spec.of_task.metric} {record['test']['metric']:.3f}"
                tell(f"{name}: step {record['step']:,} of {spec.recipe.steps:,}, {said}")
            if "diverged" in record:
                tell(f"{name}: {record['diverged']}")
                result["diverged"] = record["step"]
            result |= record.get("end", {})
        result |= {"losses": thinned(training.losses, points), "tests": training.tests}
        longer = spec.mixing not in VARIANTS  # their n² formula takes minutes there, and they are compared elsewhere
        if sizes and longer and "diverged" not in result and len(training.task.tested_at(spec.recipe)) > 1:
            result["sizes"] = at_sizes(training)
        return result | {"where": where()}


def file_name(task: str) -> str:
    """The name of a task as a file may have it: that of a formula holds signs that a file may not have."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", task)[:40]
    return plain if plain == task else f"{plain}-{crc32(task.encode()):08x}"


def write(path: Path, data: bytes | memoryview) -> None:
    """A file, as a whole or not at all: what was there before stays until all is written.

    What is no file, such as /dev/stdout, is written to as it is.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    beside = path.with_name(f"{path.name}.part")
    beside.write_bytes(data)
    beside.replace(path)


def thinned(losses: Sequence[float], points: int = POINTS) -> list[list[float]]:
    """[step, mean loss of the steps since the last point] at so many points at most."""
    width = max(1, -(-len(losses) // points))
    parts = [losses[k : k + width] for k in range(0, len(losses), width)]
    return [[min(len(losses), (k + 1) * width), round(sum(p) / len(p), 4)] for k, p in enumerate(parts)]


def where() -> dict[str, Any]:
    """When and on what: the date, the versions, the processor.

    "capability" is the kind of instructions that torch computes with, such as "AVX2": with another kind a run differs
    in its last digits, also on processors of one name.
    """
    import torch

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": host.processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": host.cores(),
        "process": os.getpid(),
    }


@dataclass
class Sweep:
    """Runs, and what is known of them. path: of the file of results, or None to keep them here alone."""

    specs: list[Spec]
    path: Path | None = None

    def __post_init__(self) -> None:
        self.results: dict[Spec, Result] = {}
        if self.path and self.path.exists():
            wanted = set(self.specs)
            found = read(self.path)
            _whole_lines(self.path)
            for result in found:
                spec = Spec.of_json(result["run"])
                if spec in wanted:
                    self.results[spec] = result

    @property
    def left(self) -> list[Spec]:
        """The runs that are not over."""
        return [spec for spec in self.specs if spec not in self.results]

    def take(self, result: Result) -> None:
        """A run that is over: it is kept at once."""
        self.results[Spec.of_json(result["run"])] = result
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps(result) + "\n")

    def table(self) -> list[Result]:
        """The results in the order of the plan."""
        return [self.results[spec] for spec in self.specs if spec in self.results]


def _whole_lines(path: Path) -> None:
    """Let the next line of a file begin as one: a last line that was cut off when its process was ended is taken off,
    and one that is whole is ended.
    """
    data = path.read_bytes()
    begun = data.rfind(b"\n") + 1
    if begun == len(data):
        return
    try:
        json.loads(data[begun:])
    except (ValueError, RecursionError):
        os.truncate(path, begun)
    else:
        with path.open("a") as file:
            file.write("\n")


def read(path: Path) -> list[Result]:
    """The results in a file, which may be written at this moment: a last line that is not whole is left out.

    Raises ValueError, with the line, where another one is no result, or the last one is not the beginning of one.
    """
    found = []
    *lines, last = path.read_text("utf-8", "replace").split("\n")
    for number, line in enumerate([*lines, last], 1):
        result = _result(line)
        if result:
            found.append(result)
        elif line and (number <= len(lines) or line[: len(BEGINNING)] != BEGINNING[: len(line)]):
            raise ValueError(f"line {number} of {path.name}: expected the result of a run")
    return found


def _result(line: str) -> Result | None:
    """The result that a line holds, or None."""
    try:
        result: Result = json.loads(line)
        Spec.of_json(result["run"])
        return result if "metric" in result or "diverged" in result else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def local(specs: Sequence[Spec], workers: int | None = None, **how: Any) -> Iterator[Result]:
    """Do the runs in processes of this machine. One that is killed costs the time of the run it was at, and no more.

    A run that fails, or whose process is ended again and again, keeps no other from being done: its error is raised
    when all are over. how: more arguments of `one`.
    """
    most, do_one = workers or host.cores(), partial(one, **how)
    waiting, attempts = list(specs), dict.fromkeys(specs, 0)
    failed: list[BaseException] = []
    while waiting:
        # which of the runs at work has ended a process, nobody knows: at the last attempt each of them is alone
        alone = [spec for spec in waiting if attempts[spec] == ATTEMPTS - 1][:1]
        now, together = (alone, 1) if alone else (list(waiting), most)
        others = set(active_children())
        with ProcessPoolExecutor(together, processes(), _end_with_parent) as pool:
            try:
                at_work = {pool.submit(do_one, spec.to_json()): spec for spec in now}
                for future, spec in _as_done(at_work):
                    error = future.exception()
                    if isinstance(error, BrokenProcessPool):
                        raise error
                    waiting.remove(spec)
                    if error:
                        failed.append(_at(spec, error))
                    else:
                        yield future.result()
            except (BrokenProcessPool, EOFError):  # EOFError: of the process that forks
                for spec in [spec for spec in now if spec in waiting][:together]:
                    attempts[spec] += 1
                    if attempts[spec] == ATTEMPTS:
                        waiting.remove(spec)
                        failed.append(_at(spec, BrokenProcessPool()))
            except BaseException:  # somebody stops it: what is at work is not waited for
                for process in set(active_children()) - others:
                    process.kill()
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    if failed:
        raise failed[0]


def processes() -> BaseContext:
    """How the processes that do runs are started.

    On Linux a helper process imports torch once, and every worker is forked from it. So workers start at once and share
    its memory, and they see the environment of the first start. The caller itself is not forked, because its threads
    may hold locks.
    """
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _at(spec: Spec, error: BaseException) -> BaseException:
    """The error of a run, which says what run it is where it is a sentence for people."""
    which = f"{spec.task} {spec.mixing} seed {spec.seed}"
    if isinstance(error, BrokenProcessPool):
        why = f"its process ended {ATTEMPTS} times, as one does for which there is not enough memory"
        return ChildProcessError(f"{which}: {why}; a smaller n or batch takes less.")
    if is_of_memory(error):
        return ValueError(f"{which}: {NO_MEMORY}")
    return ValueError(f"{which}: {error}") if isinstance(error, ValueError) else error


def is_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory; torch says it as a RuntimeError."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error))


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, in the middle of a run, too."""
    parent = parent_process()
    if parent:
        sentinel = parent.sentinel

        def watch() -> None:
            connection.wait([sentinel])
            os._exit(1)

        Thread(target=watch, daemon=True).start()


def _as_done(at_work: dict["Future[Result]", Spec]) -> Iterator[tuple["Future[Result]", Spec]]:
    left = set(at_work)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: future.exception() is not None):  # first what can be kept
            yield future, at_work[future]


def cluster(address: str, specs: Sequence[Spec], *, timeout_seconds: float = 10.0, **how: Any) -> Iterator[Result]:
    """Do the runs on the workers of a Dask cluster, whose scheduler gives what a lost worker was at to another one.

    The workers need this package. how: more arguments of `one`. Raises ValueError where there is no scheduler, or no
    Dask.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ModuleNotFoundError:
        raise ValueError('A cluster needs Dask, which is not installed: pip install "srviz[cluster]"') from None
    try:
        client = Client(address, timeout=timeout_seconds, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ValueError(f"There is no Dask scheduler at {address}: {str(error)[:100]}") from None
    with client:
        plans = [spec.to_json() for spec in specs]
        futures = client.map(partial(one, **how), plans, pure=False)
        of = {future.key: spec for future, spec in zip(futures, specs, strict=True)}
        failed: list[BaseException] = []
        done = as_completed(futures, with_results=True, raise_errors=False, loop=client.loop)  # type: ignore[no-untyped-call]
        for future, result in done:
            if future.status == "finished":
                yield result
            else:
                lost = isinstance(result[1], KilledWorker)
                failed.append(_at(of[future.key], BrokenProcessPool() if lost else result[1]))
            future.release()
        if failed:
            raise failed[0]


def do(sweep: Sweep, results: Iterator[Result], tell: Callable[[str], object] = print) -> None:
    """Take the results as they come, and tell how far it is."""
    begun, before = time.monotonic(), len(sweep.results)
    for result in results:
        sweep.take(result)
        done = len(sweep.results)
        left = (time.monotonic() - begun) / (done - before) * (len(sweep.specs) - done)
        run = result["run"]
        said = f"diverged at step {result['diverged']}" if "diverged" in result else f"{result['metric']:.3f}"
        which = f"{run['task']} {run['method']} seed {run['seed']}"
        tell(f"{done} of {len(sweep.specs)}: {which}: {said}, {left / 60:.0f} min left")
