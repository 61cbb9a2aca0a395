"""The controls, the crowds and what is built and fitted on them, and what the operator says of the construction."""

import json
from collections.abc import Callable
from math import pi
from pathlib import Path
from typing import Any

import streamlit as st

from srviz.attention import reference
from srviz.attention.methods import METHODS, by_dots, sliced
from srviz.lab import Spec, contexts, separate
from srviz.lab.contexts import KINDS, LEAST, MOST, Contexts
from srviz.lab.jobs.apart import MIDDLE, UNIT, packed, places
from srviz.lab.look import silent
from srviz.lab.mixing import CONTROLS, mixings
from srviz.lab.model import Block
from srviz.lab.tasks import apart, data, find
from srviz.lab.train import NEAR, build
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.apart import WORDS
from srviz.ui.chapters.apart.fitted import buttons, told
from srviz.ui.chapters.apart.run import current
from srviz.ui.kit import controls, report, source, url, work
from srviz.ui.kit.component import SIGNED, component

HERE = Path(__file__).parent
MIXED = tuple(dict.fromkeys((sliced().name, *METHODS, *(name for name in CONTROLS if name != "none"))))
SHARES = {"tenth": 0.1, "half": 0.5, "whole": 1.0, "more": 3.0}  # of the recipe's steps
TOLERANCE = 1e-9  # both sides compute in float64
DEGREES = 180 / pi
OUTERMOST = 3  # how far from 0 the place of a head may be
TRIED = {  # what the browser tries when it searches for heads, and for the coordinate of the pointwise map
    "directions": separate.DIRECTIONS,
    "places": separate.PLACES,
    "angles": separate.ANGLES,
    "scales": separate.SCALES,
    "mix": list(separate.MIX),
    "same": separate.SAME,
    "limits": list(separate.SCALE_LIMITS),
}


def _by_hand(name: str) -> url.Parameter:
    """Places that a visitor moved, as a task of the lab names them."""

    def read(text: str) -> tuple[str, bool]:
        whole = text.replace("_", "")[: 4 * contexts.n * MOST]
        try:
            return apart.written(apart.places(name, whole)), True
        except ValueError:
            return "", False

    return url.Parameter(name, "", read, str, free=True)


PARAMETERS = (
    url.choice("kind", tuple(KINDS), "any"),
    url.whole("sequences", LEAST, MOST, 4),
    url.whole("seed", 0, LARGEST_SEED, 0),
    url.real("close", 0, 1, 0),
    url.whole("first", 1, MOST, 1),
    url.whole("second", 1, MOST, 2),
    url.whole("heads", 1, separate.MOST_HEADS, 1),
    url.whole("head", 1, separate.MOST_HEADS, 1),
    url.real("turn", -1, 360, -1),  # of the first head, in degrees; −1: the best that is found
    url.real("at", -OUTERMOST, OUTERMOST, 0),
    url.real("through", 0, 1, 1),
    _by_hand("moved"),
    _by_hand("aimed"),
    url.several("by", MIXED, (sliced().name, by_dots().name)),
    url.choice("layers", ("1", "2"), "2"),
    url.choice("steps", tuple(SHARES), "whole"),
    url.whole("model", 0, LARGEST_SEED, 0),
)
TOLD = ("close", "first", "second", "head", "turn", "at", "through", "moved", "aimed")
FROM_ZERO = ("first", "second", "head")
Values = dict[str, Any]


def _together(values: Values) -> Values:
    """The pair that is compared are two of the contexts that there are."""
    first = min(values["first"], values["sequences"])
    second = min(values["second"], values["sequences"])
    if first == second:
        second = 1 if first > 1 else 2
    return {"first": first, "second": second, "head": min(values["head"], values["heads"])}


def apart_page(menu: Callable[[], object]) -> work.Display | None:
    """Controls and the live component; returns where fits under way show themselves. menu: shown below it."""
    state = url.settle(*PARAMETERS, together=_together)
    _anew(state)
    number = report.take(state, "apart", "crowds", TOLD, from_zero=FROM_ZERO)
    for name, value in _together(state.values).items():
        state[name] = value
    fits = current()
    _controls(fits.running)
    name = task_of(state)
    specs = specs_of(state, name)
    if fits.running and fits.specs != specs:  # a link, or the back button, led to other crowds
        fits.stop()
    bar = None
    if fits.running:
        fits.rewind()
        bar = work.stop_and_bar("stop fitting", fits.stop, row="racing")
    else:
        buttons(specs)
    component("apart", HERE)(
        key="apart", data=message(state, name, specs, number, fits.running), on_crowds_change=lambda: None
    )
    menu()
    st.caption(WORDS(f"about.kind.{state['kind']}") + " " + WORDS("about.all", near=NEAR))
    feed = st.empty()
    if not fits.running:
        told(specs)
    return work.Display(bar, feed) if bar else None


def _anew(state: url.State) -> None:
    """Where a control chose other crowds, forget what was moved by hand: those were places of the ones before."""
    now = (state.epoch, state["kind"], state["sequences"], state["seed"])
    before = st.session_state.get("_apart_crowds", now)
    st.session_state["_apart_crowds"] = now
    if before[0] == now[0] and before != now:
        for name in ("moved", "aimed", "turn"):
            state[name] = state.parameters[name].default


# ---- what is asked for -----------------------------------------------------------------------------------------------


def task_of(state: url.State | Values) -> str:
    """The task of the lab that has the crowds on screen."""
    return apart.named(*(state[key] for key in ("kind", "sequences", "seed", "close", "moved", "aimed")))


