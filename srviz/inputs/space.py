"""Made-up points in space, to be looked at from all sides. Not in the registry: their place says too little."""

import numpy as np

from srviz.inputs.base import Input, Tokens, at_least, fit, standardize


def make_rings(n: int, *, random_state: int, noise: float = 0.02) -> Tokens:
    """Two rings linked like those of a chain, the first half of the tokens on one, with normal noise; x (n, 3)."""
    rng = np.random.default_rng(random_state)
    first = np.arange(n) < n // 2
    turn = np.where(first, 2 * np.pi / max(n // 2, 1), 2 * np.pi / (n - n // 2)) * (np.arange(n) - n // 2 * ~first)
    along, across, nothing = np.cos(turn), np.sin(turn), np.zeros(n)
    points = np.where(
        first[:, None],
        np.column_stack([along - 0.5, across, nothing]),
        np.column_stack([along + 0.5, nothing, across]),
    )
    return _space(points + rng.normal(0, at_least("noise", noise, 0), (n, 3)))


def make_s_curve(n: int, *, random_state: int) -> Tokens:
    """scikit-learn's S-curve, a sheet bent like the letter; x (n, 3)."""
    from sklearn import datasets  # a second to import: only where it is used

    return _space(datasets.make_s_curve(n, random_state=random_state)[0][:, [0, 2, 1]])


def make_swiss_roll(n: int, *, random_state: int) -> Tokens:
    """scikit-learn's Swiss roll, a sheet rolled up; x (n, 3)."""
    from sklearn import datasets  # a second to import: only where it is used

    return _space(datasets.make_swiss_roll(n, random_state=random_state)[0][:, [0, 2, 1]])


def _space(points: np.ndarray) -> Tokens:
    return Tokens(standardize(points), place=fit(points[:, :2]))


SPACE: dict[str, Input] = {
    made.name: made
    for made in (
        Input("rings", "Linked rings", "Two rings linked like those of a chain.", make_rings),
        Input("s_curve", "S-curve", "A sheet bent like the letter S.", make_s_curve),
        Input("swiss_roll", "Swiss roll", "A sheet rolled up.", make_swiss_roll),
    )
}
