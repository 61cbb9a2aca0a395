"""The controls of the functions, the live picture of what the models learn, and what it comes to."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
import torch

from srviz.attention.checks import NotFinite
from srviz.attention.heads import EPSILON
from srviz.attention.methods import METHODS
from srviz.lab import Spec
from srviz.lab.formula import LONGEST, Formula, parse
from srviz.lab.jobs.crowd import learned, places
from srviz.lab.mixing import Attention, mixings
from srviz.lab.model import Model
from srviz.lab.probe import probed
from srviz.lab.tasks import find
from srviz.lab.tasks.crowd import FAMILY, MENU, REACH, Scale, scale
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.crowd import WORDS, sizes
from srviz.ui.chapters.crowd.run import Learning, current, start
from srviz.ui.kit import report, seat, source, url, work
from srviz.ui.kit.component import TOLERANCE, component, packed

HERE = Path(__file__).parent
OWN = "own"
TARGETS = (*MENU, OWN)
FEWEST, MOST = 4, 48  # tokens of the visitor's crowd
CROWD = (
    -1.72,
    -1.55,
    -1.48,
    -1.41,
    -1.3,
    -1.22,
    -1.13,
    -0.95,
    0.2,
    0.34,
    0.42,
    0.47,
    0.55,
    0.58,
    0.66,
    0.71,
    0.83,
    1.02,
    1.6,
    2.1,
)
SHARES = {"tenth": 0.1, "quarter": 0.25, "half": 0.5, "whole": 1.0}  # of the recipe's steps
BESIDE = (*METHODS, "mean")
WEIGHTS = "crowd weights"
FULL = 0.999  # of the variance: more is not said to be explained
PARAMETERS = (
    url.choice("target", TARGETS, next(iter(MENU))),
    url.text("f", LONGEST, "mean(c, c > x)"),
    url.several("models", BESIDE, tuple(METHODS)),
    url.choice("bet", ("none", *BESIDE), "none"),
    url.choice("steps", tuple(SHARES), "whole"),
    url.whole("seed", 0, LARGEST_SEED, 0),
    url.reals("places", -REACH, REACH, MOST, CROWD),
    url.reals("payloads", -1, 1, MOST, tuple(round(math.sin(2.4 * k), 2) for k in range(len(CROWD)))),
)


def crowd_page(state: url.State, menu: Callable[[], object]) -> work.Display | None:
    """Controls, the live picture, and what the last training came to; where a training under way shows itself.

    menu: what is shown below the picture.
    """
    number = report.take(state, "crowd", "crowd", ("places", "payloads"))
    _fit(state)
    run = current()
    running = run is not None and run.running
    if run and running:
        run.rewind()
    _controls(state, running)
    formula, wrong = formula_of(state)
    if wrong:
        st.warning(wrong)
    specs = _specs(state, formula)
    bar = work.stop_and_bar("stop learning", run.stop, row="racing") if run and running else None
    if not running and specs and not wrong:
        _buttons(state, specs, run)
    shown = run if run and same(run.specs, specs) else None
    if shown and not running and all(lane.model or lane.diverged for lane in shown.lanes):
        component("paint")(key=WEIGHTS, data=_weights(shown, formula))
    component("crowd", HERE)(
        key="crowd", data=message(state, formula, specs, shown, number), on_crowd_change=lambda: None
    )
    menu()
    feed = st.empty()
    st.caption(_about(state, formula))
    if run and not running and run.trouble:
        st.warning(run.trouble)
    if shown and not running:
        _came_to(state, shown)
    return work.Display(bar, feed) if run and bar else None


def same(ran: tuple[Spec, ...], asked: tuple[Spec, ...]) -> bool:
    """Whether a training is of the function on screen: its models are shown, also when others are chosen now."""
    return bool(ran and asked) and ran[0].task == asked[0].task


def _fit(state: url.State) -> None:
    """One payload for each token."""
    n = max(FEWEST, len(state["places"]))
    held = (*state["places"], *CROWD)[:n]
    state["places"] = held
    state["payloads"] = (*state["payloads"], *[round(math.sin(2.4 * k), 2) for k in range(n)])[:n]


def formula_of(state: url.State | dict[str, Any]) -> tuple[Formula, str]:
    """The formula that is asked for, and what is wrong with the visitor's own: then the first of the menu stands."""
    name = state["target"]
    if name != OWN:
        return parse(MENU[name].formula), ""
    try:
        formula = parse(state["f"])
        scale(formula)
        return formula, ""
    except ValueError as error:
        return parse(next(iter(MENU.values())).formula), str(error)


