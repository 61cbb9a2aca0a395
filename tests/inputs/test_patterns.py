"""Known patterns: rows that sum to one or are empty, where they should."""

import numpy as np
import pytest

from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS


@pytest.mark.parametrize("n", [4, 25, 64])
@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_weights(name, n):
    tokens = INPUTS[name].make(n, random_state=3)
    pattern = PATTERNS[name](tokens)
    assert pattern.shape == (n, n)
    assert pattern.dtype == np.float32
    assert (pattern >= 0).all()
    sums = pattern.sum(1)
    assert np.all(np.isclose(sums, 1, atol=1e-5) | (sums == 0))


def test_closed_forms():
    def pattern(name):
        return PATTERNS[name](INPUTS[name].make(12, random_state=0))

    np.testing.assert_array_equal(pattern("copy"), np.eye(12))
    np.testing.assert_array_equal(pattern("shift")[1:], np.eye(12)[:-1])
    assert pattern("shift")[0].sum() == 0
    assert (pattern("ramp")[5] > 0).sum() == 5
    assert (pattern("band")[5] > 0).tolist() == [4 <= j <= 6 for j in range(12)]
    assert (pattern("clusters")[0] > 0).tolist() == [True] * 6 + [False] * 6
    assert (pattern("needle").argmax(1) == pattern("needle")[0].argmax()).all()
    assert len(np.unique(pattern("uniform"))) == 1
