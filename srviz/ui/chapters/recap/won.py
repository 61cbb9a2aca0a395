"""Who won: what is recorded of the trainings, sliced attention beside softmax, seed by seed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from srviz import places
from srviz.attention.methods import METHODS, by_dots
from srviz.lab.mixing import mixings
from srviz.lab.results import read
from srviz.lab.summary import RunGroup, against, lines
from srviz.lab.tasks import find
from srviz.numbers import decimal
from srviz.ui.chapters.recap import WORDS
from srviz.ui.kit.table import markdown

TASKS, CROWD = "methods.jsonl", "crowd.jsonl"  # every method on the tasks of Train it, and on functions of a crowd
BETTER, WORSE, CLOSE = "better", "worse", "close"  # there is no clear difference
MOST_BYTES = 8_000_000  # of a recorded file


@dataclass(frozen=True)
class TaskResult:
    """One task. means: of the test, by method. verdicts: of each sliced method against softmax. seeds: of softmax."""

    title: str
    unit: str
    means: dict[str, float]
    verdicts: dict[str, str]
    seeds: int


@cache
def results(name: str) -> tuple[TaskResult, ...]:
    """Of each task in a recorded file that softmax has learned, too; none where there is no such file."""
    path = places.RECORDED / "lab" / name
    if not path.exists() or path.stat().st_size > MOST_BYTES:
        return ()
    by_task: dict[str, dict[str, RunGroup]] = {}
    for line in lines(read(path)):
        if line.values:
            by_task.setdefault(line.task, {})[line.mixing] = line
    return tuple(_result(task, of) for task, of in by_task.items() if by_dots().name in of)


def _compared() -> tuple[str, ...]:
    """The names of the methods in the table: softmax, and every sliced one, which is compared with it."""
    return (by_dots().name, *(method.name for method in METHODS.values() if method.projection))


def _result(name: str, of: dict[str, RunGroup]) -> TaskResult:
    task, sign = find(name), 1 if find(name).better_up else -1
    known = [mixing for mixing in _compared() if mixing in of]
    base, *others = (of[mixing] for mixing in known)
    verdicts = {}
    for difference in against(base, others):
        won = BETTER if sign * difference.mean > 0 else WORSE
        verdicts[difference.line.mixing] = won if difference.is_clear else CLOSE
    means = {mixing: of[mixing].mean for mixing in known}
    return TaskResult(task.title, task.metric, means, verdicts, len(base.values))


def table(found: Sequence[TaskResult], crowd: Sequence[TaskResult] = ()) -> str:
    """In Markdown: a row for each task, with the verdicts in words, and one for all functions of a crowd."""
    names = _compared()
    labels = [mixings()[name].label for name in names]
    rows = [[result.title, *(_cell(result, name) for name in names)] for result in found]
    if crowd:
        rows.append([WORDS("won.crowd", n=len(crowd)), "", *(tally(crowd, name) for name in names[1:])])
    return markdown([WORDS("won.task"), *labels], rows, ["---", "---:", *["---"] * len(names[1:])])


def _cell(result: TaskResult, name: str) -> str:
    if name not in result.means:
        return WORDS("unmeasured")
    mean, verdict = result.means[name], result.verdicts.get(name)
    return WORDS(f"won.cell.{verdict}", mean=mean) if verdict else decimal(mean, ".3f")


def tally(found: Sequence[TaskResult], method: str) -> str:
    """How often a method was better than softmax and how often worse: "better on 1, worse on 9, … on 3"."""
    counts = Counter(result.verdicts[method] for result in found if method in result.verdicts)
    return ", ".join(WORDS(f"won.tally.{one}", n=counts[one]) for one in (BETTER, WORSE, CLOSE) if counts[one])
