"""The race: a bet on how time grows with n, then the benchmark itself, watched and stopped."""

import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import torch

from srviz import device as devices
from srviz import host
from srviz.attention.methods import ways
from srviz.measure.bench import Run, measure
from srviz.measure.plan import DIRECTIONS, DTYPES, Plan
from srviz.measure.race import Inputs, race, sample
from srviz.ui.chapters.race import WORDS, bet, chart, result
from srviz.ui.chapters.race.result import in_threads
from srviz.ui.chapters.race.run import current, doing, set_racing, share, start
from srviz.ui.kit import report, seat, source, url, work
from srviz.ui.kit.component import component

HERE = Path(__file__).parent

DEVICES = tuple(map(str, devices.present()))
USUAL = tuple(name for name, way in ways().items() if way.usual)
WIDTHS, LONGEST = ("16", "32", "64", "128"), ("0.1", "0.3", "1", "3", "10", "30")  # d; seconds of the longest call
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
    *(url.reals(name, chart.LOW, chart.HIGH, len(first), first) for name, first in bet.BETS.items()),
)
DIRECTION = WORDS.table("direction")


def race_page(menu: Callable[[], object]) -> work.Display | None:
    """Controls, the chart with the bet, and what the last run says; where one is under way, where it shows itself.

    menu: what is shown below the chart.
    """
    state = url.settle(*PARAMETERS, together=bet.whole)
    report.take(state, "race", "bet", bet.BETS)
    topic = seat.topic("bet", bet.ASKED, bet.CROSSINGS)
    if seat.anew(topic):
        for name, first in bet.BETS.items():
            state[name] = first
        state.epoch += 1
    run, racing = current(), bool(st.session_state.get("_racing"))
    _controls(racing)
    bar = None
    if racing:
        bar = work.stop_and_bar("stop race", set_racing, False, row="racing")
    else:
        _run_button(state, run)
    component("race", HERE)(key="race", data=chart.sent(state, run, racing), on_bet_change=lambda: None)
    menu()
    seat.offer(topic, bet.ASKED, bet.CROSSINGS, bet.crossing(state))
    feed, results = st.empty(), st.empty()
    if run and not racing:
        with results.container():
            result.shown(state, run)
    return work.Display(bar, feed) if bar and run else None


def go(place: work.Display | None) -> None:
    """Race on, as the one heavy job of this server, if a race is under way. Stop, or a closed tab, ends it at once."""
    run = current()
    if place is None or run is None:
        return
    began = time.monotonic()
    work.listen(
        place,
        lambda: measure(run, nice=work.RACE_NICE),
        lambda new: None,
        share=lambda: share(run),
        doing=lambda: f"{doing(run)} · {time.monotonic() - began:.0f} s",
        news=lambda: {"painted": "race"} | chart.measured(run),
    )
    set_racing(False)
    st.rerun()


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


def code() -> str:
    """The source that takes a sample, and the one that lets all take turns."""
    return source.text(Inputs.call, sample, race)
