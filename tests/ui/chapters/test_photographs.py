"""The page of photographs, driven without a browser: its pictures, its sizes, and what a visitor may put into it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from srviz.inputs.pictures import PHOTOGRAPHS, patches
from srviz.ui.chapters.photographs import photographs

ROOT = Path(__file__).parents[3]
SCRIPT = "pages/6_Photographs.py"


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page(SCRIPT)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def says(page, text):
    return any(text in part.value for part in (*page.caption, *page.error, *page.text))


def picture(width, height, kind="PNG", **options):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def upload(page, data, name="mine.png", kind="image/png"):
    page.file_uploader[0].set_value((name, data, kind)).run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("name", "side", "n"),
    [("china", "32", 260), ("flower", "16", 1_040), ("flower", "8", 4_240), ("china", "4", 16_960)],
)
def test_every_size_of_a_photograph(name, side, n):
    for heads, words in (
        ("trained", "trained on “Masked patches”"),
        ("untrained", "The heads are untrained**, from seed 9"),
    ):
        page = open_page(picture=name, side=side, heads=heads)
        assert says(page, f"= {n:,} patches")
        assert says(page, f"n² = {n * n:,} pairs")
        assert says(page, words)


def test_a_digit_has_its_64_pixels_with_their_ink():
    page = open_page(picture="digit", digit="7", head="3")
    assert says(page, "8 × 8 = 64 pixels")
    _, made = page.session_state["_patches"]
    assert made.look["numbers"] == made.tokens.words
    assert max(map(int, made.look["numbers"])) <= 16
    assert page.number_input[0].value == 7


@pytest.mark.parametrize("grid", [(8, 8), (13, 20), (106, 160), (256, 256), (1, 1), (2, 32)])
def test_a_place_in_the_link_finds_its_patch_again(grid):
    for index in range(grid[0] * grid[1]):
        assert photographs.patch(photographs.middle(index, grid), grid) == index


@pytest.mark.parametrize("at", [(0,), (1000,), (1000, 1000), (0, 0), (999.9, 0.1)])
def test_any_place_is_in_the_picture(at):
    assert 0 <= photographs.patch(at, (13, 20)) < 260


def test_what_is_held_keeps_its_place_when_patches_get_finer():
    page = open_page(side="32", at="512.5_269.2")
    page.query_params["side"] = "4"
    page.run()
    assert not page.exception
    assert photographs.patch((512.5, 269.2), (106, 160)) // 160 == int(0.2692 * 106)
    assert page.query_params["at"] in ("512.5_269.2", ["512.5_269.2"])


def test_a_wrong_link_gets_the_nearest_picture_and_a_note():
    page = open_page(picture="<b>", side="5", digit="99999", at="x_y", head="9")
    assert says(page, "Shown instead:")
    assert says(page, "= 1,040 patches")


def test_the_visitors_picture_is_cut_into_patches_and_stays_in_the_session():
    page = open_page(picture="own")
    assert says(page, "There is no picture of yours yet")
    assert says(page, "= 1,040 patches")
    upload(page, picture(160, 96))
    assert says(page, "Your picture: 160 × 96 pixels.")
    assert says(page, "6 × 10 = 60 patches")
    page.switch_page("app.py").run()
    page.switch_page(SCRIPT).run()
    assert not page.exception
    assert says(page, "6 × 10 = 60 patches")


def test_a_large_picture_is_scaled_down_and_reaches_65_536_tokens():
    page = upload(open_page(picture="own", side="4"), picture(1500, 1500, "JPEG"), "big.jpg", "image/jpeg")
    assert says(page, "scaled down from 1,500 × 1,500 to 1,024 × 1,024 pixels")
    assert says(page, "= 65,536 patches")
    assert says(page, "would take 17 GB")


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"", "empty.png", "empty"),
        (b"not a picture", "text.png", "not a picture"),
        (picture(200, 100)[:900], "cut.png", "cut short: its end is missing"),
        (picture(20, 20), "small.png", "too small"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_no_picture_is_said_in_a_sentence_and_nothing_is_lost(data, name, why):
    page = upload(open_page(picture="own", head="2"), data, name)
    assert says(page, why)
    assert says(page, "Until you choose another, the page shows the tower.")
    assert says(page, "Head 2 of 4")
    upload(page, picture(128, 128))
    assert says(page, "8 × 8 = 64 patches")


def test_the_picture_under_the_weights_is_the_part_that_was_cut_into_patches():
    pixels = PHOTOGRAPHS["china"]()
    page = open_page(side="32")
    _, made = page.session_state["_patches"]
    head, _, text = made.look["picture"].partition(",")
    assert head == "data:image/jpeg;base64"
    shown = np.asarray(Image.open(io.BytesIO(photographs.base64.b64decode(text))), dtype=np.float64)
    assert shown.shape == (13 * 32, 20 * 32, 3)
    means = shown.reshape(13, 32, 20, 32, 3).mean((1, 3)).reshape(-1, 3) / 255
    np.testing.assert_allclose(means, patches(pixels, 32).colour, atol=0.02)
