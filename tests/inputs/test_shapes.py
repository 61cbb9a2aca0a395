"""Shapes in space: uniform on their surface by area, of one scale, decided by a seed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest, norm

from srviz.inputs import CLOUDS
from srviz.inputs import shapes as module
from srviz.inputs.shapes import LEAST, MOST, SPACE, Patch, spread

ROOT = Path(__file__).parents[2]
SHAPES = {name: getattr(module, name) for name, entry in CLOUDS.items() if not entry.real}

every = pytest.mark.parametrize("name", SHAPES)


def points(name: str, n: int = 40_000, seed: int = 1) -> np.ndarray:
    return spread(SHAPES[name](), n, np.random.default_rng(seed)).astype(np.float64)


def gap(sample: np.ndarray, reference: np.ndarray, weight: np.ndarray) -> float:
    """The largest difference between the distributions of a sample and of a weighted one, at 500 places in between.

    The places are not on a grid, since a flat side may be one value, that rounding moves to either side of one.
    """
    low, high = reference.min(), reference.max()
    places = np.random.default_rng(2).uniform(low, high, 500)
    order = np.argsort(reference)
    upto = np.append(0, np.cumsum(weight[order]) / weight.sum())
    wanted = upto[np.searchsorted(reference[order], places)]
    return float(np.abs(wanted - np.searchsorted(np.sort(sample), places) / len(sample)).max())


@every
def test_uniform_on_the_surface_by_area(name):
    """Against independent points, uniform in the unit square and weighed by the area element |∂u × ∂v| there."""
    rng = np.random.default_rng(0)
    patches, m, h = SHAPES[name](), 20_000, 1e-4
    many, weights = [], []
    for patch in patches:
        u, v = h + (1 - 2 * h) * rng.random((2, m))
        along = (patch.points(u + h, v) - patch.points(u - h, v)) / (2 * h)
        across = (patch.points(u, v + h) - patch.points(u, v - h)) / (2 * h)
        many.append(patch.points(u, v))
        weights.append(np.linalg.norm(np.cross(along, across), axis=1))
    reference, weight = np.vstack(many), np.concatenate(weights)
    ours = points(name)
    enough = weight.sum() ** 2 / (weight**2).sum()  # as many independent points without weights
    for direction in np.vstack([np.eye(3), rng.normal(size=(5, 3))]):
        assert gap(ours @ direction, reference @ direction, weight) < 2.5 / np.sqrt(enough)
    centre = reference.mean(0)
    far = [np.linalg.norm(of - centre, axis=1) for of in (ours, reference)]
    assert gap(*far, weight) < 2.5 / np.sqrt(enough)


@pytest.mark.parametrize("by", ["u", "v"])
def test_the_statistic_sees_points_that_are_not_uniform(by):
    """The same statistic on a sphere whose points are uniform in angle: it must be far above what is let through."""
    rng = np.random.default_rng(0)
    sphere = points("sphere")
    angle = np.pi * rng.random(40_000)
    wrong = np.cos(angle) if by == "v" else np.sin(angle) * np.cos(2 * angle)
    assert gap(wrong, sphere[:, 2 if by == "v" else 0], np.ones(40_000)) > 0.05


CLOSED = {
    # what is uniform on [0, 1] where the shape is uniform by area
    "sphere": lambda x: (x[:, 2] + 1) / 2,
    "torus": lambda x: _torus(x),
    "swiss_roll": lambda x: _arc(np.hypot(x[:, 0], x[:, 1])),
    "s_curve": lambda x: 0.5 + np.arcsin(x[np.abs(x[:, 1]) < 1, 0].clip(-1, 1)) / np.pi,
    "helix": lambda x: np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi) + 0.5,
}


def _torus(x):
    """The angle round the tube, of density 1 + 0.4 cos φ."""
    angle = np.arctan2(x[:, 2], np.hypot(x[:, 0], x[:, 1]) - 1) % (2 * np.pi)
    return (angle + 0.4 * np.sin(angle)) / (2 * np.pi)


def _arc(t):
    """The length of the spiral r = t from 1.5 π to t, as a share of that to 4.5 π."""
    length = (lambda t: t * np.sqrt(1 + t * t) + np.arcsinh(t))(np.array([1.5 * np.pi, 4.5 * np.pi]))
    return (t * np.sqrt(1 + t * t) + np.arcsinh(t) - length[0]) / (length[1] - length[0])


@pytest.mark.parametrize("name", CLOSED)
def test_uniform_where_the_distribution_is_known(name):
    assert kstest(CLOSED[name](points(name)), "uniform").statistic < 0.01


def test_the_sides_of_a_cube_have_a_sixth_each():
    x = points("cube")
    counts = [np.isclose(x[:, axis], side, atol=1e-6).sum() for axis in range(3) for side in (-0.5, 0.5)]
    assert counts == pytest.approx([len(x) / 6] * 6, rel=0.01)


def test_points_lie_on_the_surface():
    assert np.linalg.norm(points("sphere"), axis=1) == pytest.approx(1, abs=1e-6)
    torus = points("torus")
    assert np.hypot(np.hypot(torus[:, 0], torus[:, 1]) - 1, torus[:, 2]) == pytest.approx(0.4, abs=1e-6)


def test_each_ring_is_flat_and_goes_through_the_other():
    for n in (8, 65, 4096):
        x = CLOUDS["rings"].make(n, random_state=0).x
        first, second = x[: n // 2], x[n // 2 :]
        assert np.ptp(first[:, 2]) < 0.26 < 1 < first[:, 1].max()
        assert np.ptp(second[:, 1]) < 0.26 < 1 < second[:, 2].max()
        if n > 8:
            assert first[:, 0].min() < second[:, 0].min() < first[:, 0].max() < second[:, 0].max()


def test_what_stands_stands_on_its_feet():
    """z is up: the table's top is above its legs, the lamp's foot is wider than its stem, the aeroplane lies flat."""
    table, lamp, plane = points("table"), points("lamp"), points("aeroplane")
    assert (table[:, 2] > 0.69).mean() > 0.5
    assert np.ptp(lamp[lamp[:, 2] < 0.03, 0]) > 5 * np.ptp(lamp[(lamp[:, 2] > 0.1) & (lamp[:, 2] < 0.2), 0])
    assert np.ptp(plane[:, 2]) < 0.4 * min(np.ptp(plane[:, 0]), np.ptp(plane[:, 1]))


@every
@pytest.mark.parametrize("n", [8, 64, LEAST, 5000])
def test_scaled_alike_and_seeded(name, n):
    make = CLOUDS[name].make
    tokens = make(n, random_state=3)
    x = tokens.x
    assert x.shape == (n, 3)
    assert x is tokens.place
    assert x.dtype == np.float32
    assert np.abs(x.mean(0)).max() < 1e-5
    assert x.var(0).mean() == pytest.approx(1, abs=1e-4)
    raw = points(name, n, 3)
    assert x * raw.std(0).mean() / x.std(0).mean() == pytest.approx(raw - raw.mean(0), abs=1e-3 * np.abs(raw).max())
    assert np.array_equal(x, make(n, random_state=3).x)
    assert np.abs(x - make(n, random_state=4).x).max() > 1e-3
    assert len(np.unique(x, axis=0)) == n


@every
def test_tells_a_person_what_it_is(name):
    entry = CLOUDS[name]
    assert (entry.least, entry.most) == (LEAST, MOST) == (256, 1_000_000)
    assert entry.line.endswith(".")
    assert entry.line.count(".") == 1
    assert entry.make.__doc__


def test_noise_is_normal_and_a_share_of_the_radius():
    for noise in (0.02, 0.3):
        rng = np.random.default_rng(5)
        clean = spread(module.sphere(), 20_000, rng)
        added = (module.disturb(clean, rng, noise, 0) - clean) / noise  # the sphere has the radius 1
        assert kstest(added.ravel(), norm.cdf).pvalue > 1e-3
    assert module.disturb(clean, rng, 0, 0) is clean


def test_outliers_replace_a_share_of_the_points():
    clean = spread(module.table(), 10_000, np.random.default_rng(5))
    wild = module.disturb(clean, np.random.default_rng(6), 0, 0.25)
    changed = (wild != clean).any(1)
    assert changed.sum() == 2_500
    low, high = clean.min(0), clean.max(0)
    inside = (wild[changed] - low) / (high - low)
    for axis in range(3):
        assert kstest((inside[:, axis] + 0.25) / 1.5, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("option", ["noise", "outliers"])
@pytest.mark.parametrize("value", [-0.1, 0.6, float("nan"), float("inf"), "much", None])
def test_options_are_checked(option, value):
    with pytest.raises(ValueError, match=f"{option}: expected a number from 0 to 0.[35], got "):
        CLOUDS["torus"].make(300, random_state=0, **{option: value})


@pytest.mark.parametrize(
    ("n", "seed", "error", "says"),
    [
        (3, 0, ValueError, "n: expected 4 to 1000000, got 3"),
        (1_000_001, 0, ValueError, "n: expected 4 to 1000000, got 1000001"),
        (300.0, 0, TypeError, "n: expected an integer"),
        (300, -1, ValueError, "random_state: expected 0 or more, got -1"),
    ],
)
def test_names_what_was_wrong(n, seed, error, says):
    with pytest.raises(error, match=says):
        CLOUDS["sphere"].make(n, random_state=seed)


@pytest.mark.parametrize("name", ["torus", "aeroplane"])  # one of a single patch, one of many
def test_a_million_points_fit_in_little_memory(name):
    code = f"""
import tracemalloc
from srviz.inputs import CLOUDS
tracemalloc.start()
tokens = CLOUDS[{name!r}].make(1_000_000, random_state=0, noise=0.1, outliers=0.1)
print(tokens.n, tracemalloc.get_traced_memory()[1])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    n, peak = map(int, done.stdout.split())
    assert n == 1_000_000
    assert peak < 120e6


def test_an_area_is_that_of_the_patch():
    flat = Patch(lambda u, v: (2 * u, 3 * v, 0.0), cells=(3, 5))
    assert flat.areas() == pytest.approx(np.full(15, 6 / 15))
    assert sum(patch.areas().sum() for patch in SHAPES["sphere"]()) == pytest.approx(4 * np.pi, rel=1e-3)
    assert sum(patch.areas().sum() for patch in SHAPES["torus"]()) == pytest.approx(4 * np.pi**2 * 0.4, rel=2e-3)


def test_those_in_space_are_points_of_clouds():
    assert list(SPACE) == ["rings", "s_curve", "swiss_roll"]
    assert all(CLOUDS[name] is entry for name, entry in SPACE.items())
