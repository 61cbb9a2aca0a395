"""What each part of sliced ReLU attention is for: recorded runs with one thing changed at a time."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from srviz import places
from srviz.attention.methods import sliced
from srviz.figures import lab as figures
from srviz.lab import TASKS, Task
from srviz.lab.mixing import mixings
from srviz.lab.summary import Difference, Line, against, lines
from srviz.ui.chapters.train.recorded import files, where
from srviz.ui.kit.chart import chart, mode

RECORDED = "parts.jsonl"
LEAST_SEEDS = 2
WORDS = {"norm": {"batch": "Batch norm", "none": "No norm around attention"}}


def parts(task: Task) -> None:
    """The differences to the paper's form on this task, as intervals, and what they support in a sentence."""
    with st.expander("What each part is for, recorded", key="parts", on_change="rerun") as box:
        if not box.open:
            return
        file = next((file for file in files(places.RECORDED / "lab") if file.name == RECORDED), None)
        found = lines(file.results) if file else []
        on = [TASKS[name].title for name in dict.fromkeys(line.task for line in found) if name in TASKS]
        mine = [line for line in found if line.task == task.name]
        base = base_of(mine)
        if base is None:
            st.markdown(f"This was recorded on {' and on '.join(on)}." if on else "Nothing is recorded yet.")
            return
        told = [one for one in against(base, mine) if one.line is not base and len(one.values) >= LEAST_SEEDS]
        st.markdown(sentence(told, base, task))
        if not told:
            return
        outcomes = [
            figures.Outcome(label(one.line, base), sliced().look, one.values, one.mean, *one.interval) for one in told
        ]
        words = "; ".join(f"{one.label} {one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in outcomes)
        axis = "difference to the paper's form, in shares of right answers"
        drawing = figures.intervals(outcomes, axis=axis, mode=mode(), zero=True)
        chart(drawing, f"One thing changed, mean difference and 95 % interval: {words}", "parts", st.container())
        seeds = sorted({len(one.values) for one in told})
        st.caption(
            f"Sliced ReLU in the paper's form has {base.mean:.3f} here. Each row changes one thing; a dot is the "
            f"difference of two runs with the same seed, {seeds[0]}{f' to {seeds[-1]}' if len(seeds) > 1 else ''} "
            f"seeds; the bar is the 95 % interval of their mean by Student's t. {where(base)}. The command: python -m "
            "srviz.lab sweep assets/plans/parts.json."
        )


def base_of(found: Sequence[Line]) -> Line | None:
    """The paper's form with the recipe that most of the runs have."""
    mine = [line for line in found if line.mixing == sliced().name and line.values]
    return max(mine, key=lambda line: sum(line.recipe == other.recipe for other in found), default=None)


def label(line: Line, base: Line) -> str:
    """What was changed, in a few words."""
    if line.mixing != base.mixing:
        said = mixings()[line.mixing].label.replace("Sliced ReLU, ", "")
        return said[:1].upper() + said[1:]
    usual = asdict(base.recipe)
    changed = {name: value for name, value in asdict(line.recipe).items() if value != usual[name]}
    words = [WORDS[name][value] if name in WORDS else _changed(name, value) for name, value in changed.items()]
    return ", ".join(words) or "Nothing changed"


def _changed(name: str, value: object) -> str:
    if name == "heads":
        return f"{value} head" + ("s" if value != 1 else "")
    return f"Learning rate {value:g}" if name == "rate" else f"{name} {value}"


def sentence(told: Sequence[Difference], base: Line, task: Task) -> str:
    """Which changes clearly lose and which clearly gain, as far as the seeds tell; the rest is within noise."""
    if not told:
        return "There are too few seeds yet to say anything."
    clear = [one for one in told if one.is_clear]
    worse = sorted((one for one in clear if (one.mean < 0) == task.better_up), key=lambda one: -abs(one.mean))
    better = sorted((one for one in clear if (one.mean > 0) == task.better_up), key=lambda one: -abs(one.mean))

    def named(some: Sequence[Difference]) -> str:
        return ", ".join(f"*{label(one.line, base)}* ({one.mean:+.3f})" for one in some)

    said = [f"On {task.title} these changes clearly lose: {named(worse)}."] if worse else []
    said += [f"These clearly gain: {named(better)}."] if better else []
    rest = len(told) - len(clear)
    if rest:
        others = "The other one lies" if rest == 1 else f"The other {rest} lie"
        said.append(f"{others} within what seeds alone make." if clear else "No change is clear of the noise.")
    return " ".join(said)
