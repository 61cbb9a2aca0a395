"""Real clouds: their points are the data's, few are spread over all, and noise and outliers work as on shapes."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.decomposition import PCA

from srviz.inputs import CLOUDS
from srviz.inputs.clouds import PIXELS, evenly

REAL = {name: entry for name, entry in CLOUDS.items() if entry.real}
TABLES = {"digits_pca": "load_digits", "iris": "load_iris", "wine": "load_wine"}

every = pytest.mark.parametrize("name", REAL)


def test_shapes_come_first():
    assert list(REAL) == ["china_rgb", "flower_rgb", "digits_pca", "iris", "wine"]
    real = [entry.real for entry in CLOUDS.values()]
    assert real == sorted(real)


@every
def test_of_every_size_and_seeded(name):
    entry = REAL[name]
    for n in (4, entry.least, entry.most):
        tokens = entry.make(n, random_state=3)
        assert tokens.place.shape == (n, 3)
        assert len(tokens.x) == n
        assert np.isfinite(tokens.x).all()
        assert (tokens.colour is None) != (tokens.label is None)
    assert np.array_equal(tokens.x, entry.make(n, random_state=3).x)
    assert not np.array_equal(entry.make(4, random_state=3).place, entry.make(4, random_state=4).place)
    assert entry.line.endswith(".")
    assert entry.make.__doc__


@pytest.mark.parametrize("name", ["china", "flower"])
def test_all_pixels_are_points_in_their_own_colour(name):
    tokens = CLOUDS[f"{name}_rgb"].make(PIXELS, random_state=0)
    pixels = datasets.load_sample_image(f"{name}.jpg").reshape(-1, 3)
    assert tokens.n == 273_280
    assert tokens.x is tokens.place
    assert np.array_equal(np.rint(tokens.colour * 255), pixels)
    scale = pixels.std(0) / tokens.x.std(0, dtype=float)
    assert scale == pytest.approx(np.full(3, scale[0]), rel=1e-4)  # alike on all axes
    assert tokens.x.var(0, dtype=float).mean() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_attended_to_in_all_columns_and_seen_in_three(name):
    data = getattr(datasets, TABLES[name])()
    entry = CLOUDS[name]
    tokens = entry.make(entry.most, random_state=0)
    standard = (data.data - data.data.mean(0)) / np.where(data.data.std(0) > 0, data.data.std(0), np.inf)
    assert tokens.x == pytest.approx(standard, abs=1e-4)
    assert np.array_equal(tokens.label, data.target)
    assert len(tokens.labels) == len(np.unique(data.target))
    seen = PCA(3).fit_transform(standard)
    seen /= np.sqrt(seen.var(0).mean())
    signs = np.sign((seen * tokens.place).sum(0))
    assert tokens.place == pytest.approx(seen * signs, abs=2e-3)
    few = entry.make(20, random_state=1)
    assert all((tokens.x == row).all(1).any() for row in few.x)


@every
def test_noise_and_outliers_move_points_and_leave_colours_and_classes(name):
    entry = REAL[name]
    n = min(entry.most, 500)
    plain, moved = entry.make(n, random_state=0), entry.make(n, random_state=0, noise=0.1, outliers=0.1)
    assert np.abs(plain.x - moved.x).max() > 0.1
    for of in ("colour", "label"):
        assert np.array_equal(getattr(plain, of), getattr(moved, of))
    with pytest.raises(ValueError, match=r"noise: expected a number from 0 to 0\.3, got 1"):
        entry.make(n, random_state=0, noise=1)
    with pytest.raises(ValueError, match=r"n: expected 4 to .*, got 300000"):
        entry.make(300_000, random_state=0)


@pytest.mark.parametrize(("n", "of"), [(4, 150), (150, 150), (149, 150), (100_000, 273_280)])
def test_rows_are_taken_evenly_and_once(n, of):
    rows = evenly(n, of, np.random.default_rng(0))
    assert len(rows) == n
    assert np.all(np.diff(rows) > 0)
    assert np.abs(rows - (np.arange(n) + 0.5) * of / n).max() <= of / n + 1
