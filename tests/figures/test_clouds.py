"""The figures of point clouds hold what they are given, and a scale that is exact where it is used."""

import base64

import numpy as np
import pytest
from plotly.colors import sample_colorscale, unlabel_rgb

from srviz.figures import clouds as figures


@pytest.fixture(scope="module")
def place():
    return np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("signed", [False, True])
def test_paint_fits_the_traces_it_changes(place, mode, signed):
    values = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    figure = figures.weights(place, (np.stack([place.min(0), place.max(0)]), values), signed=signed, mode=mode)
    np.testing.assert_array_equal(np.stack([figure.data[0][axis] for axis in "xyz"], 1), place)
    numbers = np.linspace(-1, 1, 50, dtype=np.float32)
    paint = figures.weights_paint(numbers, 0.5, place[7], place[:4], 13.0, signed=signed, hidden=True)
    for trace, changes in paint.items():
        for path, value in changes.items():
            figure.data[trace][path] = value  # raises where a trace has no such attribute
    np.testing.assert_array_equal(figure.data[0].marker.color, numbers)
    assert (figure.data[0].marker.cmin, figure.data[0].marker.cmax) == (-0.5 if signed else 0, 0.5)
    assert [figure.data[figures.QUERY][axis][0] for axis in "xyz"] == place[7].tolist()
    assert len(figure.data[figures.RINGS].x) == 4
    level = figure.data[figures.LEVEL]
    assert (level.isomin, level.isomax, level.visible) == (13, 13, False)


@pytest.mark.parametrize("signed", [False, True])
def test_a_band_of_light_has_the_colours_of_the_bar_as_dark_as_it_is(place, signed):
    light = np.linspace(0, 1, len(place), dtype=np.float32)
    figure = figures.weights(place, None, signed=signed, mode="light", light=light)
    points, meta = figure.data[0].marker, figure.data[0].meta
    bar = figure.data[meta["bar"]].marker
    assert (points.showscale, bar.showscale) == (False, True)
    bands = np.frombuffer(base64.b64decode(meta["light"]), np.uint8)
    assert (bands[0], bands[-1], len(set(bands))) == (figures.BANDS - 1, 0, figures.BANDS)
    scales = [[list(stop) for stop in one.colorscale] for one in (points, bar)]
    for band in range(figures.BANDS):
        left = 1 - (1 - figures.DARKEST) * band / (figures.BANDS - 1)
        for x in (0.0, 0.3, 0.5, 0.9):
            lit, full = (
                np.array(unlabel_rgb(sample_colorscale(scale, [at])[0]))
                for scale, at in zip(scales, ((band + x) / figures.BANDS, x), strict=True)
            )
            np.testing.assert_allclose(lit, full * left, atol=1.5)


def test_the_grid_of_the_level_set_has_x_first(place):
    corners = np.array([[0, 0, 0], [1, 2, 3]], dtype=np.float32)
    x, y, z = np.meshgrid(*(np.linspace(0, end, 4) for end in (1, 2, 3)), indexing="ij")
    level = figures.weights(place, (corners, 100 * x + 10 * y + z), signed=False, mode="light").data[figures.LEVEL]
    np.testing.assert_allclose(level.value, 100 * level.x + 10 * level.y + level.z, rtol=1e-5)


def test_a_cloud_without_a_surface_has_none_and_no_rings(place):
    figure = figures.weights(place, None, signed=True, mode="light")
    assert len(figure.data) == 4  # points, query, rings, and the bar of colours
    paint = figures.weights_paint(np.zeros(50, np.float32), 1.0, place[0], None, None, signed=True, hidden=False)
    assert figures.LEVEL not in paint
    assert len(paint[figures.RINGS]["x"]) == 0


def test_shades_come_back_as_the_colours_they_were(place):
    colour = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 3 / 7, 1]], dtype=np.float32)
    marker = figures.coloured(place[:4], mode="light").data[0].marker
    index = figures.shades(colour)[0]["marker.color"]
    found = sample_colorscale([list(stop) for stop in marker.colorscale], list(index / marker.cmax))
    expected = [f"rgb({r}, {g}, {b})" for r, g, b in (colour * 255).round().astype(int)]
    assert found == expected


