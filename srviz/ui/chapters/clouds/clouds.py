"""Point clouds: one query's row of weights over all keys of a cloud, by three methods on one camera."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from srviz import host, jobs
from srviz.attention import Kernel, Method, Projections
from srviz.attention.heads import PROJECTIONS
from srviz.attention.methods import sliced
from srviz.figures import clouds as figures
from srviz.inputs import CLOUDS
from srviz.measure import query as measure
from srviz.measure.everything import bytes_needed
from srviz.numbers import LARGEST_SEED, decimal
from srviz.ui.chapters.clouds import WORDS, own
from srviz.ui.chapters.clouds.scene import (
    HEAD_DIM,
    HEADS,
    TRAINED,
    CloudPane,
    CloudSetting,
    Numbers,
    Place,
    Scene,
    Standing,
    answer,
    drawing,
    forget,
    level,
    methods,
    scene,
)
from srviz.ui.kit import controls, shell, source, trained, url
from srviz.ui.kit.cards import heading
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.figure import Arithmetic, Paint, clicked, figure

SIZES = (*(2**k for k in range(8, 20)), 1_000_000)
FIRST = "aeroplane"  # the cloud that the page opens on
SHOWN_BYTES = 420 << 20  # of the server once it has shown all pages
BESIDE_BYTES = jobs.PROCESS_BYTES + SHOWN_BYTES  # of the process that attends, and of the server
GROUP = "clouds"
SCALES = ("own", "shared")


@cache
def offered() -> tuple[int, ...]:
    """The sizes that fit the memory the host grants."""
    spare = host.granted() - BESIDE_BYTES
    fit = [n for n in SIZES if bytes_needed(n, 3, HEADS, HEAD_DIM) < spare]
    return tuple(fit) or SIZES[:1]


def _size(text: str) -> tuple[int, bool]:
    asked, _ = url.whole("n", 1, SIZES[-1], 8192).read(text)
    n = min(offered(), key=lambda size: abs(np.log2(size / asked)))
    return n, str(n) == text


def _cloud(text: str) -> tuple[str, bool]:
    mine = own.current()
    if mine and text == mine.link:
        return own.NAME, True
    return (text, True) if text in CLOUDS else (FIRST, False)


def _link(name: str) -> str:
    mine = own.current()
    return mine.link if mine and name == own.NAME else name


def _gone(text: str) -> str:
    return WORDS("own.gone") if text.startswith(own.NAME) else ""


PARAMETERS = (
    url.Parameter("cloud", FIRST, _cloud, _link, why=_gone),
    url.Parameter("n", 8192, _size, str),
    trained.parameter(),
    url.whole("head", 1, HEADS, 3),
    url.whole("query", 1, SIZES[-1], 18),
    url.whole("seed", 0, LARGEST_SEED, 4),
    url.real("noise", 0, 0.3, 0.0),
    url.real("outliers", 0, 0.5, 0.0),
    url.choice("slice", PROJECTIONS, sliced().projection),
    url.real("b", 0.1, 2, 0.5),
    url.flag("level", True),
    url.choice("scale", SCALES, "own"),
)


def clouds(menu: Callable[[], object]) -> Place:
    """The controls, the three panes and the line of scores; what is shown. menu: shows that of the panes."""
    state = url.settle(*PARAMETERS, together=_existing)
    _take_click(state)
    setting, more = _controls(state)
    own.panel(url.key("cloud"), FIRST, forget)
    where, number = str(shell.device()), state["head"] - 1
    projection = projection_of(state)
    with st.spinner(WORDS("panes.projecting", n=setting.n)) if setting.n > 200_000 else nullcontext():
        shown = scene(setting, projection, where)
        query = _query(state, setting, shown, more) - 1
        found: dict[str, CloudPane] = answer(setting, projection, where, number, query, state["b"])
    shared = max(pane.top for pane in found.values())
    place = shown.tokens.place
    keys = shown.keys(number)
    with st.container(key="clouds"):
        cells = st.columns(len(methods()), gap="medium")
    for method, cell in zip(methods(), cells, strict=True):
        name, pane = method.name, found[method.name]
        stands = pane.scored
        surface = stands.s if stands and shown.flat else None
        label = None
        if surface is not None:
            corners, grid = level(setting, projection, where, number, name)
            label = figures.highest(corners, grid, surface)
        rings = place[stands.ringed] if stands and not shown.flat and state["level"] else None
        changes = figures.weights_paint(
            pane.weights, shared if state["scale"] == "shared" else pane.top, place[query], rings, surface,
            signed=method.signed, hidden=not state["level"],
            label=label,
        )  # fmt: skip
        terms = {"t": ("p", keys[name][shown.drawn])} if stands else {}
        with cell:
            alt = WORDS("panes.alt", method=method.label, query=query + 1, n=len(shown.drawn))
            token = shown.drawn[int(pane.weights.argmax())] + 1
            most = pane.blank or WORDS("panes.largest", weight=pane.weights.max(), token=token)
            heading(WORDS("panes.effective", method=method.label) if method.centred else method.label, method.formula)
            figure(
                drawing(setting, projection, where, number if stands else -1, name, mode()),
                key=f"cloud {name}", group=GROUP, points=shown.drawn, arithmetic=Arithmetic("", terms),
                paint=Paint(changes, pane.arithmetic, place[query].tolist()),
                alt=f"{alt} {most}",
            )  # fmt: skip
            if not pane.blank:
                few, signs = measure.tenth(shown.tokens.n), "signed" if method.signed else "plain"
                counted = "one" if few == 1 else "many"
                st.caption(WORDS(f"panes.near.{counted}.{signs}", few=few, near=pane.near, alike=few / shown.tokens.n))
    _words(state, setting, shown)
    menu()
    _lines(state["query"], shown, found, keys)
    return Place(setting, projection, where)


def _lines(query: int, shown: Scene, found: dict[str, CloudPane], keys: dict[str, Numbers]) -> None:
    """The query among the sorted keys: one line where all methods see the same scores, or one for each."""
    lines: list[tuple[Standing, Numbers, list[Method]]] = []
    for method in methods():
        stands = found[method.name].scored
        if stands is None:
            continue
        same = next((line for line in lines if shown.scores[line[2][0].name] is shown.scores[method.name]), None)
        if same:
            same[2].append(method)
        else:
            lines.append((stands, keys[method.name], [method]))
    for (stands, t, drawn_by), cell in zip(lines, st.columns(len(lines), gap="large"), strict=True):
        kernels = {method: method.kernel(_bandwidth(found, method)) for method in drawn_by if method.kernel}
        curves = {method.label: _curve(kernel) for method, kernel in kernels.items()}
        with cell:
            below, score = stands.below, decimal(stands.s)
            heading(
                WORDS("line.of", method=drawn_by[0].label) if len(lines) > 1 else WORDS("line.title"),
                WORDS("line.note", query=query, score=score, below=below, above=len(t) - below),
            )
            alt = WORDS("line.alt", score=stands.s, below=below)
            picture = figures.scores(t, stands.s, curves, mode=mode())
            chart(picture, alt, line_key(drawn_by[0]), st.container())


def line_key(method: Method) -> str:
    """The key of the element that shows the scores of a method."""
    return f"cloud scores {method.name}"


def _bandwidth(found: dict[str, CloudPane], method: Method) -> float:
    stands = found[method.name].scored
    return stands.bandwidth if stands else 1.0


def _curve(kernel: Kernel) -> figures.Curve:
    """What a method makes of a difference of two scores."""
    return kernel.nodes, lambda r: kernel(torch.from_numpy(r)).numpy()


def _take_click(state: url.State) -> None:
    """A click on any pane, before any of them is shown again."""
    for method in methods():
        click = clicked(f"cloud {method.name}")
        if click is not None and click.query is not None:
            state["query"] = click.query + 1


def _existing(values: dict[str, Any]) -> dict[str, Any]:
    """A cloud that is there, also where a browser still names the one that was just removed, and a query it has."""
    name = FIRST if values["cloud"] == own.NAME and own.current() is None else values["cloud"]
    return {"cloud": name, "query": min(values["query"], nearest(name, values["n"]))}


def setting_of(state: url.State | dict[str, Any]) -> CloudSetting:
    """The cloud that a state asks for."""
    name, mine = state["cloud"], own.current() if state["cloud"] == own.NAME else None
    n = nearest(name, state["n"])
    if mine:
        return CloudSetting(name, n, state["seed"], 0.0, 0.0, mine.upload.digest, mine.columns)
    return CloudSetting(name, n, state["seed"], state["noise"], state["outliers"])


def nearest(name: str, n: int) -> int:
    """The size nearest to n that this cloud can be asked for."""
    mine = own.current() if name == own.NAME else None
    return mine.nearest(n) if mine else CLOUDS[name].nearest(n)


def _query(state: url.State, setting: CloudSetting, shown: Scene, place: DeltaGenerator) -> int:
    """The query's control; where n alone has changed, the query is the token nearest to where it was."""
    epoch, last, before, x = st.session_state.get("_query", (None, None, 0, None))
    moved = epoch == state.epoch and last != setting and last == setting._replace(n=last.n)
    if moved and state["query"] == min(before, setting.n):
        state["query"] = int((shown.x - x.to(shown.x)).square().sum(-1).argmin()) + 1
    label, help_ = WORDS("controls.query.label"), WORDS("controls.query.help")
    place.number_input(label, 1, setting.n, key=url.key("query"), help=help_)
    query: int = state["query"]
    st.session_state["_query"] = state.epoch, setting, query, shown.x[query - 1].clone()
    return query


