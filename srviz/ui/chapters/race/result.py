"""What a run says once it is over or stopped: where sliced ReLU loses, how far off the bet was, and every number."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from srviz.attention.methods import METHODS, ways
from srviz.measure.bench import Run
from srviz.measure.growth import crossover, points
from srviz.numbers import duration, moment, size
from srviz.ui.chapters.race import WORDS, memory
from srviz.ui.chapters.race.bet import BET_AT, BETS, FAST, SLOW, in_a_sentence
from srviz.ui.kit import url
from srviz.ui.kit.words import plain

TIMES = ("seconds", "lower", "upper", "least", "most")  # of a row of measurements
RIGHT = 0.1  # powers of ten up to which a bet counts as right
COMPANY = 0.15  # of the processors' time, from which a run is said to have had company


def shown(state: url.State, run: Run) -> None:
    """All that is said of a run."""
    if run.trouble:
        st.warning(run.trouble)
    if not any(row.seconds for row in run.rows.values()):
        return
    st.subheader(WORDS("result.title"), anchor=False)
    if caution := _company(run):
        st.warning(caution, icon=":material/groups:")
    st.markdown(where_we_lose(run))
    st.markdown(f"{_bet_says(state, run)}\n\n:gray[{_provenance(run)}]")
    memory.shown(run)
    _table(run)


def where_we_lose(run: Run) -> str:
    """From which n on sliced ReLU is faster, by the times just measured."""
    rows = run.rows.values()
    slow, fast = points(rows, SLOW), points(rows, FAST)
    cross = crossover(slow, fast)
    if cross is None:
        return WORDS("result.unknown")
    mine = {row.n: row for row in fast}
    both = [(row.n, (row.seconds or 1) / (mine[row.n].seconds or 1)) for row in slow if row.n in mine]
    (first, at_first), (last, at_last) = both[0], both[-1]
    if cross.n is None:
        return WORDS("result.always", first=first, last=last, times=_times(1 / at_last))
    if cross.n == first:
        return WORDS("result.never", first=first, last=last, times=_times(at_last))
    before, after, low = _times(1 / at_first), _times(at_last), _two(cross.low or first)
    said = WORDS("result.crossing", n=_two(cross.n), before=before, first=first, after=after, last=last)
    if cross.high:
        return f"{said} {WORDS('result.spread', low=low, high=_two(cross.high))}"
    return f"{said} {WORDS('result.spreadBeyond', low=low)}"


def _times(ratio: float) -> str:
    """A ratio to two digits, as many as a measured one has."""
    return f"{_two(ratio) if ratio >= 10 else f'{ratio:.1f}'} ×"


def _two(n: float) -> str:
    """A number rounded to two digits, with commas between thousands."""
    return f"{round(n, 1 - math.floor(math.log10(n))):,.0f}"


def _bet_says(state: url.State, run: Run) -> str:
    if all(tuple(state[name]) == bet for name, bet in BETS.items()):
        return WORDS("bet.none")
    parts = [
        WORDS(f"bet.off.{_how(off, high)}", times=_times(off), method=in_a_sentence(name))
        for name in BETS
        for off, high in _off(state[name], run, name)
    ]
    return WORDS("bet.said", parts=WORDS("bet.and").join(parts)) if parts else ""


def _how(off: float, high: bool) -> str:
    """The key of the sentence that says how good a bet was."""
    if abs(math.log10(off)) <= RIGHT:
        return "right"
    return "high" if high else "low"


def _off(bet: tuple[float, ...], run: Run, name: str) -> list[tuple[float, bool]]:
    """How many times a bet is off, the geometric mean over the points of a method, and whether it is mostly too high;
    nothing where there are no points.
    """
    apart = []
    for row in points(run.rows.values(), name):
        place = min(len(BET_AT) - 2, int((math.log2(row.n) - 6) // 4))
        along = (math.log2(row.n) - 6) / 4 - place
        power = bet[place] + along * (bet[place + 1] - bet[place])
        apart.append(power - math.log10(row.seconds or 1))
    return [(10 ** (sum(map(abs, apart)) / len(apart)), sum(apart) > 0)] if apart else []


def _provenance(run: Run) -> str:
    where, plan = run.provenance, run.plan
    left_out = sum(row.left_out or 0 for row in run.rows.values())
    said = WORDS(
        "provenance.text", date=moment(where.get("date", "")), device=plain(where.get("device", "")),
        threads=in_threads(plan.threads), torch=where.get("torch", ""), sliced=_sliced(where),
        direction=WORDS(f"direction.{plan.directions[0]}"), batch=plan.batch, heads=plan.heads, d=plan.d,
        dtype=plan.dtype, methods=", ".join(method.label for method in METHODS.values() if not method.projection),
    )  # fmt: skip
    many = "one" if left_out == 1 else "many"
    return f"{said} {WORDS(f'provenance.leftOut.{many}', n=left_out)}" if left_out else said


def in_threads(count: int) -> str:
    """How many threads, in words."""
    return WORDS(f"threads.{'many' if count > 1 else 'one'}", count=count)


def _company(run: Run) -> str:
    """A caution where other work ran beside the run."""
    try:
        others = float(run.provenance.get("others", ""))
    except (TypeError, ValueError):  # not known
        return ""
    if not others > COMPANY:
        return ""
    return WORDS("result.company", share=min(others, 1))


def _sliced(where: Mapping[str, Any]) -> str:
    """What computed sliced ReLU, where it was not torch."""
    how, _, compiler = str(where.get("sliced", "torch")).partition(", ")
    if how.startswith("Triton"):
        return WORDS("provenance.inTriton", engine=plain(how))
    return WORDS("provenance.inC", compiler=plain(compiler)) if how == "C" else ""


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table: names as on the page, times and sizes as people read them."""
    name = row["method"]
    said = row | {time: "" if row[time] is None else duration(row[time]) for time in TIMES}
    said["method"] = ways()[name].label if name in ways() else WORDS("floor")
    said["peak"] = size(row["peak"]) if row["peak"] else ""
    return {title: said[column] for column, title in WORDS.table("table.columns").items()}


def _table(run: Run) -> None:
    rows = [asdict(row) for row in sorted(run.rows.values(), key=lambda row: (row.method, row.n))]
    with st.expander(WORDS("table.title")):
        st.dataframe([_readable(row) for row in rows], hide_index=True)
