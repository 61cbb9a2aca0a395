"""The command line of the lab: `python -m srviz.lab train solids --method relu,softmax --seed 0…4 --json out.json`."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from srviz import host, places
from srviz.attention.methods import METHODS, by_dots, sliced
from srviz.lab import pool
from srviz.lab import sweep as sweeps
from srviz.lab.mixing import mixings
from srviz.lab.results import Result, read, where, write
from srviz.lab.spec import Spec
from srviz.lab.summary import best, table
from srviz.lab.task import Recipe
from srviz.lab.tasks import FAMILIES, TASKS

FORMAT = "srviz lab 1"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    ask = argparse.ArgumentParser(
        prog="python -m srviz.lab", description="Train small models with sliced attention and beside it."
    )
    ask.set_defaults(kept=lambda given: "Nothing was written.", found=None)
    commands = ask.add_subparsers(dest="command", required=True)
    commands.add_parser("tasks", help="what can be learned, and what can mix").set_defaults(do=_tasks)

    train = commands.add_parser("train", help="train on one task")
    train.add_argument("task", help=", ".join(TASKS))
    train.add_argument("--method", default=f"{sliced().name},{by_dots().name}", help=", ".join(mixings()))
    train.add_argument("--seed", default="0", help="such as 0, 0,3 or 0…4")
    train.add_argument("--json", type=Path, help="a file: the results, written anew as a whole after each run")
    train.add_argument("--records", type=Path, help="a folder: all that is said of each run, a line at once")
    train.add_argument("--checkpoints", type=Path, help="a folder: states to go on from, and the trained weights")
    _recipe(train)
    _where(train)
    train.set_defaults(do=_train, kept=_kept)

    sweep = commands.add_parser(
        "sweep", help="do all runs of a plan, and what is missing of it when it is started again"
    )
    sweep.add_argument("plan", type=Path, help="a file of JSON: tasks, methods, seeds, recipes")
    sweep.add_argument(
        "--out",
        type=Path,
        help="the file of results, a line a run; if none is named, one that the page of the lab shows",
    )
    _where(sweep)
    sweep.set_defaults(do=_sweep, kept=lambda given: "Every run that is over is a line of the file of results.")

    until = commands.add_parser("until", help="how many steps each run of a plan needs until every answer is right")
    until.add_argument("plan", type=Path, help="a file of JSON: tasks, methods, seeds, recipes")
    until.add_argument("--out", type=Path, required=True, help="the file of results; what is missing in it is done")
    until.set_defaults(do=_until, kept=lambda given: f"Every run that is over is in {given.out}.")

    best = commands.add_parser(
        "best", help="from the results of a sweep, a plan of each method's best recipe with other seeds"
    )
    best.add_argument("results", type=Path, nargs="+", help="files of results")
    best.add_argument("--seed", default="0…4", help="such as 0…4")
    best.add_argument("--out", type=Path, required=True, help="where the plan is written")
    best.set_defaults(do=_best)

    keep = commands.add_parser("keep", help="train models whose heads the pages of the course look at")
    keep.add_argument("task", help=", ".join(TASKS))
    keep.add_argument("--method", default=",".join(METHODS), help=", ".join(METHODS))
    keep.add_argument("--seed", type=int, default=0)
    _recipe(keep)
    keep.set_defaults(do=_keep, kept=lambda given: "Every model that was trained to its end is kept.")

    watch = commands.add_parser("watch", help="record trainings that the page shows to those who wait for their own")
    watch.add_argument("task", help=", ".join(TASKS))
    watch.add_argument("--method", default=f"{sliced().name},{by_dots().name}", help=", ".join(mixings()))
    watch.add_argument("--seed", type=int, default=0)
    _recipe(watch)
    watch.set_defaults(do=_watch, kept=lambda given: "Every training that came to its end is kept.")

    capacity = commands.add_parser("capacity", help="measure what a head can hold apart; some minutes")
    capacity.add_argument("--json", type=Path, help="where the results are written")
    capacity.set_defaults(do=_capacity)

    given = ask.parse_args(arguments)
    try:
        do: Callable[[argparse.Namespace], int] = given.do
        return do(given)
    except (ValueError, OSError) as error:
        print(f"{ask.prog}: {error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        if not pool.is_of_memory(error):
            raise
        print(f"{ask.prog}: {pool.NO_MEMORY}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept: Callable[[argparse.Namespace], str] = given.kept
        print(f"Stopped. {kept(given)}", file=sys.stderr)
        return 130


def _recipe(command: argparse.ArgumentParser) -> None:
    for field in fields(Recipe):
        command.add_argument(f"--{field.name}", help=f"{field.name} of the recipe, if not the task's own")


def _where(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workers", type=int, default=host.cores(), help="processes on this machine")
    command.add_argument("--cluster", help="the scheduler of a Dask cluster, such as tcp://10.0.0.1:8786")


def _tasks(given: argparse.Namespace) -> int:
    for task in TASKS.values():
        print(f"{task.name:10} {task.title}, after {task.after}. {task.line}")
    for family in FAMILIES:
        print(f"{family}:…    a family: {(sys.modules[FAMILIES[family].__module__].__doc__ or '').splitlines()[0]}")
    print("Methods:", ", ".join(f"{name} ({mixing.label})" for name, mixing in mixings().items()))
    return 0


@dataclass
class Document(sweeps.Sweep):
    """Runs whose results are one document, which is written anew after each of them. document: its file, if any.

    Results that an earlier command left in it stay until their runs are done again.
    """

    document: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.earlier = _earlier(self.document) if self.document else {}

    def take(self, result: Result) -> None:
        """A run that is over: it is kept at once."""
        super().take(result)
        if self.document:
            known = self.earlier | self.results
            runs = [known[spec] for spec in self.specs if spec in known]
            _write(self.document, {"format": FORMAT, "command": _command(), "runs": runs})


def _earlier(document: Path) -> dict[Spec, Result]:
    """The results in a document of this format; nothing where there is none, or another file."""
    if not document.is_file():  # reading /dev/stdout would wait
        return {}
    try:
        held = json.loads(document.read_text("utf-8"))
        return {Spec.of_json(result["run"]): result for result in held["runs"]} if held["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _train(given: argparse.Namespace) -> int:
    lists = {"tasks": [given.task], "methods": _names(given.method), "seeds": _seeds(given.seed)}
    specs = sweeps.runs(lists | {"recipes": [_changes(given)]})
    if given.cluster and (given.checkpoints or given.records):
        raise ValueError("cluster: expected neither --checkpoints nor --records, which are folders of this machine")
    for folder in filter(None, (given.checkpoints, given.records)):
        _folder(folder)
    if given.json:
        _ready(given.json)
    tell = _say if given.checkpoints else None
    how = {"folder": given.checkpoints, "tell": tell, "told": given.records, "points": specs[0].recipe.steps}
    _do(Document(specs, document=given.json), given, **how)
    return 0


def _kept(given: argparse.Namespace) -> str:
    """What is kept of a training that was stopped."""
    found: sweeps.Sweep | None = given.found
    if not found:
        return "Nothing was begun."
    over = len(found.results)
    kept = f"{over} of {len(found.specs)} runs are over"
    kept += f", and {given.json} has them." if given.json and over else "."
    if given.records:
        kept += f" What was said of those that were begun is in {given.records}."
    if given.checkpoints:
        kept += f" The same command goes on from the states in {given.checkpoints}."
    if not (given.json or given.records or given.checkpoints):
        kept += " No file has anything of them; --json, --records and --checkpoints ask for one."
    return kept


def _say(said: str) -> None:
    """Print at once, as a process must that shares its output with others."""
    print(said, flush=True)


def _keep(given: argparse.Namespace) -> int:
    from srviz.lab.trained import keep

    for method in _names(given.method):
        keep(Spec.usual(given.task, method, given.seed, _changes(given)))
    return 0


def _watch(given: argparse.Namespace) -> int:
    from srviz.lab.train import one_thread
    from srviz.lab.watched import record

    with one_thread():
        for method in _names(given.method):
            record(Spec.usual(given.task, method, given.seed, _changes(given)))
    return 0


def _capacity(given: argparse.Namespace) -> int:
    from srviz.lab.capacity import measured

    if given.json:
        _ready(given.json)
    found = measured(print)
    if given.json:
        _write(given.json, {"format": FORMAT, "command": _command(), "where": where(), "found": found})
    return 0


def _sweep(given: argparse.Namespace) -> int:
    plan = _plan(given.plan)
    path = given.out or places.sweeps() / f"{given.plan.stem}.jsonl"
    found = sweeps.Sweep(sweeps.runs(plan), path)
    print(f"{len(found.specs)} runs, {len(found.results)} of them over. Results: {path}")
    _folder(path.parent)
    path.with_suffix(".plan.json").write_text(json.dumps(plan) + "\n")
    _do(found, given)
    return 0


def _best(given: argparse.Namespace) -> int:
    results = [result for path in given.results for result in read(path)]
    runs = best(results, _seeds(given.seed))
    sweeps.runs({"runs": runs})
    names = ", ".join(path.name for path in given.results)
    _folder(given.out.parent)
    given.out.write_text(json.dumps({"note": f"The best recipes of {names}", "runs": runs}, indent=1) + "\n")
    print(f"{len(runs)} runs: {given.out}")
    return 0


def _do(found: sweeps.Sweep, given: argparse.Namespace, **how: Any) -> None:
    """Do what is left, and show the results, also where not all is done. how: more arguments of `run.one`."""
    if not 1 <= given.workers <= 256:
        raise ValueError(f"workers: expected 1 to 256, got {given.workers}")
    given.found, left = found, found.left
    if given.cluster:
        results = pool.cluster(given.cluster, left, **how)
    else:
        results = pool.local(left, min(given.workers, len(left) or 1), **how)
    try:
        sweeps.do(found, results)
    finally:
        if found.results:
            print(table(found.table()))


def _folder(path: Path) -> None:
    """Make a folder where there is none."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"{path}: expected a folder, got a file") from None