def _controls(state: url.State) -> tuple[CloudSetting, DeltaGenerator]:
    """The row of controls; what they ask for, and the place of the query's."""
    widths = [1.25, 1.6, 1.2, 1.1, 0.75]
    first, second, heads, third, fourth = st.columns(widths, gap="small", vertical_alignment="bottom")
    mine = {own.NAME: WORDS("own.title")} if own.current() else {}
    titles = {name: cloud.title for name, cloud in CLOUDS.items()} | mine
    name = first.selectbox(
        WORDS("controls.cloud"), titles, key=url.key("cloud"), format_func=titles.__getitem__, filter_mode=None
    )
    there, wanted = nearest(name, state["n"]), state["n"]
    label = WORDS("controls.n") if there == wanted else WORDS("controls.all", n=there)  # of a cloud that has no more
    second.select_slider(label, offered(), key=url.key("n"), format_func="{:,}".format, help=_limit())
    with heads:
        trained.control(there=_fitted(name))
    third.segmented_control(WORDS("controls.head"), range(1, HEADS + 1), key=url.key("head"), required=True)
    with fourth.popover(WORDS("controls.more"), width="stretch"):
        more = st.container()
        controls.seed(WORDS("controls.seed"))
        learned = projection_of(state) == TRAINED
        if not learned:  # a trained head has an MLP
            st.segmented_control(
                WORDS("controls.slice.label"), PROJECTIONS, key=url.key("slice"), required=True,
                format_func=lambda one: WORDS(f"controls.slice.kinds.{one}"),
            )  # fmt: skip
        which = "learned" if learned else "chosen"
        label, help_ = WORDS("controls.bandwidth.label"), WORDS(f"controls.bandwidth.help.{which}")
        st.slider(label, 0.1, 2.0, key=url.key("b"), step=0.05, help=help_, disabled=learned)
        for one, most in (("noise", 0.3), ("outliers", 0.5)):
            label, help_ = WORDS(f"controls.{one}.label"), WORDS(f"controls.{one}.help")
            st.slider(label, 0.0, most, key=url.key(one), step=0.01, help=help_, disabled=name == own.NAME)
        st.segmented_control(
            WORDS("controls.scale.label"), SCALES, key=url.key("scale"), required=True,
            format_func=lambda one: WORDS(f"controls.scale.kinds.{one}"),
        )  # fmt: skip
        st.toggle(WORDS("controls.level"), key=url.key("level"))
    for parameter in PARAMETERS:
        state.values[parameter.name] = st.session_state[url.key(parameter.name)]
    return setting_of(state), more