def specs_of(state: url.State | Values, name: str) -> tuple[Spec, ...]:
    """The models that are chosen to be fitted to the crowds of this task."""
    recipe = find(name).recipe
    changes = {"layers": int(state["layers"]), "steps": round(recipe.steps * SHARES[state["steps"]])}
    return tuple(Spec.usual(name, mixing, state["model"], changes) for mixing in MIXED if mixing in state["by"])


@st.cache_resource(max_entries=32, show_spinner=False)
def drawn(kind: str, sequences: int, seed: int) -> Contexts:
    """The contexts as they were drawn."""
    return contexts.make(kind, sequences, seed)


# ---- controls --------------------------------------------------------------------------------------------------------


def _controls(running: bool) -> None:
    """Closed while models are fitted: they would not hear them."""
    known = mixings()
    first, second, more = st.columns([1.5, 1.5, 0.7], gap="medium", vertical_alignment="bottom")
    first.selectbox(
        WORDS("controls.kind"), list(KINDS), key=url.key("kind"), format_func=KINDS.__getitem__, filter_mode=None,
        disabled=running,
    )  # fmt: skip
    second.slider(WORDS("controls.sequences"), LEAST, MOST, key=url.key("sequences"), disabled=running)
    with more.popover(WORDS("controls.more"), width="stretch", disabled=running):
        controls.seed(WORDS("controls.seed"))
        st.slider(WORDS("controls.heads"), 1, separate.MOST_HEADS, key=url.key("heads"))
        st.segmented_control(WORDS("controls.layers"), ["1", "2"], key=url.key("layers"), required=True)
        st.segmented_control(
            WORDS("controls.steps"), list(SHARES), key=url.key("steps"), required=True,
            format_func=lambda name: f"{_steps(name):,}",
        )  # fmt: skip
        st.number_input(WORDS("controls.model"), 0, LARGEST_SEED, key=url.key("model"))
    st.pills(
        WORDS("controls.by"), list(MIXED), key=url.key("by"), format_func=lambda name: known[name].label,
        selection_mode="multi", disabled=running,
    )  # fmt: skip


def _steps(share: str) -> int:
    return round(apart.STEPS * SHARES[share])


# ---- the component ---------------------------------------------------------------------------------------------------


def message(state: url.State, name: str, specs: tuple[Spec, ...], number: int, running: bool) -> dict[str, Any]:
    """What the component draws."""
    crowds = drawn(state["kind"], state["sequences"], state["seed"])
    fits = current()
    records = []
    for k, spec in enumerate(specs):
        lane = fits.kept.get(spec)
        looks = lane.told if lane and lane.told else [_untrained(json.dumps(spec.to_json()))]
        records += [look | {"run": k} for look in looks]
    return {
        "epoch": state.epoch,
        "setting": f"{state['kind']} {state['sequences']} {state['seed']}",
        "start": {key: state[key] for key in TOLD} | {key: state[key] - 1 for key in FROM_ZERO},
        "crowds": {
            "pool": crowds.pool.tolist(),
            "members": crowds.members.tolist(),
            "targets": crowds.targets.tolist(),
            "own": list(crowds.own),
            "path": crowds.path.tolist(),
        },
        "hand": {"letters": apart.LETTERS, "unit": apart.UNIT, "middle": apart.MIDDLE},
        "levels": {"unit": UNIT, "middle": MIDDLE},
        "heads": state["heads"],
        "outermost": OUTERMOST,
        "tried": TRIED,
        "near": NEAR,
        "models": [_model(spec) for spec in specs],
        "name": repr(specs),
        "life": fits.life,
        "running": running,
        "records": records,
        "answer": {"id": number} | answer(state, name),
        "tolerance": TOLERANCE,
        "signed": SIGNED,
    }


def _model(spec: Spec) -> dict[str, Any]:
    mixing = spec.of_mixing
    return {"label": mixing.label, "tone": mixing.look.tone, "dashed": mixing.look.dashed, "steps": spec.recipe.steps}


@st.cache_data(max_entries=64, show_spinner=False)
def _untrained(run: str) -> dict[str, Any]:
    """Where an untrained model has the tokens. run: a `Spec` as JSON."""
    spec = Spec.of_json(json.loads(run))
    model, batch = build(spec), data(spec.task).test(contexts.n)
    return {"step": 0, "look": {"places": packed(places(model, batch)), "silent": silent(model, batch)}}


def answer(state: url.State, name: str) -> dict[str, Any]:
    """The construction by the operator: its heads, with turns in radians, their labels, and how far tokens miss."""
    crowds: Contexts = data(name).contexts  # type: ignore[attr-defined]
    built = construction(state, crowds)
    return {
        "heads": [{"turn": head.turn, "place": head.place} for head in built.heads],
        "labels": built.labels.tolist(),
        "gap": built.gap,
    }


def construction(state: url.State | Values, crowds: Contexts) -> separate.Built:
    """The construction on screen: with the heads that are found, or the first of them as it was turned by hand."""
    heads = list(separate.search(crowds.tokens, state["heads"]))
    if state["turn"] >= 0:
        heads[0] = separate.SeparatingHead(state["turn"] / DEGREES, state["at"])
    return separate.build(crowds.tokens, crowds.targets, heads)


def code() -> str:
    """The source of the construction, and of what is fitted."""
    parts: tuple[Callable[..., Any], ...] = (
        separate.outputs, separate.search, separate.interpolate, separate.Pointwise.__call__, reference.sliced_relu,
        Block.forward, places,
    )  # fmt: skip
    return source.text(*parts)
