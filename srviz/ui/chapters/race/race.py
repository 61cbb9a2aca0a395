"""The race: a bet on how time grows with n, then the benchmark itself, watched and stopped."""

import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st
import torch

from srviz import device as devices
from srviz import host, places
from srviz.attention import METHODS
from srviz.attention.methods import ways
from srviz.measure.bench import Run, read
from srviz.measure.growth import Crossover, crossover, law, points
from srviz.measure.plan import DIRECTIONS, DTYPES, Plan, Row
from srviz.measure.race import Inputs, race, sample
from srviz.numbers import duration, moment, size
from srviz.ui.chapters.race import WORDS, memory
from srviz.ui.chapters.race.run import RacePlace, current, set_racing, start
from srviz.ui.kit import report, seat, source, url, work
from srviz.ui.kit.component import component
from srviz.ui.kit.words import plain

HERE = Path(__file__).parent

RECORDED = places.HOME / "assets" / "recorded"
MOST_BYTES = 2_000_000  # of a recorded run
DEVICES = tuple(map(str, devices.present()))
LEAST, MOST = 6, 20  # n on the chart, powers of two
PLACES = (6, 10, 14, 18)  # n of a bet, powers of two
BET_AT = tuple(1 << k for k in PLACES)
BETS = {name: way.bet for name, way in ways().items() if way.bet}  # at first in proportion to n
SLOW, FAST = BETS  # the two that a bet is about
USUAL = tuple(name for name, way in ways().items() if way.usual)
LOW, HIGH = -5, 3  # seconds on the chart, powers of ten
TIMES = ("seconds", "lower", "upper", "least", "most")  # of a row of measurements
LINE_PIXELS, DASH = 2, "6 4"
WIDTHS, LONGEST = ("16", "32", "64", "128"), ("0.1", "0.3", "1", "3", "10", "30")  # d; seconds of the longest call
RIGHT = 0.1  # powers of ten up to which a bet counts as right
COMPANY = 0.15  # of the processors' time, from which a run is said to have had company
PARAMETERS = (
    url.several("methods", tuple(ways()), USUAL),
    url.choice("direction", DIRECTIONS, "forward"),
    url.whole("upto", 8, 20, 16),  # n, a power of two
    url.whole("heads", 1, 16, 4),
    url.choice("d", WIDTHS, "32"),
    url.choice("dtype", DTYPES, "float32"),
    url.choice("device", DEVICES, DEVICES[0]),
    url.choice("call", LONGEST, "0.3"),
    url.flag("recorded", True),
    *(url.reals(name, LOW, HIGH, len(BET_AT), bet) for name, bet in BETS.items()),
)
CROSSINGS = (  # where a bet says that sorting overtakes: a choice for each place, and none
    WORDS("asked.upTo", at=BET_AT[0]),
    *(WORDS("asked.between", below=below, at=at) for below, at in pairwise(BET_AT)),
    WORDS("asked.nowhere"),
)
ASKED = WORDS("asked.text")
DIRECTION = WORDS.table("direction")


def race_page(menu: Callable[[], object]) -> RacePlace | None:
    """Controls, the chart with the bet, and what the last run says; where one is under way, where it shows itself.

    menu: what is shown below the chart.
    """
    state = url.settle(*PARAMETERS, together=_whole_bets)
    report.take(state, "race", "bet", BETS)
    topic = seat.topic("bet", ASKED, CROSSINGS)
    if seat.anew(topic):
        for name, bet in BETS.items():
            state[name] = bet
        state.epoch += 1
    run, racing = current(), bool(st.session_state.get("_racing"))
    _controls(racing)
    bar = None
    if racing:
        bar = work.stop_and_bar("stop race", set_racing, False, row="racing")
    else:
        _run_button(state, run)
    component("race", HERE)(key="race", data=_chart(state, run, racing), on_bet_change=lambda: None)
    menu()
    seat.offer(topic, ASKED, CROSSINGS, crossing(state))
    feed, results = st.empty(), st.empty()
    if run and not racing:
        with results.container():
            _says(state, run)
    return RacePlace(run, bar, feed, _measured) if bar and run else None


def crossing(state: url.State | dict[str, Any]) -> int | None:
    """Which of `CROSSINGS` the lines of a bet say; None as long as nobody has moved them."""
    if all(tuple(state[name]) == tuple(bet) for name, bet in BETS.items()):
        return None
    faster = [fast < slow for slow, fast in zip(state[SLOW], state[FAST], strict=True)]
    return faster.index(True) if True in faster else len(BET_AT)


def _whole_bets(values: dict[str, Any]) -> dict[str, Any]:
    """A bet has a number at each of its places."""
    return {
        name: (*values[name], *bet)[: len(bet)] if len(values[name]) == len(bet) else bet for name, bet in BETS.items()
    }


