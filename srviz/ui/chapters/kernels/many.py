"""The curve of the page on thousands of tokens, by sorting and by n², measured there and then."""

from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz import device as devices
from srviz import jobs
from srviz.attention.kernels import KERNELS
from srviz.measure.arrays import pack
from srviz.measure.curve import DRAWN, REPEATS, Curve, Rules, Timing
from srviz.numbers import duration, power
from srviz.ui.chapters.kernels import WORDS
from srviz.ui.chapters.kernels.kernels import curve_of, rules_of
from srviz.ui.kit import compute, controls, shell, url, work

TIMED, TIMED_DRAWN, TOO_FEW = 8192, 4096, 512  # tokens of the measured runs, of a drawn curve; below TOO_FEW none
ASKED, STOPPED = "asked", "stopped"  # what a visitor says of the timing


class Setting(NamedTuple):
    """What is timed: the head of an input, on a device, and what is done to its scores."""

    name: str
    n: int
    seed: int
    head: int
    device: str
    curve: Curve
    rules: Rules


@dataclass
class OnMany:
    """What was measured last, and of which setting. done: which part of it. trouble: why there is nothing, in words."""

    setting: Setting
    timing: Timing | None = None
    trouble: str = ""
    done: float = 0.0

    def take(self, record: jobs.Record) -> None:
        """What the job says."""
        if jobs.TROUBLE in record:
            self.trouble = record[jobs.TROUBLE]
        elif "done" in record:
            self.done = record["done"]
        else:
            self.timing = Timing(**record)


def on_many(state: url.State) -> None:
    """The same curve on thousands of tokens. It is measured whenever it has not been; until then the last one stands.

    The last thing that runs on the page: nothing waits for it, and whatever is touched meanwhile is answered first.
    While others are at work on this server, it is measured only for a visitor who asks for it: else a whole class would
    stand in line.
    """
    chosen = controls.chosen(state)
    curve, rules = curve_of(state), replace(rules_of(state), divide="one", centred=False)  # the sum knows neither
    n = chosen.nearest(TIMED_DRAWN if curve.kernel == DRAWN else TIMED)
    st.subheader(WORDS("many.title"), anchor=False)
    if n < TOO_FEW:
        st.markdown(WORDS("many.few", n=n))
        return
    setting = Setting(chosen.name, n, state["seed"], state["head"] - 1, str(shell.device()), curve, rules)
    last: OnMany | None = st.session_state.get("_on_many")
    place = st.empty()
    if last is None or last.setting != setting or _said(setting) == ASKED:
        with place.container():
            if last and last.timing:
                _numbers(last.setting.curve, last.timing)
            below = st.empty()
        found = _measure(below, OnMany(setting), old=bool(last and last.timing))
        if found is None:
            return
        last = found
    with place.container():
        if last.timing:
            _numbers(last.setting.curve, last.timing)
            _how(last.timing)
        else:
            st.caption(last.trouble)
            _button(WORDS("many.again"), setting)


def _measure(place: DeltaGenerator, found: OnMany, *, old: bool) -> OnMany | None:
    """What is measured now; None where it was stopped, or where others are at work: then a button asks for it.

    old: whether the numbers above are of what was shown before.
    """
    setting = found.setting
    before = WORDS("many.old") if old else ""
    if _said(setting) == STOPPED or not _turn(setting):
        _offer(place, before, setting)
        return None
    says = f"{before} {WORDS('many.anew')}" if old else WORDS("many.measuring")
    with place.container():
        bar = work.stop_and_bar("stop many", _stop, setting)
    bar.progress(0.0, says)
    work.rest()
    s, t, v = compute.head(*setting[:5])
    s, t = setting.rules.scores(s, t)
    if not _turn(setting):  # a class that comes at one moment rests together
        _offer(place, before, setting)
        return None
    plan = {"job": "measure.curve", "curve": asdict(setting.curve), "device": setting.device}
    with work.turn(lambda text: bar.progress(0.0, f"{before} {text}".strip())):
        said = jobs.stream(plan, {"s": pack(s), "t": pack(t), "v": pack(v)}, work.limits(setting.device))
        work.watch(said, found.take, lambda: bar.progress(found.done, says))
    st.session_state["_on_many"] = found
    st.session_state.pop("_said_of_many", None)
    return found


def _turn(setting: Setting) -> bool:
    """Whether nobody else is at work, or the visitor wants to wait. If neither, a place that is kept is given up."""
    if _said(setting) == ASKED or not work.others():
        return True
    work.give_up()
    return False


def _offer(place: DeltaGenerator, before: str, setting: Setting) -> None:
    """Why it was not measured, and the button that asks for it."""
    if _said(setting) == STOPPED:
        why, label = WORDS("many.stopped"), WORDS("many.again")
    else:
        why, label = WORDS("many.busy"), WORDS("many.wait")
    with place.container():
        st.caption(f"{before} {why}".strip())
        _button(label, setting)


def _button(label: str, setting: Setting) -> None:
    st.button(label, key="measure many", on_click=_say, args=(setting, ASKED))


def _say(setting: Setting, what: str) -> None:
    st.session_state["_said_of_many"] = setting, what


def _said(setting: Setting) -> str:
    """What the visitor said of the timing of this setting last: ASKED, STOPPED or nothing."""
    of, what = st.session_state.get("_said_of_many", (None, ""))
    return what if of == setting else ""


def _stop(setting: Setting) -> None:
    last: OnMany | None = st.session_state.get("_on_many")
    if last is None or last.setting != setting:  # else it was over before Stop was heard
        _say(setting, STOPPED)


def _numbers(curve: Curve, timing: Timing) -> None:
    """Who is faster, and the times and errors of both routes."""
    n, slow = timing.n, timing.n / timing.queries * timing.dense_seconds
    st.markdown(verdict(n, timing.sorted_seconds, slow))
    left, middle, right = st.columns(3, gap="large")
    if timing.sorted_seconds is None:
        left.metric(WORDS("many.sorted.none"), WORDS("many.sorted.without"), border=False)
        left.caption(KERNELS[curve.kernel].without)
    else:
        left.metric(WORDS("many.sorted.title"), duration(timing.sorted_seconds), border=False)
        left.caption(WORDS("many.sorted.error", error=power(timing.sorted_error)))
    middle.metric(WORDS("many.dense.title"), f"≈ {duration(slow)}", border=False)
    error = WORDS(
        f"many.dense.error.{'own' if curve.kernel == 'drawn' else 'named'}",
        error=power(timing.dense_error),
        queries=timing.queries,
        seconds=duration(timing.dense_seconds),
        pieces=len(curve.nodes) + 1,
        times=n / timing.queries,
    )
    middle.caption(error)
    if timing.sorted_seconds is not None:
        right.metric(WORDS("many.difference.title"), power(timing.apart), border=False)
        right.caption(WORDS("many.difference.of"))


def _how(timing: Timing) -> None:
    device = devices.describe(shell.device())
    st.caption(WORDS("many.how", d=timing.d, n=timing.n, device=device, repeats=REPEATS))


def verdict(n: int, fast: float | None, slow: float) -> str:
    """In one sentence which route is the faster one, and by how much."""
    if fast is None:
        return WORDS("many.verdict.dense", n=n, millions=n * n / 1e6)
    if 0.8 < slow / fast < 1.25:
        return WORDS("many.verdict.even", n=n)
    ratio = max(slow / fast, fast / slow)
    times = f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}"
    if slow > fast:
        return WORDS("many.verdict.faster", n=n, times=times)
    return WORDS("many.verdict.slower", n=n, times=times)
