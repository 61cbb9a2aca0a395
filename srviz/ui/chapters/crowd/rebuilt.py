"""A cloud in the plane, rebuilt from its slices."""

from pathlib import Path

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from srviz.inputs import INPUTS
from srviz.lab import rebuild
from srviz.lab.rebuild import COUNTS
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.kit import report, source, url
from srviz.ui.kit.component import component

HERE = Path(__file__).parent
POINTS, STEPS = 140, 60
CLOUDS = ("moons", "circles", "clusters")
REACH = 2.4
PARAMETERS = (
    url.choice("cloud", CLOUDS, CLOUDS[0]),
    url.choice("slices", tuple(map(str, COUNTS)), "2"),
)


def from_slices(state: url.State) -> None:
    """Show it; the number of slices goes into the URL."""
    report.take(state, "rebuilt", "slices", ("slices",))
    st.segmented_control(
        WORDS("rebuilt.cloud"), CLOUDS, key=url.key("cloud"), required=True, label_visibility="collapsed",
        format_func=lambda name: INPUTS[name].title,
    )  # fmt: skip
    cloud, found, errors, given = made(state["cloud"])
    data = {
        "epoch": state.epoch,
        "start": COUNTS.index(int(state["slices"])),
        "counts": list(COUNTS),
        "cloud": cloud.round(3).tolist(),
        "rebuilt": [points.round(3).tolist() for points in found],
        "errors": errors,
        "missed": given,
        "reach": REACH,
    }
    component("rebuilt", HERE)(key="rebuilt", data=data, on_slices_change=lambda: None)


@st.cache_data(max_entries=8, show_spinner=False)
def made(name: str) -> tuple[NDArray[np.float64], list[NDArray[np.float64]], list[float], list[float]]:
    """The cloud, what is rebuilt of it from each number of slices, how far that is from the cloud, and how far from the
    slices that were given.
    """
    tokens = INPUTS[name].make(POINTS, random_state=1)
    cloud = rebuild.standard(torch.from_numpy(tokens.x[:, :2]).double())
    found = rebuild.rebuildings(cloud, STEPS)
    errors, given = ([round(getattr(one, kind), 4) for one in found] for kind in ("apart", "missed"))
    return cloud.numpy(), [one.points.numpy() for one in found], errors, given


def code() -> str:
    """The source that rebuilds it."""
    return source.text(rebuild.slices, rebuild.rebuilt)
