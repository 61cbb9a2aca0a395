"""The page of the visitor's own sentence, driven without a browser: any text, any script, and arrays of embeddings."""

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from srviz.inputs.words import DEFAULT, split
from srviz.ui.chapters.words import words

ROOT = Path(__file__).parents[3]
SCRIPT = "pages/7_Words.py"
TEXTS = {
    "Arabic": "القط الذي طارده الكلب صعد الشجرة، والكلب نبح على القط.",
    "Chinese": "月亮拉着大海，大海拉着月亮。",
    "Hindi": "चाँद समुद्र को खींचता है और समुद्र चाँद को।",
    "emoji": "👨‍👩‍👧‍👦 met 🏳️‍🌈 and 👍🏽 then ❤️ left",
    "HTML": "<b>bold</b> & <script>alert(1)</script>",
    "Markdown": "# one *two* [three](x) $4$ :red[five]",
    "lines": "one two\nthree\n\nfour five",
    "control": "a\u200bb c\x07d e\u202ef g h",
}


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
    return any(text in part.value for part in (*page.caption, *page.error, *page.text, *page.info))


def look(page):
    _, made = page.session_state["_words"]
    return made.look


def write(page, text):
    page.text_area[0].set_value(text).run()
    assert not page.exception
    return page


def array(values, **options):
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


def test_the_page_opens_with_a_sentence():
    page = open_page()
    assert page.text_area[0].value == DEFAULT
    assert look(page)["words"] == list(split(DEFAULT, "characters"))
    assert says(page, "The heads are trained")
    assert not dict(page.query_params)


def test_an_older_link_that_says_nothing_of_the_unit_means_words():
    page = open_page(head="2")
    assert look(page)["words"] == list(split(DEFAULT))
    assert says(page, "The heads are untrained")
    assert "".join(page.query_params["unit"]) == "words"
    next(c for c in page.segmented_control if c.label == "Tokens").set_value("characters").run()
    assert "".join(page.query_params["unit"]) == "characters"


def test_characters_are_looked_at_by_trained_heads():
    page = open_page(unit="characters", text="the sea and the moon")
    assert says(page, "trained on “Masked letters”")
    assert any("These heads were trained" in part.value for part in page.subheader)
    untrained = open_page(unit="characters", text="the sea and the moon", heads="untrained")
    assert says(untrained, "The heads are untrained")
    heads = [part.session_state["_words"][1].head.parts for part in (page, untrained)]
    assert heads[0].q.shape != heads[1].q.shape


@pytest.mark.parametrize(
    ("name", "unit"), [*((name, "words") for name in TEXTS), ("Hindi", "characters"), ("emoji", "characters")]
)
def test_any_language_is_cut_into_tokens_and_goes_into_the_link(name, unit):
    text = TEXTS[name]
    page = write(open_page(unit=unit), text)
    assert look(page)["words"] == list(split(text, unit))
    assert len(look(page)["gaps"]) == len(look(page)["words"])
    link = {name: page.query_params[name] for name in ("text", "unit") if name in page.query_params}
    again = open_page(**{name: value[0] if isinstance(value, list) else value for name, value in link.items()})
    assert again.text_area[0].value == text
    assert look(again)["words"] == look(page)["words"]


@pytest.mark.parametrize("name", ["Arabic", "Hindi", "HTML", "lines"])
def test_tokens_and_what_is_between_them_make_the_text_again(name):
    text = TEXTS[name]
    tokens = split(text)
    again = "".join(gap + word for gap, word in zip(words.gaps(text, tokens, "words"), tokens, strict=True))
    assert again.split() == text.split()
    assert again.count("\n") == text.replace("\n\n", "\n").count("\n")


def test_a_line_end_behind_a_wide_gap_is_kept():
    text = "one" + " " * 65 + "two\r\nthree\rfour five"
    assert words.gaps(text, split(text), "words") == ["", " ", "\n", "\n", " "]
    assert words.gaps(text, split(text, "characters"), "characters")[:4] == [""] * 4


@pytest.mark.parametrize("text", ["", "   ", "one two", "\u200b\u200d", "a\x00"])
def test_too_short_a_text_is_a_calm_sentence(text):
    page = write(open_page(unit="words"), text)
    assert says(page, "at least 4 tokens")
    write(page, "one two three four")
    assert says(page, "4 tokens.")


def test_a_long_text_stays_in_the_session_and_its_beginning_in_the_link():
    text = "Wasser und Wind, " * 200
    page = write(open_page(), text)
    assert says(page, "holds only the first 2,000 characters")
    assert "".join(page.query_params["text"]) == text[:2_000]
    next(c for c in page.segmented_control if c.label == "Head").set_value(2).run()
    assert page.text_area[0].value == text
    page.switch_page("app.py").run()
    page.switch_page(SCRIPT).run()
    assert page.text_area[0].value == text


def test_at_most_2_000_tokens_and_the_page_says_so():
    page = write(open_page(), "a b " * 3_000)
    assert says(page, "2,000 tokens.")
    assert says(page, "The text is cut")


def test_another_text_holds_no_token_of_the_last_one():
    page = open_page(held="7")
    assert page.query_params["held"] in ("7", ["7"])
    write(page, "other words than these there are none")
    assert "held" not in page.query_params


def test_a_held_token_that_the_text_has_not_is_the_last_one():
    page = open_page(held="2000", text="one two three four five")
    assert says(page, "Shown instead: held = 5")
    assert page.query_params["held"] in ("5", ["5"])


def test_an_array_of_embeddings_takes_the_place_of_the_seeded_ones():
    page = open_page(text="one two three four five")
    seeded = page.session_state["_words"][1].head.parts.t
    values = np.random.default_rng(1).normal(size=(5, 12)).astype(np.float32)
    page.file_uploader[0].set_value(("mine.npy", array(values), "application/octet-stream")).run()
    assert not page.exception
    assert says(page, "The embeddings are yours")
    notices = " ".join(part.value for part in page.markdown)
    assert " are yours, and " in notices
    assert "has the same embedding" not in notices
    _, made = page.session_state["_words"]
    assert made.tokens.x.shape == (5, 12)
    assert not np.allclose(made.head.parts.t, seeded)
    write(page, "one two three four five six")
    assert says(page, "This array cannot be used, and the page is shown without it.")
    assert says(page, "A token’s embedding is its vector. Here it is random")
    assert says(page, "One row a token works.")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no array", array(np.array([{}, [], "x", None, 1], dtype=object), allow_pickle=True),
        array(np.full((5, 3), np.nan)), array(np.zeros((5, 2, 2))),
    ],
    ids=["empty", "text", "pickle", "NaN", "three axes"],
)  # fmt: skip
def test_a_bad_array_is_said_in_a_sentence(data):
    page = open_page(text="one two three four five")
    page.file_uploader[0].set_value(("mine.npy", data, "application/octet-stream")).run()
    assert not page.exception
    assert says(page, "This array cannot be used, and the page is shown without it.")
    assert says(page, "A token’s embedding is its vector. Here it is random")
    assert page.text[0].value.endswith(".")
    assert says(page, "5 tokens.")