# ---- controls --------------------------------------------------------------------------------------------------------


def _controls(racing: bool) -> None:
    """The controls, disabled while a race runs, because a change would end the run of the page that listens to it."""
    st.pills(
        WORDS("controls.methods"),
        list(ways()),
        selection_mode="multi",
        key=url.key("methods"),
        format_func=lambda x: ways()[x].label,
        disabled=racing,
    )
    first, second, last = st.columns([1.7, 2.6, 0.8], gap="medium", vertical_alignment="bottom")
    first.segmented_control(
        WORDS("controls.direction"),
        DIRECTIONS,
        key=url.key("direction"),
        format_func=DIRECTION.__getitem__,
        required=True,
        disabled=racing,
    )
    second.select_slider(
        WORDS("controls.largest"),
        range(8, 21),
        key=url.key("upto"),
        format_func=lambda k: f"{1 << k:,}",
        disabled=racing,
    )
    with last.popover(WORDS("controls.more"), width="stretch", disabled=racing):
        st.slider(WORDS("controls.heads"), 1, 16, key=url.key("heads"))
        st.select_slider(WORDS("controls.d"), WIDTHS, key=url.key("d"))
        st.selectbox(WORDS("controls.dtype"), DTYPES, key=url.key("dtype"), filter_mode=None)
        st.selectbox(WORDS("controls.device"), DEVICES, key=url.key("device"), format_func=_device, filter_mode=None)
        st.select_slider(
            WORDS("controls.longest"),
            LONGEST,
            key=url.key("call"),
            format_func="{} s".format,
            help=WORDS("controls.longestHelp"),
        )
        st.toggle(WORDS("controls.recorded"), key=url.key("recorded"))


def _device(name: str) -> str:
    return WORDS("cpu", threads=in_threads(host.cores())) if name == "cpu" else devices.describe(torch.device(name))


def in_threads(count: int) -> str:
    """How many threads, in words."""
    return WORDS(f"threads.{'many' if count > 1 else 'one'}", count=count)


def _plan(state: url.State) -> Plan:
    return Plan(
        methods=tuple(state["methods"]), directions=(state["direction"],), most=1 << state["upto"],
        heads=state["heads"], d=int(state["d"]), dtype=state["dtype"], device=state["device"], threads=host.cores(),
        seconds=float(state["call"]),
    )  # fmt: skip


def _same(one: Plan, other: Plan) -> bool:
    """Whether two plans measure the same; how far they go does not matter."""
    names = ("methods", "directions", "heads", "d", "dtype", "device")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _run_button(state: url.State, run: Run | None) -> None:
    begun = run is not None and bool(run.rows)
    with st.container(horizontal=True, vertical_alignment="center", key="start"):
        st.button(
            WORDS(f"controls.{'again' if begun else 'run'}"),
            key="run race",
            on_click=start,
            args=(_plan(state),),
            disabled=not state["methods"],
        )
        if run and begun and not run.over:
            st.button(WORDS("controls.on"), key="go on", on_click=set_racing, args=(True,))
        st.caption(_next_run(state, run) if state["methods"] else WORDS("next.none"))


def _next_run(state: url.State, run: Run | None) -> str:
    """What the next run would measure, and what became of the one before."""
    device = _device(state["device"])
    if state["device"] == "cpu":
        device = WORDS("next.own", device=device)
    said = [
        WORDS(
            f"next.settings.{state['direction']}", device=device, dtype=state["dtype"], heads=state["heads"],
            d=state["d"],
        ),
        WORDS("next.limit", call=state["call"]),
    ]  # fmt: skip
    if run and run.rows and not _same(run.plan, _plan(state)):
        said.insert(0, WORDS("next.stale"))
    if run and run.at and not run.over:
        said.insert(0, WORDS("next.stopped", n=run.at[2]))
    return " ".join(said)


# ---- the chart -------------------------------------------------------------------------------------------------------


def _chart(state: url.State, run: Run | None, racing: bool) -> dict[str, Any]:
    found = _measured(run) if run else {"lines": [], "crossover": None}
    direction = run.plan.directions[0] if run else state["direction"]
    ghosts = [
        {
            "text": WORDS("chart.ghost", title=title),
            "lines": _lines(rows, direction, [name for name in BETS if name in state["methods"]]),
        }
        for title, rows in (recorded() if run and run.rows and state["recorded"] else ())  # not before the bet
        if any(row.direction == direction for row in rows)
    ]
    return {
        "epoch": state.epoch,
        "start": {name: list(state[name]) for name in BETS},
        "blank": {name: list(bet) for name, bet in BETS.items()},
        "bets": [{"name": name, "label": _in_a_sentence(name), "style": _style(name)} for name in BETS],
        "places": list(PLACES),
        "axes": {"least": LEAST, "most": MOST, "low": LOW, "high": HIGH},
        "locked": racing,
        "ghosts": ghosts,
        "guides": _guides(None),
        "alt": _alt(run),
        **found,
    }


