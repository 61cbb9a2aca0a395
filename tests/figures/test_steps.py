"""Steps against distance hold what they are given, also what was never reached."""

import pytest

from srviz.attention.methods import LineStyle
from srviz.figures.steps import Course, steps

COURSE = Course("One", LineStyle(), "dot", (0.1, 0.01), ((10, 30, 20), (None, 90, None)))


def test_a_seed_that_never_came_counts_as_more_than_any():
    assert COURSE.middle(0, 100) == 20
    assert COURSE.middle(1, 100) is None
    assert Course("One", LineStyle(), "dot", (0.1,), ((None, 90, 50),)).middle(0, 100) == 90


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_medians_spread_and_what_was_never_reached_are_drawn(mode):
    line, never = steps([COURSE], 100, along="distance", axis="steps", mode=mode).data
    assert list(line.y) == [20, None]
    assert (line.error_y.array[0], line.error_y.arrayminus[0]) == (10, 10)
    assert list(never.x) == [pytest.approx(0.01)]
    assert list(never.text) == ["2×"]