def test_classes_have_a_legend_in_their_colours(place):
    figure = figures.coloured(place, ("one", "two", "three"), mode="dark")
    assert [trace.name for trace in figure.data if trace.showlegend] == ["one", "two", "three"]
    marker, index = figure.data[0].marker, figures.classes(np.array([0, 1, 2]))[0]["marker.color"]
    found = sample_colorscale([list(stop) for stop in marker.colorscale], list(index / marker.cmax))
    shown = [trace.marker.color for trace in figure.data if trace.showlegend]
    assert [colour.replace(" ", "") for colour in found] == [colour.replace(" ", "") for colour in shown]


CURVES = {
    "ramp": ((0.0,), lambda r: np.maximum(r, 0)),
    "bump": ((-0.5, 0.0, 0.5), lambda r: np.maximum(1 - np.abs(r) / 0.5, 0)),
}


def test_the_line_of_scores_counts_every_key_and_bends_at_the_query():
    t = np.random.default_rng(1).normal(size=400).astype(np.float32)
    figure = figures.scores(t, 0.4, CURVES, mode="light")
    keys, ramp, bump, query = figure.data
    count, _ = np.histogram(t, 96, range=figure.layout.xaxis.range)
    np.testing.assert_allclose(keys.y, count / count.max())
    assert np.interp([0.4, 1.0], ramp.x, ramp.y).tolist() == [0, 0]
    assert np.interp([-0.1, 0.15, 0.4, 0.9], bump.x, bump.y) == pytest.approx([0, 0.5, 1, 0])
    assert list(query.x) == [0.4, 0.4]


def test_a_line_of_scores_that_are_all_alike():
    assert np.isfinite(figures.scores(np.zeros(10, np.float32), 0.0, CURVES, mode="light").data[0].x).all()


def test_a_preview_shows_every_point_it_is_given(place):
    assert len(figures.preview(place, None, mode="light").data[0].x) == 50
    assert len(figures.preview(place, np.abs(place).clip(0, 1), mode="dark").data[0].marker.color) == 50


def test_a_level_set_is_named_on_itself_and_where_there_is_none_nowhere():
    corners = np.array([[0, 0, 0], [1, 2, 3]], dtype=np.float32)
    axes = [np.linspace(0, high, 9) for high in corners[1]]
    x, _, z = np.meshgrid(*axes, indexing="ij")
    place = figures.highest(corners, (x + z).astype(np.float32), 2.0)
    assert place[0] + place[2] == pytest.approx(2, abs=0.4)
    assert figures.highest(corners, (x + z).astype(np.float32), 9.0) is None
    paint = figures.weights_paint(np.zeros(5), 1, place, None, 2.0, signed=True, hidden=True, label=place)
    assert len(paint[figures.LABEL]["x"]) == 0
    paint = figures.weights_paint(np.zeros(5), 1, place, None, 2.0, signed=True, hidden=False, label=place)
    assert list(paint[figures.LABEL]["z"]) == [place[2]]


@pytest.mark.parametrize("wide", [(1, 1, 1), (4, 1, 1), (1, 4, 0.1), (0.1, 0.1, 3)])
def test_a_cloud_of_any_shape_fills_its_pane_and_stays_in_it(wide):
    place = (np.random.default_rng(0).uniform(-1, 1, (500, 3)) * wide).astype(np.float32)
    scene = figures.weights(place, None, signed=False, mode="light").layout.scene
    eye = np.array([scene.camera.eye[axis] for axis in "xyz"])
    ratio = np.array([scene.aspectratio[axis] for axis in "xyz"])
    low, high = (np.array([scene[f"{axis}axis"].range[k] for axis in "xyz"]) for k in (0, 1))
    seen = (place - (low + high) / 2) / (high - low) * ratio
    right, up = figures._screen()
    depth = np.linalg.norm(eye) - seen @ figures.FROM
    reach = [float((np.abs(seen @ way) / depth).max()) / figures.HALF_VIEW for way in (right / figures.BROAD, up)]
    assert 0.75 < max(reach) < 1