def _specs(state: url.State, formula: Formula) -> tuple[Spec, ...]:
    task = find(f"{FAMILY}:{formula.text}")
    changes = {"steps": max(1, round(task.recipe.steps * SHARES[state["steps"]]))}
    return tuple(Spec.usual(task.name, name, state["seed"], changes) for name in state["models"])


# ---- controls --------------------------------------------------------------------------------------------------------


def _controls(state: url.State, running: bool) -> None:
    """The controls, disabled while a training runs, because a change would not reach it."""
    target, beside, more = st.columns([1.7, 2.3, 0.7], gap="medium", vertical_alignment="bottom")
    target.selectbox(
        WORDS("controls.function"), TARGETS, key=url.key("target"), filter_mode=None, disabled=running,
        format_func=lambda name: MENU[name].title if name in MENU else WORDS("controls.own"),
    )  # fmt: skip
    known = mixings()
    beside.pills(
        WORDS("controls.models"), BESIDE, key=url.key("models"), selection_mode="multi", disabled=running,
        format_func=lambda name: known[name].label,
    )  # fmt: skip
    steps = find(f"{FAMILY}:{next(iter(MENU.values())).formula}").recipe.steps
    with more.popover(WORDS("controls.more"), width="stretch", disabled=running):
        st.segmented_control(
            WORDS("controls.steps"), list(SHARES), key=url.key("steps"), required=True,
            format_func=lambda name: f"{round(steps * SHARES[name]):,}",
        )  # fmt: skip
        st.number_input(WORDS("controls.seed"), 0, LARGEST_SEED, key=url.key("seed"))
    if state["target"] == OWN:
        st.text_input(
            WORDS("controls.formula"), key=url.key("f"), max_chars=LONGEST, disabled=running,
            help=WORDS("controls.help"),
        )  # fmt: skip


def _buttons(state: url.State, specs: tuple[Spec, ...], run: Learning | None) -> None:
    known = mixings()
    begun = run is not None and run.specs == specs
    with st.container(horizontal=True, vertical_alignment="bottom", key="start"):
        options = ("none", *(spec.mixing for spec in specs))
        if state["bet"] not in options:
            state["bet"] = "none"
        of = MENU[state["target"]].title if state["target"] in MENU else state["f"]
        asked = WORDS("bet.asked", function=of), [known[name].label for name in BESIDE]
        topic = seat.topic("bet", *asked)
        if seat.anew(topic):
            state["bet"] = "none"
        st.selectbox(
            WORDS("bet.label"), options, key=url.key("bet"), filter_mode=None, width=260,
            format_func=lambda name: WORDS("bet.none") if name == "none" else known[name].label,
        )  # fmt: skip
        given = BESIDE.index(state["bet"]) if state["bet"] in BESIDE else None
        seat.offer(topic, *asked, given)
        watched = {"places": list(state["places"]), "payloads": list(state["payloads"])}
        st.button(
            WORDS(f"controls.{'again' if begun else 'train'}"), key="train all", on_click=start,
            args=(specs, watched, state["bet"]),
        )  # fmt: skip
        if run and begun and run.left and run.begun:
            st.button(WORDS("controls.on"), key="go-on-learning", on_click=run.go_on)


def _about(state: url.State, formula: Formula) -> str:
    recipe = find(f"{FAMILY}:{formula.text}").recipe
    said = [MENU[state["target"]].title] if state["target"] in MENU else []
    said.append(WORDS(
        "about.models", formula=formula.text, n=recipe.n, batch=recipe.batch, steps=recipe.steps, width=recipe.width,
        heads=recipe.heads,
    ))  # fmt: skip
    if formula.reads_payload:
        said.append(WORDS("about.payload"))
    return " ".join(said)


# ---- the picture -----------------------------------------------------------------------------------------------------


def message(
    state: url.State, formula: Formula, specs: tuple[Spec, ...], run: Learning | None, number: int
) -> dict[str, Any]:
    """What the component draws: the crowd, the function, and all that the models said of it so far."""
    specs = run.specs if run else specs
    found = scale(formula)
    ended = run is not None and not run.running and any(lane.model for lane in run.lanes)
    return {
        "epoch": state.epoch,
        "start": {name: list(state[name]) for name in ("places", "payloads")},
        "answer": {"id": number, "said": said_of(run, state) if run and ended else []},
        "formula": {
            "tree": formula.tree, "payload": formula.reads_payload, "middle": found.middle, "unit": found.unit,
        },
        "limits": {"reach": REACH, "least": FEWEST, "most": MOST},
        "xs": [round(x, 4) for x in places().tolist()],
        "models": [_model(spec) for spec in specs],
        "life": run.life if run else -1,
        "name": repr(specs),
        "running": bool(run and run.running),
        "watched": run.watched if run else None,
        "records": run.records() if run else [],
        "alt": _alt(formula, run),
        "tolerance": TOLERANCE,
    }  # fmt: skip


