"""The curve of the page on thousands of tokens, by sorting and by n², measured there and then."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from srviz import device as devices
from srviz import jobs
from srviz.attention.kernels import KERNELS
from srviz.measure.arrays import pack
from srviz.measure.curve import REPEATS, Curve, Timing
from srviz.numbers import duration, power
from srviz.ui.chapters.kernels.kernels import curve_of, rules_of
from srviz.ui.kit import compute, controls, shell, url, work

TIMED, TIMED_DRAWN, TOO_FEW = 8192, 4096, 512  # tokens of the measured runs, of a drawn curve; below TOO_FEW none


@dataclass
class OnMany:
    """What was measured last, and of which setting. trouble: why there is nothing, in a sentence."""

    setting: tuple[Any, ...]
    curve: Curve
    timing: Timing | None = None
    trouble: str = ""

    def take(self, record: jobs.Record) -> None:
        """What the job says."""
        if jobs.TROUBLE in record:
            self.trouble = record[jobs.TROUBLE]
        else:
            self.timing = Timing(**record)


def on_many(state: url.State) -> None:
    """The same curve on thousands of tokens. It is measured whenever it has not been; until then the last one stands.

    The last thing that runs on the page: nothing waits for it, and whatever is touched meanwhile is answered first.
    """
    chosen = controls.chosen(state)
    curve, rules = curve_of(state), replace(rules_of(state), divide="one", centred=False)  # the sum knows neither
    n = chosen.nearest(TIMED_DRAWN if curve.kernel == "drawn" else TIMED)
    st.subheader("The same curve on many tokens", anchor=False)
    if n < TOO_FEW:
        st.markdown(f"This input has at most {n} tokens: too few to time. Choose an input that has thousands.")
        return
    setting = (chosen.name, n, state["seed"], state["head"] - 1, str(shell.device()), curve, rules)
    last: OnMany | None = st.session_state.get("_on_many")
    place = st.empty()
    if last is None or last.setting != setting:
        says = "Measuring …"
        with place.container():
            if last and last.timing:
                _numbers(last.curve, last.timing)
                says = "These are the numbers of the curve before. Measuring this one …"
            news = st.empty()
        work.rest()
        found = OnMany(setting, curve)
        s, t, v = compute.head(*setting[:5])
        s, t = rules.scores(s, t)
        plan = {"job": "measure.curve", "curve": asdict(curve), "device": setting[4]}
        with work.turn(lambda text: news.caption(f"{says} {text}")):
            said = jobs.stream(plan, {"s": pack(s), "t": pack(t), "v": pack(v)}, work.limits(setting[4]))
            news.caption(says)
            work.watch(said, found.take, lambda: None)
        last = st.session_state["_on_many"] = found
    with place.container():
        if last.timing:
            _numbers(last.curve, last.timing)
            _how(last.timing)
        else:
            st.caption(last.trouble)


def _numbers(curve: Curve, timing: Timing) -> None:
    """Who is faster, and the times and errors of both routes."""
    n, slow = timing.n, timing.n / timing.queries * timing.dense_seconds
    st.markdown(verdict(n, timing.sorted_seconds, slow))
    left, middle, right = st.columns(3, gap="large")
    if timing.sorted_seconds is None:
        left.metric("By sorting", "no such way", border=False)
        left.caption(KERNELS[curve.kernel].without)
    else:
        left.metric("By sorting, every query", duration(timing.sorted_seconds), border=False)
        left.caption(f"The error is {power(timing.sorted_error)}.")
    middle.metric("By n², every query", f"≈ {duration(slow)}", border=False)
    pieces = f", with {len(curve.nodes) + 1} pieces one by one" if curve.kernel == "drawn" else ""
    middle.caption(
        f"The error is {power(timing.dense_error)}. {timing.queries} of the queries took "
        f"{duration(timing.dense_seconds)}{pieces}, and all of them take {n / timing.queries:.3g} times as long."
    )
    if timing.sorted_seconds is not None:
        right.metric("Largest difference", power(timing.apart), border=False)
        right.caption("This is the difference between the two answers, divided by the largest output.")


def _how(timing: Timing) -> None:
    st.caption(
        f"Measured: Σ f(s − t) v for one head of {timing.d} coordinates and {timing.n:,} tokens, on "
        f"{devices.describe(shell.device())} in float32. A time is the median of {REPEATS} runs, after one to warm up. "
        "An error is the difference to the same sum in float64, divided by its largest entry."
    )


def verdict(n: int, fast: float | None, slow: float) -> str:
    """In one sentence which route is the faster one, and by how much."""
    if fast is None:
        return f"On {n:,} tokens all {n * n / 1e6:,.0f} million pairs have to be summed."
    if 0.8 < slow / fast < 1.25:
        return f"With {n:,} tokens sorting takes about as long as all n² pairs."
    ratio = max(slow / fast, fast / slow)
    times = f"**{ratio:.0f} times**" if ratio >= 10 else f"**{ratio:.1f} times**"
    if slow > fast:
        return f"On {n:,} tokens sorting is {times} faster."
    return f"With {n:,} tokens sorting does not pay: it takes {times} as long as all n² pairs."
