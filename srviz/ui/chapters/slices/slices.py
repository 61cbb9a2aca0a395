"""Slices: the controls, the figure that is turned in the browser, and what many slices keep of the distances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz.attention import Heads, Projections, reference
from srviz.attention.methods import sliced
from srviz.figures import slices as figures
from srviz.inputs import INPUTS, Input, Tokens
from srviz.inputs.shapes import SPACE
from srviz.measure import slices as measure
from srviz.measure.query import over_box
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.slices import WORDS
from srviz.ui.kit import controls, report, shell, source, trained, url
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.component import TOLERANCE, component, packed

HERE = Path(__file__).parent

POINTS: dict[str, Input] = {name: INPUTS[name] for name in ("moons", "circles", "clusters")} | SPACE
KINDS = ("hand", "linear", "mlp", "trained")
HEADS, HEAD_DIM = 8, 8
LEAST, MOST = 8, 64
SIDE = 41  # of the grid on which Π is evaluated
STEPS = 65535  # of 16 bits, in which that grid is sent
LARGEST = 12  # 2^12 slices at most
REPEATS, PAIRS = 16, 300
PARAMETERS = (
    url.choice("input", tuple(POINTS), "moons"),
    url.choice("by", KINDS, "hand"),
    url.whole("n", LEAST, MOST, 24),
    url.whole("seed", 0, LARGEST_SEED, 7),
    url.real("theta", 0, 359.9, 30.0),
    url.real("tilt", -90, 90, 25.0),
    url.real("yaw", 0, 359.9, 25.0),
    url.real("pitch", -90, 90, 20.0),
    url.whole("held", 1, MOST, 5),
    url.whole("head", 1, HEADS, 1),
    url.choice("along", ("rank", "score"), "rank"),
    url.whole("resolution", 1, 50, 5),
    url.whole("many", 0, LARGEST, 3),
)
ANGLES = ("theta", "tilt", "yaw", "pitch")


@dataclass(frozen=True, eq=False)
class Scored:
    """What the heads of one layer make of some points. scores: (H, n), of the keys, standardized.

    grid: (H, side, side) the same Π over the plane around the points, from −reach to reach, rows upwards; None in
    space.
    """

    scores: NDArray[np.float32]
    grid: NDArray[np.float32] | None
    reach: float


@dataclass(frozen=True, eq=False)
class ErrorsBySlices:
    """Many slices on some points: errors (repeats, len(counts)) and the fit of their median."""

    counts: list[int]
    errors: NDArray[np.float32]
    fit: tuple[float, float]


def slices() -> url.State:
    """Show the controls and the figure; what was turned or clicked comes back on release and goes into the URL."""
    state = url.settle(*PARAMETERS, together=lambda values: {"held": min(values["held"], values["n"])})
    _controls(state)
    number = report.take(state, "slices", "slice", (*ANGLES, "along", "held", "head"), from_zero=("held", "head"))
    setting = (state["input"], state["n"], state["seed"])
    x = torch.from_numpy(points(*setting))
    by = state["by"]
    heads = None if by == "hand" else scored(*setting, by)
    state["head"] = min(state["head"], len(heads.scores)) if heads else state["head"]
    data = {
        "epoch": state.epoch,
        "setting": " ".join(map(str, (*setting, by))),
        "start": {name: state[name] for name in (*ANGLES, "along")}
        | {"held": state["held"] - 1, "head": state["head"] - 1},
        "points": x.tolist(),
        "scores": heads and heads.scores.tolist(),
        "grid": _packed(heads) if heads else None,
        "left": heads and left(*setting, by, state["resolution"]),
        "resolution": state["resolution"],
        "answer": {"id": number} | answer(state, x, heads),
        "tolerance": TOLERANCE,
    }
    component("slices", HERE)(key="slices", data=data, on_slice_change=lambda: None)
    return state


def many(state: url.State) -> None:
    """The mean over many random directions: how near it comes to the distance, and how fast."""
    setting = (state["input"], state["n"], state["seed"])
    mean = many_slices(*setting)
    count = mean.counts[state["many"]]
    control, words = st.columns(2, gap="large", vertical_alignment="bottom")
    sizes, label = range(LARGEST + 1), WORDS("many.slices")
    control.select_slider(label, sizes, key=url.key("many"), format_func=lambda k: f"{2**k:,}")
    words.caption(WORDS("many.error", repeats=REPEATS))
    with st.container(key="many"):
        first, second = st.columns(2, gap="large")
    means, errors = _pictures(*setting, state["many"], mode())
    says = WORDS(f"many.pictures.means.{'one' if count == 1 else 'many'}", count=count)
    chart(means, says, "kept", first)
    chart(errors, WORDS("many.pictures.errors", slope=mean.fit[0]), "error", second)
    slope = -mean.fit[0]
    st.markdown(WORDS("many.halved", slope=slope, times=2 ** (1 / slope)))
    dim = 3 if state["input"] in SPACE else 2
    every = state["n"] * (state["n"] - 1) // 2
    pairs = WORDS(f"many.pairs.{'all' if every <= PAIRS else 'some'}", every=every, shown=PAIRS)
    st.caption(f"{pairs} {WORDS('many.mean', c=measure.shrinkage(dim), dim=dim, seed=state['seed'])}")


@st.cache_resource(max_entries=64, show_spinner=False)  # figures are slow to make, and nobody changes them
def _pictures(name: str, n: int, seed: int, many: int, mode: str) -> tuple[go.Figure, go.Figure]:
    """Mean shadow against distance for 2^many slices, and the error against their number."""
    mean = many_slices(name, n, seed)
    count = mean.counts[many]
    distance, shadow = shadows(name, n, seed, many)
    dim = points(name, n, seed).shape[1]
    return (
        figures.kept(distance, shadow, measure.shrinkage(dim), mode=mode),
        figures.error(mean.counts, mean.errors, mean.fit, count, mode=mode),
    )


def shadows(name: str, n: int, seed: int, many: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The distance of every pair, and its mean shadow over 2^many slices."""
    differences = measure.differences(torch.from_numpy(points(name, n, seed)), PAIRS)
    theta = measure.directions(REPEATS * 2**LARGEST, differences.shape[-1], seed=seed)[: 2**many]
    return differences.norm(dim=-1).numpy(), measure.mean_shadow(differences, theta).numpy()


