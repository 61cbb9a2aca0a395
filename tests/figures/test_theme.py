"""One theme: the figures' colours are the page's, and readable."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from srviz.figures import theme, tokens

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
NAMES = {
    "ground": "backgroundColor", "ink": "textColor", "quiet": "grayTextColor", "line": "borderColor",
    "query": "orangeTextColor", "key": "blueTextColor", "value": "greenTextColor", "softmax": "violetTextColor",
}  # fmt: skip


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("mode", theme.PALETTES)
def test_the_palette_is_the_configured_theme(mode):
    for ours, theirs in NAMES.items():
        assert getattr(theme.PALETTES[mode], ours).upper() == CONFIG[mode][theirs].upper()


@pytest.mark.parametrize("mode", theme.PALETTES)
@pytest.mark.parametrize("name", ["ink", "quiet", "query", "key", "value", "softmax"])
def test_every_colour_passes_as_text(mode, name):
    for ground in (CONFIG[mode]["backgroundColor"], CONFIG[mode]["secondaryBackgroundColor"]):
        a, b = sorted((luminance(getattr(theme.PALETTES[mode], name)), luminance(ground)))
        assert (b + 0.05) / (a + 0.05) >= 4.5


@pytest.mark.parametrize("mode", theme.PALETTES)
@pytest.mark.parametrize("n", [1, 6, 5000])
def test_tokens_and_numbers_draw_what_they_are_given(mode, n):
    draw = np.random.default_rng(0)
    place = draw.random((n, 2), dtype=np.float32)
    y = draw.standard_normal(n).astype(np.float32)
    assert len(tokens.tokens(place, None, None, mode=mode).data[0].x) == min(n, tokens.MOST_DRAWN)
    figure = tokens.numbers(place, y, None, mode=mode)
    assert figure.data[0].marker.cmin == -figure.data[0].marker.cmax


def test_a_picture_keeps_its_pixels():
    colour = np.linspace(0, 1, 18, dtype=np.float32).reshape(6, 3)
    figure = tokens.tokens(np.zeros((6, 2), np.float32), colour, (2, 3), mode="light")
    np.testing.assert_array_equal(figure.data[0].z, (colour.reshape(2, 3, 3) * 255).round())
    figure = tokens.numbers(np.zeros((6, 2), np.float32), np.arange(6, dtype=np.float32), (2, 3), mode="dark")
    np.testing.assert_array_equal(figure.data[0].z, np.arange(6).reshape(2, 3))


def test_a_scale_ends_where_nearly_all_sizes_lie_and_never_at_zero():
    numbers = np.append(np.linspace(-1, 0, 999), 50.0)
    assert theme.scale_end(numbers) == pytest.approx(0.995, abs=2e-3)
    assert theme.scale_end(numbers, 1) == 50
    assert theme.scale_end(np.zeros((3, 3))) == 1
