"""Point clouds: one query's row of weights over all keys of a cloud, by three methods on one camera."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from srviz import host
from srviz.attention import METHODS, Heads, Kernel, Method, Projections
from srviz.attention.heads import PROJECTIONS
from srviz.attention.methods import sliced
from srviz.figures import clouds as figures
from srviz.inputs import CLOUDS, Tokens
from srviz.inputs.light import light
from srviz.lab.trained import TrainedProjections
from srviz.measure import query as measure
from srviz.measure.everything import PROCESS_BYTES, bytes_needed
from srviz.ui.chapters.clouds import WORDS, own
from srviz.ui.kit import compute, controls, shell, source, trained, url
from srviz.ui.kit.cards import heading
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.figure import Arithmetic, Paint, clicked, figure

HEADS, HEAD_DIM = compute.HEADS, 16
ROOM = 3  # panes side by side
SIZES = (*(2**k for k in range(8, 20)), 1_000_000)
FIRST = "aeroplane"  # the cloud that the page opens on
BESIDE_BYTES = PROCESS_BYTES + (420 << 20)  # of the process that attends, and of the server once it has shown all pages
MOST_DRAWN = 30_000
SIDE = 22  # of the grid on which the slice is evaluated, to draw its level set
RINGED = 60
GROUP = "clouds"
SCALES = ("own", "shared")
TRAINED = "trained"  # instead of a kind of Π
Numbers = NDArray[np.float32]


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


def methods() -> list[Method]:
    """The methods on screen, as many as there is room for."""
    return list(METHODS.values())[:ROOM]


PARAMETERS = (
    url.Parameter("cloud", FIRST, _cloud, _link, why=_gone),
    url.Parameter("n", 8192, _size, str),
    trained.parameter(),
    url.whole("head", 1, HEADS, 3),
    url.whole("query", 1, SIZES[-1], 18),
    url.whole("seed", 0, controls.MOST_SEED, 4),
    url.real("noise", 0, 0.3, 0.0),
    url.real("outliers", 0, 0.5, 0.0),
    url.choice("slice", PROJECTIONS, sliced().projection),
    url.real("b", 0.1, 2, 0.5),
    url.flag("level", True),
    url.choice("scale", SCALES, "own"),
)


class CloudSetting(NamedTuple):
    """What a cloud is made from. own: the sha256 of the visitor's own file, or ""; columns: those chosen of it."""

    name: str
    n: int
    seed: int
    noise: float
    outliers: float
    own: str = ""
    columns: tuple[str, ...] | None = None


class Place(NamedTuple):
    """What a scene is made from, besides what is in this file. projection: "mlp" or "linear", or "trained"."""

    setting: CloudSetting
    projection: str
    device: str


@dataclass(frozen=True, eq=False)
class Scene:
    """A cloud, the maps of the layer that each method takes, and the scores (H, n) that all heads give its tokens.

    drawn: (m,) the tokens that are drawn, in order. maps: by the method's name. scores: likewise, of those that take
    scores. trained: the heads that are shown, or None where they are untrained; then all methods share their maps.
    """

    tokens: Tokens
    x: torch.Tensor  # (n, D), on the device
    drawn: NDArray[np.int64]
    maps: dict[str, Projections]
    scores: dict[str, Heads]
    trained: trained.Look | None

    def bandwidth(self, method: Method, head: int, otherwise: float) -> float:
        """The bandwidth that a trained head has learned, or the one that was chosen, in deviations of the scores."""
        maps, deviation = self.maps[method.name], self.scores[method.name].deviation
        learned = maps.bandwidth(head) if isinstance(maps, TrainedProjections) else None
        if learned is None:
            return otherwise
        if deviation is None or method.standardized:
            return learned
        return learned / float(deviation[head])  # it was learned in the unit of the raw scores

    @property
    def flat(self) -> bool:
        """Whether the tokens have just the three numbers they are drawn by, so that a level set is a surface."""
        return self.tokens.x is self.tokens.place or np.array_equal(self.tokens.x, self.tokens.place)

    @property
    def place(self) -> Numbers:
        """Where the tokens that are drawn are: (m, 3)."""
        return self.tokens.place[self.drawn]


PRIVATE: list[Any] = []  # the session's own caches, filled while modules are imported