def code() -> str:
    """What computed the numbers on this page, read from the functions themselves."""
    functions: tuple[Callable[..., Any], ...] = (
        measure.weights, reference.sliced_relu_weights, measure.most_confused, measure.not_told_apart,
        measure.mean_shadow,
    )  # fmt: skip
    return source.text(*functions)


@st.cache_data(max_entries=64, show_spinner=False)
def points(name: str, n: int, seed: int) -> NDArray[np.float32]:
    """The points of an input: (n, 2), or (n, 3) in space."""
    return _tokens(name, n, seed).x


def _tokens(name: str, n: int, seed: int) -> Tokens:
    return POINTS[name].make(n, random_state=seed)


@st.cache_data(max_entries=64, show_spinner=False)
def scored(name: str, n: int, seed: int, by: str) -> Scored:
    """The heads of a layer on these points. by: the kind of an untrained Π, or "trained".

    Query and key are one (Q = K), so that a token has one score; a trained layer has both, and the key's is shown.
    """
    x = torch.from_numpy(points(name, n, seed))
    look = trained.look(_tokens(name, n, seed)) if by == "trained" else None
    found = look.maps(sliced()) if look else None
    maps: Projections = found or Projections.untrained(x.shape[1], HEADS, HEAD_DIM, seed=seed)
    projection = sliced().projection if by == "trained" else by
    _, raw = maps.scores(x, projection)
    heads = Heads(s=raw, t=raw).standardized()
    _, scores = heads.scores
    if x.shape[1] == 3:
        return Scored(scores.numpy(), None, float(x.norm(dim=1).max()))
    reach = 1.12 * float(x.abs().max())
    corners = torch.tensor([[-reach, -reach], [reach, reach]])
    grid = over_box(corners, SIDE, maps, projection, heads)
    return Scored(scores.numpy(), grid.mT.numpy(), reach)


