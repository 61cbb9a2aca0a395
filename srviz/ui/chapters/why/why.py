"""What would go wrong without each part of the formula: measured in float32, or drawn in the browser."""

import math
from pathlib import Path
from typing import Any

import streamlit as st

from srviz.figures import why as figures
from srviz.measure import rounding
from srviz.numbers import power
from srviz.ui.chapters.why import WORDS
from srviz.ui.kit import report, url
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.component import component

HERE = Path(__file__).parent
KEYS = (-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0)
VALUES = (0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6)
LOW, HIGH = -3, 3  # scores
HELD, BANDWIDTH = 0.83, 0.8  # the score of a query that is not dragged; of the bump
MOST_SHIFT, MOST_SCALE, MOST_ADDED = 4, 3, 2
SHIFTS = tuple(range(8))  # powers of ten that are added to all scores
SCALES = tuple(range(-8, 7))  # powers of ten by which all scores are multiplied
PARAMETERS = (
    url.reals("pair", LOW, HIGH, 2, (1.2, -0.8)),
    url.real("query", LOW, HIGH, -1.9),
    url.real("shift", -MOST_SHIFT, MOST_SHIFT, 2.0),
    url.real("scale", 1 / MOST_SCALE, MOST_SCALE, 2.0),
    url.real("added", -MOST_ADDED, MOST_ADDED, 1.0),
    url.choice("away", tuple(map(str, SHIFTS)), "6"),
    url.choice("size", tuple(map(str, SCALES)), "4"),
)
KINDS = {"pair": ("pair",), "divisor": ("query",), "alike": ("shift", "scale"), "centred": ("added",)}


def settle() -> url.State:
    """The state of the page, with what its figures reported last."""
    state = url.settle(*PARAMETERS, together=_whole_pair)
    for kind, names in KINDS.items():
        report.take(state, f"why {kind}", "why", names)
    return state


def _whole_pair(values: dict[str, Any]) -> dict[str, Any]:
    return {"pair": (*values["pair"], 0.0)[:2]}


def live(kind: str, state: url.State) -> None:
    """One of the figures that are dragged in the browser."""
    data = {
        "kind": kind,
        "epoch": state.epoch,
        "start": {name: state[name] for name in KINDS[kind]},
        "held": HELD,
        "keys": list(KEYS),
        "values": list(VALUES),
        "b": BANDWIDTH,
        "limits": {
            "low": LOW, "high": HIGH, "shift": MOST_SHIFT, "scale": MOST_SCALE, "added": MOST_ADDED,
        },
    }  # fmt: skip
    component("why", HERE)(key=f"why {kind}", data=data, on_why_change=lambda: None)


# ---- what is measured ------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=1, show_spinner=False)
def of_shifts() -> dict[str, list[float]]:
    """The error of both ways in float32, for every power of ten that is added to all scores."""
    return rounding.of_shifts(SHIFTS)


@st.cache_data(max_entries=1, show_spinner=False)
def of_scales() -> dict[str, list[float]]:
    """The error of the n² formula in float16 on scores times every power of ten, standardized and not."""
    return rounding.of_scales(SCALES)


def shifts(state: url.State) -> None:
    """The dial that moves all scores away from zero, and what both ways then get wrong."""
    found = of_shifts()
    st.select_slider(
        WORDS("shifts.dial"), PARAMETERS_OF["away"], key=url.key("away"), format_func=lambda k: _tens(int(k), 0)
    )
    at = SHIFTS.index(int(state["away"]))
    gaps, products = (_says(found[name][at]) for name in ("gaps", "products"))
    st.markdown(WORDS("shifts.says", gaps=gaps, products=products))
    lines = {
        WORDS("shifts.products"): (list(SHIFTS), found["products"], True),
        WORDS("shifts.gaps"): (list(SHIFTS), found["gaps"], False),
    }
    drawing = figures.errors(lines, at=SHIFTS[at], axis=WORDS("shifts.axis"), mode=mode())
    alt = WORDS("shifts.alt", at=_tens(SHIFTS[at], 0), error=products)
    chart(drawing, alt, "why shifts", st.container())
    st.caption(WORDS("shifts.how", n=rounding.TOKENS))


def scales(state: url.State) -> None:
    """The dial that makes all scores larger or smaller, and what the formula then gets wrong."""
    found = of_scales()
    st.select_slider(
        WORDS("scales.dial"), PARAMETERS_OF["size"], key=url.key("size"), format_func=lambda k: _tens(int(k), 1)
    )
    at = SCALES.index(int(state["size"]))
    standardized, raw = (_says(found[name][at]) for name in ("standardized", "raw"))
    st.markdown(WORDS("scales.says", standardized=standardized, raw=raw))
    lines = {
        WORDS("scales.raw"): (list(SCALES), found["raw"], True),
        WORDS("scales.standardized"): (list(SCALES), found["standardized"], False),
    }
    drawing = figures.errors(lines, at=SCALES[at], axis=WORDS("scales.axis"), mode=mode())
    alt = WORDS("scales.alt", at=_tens(SCALES[at], 1), error=raw)
    chart(drawing, alt, "why scales", st.container())
    st.caption(WORDS("scales.how", n=rounding.TOKENS))


PARAMETERS_OF = {"away": tuple(map(str, SHIFTS)), "size": tuple(map(str, SCALES))}


def _tens(k: int, none: int) -> str:
    """10 to the power k; `none` where nothing is done."""
    return str(none) if k == 0 else power(10.0**k).replace("1 · ", "")


def _says(error: float) -> str:
    if math.isinf(error):
        return WORDS("infinite")
    return f"{error:.2f}" if error >= 0.01 else power(error)