def _measured(run: Run) -> dict[str, Any]:
    rows = list(run.rows.values())
    lines = []
    for name in run.plan.methods:
        found = points(rows, name)
        stop = next((row for row in rows if row.method == name and row.stopped), None)
        if not found and not stop:
            continue
        lines.append({
            "name": name,
            "label": ways()[name].label,
            "style": _style(name),
            "points": [[row.n, row.seconds, row.lower, row.upper] for row in found],
            "slope": law(found),
            "stop": _stopped(stop) if stop else None,
        })  # fmt: skip
    return {"lines": lines, "crossover": _marked(run), "guides": _guides(run)}


def _marked(run: Run) -> dict[str, Any] | None:
    """The crossover as the chart shows it, where there is one."""
    cross = _crossover(run)
    if cross is None or cross.n is None or cross.n <= run.plan.least:
        return None
    return asdict(cross) | {"text": WORDS("chart.crossover", n=float(f"{cross.n:.2g}"))}


def _in_a_sentence(name: str) -> str:
    """The name of the method that is raced in this way, as it stands within a sentence."""
    label = next(method.label for method in METHODS.values() if name in {way.name for way in method.raced})
    return label[:1].lower() + label[1:]


def _style(name: str) -> dict[str, Any]:
    """How the line of a method looks: its tone (a colour of the theme), width, dashes and mark."""
    look = ways()[name].look
    return {
        "width": LINE_PIXELS,
        "tone": look.tone,
        "dash": DASH if look.dashed else None,
        "mark": look.symbol,
        "filled": look.filled,
    }


def _stopped(row: Row) -> dict[str, Any]:
    return {"n": row.n, "seconds": row.expected, "text": re.split("[:;]", row.stopped)[0], "why": row.stopped}


def _lines(rows: list[Row], direction: str, methods: list[str]) -> list[dict[str, Any]]:
    mine = [row for row in rows if row.direction == direction]
    lines = [
        {"name": name, "style": _style(name), "points": [[row.n, row.seconds] for row in points(mine, name)]}
        for name in methods
    ]
    return [line for line in lines if line["points"]]


def _guides(run: Run | None) -> list[dict[str, Any]]:
    """n² through the last point of softmax, n log n through the last of sliced ReLU; before, both from one corner."""
    anchors = []
    for text, power, name in ((f"∝ {ways()[name].cost}", ways()[name].growth, name) for name in (SLOW, FAST)):
        found = points(run.rows.values(), name) if run else []
        n, seconds = (found[-1].n, found[-1].seconds) if found else (64, 2e-5)
        anchors.append({"text": text, "power": power, "n": n, "seconds": seconds})
    return anchors


def _crossover(run: Run) -> Crossover | None:
    rows = run.rows.values()
    return crossover(points(rows, SLOW), points(rows, FAST))


def _alt(run: Run | None) -> str:
    if run is None or not run.rows:
        return WORDS("chart.label")
    parts = []
    for name in run.plan.methods:
        if found := points(run.rows.values(), name):
            time = duration(found[-1].seconds or 0)
            parts.append(WORDS("chart.time", method=ways()[name].label, time=time, n=found[-1].n))
    return WORDS("chart.measured", times="; ".join(parts))


# ---- what a run says -------------------------------------------------------------------------------------------------


def _says(state: url.State, run: Run) -> None:
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
        WORDS(f"bet.off.{_how(off, high)}", times=_times(off), method=_in_a_sentence(name))
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
        direction=DIRECTION[plan.directions[0]], batch=plan.batch, heads=plan.heads, d=plan.d, dtype=plan.dtype,
    )  # fmt: skip
    many = "one" if left_out == 1 else "many"
    return f"{said} {WORDS(f'provenance.leftOut.{many}', n=left_out)}" if left_out else said


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


@st.cache_resource(max_entries=1, show_spinner=False)
def recorded() -> list[tuple[str, list[Row]]]:
    """The runs in assets/recorded: (provenance in a line, rows). A file that is none is left out, and logged."""
    found = []
    for file in sorted(RECORDED.glob("*.json"))[:8]:
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES:,} bytes")
            run = read(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            logging.getLogger(__name__).warning("%s: %s", file.name, error)
            continue
        row, where = next(iter(run.rows.values())), run.provenance
        title = WORDS(
            "recorded", device=where.get("device"), cores=where.get("cores"), threads=in_threads(row.threads),
            date=where.get("date"), heads=row.heads, d=row.d, dtype=row.dtype,
        )  # fmt: skip
        found.append((title, list(run.rows.values())))
    return found


def code() -> str:
    """The source that takes a sample, and the one that lets all take turns."""
    return source.text(Inputs.call, sample, race)
