"""Points in space: their shape, their scale, and that a seed decides them."""

import numpy as np
import pytest

from srviz.inputs.space import SPACE


@pytest.mark.parametrize("n", [8, 25, 64])
@pytest.mark.parametrize("name", SPACE)
def test_points_in_space_are_standardized_and_seeded(name, n):
    x = SPACE[name].make(n, random_state=3).x
    assert x.shape == (n, 3)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(0), 1, atol=1e-5)
    np.testing.assert_array_equal(x, SPACE[name].make(n, random_state=3).x)
    assert np.abs(x - SPACE[name].make(n, random_state=4).x).max() > 1e-3


def test_each_ring_is_flat_and_goes_through_the_other():
    x = SPACE["rings"].make(64, random_state=0).x
    first, second = x[:32], x[32:]
    assert first[:, 2].std() < 0.1 < 1 < first[:, 1].std()
    assert second[:, 1].std() < 0.1 < 1 < second[:, 2].std()
    assert first[:, 0].min() < second[:, 0].min() < first[:, 0].max() < second[:, 0].max()
