"""Every input of the registry keeps the same promises; a few have an answer that can be told in advance."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srviz.inputs import INPUTS, Input, Tokens, register
from srviz.inputs.pictures import LONGEST

ROOT = Path(__file__).parents[2]

every = pytest.mark.parametrize("entry", INPUTS.values(), ids=list(INPUTS))


def sizes(entry: Input) -> list[int]:
    """The smallest, a few on screen, the largest."""
    return sorted({entry.least, *(entry.nearest(n) for n in (5, 12, 37, 128)), entry.most})


def same(a: Tokens, b: Tokens) -> bool:
    return np.array_equal(a.x, b.x) and np.array_equal(a.place, b.place)


@every
def test_keeps_the_promises_of_tokens(entry: Input) -> None:
    widths = set()
    for n in sizes(entry):
        tokens = entry.make(n, random_state=3)
        assert tokens.n == n if tokens.grid is None else 0.75 * n <= tokens.n <= n
        arrays = [tokens.x, tokens.place] + ([] if tokens.colour is None else [tokens.colour])
        for array in arrays:
            assert array.dtype == np.float32
            assert array.flags.c_contiguous
            assert array.shape[0] == tokens.n
            assert np.isfinite(array).all()
        for unit in arrays[1:]:
            assert unit.min() >= 0
            assert unit.max() <= 1
        assert np.abs(tokens.x.mean(0)).max() < 0.2
        assert tokens.x.std(0).max() == pytest.approx(1, abs=1e-3)
        assert len(np.unique(tokens.place, axis=0)) == tokens.n
        widths.add(tokens.x.shape[1])
    assert len(widths) == 1  # D does not depend on n: the same projection serves all sizes


@every
def test_is_reproducible_and_seeded(entry: Input) -> None:
    n = entry.nearest(48)
    first = entry.make(n, random_state=0)
    assert same(first, entry.make(n, random_state=0))
    assert same(first, entry.make(np.int64(n), random_state=np.int64(0)))
    assert same(first, entry.make(n, random_state=1)) is not entry.seeded


@every
def test_leaves_the_global_seed_alone(entry: Input) -> None:
    before = np.random.get_state(legacy=False)["state"]
    entry.make(entry.least, random_state=0)
    after = np.random.get_state(legacy=False)["state"]
    assert np.array_equal(before["key"], after["key"])
    assert before["pos"] == after["pos"]


@every
def test_tells_a_person_what_it_is(entry: Input) -> None:
    assert INPUTS[entry.name] is entry
    assert entry.name.isidentifier()
    assert entry.title[0].isupper()
    assert entry.line.endswith(".")
    assert entry.line.count(".") == 1
    assert entry.make.__name__ == f"make_{entry.name}"
    assert entry.make.__doc__


@every
@pytest.mark.parametrize(
    ("n", "seed", "options", "error", "says"),
    [
        (-1, 0, {}, ValueError, r"n: expected .*, got -1$"),
        (10**6 + 1, 0, {}, ValueError, r"n: expected .*, got 1000001$"),
        (64.0, 0, {}, TypeError, r"n: expected an integer, got 64\.0$"),
        ("64", 0, {}, TypeError, r"n: expected an integer, got '64'$"),
        (True, 0, {}, TypeError, r"n: expected an integer, got True$"),
        (64, None, {}, TypeError, r"random_state: expected an integer, got None$"),
        (64, -3, {}, ValueError, r"random_state: expected 0 or more, got -3$"),
        (64, 0, {"nois": 1}, TypeError, r"nois: expected one of random_state.*, got an unknown keyword$"),
    ],
)
def test_names_what_was_wrong(
    entry: Input, n: object, seed: object, options: dict[str, int], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        entry.make(entry.nearest(64) if n == 64 and type(n) is int else n, random_state=seed, **options)


@every
@given(n=st.integers(-5, 40_000))
def test_nearest_is_a_size_it_takes(entry: Input, n: int) -> None:
    size = entry.nearest(n)
    assert entry.least <= size <= entry.most
    assert entry.fixed is None or size in entry.fixed
    assert entry.nearest(size) == size


def test_toys_come_before_real_data() -> None:
    real = [entry.real for entry in INPUTS.values()]
    assert real == sorted(real)
    assert not real[0]
    assert real[-1]


@pytest.mark.parametrize(
    ("name", "option"),
    [("ramp", "noise"), ("moons", "noise"), ("circles", "noise"), ("clusters", "separation"), ("needle", "distance")],
)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "much"])
def test_options_are_checked(name: str, option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected a finite number of at least 0, got "):
        INPUTS[name].make(8, random_state=0, **{option: value})


def test_a_name_is_given_once() -> None:
    def make_ramp(n: int, *, random_state: int) -> Tokens:
        raise NotImplementedError

    with pytest.raises(ValueError, match="name: expected one that no other input has, got 'ramp'"):
        register(title="Again", line="Again.")(make_ramp)


@pytest.mark.parametrize(
    ("x", "place", "colour", "grid", "says"),
    [
        ((4,), (4, 2), None, None, r"x: expected shape \(n, D\), got \(4,\)"),
        ((4, 3), (4, 3, 1), None, None, r"place: expected shape \(4, 2 or 3\), got \(4, 3, 1\)"),
        ((4, 3), (3, 2), None, None, r"place: expected shape \(4, 2 or 3\), got \(3, 2\)"),
        ((4, 3), (4, 4), None, None, r"place: expected shape \(4, 2 or 3\), got \(4, 4\)"),
        ((4, 3), (4, 2), (3, 3), None, r"colour: expected shape \(4, 3\), got \(3, 3\)"),
        ((4, 3), (4, 2), (4, 3), (2, 3), r"grid: expected rows × cols = 4 tokens, got \(2, 3\)"),
    ],
)
def test_tokens_check_their_shapes(
    x: tuple[int, ...], place: tuple[int, ...], colour: tuple[int, ...] | None, grid: tuple[int, int] | None, says: str
) -> None:
    shade = None if colour is None else np.zeros(colour, np.float32)
    with pytest.raises(ValueError, match=says):
        Tokens(np.zeros(x, np.float32), np.zeros(place, np.float32), shade, grid)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"label": [0, 1, 1], "labels": ("a", "b")}, r"label: expected shape \(4,\), got \(3,\)"),
        ({"label": [0, 1, 2, 1], "labels": ("a", "b")}, "label: expected 0 to 1, got 0 to 2"),
        ({"label": [0, 1, -1, 1], "labels": ("a", "b")}, "label: expected 0 to 1, got -1 to 1"),
        ({"words": ("a", "b")}, "words: expected 4, one a token, got 2"),
    ],
)
def test_tokens_check_their_names(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Tokens(np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32), **more)


@pytest.mark.parametrize("n", [4, 31, 16_384])
def test_the_ramp_rises_in_even_steps(n: int) -> None:
    first = INPUTS["ramp"].make(n, random_state=0).x[:, 0].astype(np.float64)
    assert np.all(np.diff(first) > 0)
    assert np.diff(first) == pytest.approx(np.full(n - 1, first[1] - first[0]), abs=1e-6)


def test_clusters_are_apart_and_halve_the_tokens() -> None:
    x = INPUTS["clusters"].make(129, random_state=0, separation=20).x
    side = x @ np.array([0.8, 0.6])
    assert side[:64].max() < side[64:].min()


def test_circles_lie_inside_each_other() -> None:
    radius = np.linalg.norm(INPUTS["circles"].make(64, random_state=0, noise=0).x, axis=1)
    assert radius[:32] == pytest.approx(np.full(32, radius[0]), rel=1e-5)
    assert radius[32:] == pytest.approx(np.full(32, radius[0] / 2), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [4, 128, 16_384])
def test_the_needle_is_one_token_farther_than_all_noise_is_wide(n: int, seed: int) -> None:
    first = np.sort(INPUTS["needle"].make(n, random_state=seed).x[:, 0])
    assert first[-1] - first[-2] > first[-2] - first[0]


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_end_in_patches_of_four_pixels(name: str) -> None:
    from sklearn.datasets import load_sample_image

    tokens = INPUTS[name].make(16_960, random_state=0)
    picture = load_sample_image(f"{name}.jpg")[1:425]  # of 427 rows, whole patches in the middle
    patches = picture.reshape(106, 4, 160, 4, 3).mean((1, 3)).reshape(-1, 3) / 255
    assert tokens.grid == (106, 160)
    assert tokens.colour == pytest.approx(patches, abs=1e-6)


@settings(deadline=None)  # the first reads the photograph
@given(n=st.integers(4, 16_960))
def test_a_grid_of_patches_is_near_to_n_and_nearly_square(n: int) -> None:
    rows, cols = INPUTS["china"].make(n, random_state=0).grid or (0, 0)
    assert 0.8 * n <= rows * cols <= n
    assert 1 / LONGEST <= (640 / cols) / (424 / rows) <= LONGEST


@pytest.mark.parametrize("n", [64, 128, 512, 16_384])
def test_digits_are_whole_ones_on_a_board(n: int) -> None:
    from sklearn.datasets import load_digits

    tokens = INPUTS["digits"].make(n, random_state=2)
    assert tokens.grid is not None
    assert tokens.colour is not None
    rows, cols = tokens.grid
    ink = np.rint((1 - tokens.colour[:, 0]) * 16).reshape(rows // 8, 8, cols // 8, 8).swapaxes(1, 2).reshape(-1, 64)
    known = {tuple(digit) for digit in load_digits().data}
    assert len(ink) == n // 64
    assert all(tuple(digit) in known for digit in ink)
    which = tokens.x[:, 3].reshape(rows // 8, 8, cols // 8, 8).swapaxes(1, 2).reshape(-1, 64)
    assert np.all(which == which[:, :1])
    assert len(np.unique(which[:, 0])) == n // 64


def test_digits_come_in_whole_digits_only() -> None:
    with pytest.raises(ValueError, match=r"n: expected one of 64, 128, .*, got 65$"):
        INPUTS["digits"].make(65, random_state=0)


def test_grids_are_drawn_row_by_row_from_the_top_left() -> None:
    tokens = INPUTS["digits"].make(64, random_state=0)
    place = tokens.place.reshape(8, 8, 2)
    assert np.all(np.diff(place[:, :, 0], axis=1) > 0)
    assert np.all(np.diff(place[:, :, 1], axis=0) < 0)


def test_the_room_is_light_until_it_is_used() -> None:
    heavy = {"torch", "streamlit", "sklearn", "scipy", "pandas", "trimesh", "regex", "PIL"}
    code = f"import sys, srviz.inputs; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
