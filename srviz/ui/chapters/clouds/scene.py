"""What the panes of a cloud show: its tokens and their scores, what a query gets, how it is drawn; kept for a while."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from srviz.attention import METHODS, Heads, Method, Projections
from srviz.attention.heads import PROJECTIONS
from srviz.figures import clouds as figures
from srviz.figures.theme import scale_end
from srviz.inputs import CLOUDS, Tokens
from srviz.inputs.light import light
from srviz.lab.trained import TrainedProjections
from srviz.measure import query as measure
from srviz.numbers import decimal
from srviz.ui.chapters.clouds import WORDS, own
from srviz.ui.kit import compute, trained
from srviz.ui.kit.figure import Arithmetic

HEADS, HEAD_DIM = compute.HEADS, 16
ROOM = 3  # panes side by side
MOST_DRAWN = 30_000
SIDE = 22  # of the grid on which the slice is evaluated, to draw its level set
RINGED = 60
TRAINED = "trained"  # instead of a kind of Π
Numbers = NDArray[np.float32]


def methods() -> list[Method]:
    """The methods on screen, as many as there is room for."""
    return list(METHODS.values())[:ROOM]


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

    def keys(self, head: int) -> dict[str, Numbers]:
        """The scores (n,) that a head gives the keys, by the name of each method that takes scores."""
        return {name: _numpy(heads.scores[1][head]) for name, heads in self.scores.items()}

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
            by = kind(projection, method)
            alike = (name for name in scores if maps[name] is found and kind(projection, METHODS[name]) == by)
            same = next(alike, None)  # untrained ones of one Π share their scores
            scores[method.name] = scores[same] if same else measure.scores(x, found, by)
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
        weights = _numpy(row[at])
        says, terms = even_share(method, one)
        at_keys = {term: ("p", _numpy(numbers[at])) for term, numbers in terms.items()}
        blank = "" if row.any() else WORDS("panes.blank", silence=method.silence.format(b=width))
        arithmetic = Arithmetic(says, {**at_keys, "w": ("colour", 0)}, blank if panes else WORDS("panes.point"))
        stands = _standing(one, at, width) if method.projection else None
        near = measure.near(row, x, query)
        panes[method.name] = CloudPane(weights, scale_end(weights), near, arithmetic, blank, stands)
    return panes


def _standing(one: Heads, drawn: torch.Tensor, bandwidth: float) -> Standing:
    s, below, ringed = measure.standing(one, drawn, RINGED)
    return Standing(s, below, _numpy(ringed), bandwidth)


answer = kept(_make_answer, 32)


def even_share(method: Method, one: Heads) -> tuple[str, dict[str, torch.Tensor]]:
    """What is written out for a key of one query, in even shares of 1/n: the text, and the numbers (n,) it names.

    The numbers of the query stand in the text; the score {t} of a key is known to every pane and is not sent again.
    """
    share = measure.share(method, one)
    of_key = {name: numbers for name, numbers in share.of_key.items() if name != "t"}
    return WORDS("panes.share", terms=_filled(share.formula, share.of_query)), of_key


def _filled(text: str, numbers: dict[str, float]) -> str:
    """A formula with these numbers for their names, in brackets where the minus of one would stand behind a sign or
    before a power, as arithmetic.js writes the others.
    """

    def written(name: re.Match[str]) -> str:
        if name[2] not in numbers:
            return name[0]
        x = numbers[name[2]]
        number = decimal(x, ".2f" if abs(x) >= 0.1 or name[2] != "divisor" else ".2g")
        signed = number.startswith("−") and (name[1] or name[3])
        return f"{name[1]}({number}){name[3]}" if signed else f"{name[1]}{number}{name[3]}"

    return re.sub(r"([+−·/] ?|)\{(\w+)\}([²³]|)", written, text)


def _numpy(x: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = x.cpu().numpy()
    return array


def _make_level(setting: CloudSetting, projection: str, device: str, head: int, method: str) -> tuple[Numbers, Numbers]:
    """The key scores of a head on a grid in the box around the cloud: two corners (2, 3), and (side, side, side)."""
    shown: Scene = scene(setting, projection, device)
    corners = np.stack([shown.tokens.x.min(0), shown.tokens.x.max(0)])
    corners += np.array([[-0.02], [0.02]], np.float32) * np.ptp(corners)  # a flat cloud has a box too
    box, of = torch.from_numpy(corners).to(shown.x), kind(projection, METHODS[method])
    scores = measure.over_box(box, SIDE, shown.maps[method], of, shown.scores[method])
    return corners, _numpy(scores[head])


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