def kept(function: Callable[..., Any], entries: int) -> Callable[..., Any]:
    """A function of a setting and more, cached for all visitors; that of one's own file in one's own session alone."""
    shared = st.cache_resource(max_entries=entries, show_spinner=False)(function)
    private = st.cache_resource(max_entries=max(1, entries // 4), show_spinner=False, scope="session")(function)
    PRIVATE.append(private)
    return lambda setting, *rest: (private if setting.own else shared)(setting, *rest)


def forget() -> None:
    """Drop what was computed from the visitor's own file."""
    for cached in PRIVATE:
        cached.clear()


def kind(projection: str, method: Method) -> str:
    """The kind of Π that a scene's heads have for a method: the one that was chosen, or that of its trained model."""
    return projection if projection in PROJECTIONS else method.projection


def _make_scene(setting: CloudSetting, projection: str, device: str) -> Scene:
    mine = own.current()
    if setting.own and mine:
        tokens = mine.tokens(setting.n, setting.seed)
    else:
        make = CLOUDS[setting.name].make
        tokens = make(setting.n, random_state=setting.seed, noise=setting.noise, outliers=setting.outliers)
    x = torch.from_numpy(tokens.x).to(device)
    untrained = Projections.untrained(x.shape[1], HEADS, HEAD_DIM, seed=setting.seed, device=device)
    look = trained.look(tokens) if projection == TRAINED else None
    maps: dict[str, Projections] = {}
    scores: dict[str, Heads] = {}
    for method in methods():
        found = (look.maps(method, device) if look else None) or untrained
        maps[method.name] = found
        if method.projection:
            same = next((name for name in scores if maps[name] is found), None)  # untrained ones share their scores
            scores[method.name] = scores[same] if same else measure.scores(x, found, kind(projection, method))
    return Scene(tokens, x, drawn(tokens.n, setting.seed), maps, scores, look)


scene = kept(_make_scene, 3)


def drawn(n: int, seed: int) -> NDArray[np.int64]:
    """Which of n tokens are drawn: all, or one at random from each of equally many stretches."""
    if n <= MOST_DRAWN:
        return np.arange(n)
    edges = np.arange(MOST_DRAWN) * n // (MOST_DRAWN - 1)  # one less than may be drawn: the query comes on top
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:])


@dataclass(frozen=True, eq=False)
class CloudPane:
    """One method's row of weights. weights: (m,) of the keys drawn, in 1/n. top: of their sizes, all but a few lie
    below. near: the share of Σ|w| on the tenth of the keys nearest to the query. blank: why no key has a weight, or "".
    scored: how the query stands among the scores, where the method takes scores.
    """

    weights: Numbers
    top: float
    near: float
    arithmetic: Arithmetic
    blank: str
    scored: "Standing | None"


@dataclass(frozen=True, eq=False)
class Standing:
    """A query among the scores of a head. s: its score. below: how many keys have a smaller one. ringed: the keys drawn
    whose scores are nearest to it. bandwidth: of the bump.
    """

    s: float
    below: int
    ringed: NDArray[np.int64]
    bandwidth: float


def _make_answer(
    setting: CloudSetting, projection: str, device: str, head: int, query: int, bandwidth: float
) -> dict[str, CloudPane]:
    """What one query gets, by the method's name."""
    shown: Scene = scene(setting, projection, device)
    x, at = shown.x, torch.from_numpy(shown.drawn).to(device)
    panes: dict[str, CloudPane] = {}
    for method in methods():
        scores = shown.scores.get(method.name)
        width = shown.bandwidth(method, head, bandwidth) if scores else bandwidth
        one = measure.of_query(method, x, shown.maps[method.name], scores, head, query, bandwidth=width)
        row = measure.row(method, one) * len(x)  # 1: as if all counted alike
        weights = row[at]
        says, terms = even_share(method, one)
        at_keys = {term: ("p", _numpy(numbers[at])) for term, numbers in terms.items()}
        blank = "" if row.any() else WORDS("panes.blank", silence=method.silence.format(b=width))
        arithmetic = Arithmetic(says, {**at_keys, "w": ("colour", 0)}, blank if panes else WORDS("panes.point"))
        top = float(torch.quantile(weights.abs(), 0.995))
        stands = _standing(one, at, shown.drawn, width) if method.projection else None
        near = measure.near(row, x, query)
        panes[method.name] = CloudPane(_numpy(weights), top or 1.0, near, arithmetic, blank, stands)
    return panes


def _standing(one: Heads, at: torch.Tensor, drawn: NDArray[np.int64], bandwidth: float) -> Standing:
    """How one query, alone in its head, stands among the keys, those `at` being drawn."""
    s, t = one.scores
    ringed = (t[at] - s).abs().topk(min(RINGED, len(at)), largest=False).indices
    return Standing(float(s), int((t < s).sum()), drawn[_numpy(ringed)], bandwidth)


answer = kept(_make_answer, 32)


