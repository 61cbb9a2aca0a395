"""Intervals over seeds and how a test goes: what is drawn, and that plotly knows it."""

import pytest

from srviz.figures.lab import Outcome, curves, intervals
from srviz.figures.theme import PALETTES


class Look:
    tone, dashed, symbol, filled = "ink", True, "circle", False


def test_an_outcome_is_its_seeds_and_its_mean_with_a_bar_where_there_are_several():
    many = Outcome("ReLU", Look(), (0.8, 0.9), 0.85, 0.7, 1.0)
    one = Outcome("bump", Look(), (0.5,), 0.5, 0.5, 0.5)
    drawn = intervals([many, one], axis="accuracy", mode="dark", zero=True)
    assert [list(trace.x) for trace in drawn.data] == [[0.8, 0.9], [0.85], [0.5], [0.5]]
    bar = drawn.data[1].error_x
    assert (bar.array[0], bar.arrayminus[0]) == (pytest.approx(0.15), pytest.approx(0.15))
    assert drawn.data[3].error_x.array is None
    assert list(drawn.layout.yaxis.categoryarray) == ["bump", "ReLU"]
    assert drawn.layout.xaxis.zeroline
    assert drawn.data[1].marker.color == PALETTES["dark"].ink


def test_curves_have_the_places_along_written_at_a_log_axis():
    lines = {"ReLU": (Look(), [16, 64], [0.5, 0.25])}
    plain = curves(lines, along="step", axis="loss", mode="light")
    assert plain.data[0].line.dash == "dash"
    assert plain.layout.xaxis.rangemode == "tozero"
    log = curves(lines, along="tokens", axis="missed", mode="light", log=True)
    assert list(log.layout.xaxis.ticktext) == ["16", "64"]
    assert log.layout.xaxis.type == log.layout.yaxis.type == "log"
    assert log.layout.legend.orientation == "h"


def test_no_two_lines_look_the_same():
    solid = Look()
    solid.dashed = False
    looks = {"A plain mean": Look(), "No mixing": Look(), "Linear": solid, "one more": Look(), "another": Look()}
    drawn = curves({name: (look, [1, 2], [0.1, 0.2]) for name, look in looks.items()}, along="s", axis="t", mode="dark")
    assert [line.line.dash for line in drawn.data] == ["dash", "dot", "solid", "dashdot", "longdash"]
