"""The trained models at other numbers of tokens than they learned from."""

import streamlit as st

from srviz import jobs
from srviz.lab import Task
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.run import Watched, current
from srviz.ui.kit import work
from srviz.ui.kit.training import Lane


def lengths(task: Task, run: Watched | None) -> work.ProgressBar | None:
    """Choose a number of tokens, test there, and see all that was tested; the bar of a test under way."""
    trained = [lane for lane in run.lanes if lane.weights] if run else []
    if run is None or run.running or len(task.sizes) < 2 or not trained:
        return None
    st.subheader(WORDS("lengths.title"), anchor=False)
    learned = run.specs[0].recipe.n
    st.markdown(WORDS("lengths.lead", learned=learned))
    if run.testing:
        bar = work.stop_and_bar("stop lengths", _stop)
    else:
        bar = None
        with st.container(horizontal=True, vertical_alignment="bottom"):
            n = st.select_slider(
                WORDS("lengths.n"), task.sizes, value=learned, key=f"length {task.name}", format_func="{:,}".format
            )
            st.button(WORDS("lengths.test", n=n), key="test length", on_click=_start, args=(n,))
    tested = sorted({learned, *(n for lane in trained for n in lane.sizes)})
    rows = {
        lane.label: {f"n = {n:,}": f"{value:.3f}" if (value := _metric(lane, n)) is not None else "" for n in tested}
        for lane in trained
    }
    st.table([{"": label, **cells} for label, cells in rows.items()], hide_index=True)
    return bar


def go_on_testing(bar: work.ProgressBar | None) -> None:
    """Test as the one heavy job of this server, if a test is under way. Stop, or a closed tab, ends it."""
    run = current()
    if bar is None or run is None or run.testing is None:
        return
    n = run.testing
    with work.turn(lambda text: bar.progress(0.0, text)):
        for k, lane in enumerate(run.lanes):
            if n in lane.sizes or not lane.weights:
                continue
            bar.progress(k / len(run.lanes), WORDS("lengths.doing", label=lane.label, n=n))
            weights = {"weights": jobs.Packed.of_bytes(lane.weights)}

            def take(record: jobs.Record, lane: Lane = lane) -> None:
                if jobs.TROUBLE in record:
                    run.trouble = record[jobs.TROUBLE]
                else:
                    lane.sizes[record["n"]] = record["test"]["metric"]

            work.watch(jobs.stream({"job": "lab.test", "n": n}, weights, work.limits("cpu")), take, lambda: None)
    run.testing = None
    st.rerun()


def _start(n: int) -> None:
    if run := current():
        run.testing, run.trouble = n, ""


def _stop() -> None:
    if run := current():
        run.testing = None


def _metric(lane: Lane, n: int) -> float | None:
    if n in lane.sizes:
        return lane.sizes[n]
    found: float | None = lane.end["metric"] if lane.end and n == lane.spec.recipe.n else None
    return found