def _ready(path: Path) -> None:
    """Make the folder of a file that is to be written at the end of long work, or say before it why that cannot be."""
    _folder(path.parent)
    if path.is_dir():
        raise ValueError(f"{path}: expected a file, got a folder")
    if path.exists() and not path.is_file():  # such as /dev/stdout, which is written to as it is
        return
    with TemporaryFile(dir=path.parent):
        pass


def _write(path: Path, found: Mapping[str, Any]) -> None:
    write(path, f"{json.dumps(found)}\n".encode())


def _names(text: str) -> list[str]:
    """Each name once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",")))


def _changes(given: argparse.Namespace) -> dict[str, Any]:
    """What the command line asks for besides the usual recipe."""
    names = [field.name for field in fields(Recipe)]
    return {name: value for name in names if (value := _value(name, getattr(given, name))) is not None}


def _value(name: str, text: str | None) -> Any:
    """An entry of the recipe from the command line. Raises ValueError where it is no number and should be one."""
    kind: Mapping[str, Any] = {field.name: field.type for field in fields(Recipe)}
    if text is None or kind[name] in (str, "str"):
        return text
    try:
        return int(text) if kind[name] in (int, "int") else float(text)
    except ValueError:
        raise ValueError(f"{name}: expected a number, got {text!r}") from None


def _seeds(text: str) -> list[int]:
    """Seeds from "3", "0,2" or "0…4", each once; "0...4", "0..4" and "0-4" are the same."""
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d{1,9})(?:(?:…|\.{2,3}|-)(\d{1,9}))?", part.strip())
        if not found:
            raise ValueError(f"seed: expected numbers such as 0, 0,3 or 0…4, got {text[:60]!r}")
        first, last = int(found[1]), int(found[2] or found[1])
        if not 0 <= last - first < sweeps.MOST_RUNS:
            raise ValueError(f"seed: expected a first and a later last one, got {part[:60]!r}")
        seeds += range(first, last + 1)
    return list(dict.fromkeys(seeds))


def _command() -> str:
    return " ".join(["python -m srviz.lab", *sys.argv[1:]])


def _plan(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: expected JSON: {str(error)[:100]}") from None


def _until(given: argparse.Namespace) -> int:
    from srviz.lab.until import record

    plan = _plan(given.plan)
    _ready(given.out)
    record(sweeps.runs(plan), given.out, _command(), str(plan.get("note", "")))
    return 0
