"""The figures of many slices show the numbers they are given."""

import numpy as np
import pytest

from srviz.figures import slices


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_mean_shadow_stands_against_its_line(mode):
    distance = np.array([1, 2, 3], np.float32)
    figure = slices.kept(distance, distance / 2, 0.5, mode=mode)
    line, pairs = figure.data
    np.testing.assert_array_equal(pairs.y, distance / 2)
    assert line.y[1] == pytest.approx(0.5 * line.x[1])
    assert "0.500" in figure.layout.annotations[0].text


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_error_shows_its_median_its_spread_and_the_fit(mode):
    counts = [1, 2, 4]
    errors = np.array([[0.4, 0.3, 0.2], [0.5, 0.3, 0.1], [0.9, 0.3, 0.3]], np.float32)
    figure = slices.error(counts, errors, (-0.5, 0.6), 2, mode=mode)
    band, line, median, here = figure.data
    np.testing.assert_allclose(median.y, [0.5, 0.3, 0.2], rtol=1e-6)
    np.testing.assert_allclose(line.y, [0.6, 0.6 / 2**0.5, 0.3])
    assert (list(here.x), list(here.y)) == ([2], [pytest.approx(0.3)])
    assert len(band.x) == 6
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    assert "0.60 · L<sup>−0.50</sup>" in figure.layout.annotations[0].text