def even_share(method: Method, one: Heads) -> tuple[str, dict[str, torch.Tensor]]:
    """What is written out for a key of one query, in even shares of 1/n: the text, and the numbers (n,) it names.

    The numbers of the query stand in the text; the score {t} of a key is known to every pane and is not sent again.
    """
    terms = method.terms(one)
    of_query = {name: _number(numbers[0]) for name, numbers in terms.of_query.items()}
    of_key = {name: numbers for name, numbers in terms.of_key.items() if name != "t"}
    features = terms.features or (lambda x: x)
    of_key |= {
        name: (scale * features(one.dots[1]) @ features(one.dots[0]).mT)[:, 0] for name, scale in terms.of_pair.items()
    }
    text = terms.numerator
    for name, number in of_query.items():
        text = text.replace(f"{{{name}}}", number)
    if isinstance(terms.divisor, torch.Tensor):
        n = (one.k if one.k is not None else one.scores[1].unsqueeze(-1)).shape[-2]
        text += f" / {float(terms.divisor[0]) / n:.2f}"
        if method.signed:
            text += f" − {float(method.weights(one, effective=False).sum()):.2f}"
    return WORDS("panes.share", terms=text), of_key


def _number(x: torch.Tensor | float) -> str:
    return f"{float(x):.2f}".replace("-", "−")


def _numpy(x: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = x.cpu().numpy()
    return array


def _make_level(setting: CloudSetting, projection: str, device: str, head: int, method: str) -> tuple[Numbers, Numbers]:
    """The key scores of a head on a grid in the box around the cloud: two corners (2, 3), and (side, side, side)."""
    shown: Scene = scene(setting, projection, device)
    corners = np.stack([shown.tokens.x.min(0), shown.tokens.x.max(0)])
    corners += np.array([[-0.02], [0.02]], np.float32) * np.ptp(corners)  # a flat cloud has a box too
    axes = [torch.linspace(float(low), float(high), SIDE) for low, high in corners.T]
    grid = torch.cartesian_prod(*axes).to(shown.x)
    scores = measure.key_scores(grid, shown.maps[method], kind(projection, METHODS[method]), shown.scores[method])
    return corners, _numpy(scores[head]).reshape(SIDE, SIDE, SIDE)


level = kept(_make_level, 12)


def _make_lighting(setting: CloudSetting, projection: str, device: str) -> Numbers:
    """How much light each point gets that is drawn; the same in all panes."""
    shown: Scene = scene(setting, projection, device)
    return light(shown.place)


lighting = kept(_make_lighting, 4)


def _make_drawing(setting: CloudSetting, projection: str, device: str, head: int, method: str, colours: str) -> str:
    """The cloud of one pane, to be painted, as JSON. head: −1 where no level set belongs to it."""
    shown = scene(setting, projection, device)
    surface = level(setting, projection, device, head, method) if head >= 0 and shown.flat else None
    drawing = figures.weights(
        shown.place, surface, signed=METHODS[method].signed, mode=colours, light=lighting(setting, projection, device)
    )
    return str(drawing.to_json())


drawing = kept(_make_drawing, 12)


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
    keys = {name: _numpy(scores.scores[1][number]) for name, scores in shown.scores.items()}
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
            heading(WORDS("panes.effective", method=method.label) if method.signed else method.label, method.formula)
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
            below, score = stands.below, _number(stands.s)
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
    mine = own.current()
    widths = [1.25, 1.6, 1.2, 1.1, 0.75]
    first, second, heads, third, fourth = st.columns(widths, gap="small", vertical_alignment="bottom")
    titles = {name: cloud.title for name, cloud in CLOUDS.items()} | ({own.NAME: WORDS("own.title")} if mine else {})
    name = first.selectbox(
        WORDS("controls.cloud"), titles, key=url.key("cloud"), format_func=titles.__getitem__, filter_mode=None
    )
    there, wanted = nearest(name, state["n"]), state["n"]
    label = WORDS("controls.n") if there == wanted else WORDS("controls.all", n=there)  # of a cloud that has no more
    asked = second.select_slider(label, offered(), key=url.key("n"), format_func="{:,}".format, help=_limit())
    with heads:
        trained.control(there=_fitted(name))
    third.segmented_control(WORDS("controls.head"), range(1, HEADS + 1), key=url.key("head"), required=True)
    mine, n = (mine if name == own.NAME else None), nearest(name, asked)
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
            st.slider(label, 0.0, most, key=url.key(one), step=0.01, help=help_, disabled=bool(mine))
        st.segmented_control(
            WORDS("controls.scale.label"), SCALES, key=url.key("scale"), required=True,
            format_func=lambda one: WORDS(f"controls.scale.kinds.{one}"),
        )  # fmt: skip
        st.toggle(WORDS("controls.level"), key=url.key("level"))
    for parameter in PARAMETERS:
        state.values[parameter.name] = st.session_state[url.key(parameter.name)]
    if mine:
        return CloudSetting(own.NAME, n, state["seed"], 0.0, 0.0, mine.upload.digest, mine.columns), more
    return CloudSetting(name, n, state["seed"], state["noise"], state["outliers"]), more


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
