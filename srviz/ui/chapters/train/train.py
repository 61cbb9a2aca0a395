"""The controls of a training, the live picture of it, and what it comes to."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from srviz import numbers
from srviz.attention.methods import METHODS, by_dots, sliced
from srviz.lab import TASKS, Spec, Task, watched
from srviz.lab.look import look
from srviz.lab.mixing import CONTROLS, Attention, mixings
from srviz.lab.model import Block
from srviz.lab.task import IGNORED, Offer
from srviz.lab.tasks import data
from srviz.lab.train import Training, build
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.ends import ends
from srviz.ui.chapters.train.lengths import lengths
from srviz.ui.chapters.train.own import given, panel
from srviz.ui.chapters.train.parts import parts
from srviz.ui.chapters.train.recorded import recorded
from srviz.ui.chapters.train.run import Watched, current, others_first, start, watch
from srviz.ui.chapters.train.run import recorded as recorded_run
from srviz.ui.chapters.train.tried import tried
from srviz.ui.kit import report, seat, source, url, work
from srviz.ui.kit.component import SIGNED, component

HERE = Path(__file__).parent
SHARES = {"tenth": 0.1, "quarter": 0.25, "half": 0.5, "whole": 1.0}  # of the recipe's steps
CHOSEN = (*METHODS, *CONTROLS)
MOST_BET = {"accuracy": 100, "bits": 200}  # points that a bet can be about, by the metric of the task
CLEAR = 10  # points of a bet that a class counts as clear
TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the recipe's learning rate
USUAL = "usual"  # the task's own recipe
OFFERED = tuple(dict.fromkeys(offer.name for task in TASKS.values() for offer in task.offers))
PARAMETERS = (
    url.choice("task", tuple(TASKS), next(iter(TASKS))),
    url.choice("first", CHOSEN, sliced().name),
    url.choice("second", CHOSEN, by_dots().name),
    url.whole("bet", -max(MOST_BET.values()), max(MOST_BET.values()), 0),
    url.whole("seed", 0, LARGEST_SEED, 0),
    url.choice("recipe", (USUAL, *OFFERED), USUAL),
    url.choice("steps", tuple(SHARES), "half"),
    url.choice("rate", tuple(f"{times:g}" for times in TIMES), "1"),
    url.whole("example", 1, 64, 11),
    url.whole("layer", 1, 8, 1),
    url.whole("head", 1, 16, 1),
)


def train_page(menu: Callable[[], object]) -> tuple[work.Display | None, work.ProgressBar | None]:
    """Controls, the live picture, and what the last training came to. menu: what is shown below the picture.

    Returns where a training under way shows itself, and the bar of a test under way.
    """
    state = url.settle(*PARAMETERS)
    report.take(state, "train", "head", ("layer", "head"), from_zero=("layer", "head"))
    run = current()
    running = run is not None and run.running
    if run and running:
        run.rewind()
    task = TASKS[state["task"]]
    _controls(state, running)
    specs = _specs(state)
    if missing := _missing(task):
        st.warning(missing)
        return None, None
    bar = work.stop_and_bar("stop training", run.stop, row="racing") if run and running else None
    if not running:
        _buttons(state, specs, run)
    shown = run if run and run.specs[0].task == task.name else None
    own, problem = given(task, shown)
    told = message(state, task, specs, shown, own)
    if others_first(shown) and (meanwhile := recorded_run(task.name)):
        note = WORDS("picture.meanwhile", where=meanwhile.recorded)
        told = message(state, task, meanwhile.specs, meanwhile) | {"note": note, "then": told}
    component("train", HERE)(key="train", data=told, on_head_change=lambda: None)
    menu()
    st.caption(_about(task, specs))
    if run and run.wanted:
        st.caption(WORDS("start.smaller", batch=run.specs[0].recipe.batch, wanted=run.wanted))
    feed = st.empty()
    if run and not running:
        if run.trouble:
            st.warning(run.trouble)
        for lane in run.lanes:
            if lane.diverged:
                st.warning(f"{lane.label}: {lane.diverged}")
    finished = None if running else shown
    ends(task, finished)
    panel(task, finished, own, problem)
    testing = lengths(task, finished)
    recorded(task)
    tried(task)
    parts(task)
    return (work.Display(bar, feed) if run and bar else None), testing


def _missing(task: Task) -> str:
    """Why the examples of a task cannot be had here, or nothing."""
    try:
        data(task.name)
    except ValueError as error:
        return str(error)
    return ""


def _offers(task: Task) -> dict[str, Offer]:
    return {offer.name: offer for offer in task.offers}


def _changes(state: url.State) -> dict[str, Any]:
    """What the chosen recipe has other than the task's own; nothing where the task does not offer it."""
    offer = _offers(TASKS[state["task"]]).get(state["recipe"])
    return dict(offer.changes) if offer else {}