def _model(spec: Spec) -> dict[str, Any]:
    mixing = spec.of_mixing
    return {"label": mixing.label, "tone": mixing.look.tone, "dashed": mixing.look.dashed}


def said_of(run: Learning, state: url.State | dict[str, Any]) -> list[list[float]]:
    """What each trained model says of the crowd on screen, by the operator itself.

    Zeros where there is no model, or where one says what is no number.
    """
    place, payload = (torch.tensor(state[name], dtype=torch.float32) for name in ("places", "payloads"))
    said = []
    for lane in run.lanes:
        said.append([0.0] * len(places()))
        if lane.model:
            with contextlib.suppress(NotFinite):
                said[-1] = learned(lane.model, lane.spec.task, place, payload, digits=7)
    return said


def _weights(run: Learning, formula: Formula) -> dict[str, Any]:
    """The trained models, for a browser that computes what they say while the crowd is dragged."""
    sent = [
        sent_weights(lane.model, lane.spec, scale(formula), formula.reads_payload) if lane.model else None
        for lane in run.lanes
    ]
    return {"painted": WEIGHTS, "life": run.life, "name": repr(run.specs), "models": sent}


def sent_weights(model: Model, spec: Spec, found: Scale, payload: bool) -> dict[str, Any]:
    """One model, as learned.js takes it."""
    mix, method = model.blocks[0].mix, spec.of_mixing.method
    bandwidths = [1.0] * spec.recipe.heads
    if isinstance(mix, Attention):
        one = torch.zeros(1, 1, spec.recipe.width)
        bandwidth = mix.heads(one).bandwidth
        if isinstance(bandwidth, torch.Tensor):
            bandwidths = bandwidth.detach().flatten().tolist()
    norms = next(one.eps for one in model.modules() if isinstance(one, torch.nn.LayerNorm))
    parts = {
        name: {"shape": list(x.shape), "numbers": packed(x.float(), "<f4")} for name, x in model.state_dict().items()
    }
    return {
        "kind": method.rule if method else spec.mixing,
        "heads": spec.recipe.heads,
        "scored": bool(method and method.projection),
        "standardized": bool(method and method.standardized),
        "centred": bool(method and method.centred),
        "bandwidths": bandwidths,
        "epsilons": {"norms": norms, "scores": EPSILON},
        "payload": payload,
        "middle": found.middle,
        "unit": found.unit,
        "parts": parts,
    }


def _alt(formula: Formula, run: Learning | None) -> str:
    if run is None or not run.begun:
        return WORDS("crowd.new", formula=formula.text)
    parts = []
    for lane in run.lanes:
        tested = [one["metric"] for one in lane.told if "metric" in one]
        parts.append(f"{lane.label}" + (f", R² {tested[-1]:.3f}" if tested else ""))
    return WORDS("crowd.learned", formula=formula.text, models="; ".join(parts))


# ---- what it came to -------------------------------------------------------------------------------------------------


def _came_to(state: url.State, run: Learning) -> None:
    """Who came closest, why, and whose error grows with more tokens."""
    for lane in run.lanes:
        if lane.diverged:
            st.warning(f"{lane.label}: {lane.diverged}")
    metrics = {lane.label: lane.sizes[lane.spec.recipe.n] for lane in run.tested}
    if not metrics:
        return
    best = max(metrics, key=lambda label: metrics[label])
    said = WORDS(f"result.best.{_how(metrics[best])}", best=best, share=min(metrics[best], FULL))
    if run.bet != "none" and len(metrics) > 1:
        bet = mixings()[run.bet].label
        how, share = "right" if bet == best else _how(metrics.get(bet)), min(metrics.get(bet, 0.0), FULL)
        said += " " + WORDS(f"result.bet.{how}", bet=bet, share=share)
    st.markdown(said)
    if target := MENU.get(state["target"]):
        st.markdown(WORDS("result.why", why=target.why))
    sizes.shown(run)


def _how(r2: float | None) -> str:
    """The key of the sentence that says what a model of such an R² explains."""
    if r2 is None:
        return "unfinished"
    return "some" if r2 >= 0 else "nothing"


def code() -> str:
    """The source of what a model answers at a place, and of a formula's value."""
    return source.text(probed, Formula.of, Attention.heads)
