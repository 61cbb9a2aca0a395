"""The chart of memory shows what it is given."""

import pytest

from srviz.figures import race

LINES = {"softmax": ("Softmax, fused", [64, 128], [3e6, 6e6]), "new": ("A new one", [64], [5e12])}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_method_has_its_line_beside_the_values(mode):
    figure = race.memory(LINES, {64: 1000, 128: 2000}, mode=mode)
    values, softmax, new = figure.data
    assert list(values.y) == [1000, 2000]
    assert list(softmax.y) == [3e6, 6e6]
    assert list(new.customdata) == ["5 TB"]
    assert softmax.line.color != new.line.color
    assert "5 TB" not in figure.layout.yaxis.ticktext
    assert "1 TB" in figure.layout.yaxis.ticktext
