"""The figures of Beside softmax hold what they are given."""

import numpy as np
import pytest

from srviz.figures import beside


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_matrix_keeps_its_numbers_and_its_scale(mode, signed):
    weights = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    picture = beside.matrix(weights, 0.5, signed=signed, mode=mode).data[0]
    np.testing.assert_array_equal(picture.z, weights)
    assert (picture.zmin, picture.zmax) == ((-0.5 if signed else 0), 0.5)


@pytest.mark.parametrize("shape", [(6, 6), (5, 7), (1, 1)])
def test_a_coarse_matrix_keeps_what_is_farthest_from_zero(shape):
    weights = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    picture = beside.matrix(weights, 1, signed=True, mode="dark", block=2).data[0]
    for row in range(-(-shape[0] // 2)):
        for column in range(-(-shape[1] // 2)):
            block = weights[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel()
            assert picture.z[row][column] == block[np.abs(block).argmax()]
    assert (picture.x0, picture.dx, picture.y0, picture.dy) == (0.5, 2, 0.5, 2)


def test_words_are_shown_as_text_and_never_as_markup():
    place = np.zeros((2, 2), dtype=np.float32)
    drawn = beside.places(place, None, ("<b>bold</b>", "&amp;"), mode="light").data[0]
    assert drawn.mode == "text"
    assert drawn.text == ("&lt;b&gt;bold&lt;/b&gt;", "&amp;amp;")
    many = beside.places(np.zeros((99, 2), dtype=np.float32), None, ("word",) * 99, mode="light").data[0]
    assert many.mode == "markers"


def test_lines_of_words_have_room_on_all_sides():
    place = np.array([[0, 0.4], [1, 0.5], [0.5, 0.6]], dtype=np.float32)
    layout = beside.places(place, None, ("one", "two", "three"), mode="light").layout
    for axis, values in ((layout.xaxis, place[:, 0]), (layout.yaxis, place[:, 1])):
        assert axis.range[0] < values.min()
        assert axis.range[1] > values.max()
    one = beside.places(place[:1], None, ("one",), mode="light").layout
    assert one.yaxis.range[0] < one.yaxis.range[1]


def test_the_histogram_counts_every_weight_that_is_not_zero():
    weights = np.array([[0, 0.5, -0.05, 1e-9]], dtype=np.float32)
    figure = beside.histogram({"one": weights, "two": weights[:, 1:]}, ["ink", "softmax"], mode="light")
    assert [row.customdata.sum() for row in figure.data] == pytest.approx([3 / 4, 1])
    tops = [max(row.base + row.y) for row in figure.data]
    assert figure.data[0].base > tops[1]
    texts = [note.text for note in figure.layout.annotations]
    assert texts == ["<b>one</b>, and 0.25 of them exactly 0", "<b>two</b>"]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_shades_end_where_the_maps_end(mode):
    figure = beside.scales(0.25, 0.05, mode=mode)
    raw, signed = figure.data
    matrix = beside.matrix(np.zeros((2, 2), dtype=np.float32), 0.25, signed=True, mode=mode, order="by score")
    assert signed.colorscale == matrix.data[0].colorscale
    assert (raw.zmin, raw.zmax, signed.zmin, signed.zmax) == (0, 1, -1, 1)
    assert {"0.250 or more", "−0.050", "0.050"} <= {note.text for note in figure.layout.annotations}
    assert [note.text for note in matrix.layout.annotations] == ["keys, by score →", "← queries, by score"]
