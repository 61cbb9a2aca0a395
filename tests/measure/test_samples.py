"""Smooth curves as pieces: what follows a curve is near it, and a curve that nothing follows is refused."""

import numpy as np
import pytest
import torch

from srviz.attention.kernels import KERNELS
from srviz.measure.samples import DEGREE, EXACT, PLACES, REACH, polynomials, straight

NODES = (-3, -1, 0, 1, 3)


@pytest.mark.parametrize("f", [KERNELS["gauss"].f, lambda r: r.abs() ** 1.5, torch.nn.functional.gelu])
def test_a_polynomial_is_near_its_curve_also_between_its_samples(f):
    ends, heights = polynomials("mine", f)
    assert (ends[0], ends[-1]) == (-REACH, REACH)
    assert (np.diff(ends) > 0).all()
    assert len(heights) == (len(ends) - 1) * DEGREE + 1
    for k in np.linspace(0, len(ends) - 2, 60).astype(int):
        through = np.polynomial.Chebyshev(
            np.linalg.solve(np.polynomial.chebyshev.chebvander(PLACES, DEGREE), heights[k * DEGREE :][: DEGREE + 1])
        )
        at = np.linspace(-1, 1, 40)
        curve = f(torch.from_numpy((ends[k] + ends[k + 1]) / 2 + (ends[k + 1] - ends[k]) / 2 * at)).numpy()
        np.testing.assert_allclose(through(at), curve, atol=5 * EXACT * np.abs(curve).max() + 1e-12)


@pytest.mark.parametrize(
    ("f", "says"),
    [
        pytest.param(
            lambda r: torch.where(r > 0, (-r).exp(), 0), "without jumps, got one in 'mine' at r = 0", id="at 0"
        ),
        pytest.param(lambda r: (r > 0.3).to(r.dtype), r"without jumps, got one in 'mine' at r = 0\.3", id="a step"),
        pytest.param(torch.exp, "finite heights, got inf in 'mine' at r = ", id="too large"),
        pytest.param(lambda r: r**20, "finite heights, got .* in 'mine' at r = ", id="too large for float32"),
        pytest.param(lambda r: 1 / r.abs(), "finite heights, got inf in 'mine' at r = 0", id="a pole"),
        pytest.param(torch.cos, "follow, got more waves in 'mine'", id="endless waves"),
    ],
)
def test_a_curve_that_the_browser_could_not_follow_is_refused_in_a_sentence(f, says):
    with pytest.raises(ValueError, match=f"f: expected .*{says}"):
        polynomials("mine", f)


def test_straight_pieces_are_level_where_the_curve_levels_off_and_as_steep_as_it_elsewhere():
    gauss = straight(KERNELS["gauss"].f, NODES)
    assert (gauss.nodes, gauss.heights[0], gauss.heights[2]) == (NODES, 0, 1)
    assert (gauss.left, gauss.right) == (0, 0)
    soft = straight(lambda r: torch.nn.functional.softplus(r) / 2, NODES)
    assert (soft.heights[0], soft.left, soft.right) == pytest.approx((0.02, 0.02, 0.48), abs=0.005)
    slow = straight(lambda r: 1 / (1 + r.abs()), NODES)
    assert (slow.heights[0], slow.left, slow.right) == pytest.approx((0.25, 0.05, -0.05), abs=1e-9)
