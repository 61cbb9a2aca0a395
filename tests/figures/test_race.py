"""The chart of memory shows what it is given."""

from types import SimpleNamespace

import pytest

from srviz.figures import race

INK = SimpleNamespace(tone="ink", dashed=False, symbol="diamond", filled=True)
QUIET = SimpleNamespace(tone="quiet", dashed=True, symbol="square", filled=False)
LINES = {"first": ("The first", INK, [64, 128], [3e6, 6e6]), "new": ("A new one", QUIET, [64], [5e12])}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_method_has_its_line_beside_the_values(mode):
    figure = race.memory(LINES, {64: 1000, 128: 2000}, mode=mode)
    values, first, new = figure.data
    assert list(values.y) == [1000, 2000]
    assert list(first.y) == [3e6, 6e6]
    assert list(new.customdata) == ["5 TB"]
    assert first.line.color != new.line.color
    assert (first.line.dash, first.marker.symbol) == ("solid", "diamond")
    assert (new.line.dash, new.marker.symbol) == ("dash", "square-open")
    assert "5 TB" not in figure.layout.yaxis.ticktext
    assert "1 TB" in figure.layout.yaxis.ticktext
