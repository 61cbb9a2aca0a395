"""Trainings with several seeds: those that are recorded, and the sweeps of this machine."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import streamlit as st

from srviz import places
from srviz.figures import lab as figures
from srviz.lab import Recipe, Spec, Task
from srviz.lab.mixing import mixings
from srviz.lab.results import LONG, read
from srviz.lab.summary import RunGroup, lines
from srviz.lab.sweep import runs
from srviz.lab.tasks import find
from srviz.ui.chapters.train import WORDS, tables
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.recorded import where as recorded_where
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away, chosen

SCRIPTS = Path(__file__).parent / "scripts"
MOST_BYTES = 8_000_000  # of a file of results
MOST_FILES = 12
SWEEP_SECONDS = 5.0  # between two looks at a sweep that is under way
RECORDED = "methods.jsonl"  # the recorded runs of every method, each at the rate that did best
RATES = "rates.jsonl"  # how that rate was found: every method at four rates, with other seeds


@dataclass(frozen=True)
class ResultsFile:
    """A file of results. wanted: how many runs its plan has, and over: how many of these have a result. Where there is
    no plan beside it, both are the number of the results.
    """

    name: str
    results: tuple[Mapping[str, Any], ...]
    wanted: int
    over: int


def recorded(task: Task) -> None:
    """What other seeds came to, behind a cover: it says who wins. And how far the sweeps of this machine are."""
    with st.expander(WORDS("recorded.title"), key="recorded", on_change="rerun") as box:
        if not box.open:
            return
        if mine := _mine({"task": task.name}):
            _show(task, mine)
            st.caption(_provenance(mine))
            _tables(task, mine)
        else:
            st.markdown(WORDS("recorded.nothing", task=task.title))
        found = files(places.sweeps())
        if any(file.over < file.wanted for file in found):
            sweeping([(file.name, file.over) for file in found])
        for file in found:
            st.markdown(WORDS("recorded.sweep", over=file.over, wanted=file.wanted))
            if ours := _mine({"task": task.name, "sweep": file.name}):
                _show(task, ours, file.name)


@st.fragment(run_every=SWEEP_SECONDS)
def sweeping(shown: Sequence[tuple[str, int]]) -> None:
    """How far the sweeps of this machine are, seen again every few seconds; the page is drawn anew when a run ends.

    shown: the name of each file, and how many runs were over when the page was drawn.
    """
    found = files(places.sweeps())
    if [(file.name, file.over) for file in found] != list(shown):
        st.rerun()
    wanted = sum(file.wanted for file in found)
    st.progress(sum(file.over for file in found) / max(1, wanted), WORDS("recorded.sweeping"))


def _mine(state: State) -> list[RunGroup]:
    """What the runs of a task came to: the recorded ones, or those of a sweep of this machine."""
    sweep = chosen(state, "sweep", "")
    return _of_task(state["task"], places.sweeps(), sweep) if sweep else recorded_lines(state["task"])


def recorded_lines(task: str) -> list[RunGroup]:
    """The recorded runs of a task, a line for each method."""
    return _of_task(task, places.RECORDED / "lab", RECORDED)


def _of_task(task: str, folder: Path, name: str) -> list[RunGroup]:
    found = next((file for file in files(folder) if file.name == name), None)
    return [line for line in _lines(found.results if found else ()) if line.task == task]


def _tables(task: Task, found: Sequence[RunGroup]) -> None:
    """The models at other numbers of tokens, and how their learning rates were found."""
    if rows := tables.sizes(found, task):
        st.markdown(WORDS("recorded.sizes"))
        st.table(rows, hide_index=True)
    tried = _of_task(task.name, places.RECORDED / "lab", RATES)
    if tried:
        seeds = sorted({seed for line in tried for seed in line.by_seed})
        st.markdown(WORDS("recorded.rates", seeds=", ".join(map(str, seeds))))
        st.table(tables.rates(tried), hide_index=True)
        st.caption(WORDS("recorded.chosen"))


def _show(task: Task, found: Sequence[RunGroup], sweep: str = "") -> None:
    """Intervals, and how the test went along the steps or the seconds."""
    key = f"sweep {sweep}" if sweep else "recorded"
    state = {"task": task.name} | ({"sweep": sweep} if sweep else {})
    outcomes = [
        figures.Outcome(_label(line, found), mixings()[line.mixing].look, line.values, line.mean, *bounded(line))
        for line in found
    ]
    drawing = figures.intervals(outcomes, axis=WORDS(f"recorded.axes.{task.metric}"), mode=mode())
    chart(drawing, _intervals(state), f"intervals {key}", st.container())
    intervals, course = _figures(key)
    away(intervals, state)
    along = st.segmented_control(
        WORDS("recorded.along"), ["steps", "seconds"], default="steps", required=True, key=f"along {key}",
        label_visibility="collapsed", format_func=lambda along: WORDS(f"recorded.by.{along}"),
    )  # fmt: skip
    drawn = {_label(line, found): (mixings()[line.mixing].look, *_course(line, ALONG.index(along))) for line in found}
    by, axis = WORDS(f"recorded.by.{along}"), WORDS(f"recorded.axis.{task.metric}")
    drawing = figures.curves(drawn, along=by, axis=axis, mode=mode())
    chart(drawing, WORDS(f"recorded.course.{along}"), f"course {key}", st.container())
    away(course, state | {"along": along})


# ---- what is taken away of both ----

ALONG = ["steps", "seconds"]


def _intervals(state: State) -> str:
    """Every mean and its interval, in words."""
    found = _mine(state)
    told = ((_label(line, found), line.mean, *bounded(line)) for line in found)
    return WORDS("recorded.intervals", intervals="; ".join(
        WORDS("recorded.interval", label=label, mean=mean, low=low, high=high) for label, mean, low, high in told
    ))  # fmt: skip


def _seeds(state: State) -> Columns:
    """A row for each seed: what it came to, the mean of its line, and the interval of that."""
    found = _mine(state)
    return rows([(_label(line, found), line.values, line.mean, *bounded(line)) for line in found])


def rows(found: Iterable[tuple[str, Sequence[float], float, float, float]]) -> Columns:
    """A row for each value. found: the name of each line, its values, their mean, and the ends of its interval."""
    names = ("line", "value", "mean", "low", "high")
    told = [(label, value, mean, low, high) for label, values, mean, low, high in found for value in values]
    return dict(zip(names, map(list, zip(*told, strict=True)), strict=True))


def _tests(state: State) -> Columns:
    """A row for each test along the course: where it was, and the mean over the seeds."""
    found, column = _mine(state), ALONG.index(chosen(state, "along", ALONG[0]))
    told = [(_label(line, found), at, y) for line in found for at, y in zip(*_course(line, column), strict=True)]
    return dict(zip(("line", "at", "test"), map(list, zip(*told, strict=True)), strict=True))


def _script(name: str, state: State, **more: str) -> Script:
    """The program of this name: it reads the same file."""
    values: dict[str, Any] = {"task": state["task"], **more}
    if sweep := chosen(state, "sweep", ""):
        values |= {"file": sweep, "folder": Code("places.sweeps()", kind="")}
    return Script(SCRIPTS / name, WORDS("title"), values)


def _figures(key: str) -> tuple[Figure, Figure]:
    """The intervals and the course, of what is recorded or of a sweep."""
    name = key.replace(" ", "-").replace(".jsonl", "")
    intervals = Figure(
        (f"intervals {key}",), f"intervals-{name}", WORDS("recorded.take.intervals"), _intervals, _seeds,
        lambda state: _script("intervals", state), variants=("numpy",),
        there=lambda state: bool(_mine(state)), second={"task": "patches"},
    )  # fmt: skip
    course = Figure(
        (f"course {key}",), f"course-{name}", WORDS("recorded.take.course"),
        lambda state: WORDS(f"recorded.course.{chosen(state, 'along', ALONG[0])}"), _tests,
        lambda state: _script("course", state, along=chosen(state, "along", ALONG[0])), variants=("numpy",),
        there=lambda state: bool(_mine(state)), second={"task": "patches"},
    )  # fmt: skip
    return intervals, course


FIGURES = _figures("recorded")


def _label(line: RunGroup, among: Sequence[RunGroup]) -> str:
    """The name of a line, with its rate where another line has the same name."""
    label = mixings()[line.mixing].label
    alike = [one for one in among if one.mixing == line.mixing]
    return label if len(alike) == 1 else WORDS("recorded.rate", label=label, rate=line.recipe.rate)


def bounded(line: RunGroup) -> tuple[float, float]:
    """The interval of the mean; the mean alone where one seed tells nothing of a spread."""
    return line.interval if len(line.values) > 1 else (line.mean, line.mean)


def _course(line: RunGroup, column: int) -> tuple[list[float], list[float]]:
    """Where along, and the mean of the test there, over the seeds. column: 0 for steps, 1 for seconds.

    The last point is that of the whole test, also where the last test on the way was of fewer examples.
    Of the seconds it is the median over the seeds: a run that other work held up for minutes says nothing of a method.
    """
    tests = [
        [*result["tests"][:-1], [*result["tests"][-1][:2], result["metric"]]]
        for result in line.results
        if "diverged" not in result
    ]
    rows = list(zip(*tests, strict=False))
    return [median(t[column] for t in row) for row in rows], [sum(t[2] for t in row) / len(row) for row in rows]


def _lines(results: Iterable[Mapping[str, Any]]) -> list[RunGroup]:
    return [line for line in lines(results) if line.values]


def _provenance(found: Sequence[RunGroup]) -> str:
    """When and on what it was recorded, and what the numbers are."""
    seeds = sorted({len(line.values) for line in found})
    many = "fewer" if len(seeds) > 1 else "one" if seeds[0] == 1 else "many"
    steps = max(line.recipe.steps for line in found)
    return (
        WORDS(f"recorded.seeds.{many}", **({"least": seeds[0]} if many == "fewer" else {}), most=seeds[-1])
        + " "
        + WORDS("recorded.how", where=where(found), steps=steps, some=find(found[0].task).examples)
    )


def differs(recipe: Recipe, usual: Recipe) -> str:
    """What a recipe has other than the usual one, in a few words."""
    before = asdict(usual)
    changed = {name: value for name, value in asdict(recipe).items() if value != before[name]}
    said = ", ".join(_changed(name, value) for name, value in changed.items()) or WORDS("changes.same")
    return said[:1].upper() + said[1:]


def _changed(name: str, value: Any) -> str:
    if name in ("norm", "positions"):
        return WORDS(f"changes.kind.{name}.{value}")
    if name in ("heads", "layers", "steps"):
        return WORDS(f"changes.count.{name}.{'one' if value == 1 else 'many'}", n=value)
    return WORDS(f"changes.size.{name}", value=value) if name in ("rate", "bandwidth") else f"{name} {value}"


def where(found: Iterable[RunGroup]) -> str:
    """When and on what some lines were recorded, all of them together."""
    return recorded_where(result.get("where", {}) for line in found for result in line.results)


def files(folder: Path) -> list[ResultsFile]:
    """The files of results in a folder; what is none is left out, and logged."""
    found = []
    for path in sorted(folder.glob("*.jsonl"))[:MOST_FILES] if folder.is_dir() else ():
        try:
            state = path.stat()
            found.append(_read(str(path), state.st_mtime_ns, state.st_size))
        except (OSError, ValueError) as error:
            logging.getLogger(__name__).warning("%s: %s", path.name, error)
    return found


@st.cache_resource(max_entries=MOST_FILES, show_spinner=False)
def _read(path: str, changed: int, size: int) -> ResultsFile:
    """A file of results, read again when it has changed."""
    if size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    file = Path(path)
    plan = file.with_suffix(".plan.json")
    results = tuple(read(file, without=LONG))
    done = {Spec.of_json(result["run"]) for result in results}
    planned = set(runs(json.loads(plan.read_text("utf-8")))) if plan.exists() else done
    return ResultsFile(file.name, results, len(planned), len(planned & done))
