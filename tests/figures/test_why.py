"""Errors over what is done to the scores: an infinite one at the top, none below the floor."""

import math

from srviz.figures.theme import PALETTES
from srviz.figures.why import FLOOR, TOP, errors


def test_an_error_without_a_number_stands_at_the_top_and_the_power_that_is_looked_at_is_marked():
    lines = {"products": ([0, 2], [1e-9, math.inf], True), "gaps": ([0, 2], [1e-7, 1e-6], False)}
    drawn = errors(lines, at=2, axis="power of ten", mode="light")
    assert [list(trace.y) for trace in drawn.data] == [[FLOOR, TOP], [1e-7, 1e-6]]
    assert list(drawn.data[0].text) == ["1e-09", "no number"]
    assert [trace.line.color for trace in drawn.data] == [PALETTES["light"].low, PALETTES["light"].high]
    assert list(drawn.data[0].marker.size) == [5, 11]
    assert (drawn.layout.shapes[0].x0, drawn.layout.shapes[0].x1) == (2, 2)
    assert drawn.layout.yaxis.type == "log"
