"""Recorded: how many steps it takes until every token is at its target, and what one layer can do."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import streamlit as st

from srviz import places
from srviz.attention.methods import Look
from srviz.figures.steps import Course, steps
from srviz.figures.theme import DASHES
from srviz.lab.contexts import KINDS
from srviz.lab.mixing import mixings
from srviz.lab.until import read
from srviz.ui.kit.chart import chart, mode

CURVE, ONE_LAYER = "apart.json", "apart-one-layer.json"
Held = Mapping[str, Any]
Runs = Sequence[Held]


def recorded() -> None:
    """The curve and the table, behind a cover: they say who needs how long."""
    with st.expander(
        "The closer, the longer; and what one layer can do: recorded", key="recorded", on_change="rerun"
    ) as box:
        if not box.open:
            return
        if held := _read(CURVE):
            _curve(held)
        if held := _read(ONE_LAYER):
            _table(held)
        if not held:
            st.markdown("Nothing is recorded yet.")


def _read(name: str) -> Held | None:
    path = places.RECORDED / "lab" / name
    try:
        return _file(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        logging.getLogger(__name__).warning("%s: %s", name, error)
        return None


@st.cache_resource(max_entries=2, show_spinner=False)  # nobody changes it
def _file(path: Path, changed: int) -> Held:
    """A file of results, read again when it has changed."""
    return read(path)


def claim() -> str:
    """What the recorded runs say of easy crowds and of one layer, in their numbers; nothing where there are none."""
    said = []
    if held := _read(CURVE):
        medians = [course.middle(0, _most(held)) for course in courses(held)]
        came = [steps for steps in medians if steps is not None]
        if len(came) == len(medians):
            said.append(
                "On easy crowds two layers of softmax, of linear attention, or of a plain mean get there as well: the "
                f"recorded medians of all {len(came)} methods lie between {min(came):,.0f} and {max(came):,.0f} steps."
            )
    if held := _read(ONE_LAYER):
        equal = [run for run in held["runs"] if kind(run) != "any"]
        share = {name: mean(run["right"] for run in runs) for name, runs in _by(equal, _method).items()}
        said.append(
            "With one layer and equal means a plain mean cannot: it brought "
            f"{share['mean']:.2f} of the tokens to their targets, linear attention {share['linear']:.2f}, sliced ReLU "
            f"{share['relu']:.2f}."
        )
    return " ".join(said)


# ---- steps against distance ------------------------------------------------------------------------------------------


def _curve(held: Held) -> None:
    found, most = courses(held), _most(held)
    drawing = steps(
        found, most, along="smallest distance between two crowds", axis="steps until all are there", mode=mode()
    )
    chart(drawing, alt(found, most), "steps", st.container())
    seeds = len({result["run"]["seed"] for result in held["runs"]})
    st.caption(
        f"Four crowds of the kind “Any crowds”, two layers; {seeds} seeds, each with crowds of its own. A mark is "
        "the median, its "
        "bar runs from the fastest seed to the slowest; a cross at the top counts the seeds that were not there after "
        f"{most:,} steps. The learning rate falls over {most:,} steps, and one rate serves all methods: another may "
        f"suit one of them better. {provenance(held)}"
    )


def _most(held: Held) -> int:
    return max(int(result["run"]["recipe"]["steps"]) for result in held["runs"])


def courses(held: Held) -> list[Course]:
    """One for each method, in the order of the runs. The distance at a closeness is the median over the seeds."""
    found = []
    for number, (name, runs) in enumerate(_by(held["runs"], _method).items()):
        of = _by(runs, lambda run: run["run"]["task"].partition("close=")[2] or "0")
        found.append(
            Course(
                mixings()[name].label,
                _look(name),
                DASHES[number % len(DASHES)],
                tuple(median(run["distance"] for run in group) for group in of.values()),
                tuple(tuple(run["until"] for run in group) for group in of.values()),
            )
        )
    return found


def _by(runs: Runs, key: Any) -> dict[str, list[Held]]:
    groups: dict[str, list[Held]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups


def _method(run: Held) -> str:
    name: str = run["run"]["method"]
    return name


def _look(name: str) -> Look:
    method = mixings()[name].method
    return method.look if method else Look()


def alt(found: Sequence[Course], most: int) -> str:
    """The medians at the largest and the smallest distance."""
    parts = []
    for course in found:
        ends = [course.middle(place, most) for place in (0, len(course.at) - 1)]
        words = ["more than could be tried" if end is None else f"{end:,.0f}" for end in ends]
        parts.append(f"{course.label} {words[0]} steps at {course.at[0]:.2g} and {words[1]} at {course.at[-1]:.2g}")
    return f"Steps until every token is at its target, against the distance: {'; '.join(parts)}"


# ---- one layer -------------------------------------------------------------------------------------------------------


def kind(run: Held) -> str:
    """The kind of the contexts of a run."""
    name: str = run["run"]["task"].partition(":")[2].partition(",")[0]
    return name


def _table(held: Held) -> None:
    st.markdown(
        "**With one layer**: the share of tokens within 0.1 of their targets, mean over the seeds (least to most)."
    )
    st.markdown(table(held))
    runs = held["runs"]
    stuck = [run for run in runs if run["silent"] == run["heads"] > 0 and run["right"] < 1]
    seeds = len({run["run"]["seed"] for run in runs})
    st.caption(
        f"At most {_most(held):,} steps, {seeds} seeds, each with crowds of its own. With one layer, a linear "
        "embedding and no normalization a plain mean sees the mean of a crowd and nothing else. Where means are "
        "equal, a token goes to one place in all crowds, whatever is learned: of a token in several crowds at most "
        f"one target is met, as its targets lie apart. In {len(stuck)} of the runs all heads are silent at the end: "
        "no query has a weight on any key. No gradient reaches their queries, keys and Π then: only the embedding "
        f"could wake them. {provenance(held)}"
    )


def table(held: Held) -> str:
    """A row for each method, a column for each kind of contexts, in Markdown."""
    lines = [" | ".join(["", *KINDS.values(), "runs that ended silent"]), " | ".join(["---"] * (len(KINDS) + 2))]
    for name, runs in _by(held["runs"], _method).items():
        of = _by(runs, kind)
        cells = []
        for one in KINDS:
            right = [run["right"] for run in of.get(one, [])]
            cells.append(f"{mean(right):.2f} ({min(right):.2f} to {max(right):.2f})" if right else "–")
        silent = sum(run["silent"] == run["heads"] > 0 for run in runs)
        lines.append(" | ".join([mixings()[name].label, *cells, f"{silent} of {len(runs)}"]))
    return "\n".join(f"| {line} |" for line in lines)


def provenance(held: Held) -> str:
    """Where and when it was recorded, and by which command."""
    where = held["where"]
    words = [str(where.get(name, "")) for name in ("date", "processor", "torch")]
    plain = ", ".join("".join(c for c in word if c.isalnum() or c in " .-+()@") for word in words)
    return f"{plain}, other work on the same machine. `{held['command']}`"