@st.cache_data(max_entries=256, show_spinner=False)
def left(name: str, n: int, seed: int, by: str, resolution: int) -> list[int]:
    """How many pairs the first 1 … H heads do not tell apart, at a resolution in percent."""
    scores = torch.from_numpy(scored(name, n, seed, by).scores)
    found = measure.not_told_apart(scores, torch.from_numpy(points(name, n, seed)), resolution / 100)
    return [int(pairs) for pairs in found]


@st.cache_data(max_entries=64, show_spinner=False)
def many_slices(name: str, n: int, seed: int) -> ErrorsBySlices:
    """The error of the mean over 1, 2, 4 … random directions, on pairs of these points."""
    differences = measure.differences(torch.from_numpy(points(name, n, seed)), PAIRS)
    counts, errors = measure.errors(differences, most=2**LARGEST, repeats=REPEATS, seed=seed)
    return ErrorsBySlices(counts, errors.numpy(), measure.fitted(counts, errors.median(0).values))


def answer(state: url.State | Mapping[str, Any], x: Tensor, heads: Scored | None) -> dict[str, Any]:
    """What the operator says of the slice shown: the held query's weights, and what the confused pair loses."""
    scores = scores_of(state, x, heads)
    _, _, lost = measure.most_confused(scores, x.to(scores.device))
    return {"weights": measure.weights(scores, state["held"] - 1).tolist(), "lost": lost}


def scores_of(state: url.State | Mapping[str, Any], x: Tensor, heads: Scored | None) -> Tensor:
    """The scores of the tokens x on the slice that is shown, on the visitor's device: (n,)."""
    where = shell.device()
    if heads is not None:
        return torch.from_numpy(heads.scores)[state["head"] - 1].to(where)
    return x.to(where) @ measure.direction(state["theta"], state["tilt"] if x.shape[1] == 3 else None).to(where)


def _controls(state: url.State) -> None:
    first, second, third, fourth = st.columns([1.3, 1.9, 1.0, 0.8], gap="medium", vertical_alignment="bottom")
    first.selectbox(
        WORDS("controls.points"), list(POINTS), key=url.key("input"), format_func=_entitled, filter_mode=None
    )
    kinds = WORDS.table("controls.kinds")
    second.segmented_control(
        WORDS("controls.slice"), KINDS, key=url.key("by"), format_func=kinds.__getitem__, required=True
    )
    third.slider(WORDS("controls.tokens"), LEAST, MOST, key=url.key("n"))
    with fourth.popover(WORDS("controls.more"), width="stretch"):
        controls.seed(WORDS("controls.seed"))
        st.slider(WORDS("controls.resolution"), 1, 50, key=url.key("resolution"), help=WORDS("controls.share"))
    for name in ("input", "by", "n", "seed", "resolution"):
        state.values[name] = st.session_state[url.key(name)]
    by = state["by"]
    look = trained.look(_tokens(state["input"], state["n"], state["seed"])) if by == "trained" else None
    if look:
        says = [look.says([sliced()]), WORDS("scores.keys")]
    else:
        kind = "mlp" if by == "trained" else by
        says = [WORDS(f"scores.{kind}", seed=state["seed"], heads=HEADS)]
    if by != "hand" and state["input"] in SPACE:
        says.append(WORDS("scores.space"))
    if not look:
        says.append(WORDS("scores.same"))
    st.caption(" ".join(says))


def _entitled(name: str) -> str:
    title = POINTS[name].title
    return WORDS("controls.space", title=title) if name in SPACE else title


def _packed(heads: Scored) -> dict[str, Any] | None:
    """The grid for drawing, in 16 bits."""
    if heads.grid is None:
        return None
    low, high = float(heads.grid.min()), float(heads.grid.max())
    values = packed(((heads.grid - low) / (high - low) * STEPS).round(), "<u2")
    return {"side": SIDE, "reach": heads.reach, "low": low, "high": high, "steps": STEPS, "values": values}
