"""Toys: inputs whose answer can be told in advance."""

import numpy as np
from numpy.typing import NDArray

from srviz.inputs.base import Tokens, at_least, fit, register, series, standardized_columns


@register(
    title="Sorted ramp",
    line="Tokens that rise along one line, in order, with a little noise around it.",
)
def make_ramp(n: int, *, random_state: int, noise: float = 0.1) -> Tokens:
    """Tokens in even steps along the first feature, with three more features of normal noise; x (n, 4)."""
    rng = np.random.default_rng(random_state)
    rise = standardized_columns(np.linspace(0, 1, n)[:, None])
    around = rng.normal(0, at_least("noise", noise, 0), (n, 3))
    return Tokens(np.hstack([rise, around]), place=series(rise[:, 0]))


@register(
    title="Two clusters",
    line="Two Gaussian clouds in the plane, the first half of the tokens in one, the second half in the other.",
)
def make_clusters(n: int, *, random_state: int, separation: float = 6.0) -> Tokens:
    """Two round clouds of variance 1 in the plane, their centres `separation` apart; x (n, 2)."""
    rng = np.random.default_rng(random_state)
    centre = np.where(np.arange(n) < n // 2, -0.5, 0.5) * at_least("separation", separation, 0)
    points = rng.normal(size=(n, 2)) + centre[:, None] * np.array([0.8, 0.6])
    return Tokens(standardized_columns(points), place=fit(points))


@register(
    title="Two moons",
    line="Two half circles in the plane that reach into each other, one after the other.",
)
def make_moons(n: int, *, random_state: int, noise: float = 0.05) -> Tokens:
    """scikit-learn's two moons, each from end to end, with normal noise; x (n, 2)."""
    upper, lower = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    points = np.hstack([_circle(upper), 1 - _circle(lower) - np.array([[0], [0.5]])])
    return _plane(points.T, random_state, noise)


@register(
    title="Circles",
    line="A small circle inside a large one: on any straight slice the inner tokens lie among the outer ones.",
)
def make_circles(n: int, *, random_state: int, noise: float = 0.03) -> Tokens:
    """scikit-learn's two circles, the outer one first, each once around, with normal noise; x (n, 2)."""
    outer, inner = (np.linspace(0, 2 * np.pi, half, endpoint=False) for half in (n // 2, n - n // 2))
    points = np.hstack([_circle(outer), 0.5 * _circle(inner)])
    return _plane(points.T, random_state, noise)


@register(
    title="Needle in noise",
    line="Noise, and one token far from all others.",
)
def make_needle(n: int, *, random_state: int, distance: float = 20.0) -> Tokens:
    """Normal noise of variance 1 and one token `distance` away along the first feature; x (n, 4)."""
    rng = np.random.default_rng(random_state)
    x = rng.normal(size=(n, 4))
    x[rng.integers(n)] += [at_least("distance", distance, 0), 0, 0, 0]
    return Tokens(standardized_columns(x), place=series(x[:, 0]))


def _circle(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit circle, (2, n). What is made of them is written out here and not left to scikit-learn: to
    import it takes a second and 80 MB, see `packaged`.
    """
    return np.stack([np.cos(angle), np.sin(angle)])


def _plane(points: NDArray[np.float64], random_state: int, noise: float) -> Tokens:
    rng = np.random.default_rng(random_state)
    points = points + rng.normal(0, at_least("noise", noise, 0), points.shape)
    return Tokens(standardized_columns(points), place=fit(points))
