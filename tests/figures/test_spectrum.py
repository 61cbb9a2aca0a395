"""Eigenvalues as bars: every one drawn, and its sign in its colour."""

import numpy as np
import pytest

from srviz.figures.spectrum import spectrum
from srviz.figures.theme import PALETTES


@pytest.mark.parametrize("mode", PALETTES)
def test_every_eigenvalue_is_a_bar_in_the_colour_of_its_sign(mode):
    values = np.array([0.5, -3.0, 2.0])
    figure = spectrum({"one": values, "other": values[:1]}, mode=mode)
    assert figure.data[0].y.tolist() == [2.0, 0.5, -3.0]
    low, high = PALETTES[mode].low, PALETTES[mode].high
    assert list(figure.data[0].marker.color) == [high, high, low]
    assert figure.data[1].y.tolist() == [0.5]
    assert [note.text for note in figure.layout.annotations] == ["one", "other"]