def _specs(state: url.State) -> tuple[Spec, ...]:
    offered = _changes(state)
    steps = max(1, round(TASKS[state["task"]].recipe.changed(offered).steps * SHARES[state["steps"]]))
    names = dict.fromkeys((state["first"], state["second"]))
    usual = [Spec.usual(state["task"], name, state["seed"], offered | {"steps": steps}) for name in names]
    return tuple(
        replace(spec, recipe=replace(spec.recipe, rate=spec.recipe.rate * float(state["rate"]))) for spec in usual
    )


# ---- controls --------------------------------------------------------------------------------------------------------


def _controls(state: url.State, running: bool) -> None:
    """The controls, disabled while a training runs, because a change would not reach it."""
    known = mixings()
    task, first, second, more = st.columns([1.7, 1.2, 1.2, 0.7], gap="medium", vertical_alignment="bottom")
    task.selectbox(
        WORDS("controls.task"), list(TASKS), key=url.key("task"), format_func=lambda name: TASKS[name].title,
        filter_mode=None, disabled=running,
    )  # fmt: skip
    for place, name in ((first, "first"), (second, "second")):
        place.selectbox(
            WORDS(f"controls.mixing.{name}"), CHOSEN, key=url.key(name), format_func=lambda one: known[one].label,
            filter_mode=None, disabled=running,
        )  # fmt: skip
    found = TASKS[state["task"]]
    offers, recipe = _offers(found), found.recipe.changed(_changes(state))
    with more.popover(WORDS("controls.more"), width="stretch", disabled=running):
        if offers:
            st.selectbox(
                WORDS("controls.recipe.label"), [USUAL, *offers], key=url.key("recipe"), filter_mode=None,
                format_func=lambda name: offers[name].label if name in offers else WORDS("controls.recipe.usual"),
            )  # fmt: skip
            if state["recipe"] in offers:
                st.caption(offers[state["recipe"]].note)
        st.segmented_control(
            WORDS("controls.steps"), list(SHARES), key=url.key("steps"), required=True,
            format_func=lambda name: f"{round(recipe.steps * SHARES[name]):,}",
        )  # fmt: skip
        st.select_slider(
            WORDS("controls.rate"), [f"{times:g}" for times in TIMES], key=url.key("rate"),
            format_func=lambda times: WORDS("controls.times", times=times),
            help=WORDS("controls.rates", rates=_rates(state)),
        )  # fmt: skip
        st.number_input(WORDS("controls.seed"), 0, LARGEST_SEED, key=url.key("seed"))
        st.number_input(WORDS("controls.example"), 1, 64, key=url.key("example"))


def _rates(state: url.State) -> str:
    """The learning rate of each model, in words."""
    return WORDS("controls.and").join(
        WORDS("controls.rate of", label=spec.of_mixing.label, rate=spec.recipe.rate) for spec in _specs(state)
    )


def ahead(bet: int) -> int | None:
    """Which of four choices a bet is: the first by a lot or by less, the second so; None for no bet."""
    return None if bet == 0 else 2 * (bet < 0) + (abs(bet) < CLEAR)


def _buttons(state: url.State, specs: tuple[Spec, ...], run: Watched | None) -> None:
    if len(specs) > 1:
        labels = [spec.of_mixing.label for spec in specs]
        said = [WORDS(f"bet.by.{much}", label=label, points=CLEAR) for label in labels for much in ("more", "less")]
        asked = WORDS("bet.asked", task=TASKS[state["task"]].title), said
        topic = seat.topic("bet", *asked)
        most = MOST_BET[TASKS[state["task"]].metric]
        if seat.anew(topic) or abs(state["bet"]) > most:
            state["bet"] = 0
        st.container(key="bet").slider(
            WORDS("bet.points", first=labels[0]), -most, most, key=url.key("bet"), format="%+d",
            help=WORDS("bet.help", second=labels[1]),
        )  # fmt: skip
        seat.offer(topic, *asked, ahead(state["bet"]))
    with st.container(horizontal=True, vertical_alignment="center", key="start"):
        begun = run is not None and run.specs == specs and not run.recorded
        st.button(
            WORDS("start.again") if begun else WORDS("start.train"), key="train both", on_click=start,
            args=(specs, float(state["bet"]), state["example"] - 1),
        )  # fmt: skip
        if run and run.left and run.begun:
            st.button(WORDS("start.on"), key="resume training", on_click=run.go_on)
        task = specs[0].task
        if not (run and run.begun and run.specs[0].task == task) and watched.exists(task, sliced().name):
            st.button(WORDS("start.watch"), key="watch recorded", on_click=watch, args=(task, float(state["bet"])))
        recipe = specs[0].recipe
        length = WORDS("start.recipe", steps=recipe.steps, batch=recipe.batch, n=recipe.n, rates=_rates(state))
        st.caption(f"{length} {WORDS('start.other')}" if run and not begun and run.begun else length)


