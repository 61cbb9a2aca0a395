"""What each part of sliced ReLU attention is for: recorded runs with one thing changed at a time."""

from collections.abc import Sequence

import streamlit as st

from srviz import places
from srviz.attention.methods import sliced
from srviz.figures import lab as figures
from srviz.lab import TASKS, Task
from srviz.lab.mixing import mixings
from srviz.lab.summary import Difference, RunGroup, against, lines
from srviz.numbers import decimal
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.recorded import SCRIPTS, differs, files, rows, where
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away

RECORDED = "parts.jsonl"
LEAST_SEEDS = 2


def parts(task: Task) -> None:
    """The differences to the paper's form on this task, as intervals, and what they support in a sentence."""
    with st.expander(WORDS("parts.title"), key="parts cover", on_change="rerun") as box:
        if not box.open:
            return
        found = _recorded()
        on = [TASKS[name].title for name in dict.fromkeys(line.task for line in found) if name in TASKS]
        mine = [line for line in found if line.task == task.name]
        base = base_of(mine)
        if base is None:
            tasks = WORDS("parts.and").join(on)
            st.markdown(WORDS("parts.elsewhere", tasks=tasks) if on else WORDS("parts.nothing"))
            return
        told = told_of(base, mine)
        st.markdown(sentence(told, base, task))
        if not told:
            return
        outcomes = [
            figures.Outcome(label(one.line, base), sliced().look, one.values, one.mean, *one.interval) for one in told
        ]
        state = {"task": task.name}
        drawing = figures.intervals(outcomes, axis=WORDS("parts.axis"), mode=mode(), zero=True)
        chart(drawing, _caption(state), "parts", st.container())
        away(PARTS, state)
        least, *more = sorted({len(one.values) for one in told})
        seeds = WORDS("parts.seeds", least=least, most=more[-1]) if more else least
        st.caption(
            WORDS("parts.caption", mean=base.mean, seeds=seeds, where=where([base, *(one.line for one in told)]))
        )


def _recorded() -> list[RunGroup]:
    file = next((file for file in files(places.RECORDED / "lab") if file.name == RECORDED), None)
    return lines(file.results) if file else []


def told_of(base: RunGroup, found: Sequence[RunGroup]) -> list[Difference]:
    """The changes that ran with seeds enough to say something."""
    return [one for one in against(base, found) if one.line is not base and len(one.values) >= LEAST_SEEDS]


def _drawn(state: State) -> list[tuple[str, Sequence[float], float, float, float]]:
    """Of each change its name, its differences, their mean, and the interval of that."""
    mine = [line for line in _recorded() if line.task == state["task"]]
    base = base_of(mine)
    told = told_of(base, mine) if base else []
    return [(label(one.line, base), one.values, one.mean, *one.interval) for one in told if base]


def _caption(state: State) -> str:
    """Every mean difference and its interval, in words."""
    told = (
        WORDS("parts.interval", label=name, mean=mean, low=low, high=high) for name, _, mean, low, high in _drawn(state)
    )
    return WORDS("parts.intervals", intervals="; ".join(told))


def _numbers(state: State) -> Columns:
    return rows(_drawn(state))


PARTS = Figure(
    ("parts",), "parts", WORDS("parts.take"), _caption, _numbers,
    lambda state: Script(SCRIPTS / "parts", WORDS("title"), {"task": state["task"]}), variants=("numpy",),
    there=lambda state: bool(_drawn(state)), second={"task": "patches"},
)  # fmt: skip


def base_of(found: Sequence[RunGroup]) -> RunGroup | None:
    """The paper's form with the recipe that most of the runs have."""
    mine = [line for line in found if line.mixing == sliced().name and line.values]
    return max(mine, key=lambda line: sum(line.recipe == other.recipe for other in found), default=None)


def label(line: RunGroup, base: RunGroup) -> str:
    """What was changed, in a few words."""
    if line.mixing != base.mixing:
        said, form = (mixings()[one.mixing].label for one in (line, base))
        said = said.removeprefix(f"{form}, ")
        return said[:1].upper() + said[1:]
    return differs(line.recipe, base.recipe)


def sentence(told: Sequence[Difference], base: RunGroup, task: Task) -> str:
    """Which changes clearly lose and which clearly gain, as far as the seeds tell; the rest is within noise."""
    if not told:
        return WORDS("parts.few")
    clear = [one for one in told if one.is_clear]
    worse = sorted((one for one in clear if (one.mean < 0) == task.better_up), key=lambda one: -abs(one.mean))
    better = sorted((one for one in clear if (one.mean > 0) == task.better_up), key=lambda one: -abs(one.mean))

    def named(some: Sequence[Difference]) -> str:
        return ", ".join(f"*{label(one.line, base)}* ({decimal(one.mean, '+.3f')})" for one in some)

    said = [WORDS("parts.lose", task=task.title, changes=named(worse))] if worse else []
    said += [WORDS("parts.gain", changes=named(better))] if better else []
    if rest := len(told) - len(clear):
        said.append(WORDS(f"parts.rest.{'all' if not clear else 'one' if rest == 1 else 'many'}", n=rest))
    return " ".join(said)
