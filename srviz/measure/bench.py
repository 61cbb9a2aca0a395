"""The benchmark: `python -m srviz.measure.bench --json out.json`. The page of the race runs the same.

The clock runs in a child process, which can be ended in the middle of a call, and which the system may end when memory
runs out: that ends one method, and not the run. It is a job, see `srviz.jobs`.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from srviz import device as devices
from srviz import host, jobs
from srviz.attention.engines import engines
from srviz.attention.methods import ways
from srviz.measure.plan import DIRECTIONS, DTYPES, FLOOR, Plan, Row
from srviz.numbers import duration, size

FORMAT = "srviz bench 1"
MOST_ROWS = 2000  # of a run that is read


@dataclass
class Run:
    """A plan, and what has been measured of it so far. at: (method, direction, n) of the call that is being made."""

    plan: Plan
    provenance: dict[str, Any] = field(default_factory=dict)
    rows: dict[tuple[str, str, int], Row] = field(default_factory=dict)
    at: tuple[str, str, int] | None = None
    over: bool = False
    trouble: str = ""  # a sentence, where the run could not go on

    def take(self, record: Mapping[str, Any]) -> None:
        """What the child says, see `race`, and what is said of its end, see `srviz.jobs`."""
        if "provenance" in record:
            self.provenance = self.provenance or dict(record["provenance"])
        elif "at" in record:
            method, direction, n = record["at"]
            self.at = method, direction, n
        elif "row" in record:
            row = Row.read(record["row"])
            self.rows[row.method, row.direction, row.n] = row
        elif "others" in record:
            self.provenance["others"] = record["others"]
        elif "lost" in record:
            self.over, self.trouble = True, record["lost"]
        elif "exit" in record:
            self.died(record["exit"])
        elif jobs.TROUBLE in record:
            self.over, self.trouble = True, record[jobs.TROUBLE]
        elif "end" in record:
            self.over = True

    def rest(self) -> Plan:
        """The plan of the rest: from the n where it stands, without the methods that have ended."""
        ended = {(row.method, row.direction) for row in self.rows.values() if row.stopped}
        return replace(self.plan, least=self.at[2] if self.at else self.plan.least, ended=tuple(sorted(ended)))

    def died(self, code: int) -> None:
        """The child ended in the middle: mark the point it was at, which ends its method."""
        if self.at is None:
            self.over, self.trouble = True, f"The process that measures ended before it began (exit code {code})."
            return
        method, direction, n = self.at
        plan = self.plan
        why = "the system ended it: out of memory" if code in jobs.KILLED else f"its process ended (exit code {code})"
        shape = {name: getattr(plan, name) for name in ("batch", "heads", "d", "dtype", "device", "threads", "engine")}
        takes = "" if method == FLOOR else ", ".join(ways()[method].takes)
        self.rows[self.at] = Row(method, direction, n, **shape, inputs=takes, stopped=why)
        if not self.rest().lanes() or method == FLOOR:
            self.over = True

    def document(self, note: str = "") -> dict[str, Any]:
        """The JSON of the run."""
        rows = [asdict(row) for row in self.rows.values()]
        return {"format": FORMAT, "provenance": self.provenance | {"note": note}, "rows": rows}


def measure(run: Run, *, nice: int = 0) -> Generator[bool | None, None, None]:
    """Measure what is left of a run in a child process: True for what is new, None every 0.1 s without it.

    nice: how far other processes come first, see `Limits`. Close the generator to end the child at once; the run keeps
    what it has and can be gone on with. Where the child ends in the middle of a call, another one measures the rest.
    """
    while not run.over:
        rest = run.rest()
        given = host.granted() if rest.memory is None else rest.memory
        limits = jobs.Limits(
            memory_bytes=given if rest.device == "cpu" else None, threads=rest.threads,
            nice=nice, reused=False,  # its memory is measured: nothing else may have been there
        )  # fmt: skip
        with contextlib.closing(jobs.stream({"job": "measure.race"} | asdict(rest), limits=limits)) as records:
            for record in records:
                if record is not None:
                    run.take(record)
                yield None if record is None else True


def read(text: str) -> Run:
    """A run from its JSON. Raises ValueError where it is none."""
    try:
        given = json.loads(text)
    except RecursionError:
        raise ValueError("expected the JSON of a run, got one nested too deep") from None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise ValueError(f"expected a run of the format {FORMAT!r}")
    where, rows = given.get("provenance"), given.get("rows")
    if not isinstance(where, dict) or not all(_plain(name, value) for name, value in where.items()):
        raise ValueError("provenance: expected names with short texts or numbers")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"rows: expected a list of 1 to {MOST_ROWS} rows")
    run = Run(Plan(), where, over=True)
    for row in map(Row.read, rows):
        run.rows[row.method, row.direction, row.n] = row
    return run


def _plain(name: str, value: object) -> bool:
    return len(name) <= 40 and isinstance(value, str | int | float) and len(str(value)) <= 500


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    ask = argparse.ArgumentParser(prog="python -m srviz.measure.bench", description="Time and memory of every method.")
    usual = Plan()
    ask.add_argument("--json", type=Path, help="where to write the run")
    ask.add_argument("--quick", action="store_true", help="n up to 4,096, at most 0.1 s a call")
    ask.add_argument("--methods", type=_names(ways()), default=usual.methods, help=",".join(ways()))
    ask.add_argument("--directions", type=_names(DIRECTIONS), default=DIRECTIONS, help=",".join(DIRECTIONS))
    for name in ("least", "most", "batch", "heads", "d"):
        ask.add_argument(f"--{name}", type=_whole, default=getattr(usual, name))
    ask.add_argument("--dtype", choices=DTYPES, default=usual.dtype)
    ask.add_argument("--device", type=_device, default=str(devices.pick()), help=", ".join(map(str, devices.present())))
    names = sorted({engine.name for engine in engines()})
    ask.add_argument("--engine", choices=names, default="", help="of the sliced methods; else chosen by itself")
    ask.add_argument("--threads", type=_whole, default=host.cores())
    ask.add_argument("--seconds", type=float, default=usual.seconds, help="the longest that one call may take")
    ask.add_argument("--memory", type=_whole, help="bytes that may be taken at most")
    ask.add_argument("--note", default="", help="a sentence to be kept with the run")
    given = vars(ask.parse_args(arguments))
    plan = Plan(**{f.name: given[f.name] for f in fields(Plan) if f.name in given})
    if given["quick"]:
        plan = replace(plan, most=min(plan.most, 4096), seconds=min(plan.seconds, 0.1))
    run = Run(plan)
    for new in measure(run):
        if new and run.at and sys.stderr.isatty():
            print(f"\r{' '.join(map(str, run.at)):40}", end="", file=sys.stderr)
    for row in sorted(run.rows.values(), key=lambda row: (row.direction, row.method, row.n)):
        print(_line(row))
    if given["json"]:
        given["json"].write_text(json.dumps(run.document(given["note"]), indent=1) + "\n", "utf-8")
    if run.trouble:
        print(run.trouble, file=sys.stderr)
    return int(bool(run.trouble))


def _line(row: Row) -> str:
    start = f"{row.method:10}{row.direction:10}{row.n:>9,}"
    if row.seconds is None:
        return f"{start}  {row.stopped}"
    held = "" if row.peak is None else f"  peak {size(row.peak)}"
    eager = f"{duration(row.seconds):>10}  ({duration(row.least or 0)} … {duration(row.most or 0)})"
    if not (row.replayed or row.not_replayed):
        return f"{start}  {eager}{held}"
    again = duration(row.replayed) if row.replayed else row.not_replayed
    return f"{start}  eager {eager}  replayed {again:>10}{held}"


def _names(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(text.split(",")))
        if not set(found) <= set(known):
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, got {text}")
        return found

    return names


def _device(text: str) -> str:
    """One of the devices that are there; without a number, the first of its kind."""
    present = [str(device) for device in devices.present()]
    found = next((name for name in present if text in (name, name.partition(":")[0])), None)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(present)}, got {text}")
    return found


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
