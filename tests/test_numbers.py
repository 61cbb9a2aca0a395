import numpy as np
import pytest

from srviz import numbers


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"), (3.4e-5, "34 µs"), (0.01234, "12.3 ms"), (0.9994, "999.4 ms"), (1, "1.00 s"),
        (119.9, "119.90 s"), (720, "12 min"), (7200, "2.0 h"), (86_400, "24.0 h"), (1e7, "115.7 days"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.34e-5, "23 µs"), (0.993, "990 ms"), (1.14, "1.1 s"), (99, "99 s"), (720, "12 min"), (4e5, "110 h")],
)
def test_rough_durations(seconds, text):
    assert numbers.rough(seconds) == text


@pytest.mark.parametrize(("x", "text"), [(0, "0"), (3.2e-6, "3 · 10⁻⁶"), (8.2, "8 · 10⁰"), (1.5e12, "2 · 10¹²")])
def test_powers(x, text):
    assert numbers.power(x) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1.44e9, "1.4 GB"), (16e12, "16 TB"), (4e15, "4.0 PB")]
)
def test_sizes(count, text):
    assert numbers.size(count) == text


@pytest.mark.parametrize(
    ("x", "spec", "text"),
    [
        (-0.414, ".2f", "−0.41"), (-0.001, ".2f", "0.00"), (-0.0, "g", "0"), (-1e-7, ".2g", "−1e−07"),
        (3, ".2f", "3.00"),        (-0.001, "+.2f", "+0.00"), (-12_345.6, ",.0f", "−12,346"), (-3, "", "−3"),
        (np.float32(-0.5), ".1f", "−0.5"), (np.int64(12345), ",", "12,345"), (np.int64(-3), "d", "−3"),
        (np.int64(7), "", "7"), (float("-inf"), ".2f", "−inf"),
    ],
)  # fmt: skip
def test_a_negative_number_has_the_sign_of_minus_and_zero_has_none(x, spec, text):
    assert numbers.decimal(x, spec) == text