def projection_of(state: url.State | dict[str, Any]) -> str:
    """What a state's heads are: "trained", or the kind of Π that is chosen; that one too where no model fits."""
    return TRAINED if state["heads"] == "trained" and _fitted(state["cloud"]) else str(state["slice"])


def _fitted(name: str) -> bool:
    """Whether models were trained on such tokens as those of a cloud."""
    mine, n = own.current() if name == own.NAME else None, nearest(name, 1)
    tokens = mine.tokens(n, 0) if mine else CLOUDS[name].make(n, random_state=0)
    return trained.look(tokens) is not None


def _limit() -> str | None:
    if offered()[-1] == SIZES[-1]:
        return None
    return WORDS("controls.limit", n=offered()[-1], memory=host.granted() / 1e9)


def _words(state: url.State, setting: CloudSetting, shown: Scene) -> None:
    """What the panes show, in numbers."""
    n, m = shown.tokens.n, len(shown.drawn)
    m += int(state["query"] - 1 not in shown.drawn)
    said = [WORDS("shown.all", n=n) if m == n else WORDS("shown.some", drawn=m, n=n)]
    if n != state["n"]:
        said.append(WORDS("shown.points", n=n))
    said.append(WORDS(f"shown.scale.{state['scale']}"))
    if state["level"]:
        rings = WORDS("shown.rings", numbers=shown.tokens.x.shape[1])
        said.append(WORDS("shown.surface") if shown.flat else rings)
    untrained = WORDS("shown.untrained", seed=setting.seed)
    said.append(shown.trained.says(methods()) if shown.trained else untrained)
    st.caption(" ".join(said))


@cache
def code() -> str:
    """The source of one row of weights, and of the scores it is made from."""
    return source.text(measure.row, measure.of_query, measure.scores, Projections.scored)
