"""Inputs with a known pattern of attention, so that one can see which method can draw it."""

from collections.abc import Callable

import numpy as np

from srviz.inputs.base import Array, Tokens, fit, register, standardized_columns


def _positions(n: int) -> Array:
    """Sines and cosines of the position at four wavelengths, (n, 8): the first turns once, the last 8 times at most."""
    angle = 2 * np.pi * np.arange(n)[:, None] / n * np.array([0.5, 1, 2, 4])
    return standardized_columns(np.hstack([np.sin(angle), np.cos(angle)]))


def _spiral(n: int) -> Array:
    """Where tokens of a sequence are drawn, (n, 2): along a spiral, the first one inside."""
    turn = np.linspace(0, 1, n) ** 0.7
    radius, angle = 0.15 + 0.85 * turn, 4 * np.pi * turn
    return fit(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


@register(
    title="Copy",
    line="A sequence in which every token is to look at itself: a diagonal.",
    seeded=False,
)
def make_copy(n: int, *, random_state: int) -> Tokens:
    """Positions as sines and cosines; x (n, 8)."""
    return Tokens(_positions(n), place=_spiral(n))


@register(
    title="Shift by one",
    line="A sequence in which every token is to look at the one before it: the line below the diagonal.",
    seeded=False,
)
def make_shift(n: int, *, random_state: int) -> Tokens:
    """Positions as sines and cosines; x (n, 8)."""
    return Tokens(_positions(n), place=_spiral(n))


@register(
    title="Local band",
    line="A sequence in which every token is to look at its neighbours alike: a band along the diagonal.",
    seeded=False,
)
def make_band(n: int, *, random_state: int) -> Tokens:
    """Positions as sines and cosines; x (n, 8)."""
    return Tokens(_positions(n), place=_spiral(n))


@register(
    title="Uniform",
    line="Noise in which every token is to look at all tokens equally: a matrix of one shade.",
)
def make_uniform(n: int, *, random_state: int) -> Tokens:
    """Normal noise; x (n, 4)."""
    x = np.random.default_rng(random_state).normal(size=(n, 4))
    return Tokens(standardized_columns(x), place=fit(x[:, :2]))


def _rows(weight: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Array:
    """Each row of 0 and 1 (n, n) divided by its sum; an empty row stays empty."""
    rows: Array = (weight / np.maximum(weight.sum(1, keepdims=True), 1)).astype(np.float32)
    return rows


def _index(n: int) -> tuple[Array, Array]:
    place = np.arange(n, dtype=np.float32)
    return place[:, None], place[None]


def _copy(tokens: Tokens) -> Array:
    return np.eye(tokens.n, dtype=np.float32)


def _shift(tokens: Tokens) -> Array:
    return np.eye(tokens.n, k=-1, dtype=np.float32)


def _band(tokens: Tokens) -> Array:
    i, j = _index(tokens.n)
    return _rows(np.abs(i - j) <= max(1, tokens.n // 12))


def _uniform(tokens: Tokens) -> Array:
    return np.full((tokens.n, tokens.n), 1 / tokens.n, dtype=np.float32)


def _clusters(tokens: Tokens) -> Array:
    i, j = _index(tokens.n)
    return _rows((i < tokens.n // 2) == (j < tokens.n // 2))


def _needle(tokens: Tokens) -> Array:
    weights = np.zeros((tokens.n, tokens.n), dtype=np.float32)
    weights[:, tokens.x[:, 0].argmax()] = 1
    return weights


def _ramp(tokens: Tokens) -> Array:
    i, j = _index(tokens.n)
    return _rows(j < i)


# what each of these inputs asks for: tokens → weights (n, n), rows of sum 1 or 0
PATTERNS: dict[str, Callable[[Tokens], Array]] = {
    "copy": _copy,
    "shift": _shift,
    "band": _band,
    "clusters": _clusters,
    "needle": _needle,
    "ramp": _ramp,
    "uniform": _uniform,
}
