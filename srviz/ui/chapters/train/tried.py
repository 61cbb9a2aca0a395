"""What was tried to learn a task better: recorded runs with recipes that differ from the usual one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from srviz import places
from srviz.lab import Recipe, Task
from srviz.lab.mixing import mixings
from srviz.lab.summary import RunGroup, best_lines, lines
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.recorded import differs, files, where


def tried(task: Task) -> None:
    """A row for each recipe and a column for each method, behind a cover; nothing where nothing is recorded."""
    found = recorded_of(task)
    if not found:
        return
    with st.expander(WORDS("tried.title"), key="tried", on_change="rerun") as box:
        if not box.open:
            return
        best = best_of(found)
        told = (
            WORDS("tried.best", label=_label(name), value=line.mean, recipe=differs(line.recipe, task.recipe))
            for name, line in best.items()
        )
        st.markdown(WORDS(f"tried.why.{task.name}"))
        st.markdown(WORDS("tried.lead", axis=WORDS(f"recorded.axes.{task.metric}"), best="; ".join(told)))
        st.table(rows_of(found, task), hide_index=True)
        st.caption(
            WORDS("tried.caption", seed=seed_of(found), where=where(found), plan=f"assets/plans/{task.name}.json")
        )


def recorded_of(task: Task) -> list[RunGroup]:
    """The runs of a file that has the name of the task."""
    name = f"{task.name}.jsonl"
    file = next((file for file in files(places.RECORDED / "lab") if file.name == name), None)
    return [line for line in lines(file.results) if line.task == task.name] if file else []


def best_of(found: Sequence[RunGroup]) -> Mapping[str, RunGroup]:
    """The best line of each method."""
    return {name: line for (_, name), line in best_lines(found).items()}


def rows_of(found: Sequence[RunGroup], task: Task) -> list[dict[str, str]]:
    """What the table says: a row for each recipe, whatever its rate, and in it each method at its best rate.

    The best of each column is bold; a dash stands where nothing was tried.
    """
    best, cells = best_of(found), dict[Recipe, dict[str, RunGroup]]()
    for line in found:
        row = cells.setdefault(replace(line.recipe, rate=task.recipe.rate), {})
        row[line.mixing] = best_of([*filter(None, [row.get(line.mixing)]), line]).get(line.mixing, line)
    names, column = list(dict.fromkeys(line.mixing for line in found)), WORDS("tried.column")

    def cell(name: str, line: RunGroup | None) -> str:
        if line is None or not line.values:
            return "–"
        said = WORDS("tried.cell", value=line.mean, rate=line.recipe.rate)
        return f"**{said}**" if best[name] is line else said

    return [
        {column: differs(recipe, task.recipe)} | {_label(name): cell(name, of.get(name)) for name in names}
        for recipe, of in cells.items()
    ]


def seed_of(found: Sequence[RunGroup]) -> str:
    """The seeds of all runs, in words."""
    return ", ".join(map(str, sorted({seed for line in found for seed in line.by_seed})))


def _label(name: str) -> str:
    return mixings()[name].label