def _about(task: Task, specs: tuple[Spec, ...]) -> str:
    recipe = specs[0].recipe
    of_task = WORDS("about.task", line=task.line, after=task.after)
    of_models = WORDS("about.models", layers=recipe.layers, width=recipe.width, heads=recipe.heads)
    return " ".join(filter(None, (of_task, task.why, task.honest, of_models, partly(task))))


def partly(task: Task) -> str:
    """That a test on the way is of fewer examples than the one at the end, where it is."""
    whole = _tested(task.name)
    return WORDS("about.partly", some=task.examples, all=whole) if task.examples < whole else ""


@lru_cache(maxsize=len(TASKS))
def _tested(task: str) -> int:
    """How many examples the test of a task has."""
    return len(data(task).test(TASKS[task].recipe.n))


# ---- the picture -----------------------------------------------------------------------------------------------------


def message(
    state: url.State, task: Task, specs: tuple[Spec, ...], run: Watched | None, own: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What the component draws: the models, the example, and all that was said so far. own: see `given`."""
    specs = run.specs if run else specs
    recipe = specs[0].recipe
    return {
        "epoch": state.epoch,
        "start": {"layer": state["layer"] - 1, "head": state["head"] - 1},
        "task": {
            "draws": task.draws,
            "classes": list(task.classes),
            "metric": task.metric,
            "chance": task.chance,
            "extra": int(recipe.readout == "class"),
            "layers": recipe.layers,
            "heads": recipe.heads,
        },
        "example": example(task.name, recipe.n, run.example if run else state["example"] - 1),
        "models": [_model(spec) for spec in specs],
        "life": run.life if run else -1,
        "name": repr(specs),
        "running": bool(run and run.running),
        "records": run.records() if run and run.begun else _untrained(specs, state["example"] - 1),
        "own": own,
        "signed": SIGNED,
        "alt": _alt(task, run),
        "note": WORDS("picture.recorded", where=run.recorded) if run and run.recorded else "",
        "then": None,
    }


def _model(spec: Spec) -> dict[str, Any]:
    mixing = spec.of_mixing
    return {
        "label": mixing.label,
        "tone": mixing.look.tone,
        "dashed": mixing.look.dashed and mixing.method is not None,
        "attends": mixing.method is not None,
        "centred": bool(mixing.method and mixing.method.centred),
        "steps": spec.recipe.steps,
    }


@lru_cache(maxsize=len(TASKS))
def _first(task: str, n: int) -> Any:
    return data(task).test(n, 64)


@st.cache_data(max_entries=64, show_spinner=False)
def example(task: str, n: int, number: int) -> dict[str, Any]:
    """The example of the test that is looked at: what is drawn of it, and its right answers."""
    batch = _first(task, n)
    number = min(number, len(batch) - 1)
    y = batch.y[number]
    found = TASKS[task]
    return {
        "drawn": found.show(batch.x[number]),
        "answers": y.tolist() if found.tokens_asked else [int(y)],
        "asked": (y != IGNORED).flatten().tolist(),
    }


@st.cache_data(max_entries=32, show_spinner=False)
def _look(run: str, number: int) -> dict[str, Any]:
    """What an untrained model does with an example of the test. run: a `Spec` as JSON."""
    spec = Spec.of_json(json.loads(run))
    batch = _first(spec.task, spec.recipe.n)
    number = min(number, len(batch) - 1)
    return look(build(spec), batch.part(slice(number, number + 1)))


def _untrained(specs: tuple[Spec, ...], number: int) -> list[dict[str, Any]]:
    """What a training says before its first step."""
    looks = [_look(json.dumps(spec.to_json()), number) for spec in specs]
    return [{"run": model, "step": 0, "look": found} for model, found in enumerate(looks)]


def _alt(task: Task, run: Watched | None) -> str:
    if run is None or not run.begun:
        return WORDS("alt.nothing", task=task.title)
    parts = []
    for lane in run.lanes:
        tested = [record["test"]["metric"] for record in lane.told if "test" in record]
        said = {"label": lane.label, "step": lane.step, "time": numbers.duration(lane.seconds)}
        parts.append(
            WORDS(f"alt.tested.{task.metric}", **said, metric=tested[-1]) if tested else WORDS("alt.untested", **said)
        )
    return WORDS("alt.learning", task=task.title, models="; ".join(parts))


def code() -> str:
    """The source of a step of training, and of the part of the model that differs."""
    return source.text(Training.step, Block.forward, Attention.forward, Attention.heads)
