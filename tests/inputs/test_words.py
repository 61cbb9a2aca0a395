"""A sentence as tokens: any script, nothing invisible, the same embedding for the same word."""

import re
import unicodedata
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srviz.inputs import INPUTS, words
from srviz.inputs.base import Unreadable
from srviz.inputs.dictionary import dictionary
from srviz.inputs.words import (
    DEFAULT,
    TOKENS,
    UNITS,
    between,
    cut,
    read_embeddings,
    sentence,
    split,
    text_input,
    unspaced,
)


@pytest.fixture
def without_icu(monkeypatch):
    monkeypatch.setattr(words, "dictionary", lambda: None)
    words._cut.cache_clear()
    yield
    words._cut.cache_clear()


@pytest.mark.usefixtures("without_icu")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop, 3.14 at e.g. <b>x</b>!", "Don't stop , 3.14 at e.g . < b > x < / b > !"),
        ("你好世界，今天。", "你 好 世 界 ， 今 天 。"),
        ("カタカナ と ひ", "カタカナ と ひ"),
        ("السلام عليكم، يا صديقي", "السلام عليكم ، يا صديقي"),
        ("שלום, עולם", "שלום , עולם"),
        ("हिन्दी में लिखा", "हिन्दी में लिखा"),
        ("สวัสดี", "ส วั ส ดี"),
        ("👩‍👩‍👧 🇩🇪🇫🇷 👍🏽", "👩‍👩‍👧 🇩🇪 🇫🇷 👍🏽"),
        ("  a\r\n\tb \u2003 c  ", "a b c"),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_words_are_cut_as_unicode_does(text, expected):
    assert list(split(text)) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab c", ["a", "b", "␣", "c"]),
        (" a\r\nb ", ["a", "␣", "b"]),
        ("e\u0301a", ["é", "a"]),
        ("न्दी", ["न्दी"]),
        ("👩‍👩‍👧🇩🇪", ["👩‍👩‍👧", "🇩🇪"]),
        ("<b>", ["<", "b", ">"]),
    ],
)
def test_characters_are_what_a_reader_takes_for_one(text, expected):
    assert list(split(text, "characters")) == expected


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "text",
    [
        "a\x00\x07b \ud800 \udfff c",
        "\ud83d\ude00 \u200d\u200b\ufeff \u202ecba\u202c d",
        "\u0301\u0302 x \u2066y\u2069",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘! a b c",
    ],
)
def test_what_cannot_be_seen_is_left_out(text, unit):
    tokens = split(text, unit)
    assert tokens
    for token in tokens:
        token.encode()  # no lone surrogate
        assert not set(token) & set("\x00\x07\ufeff\u202e\u202c\u2066\u2069\ud800\udfff")
        assert token.strip("\u200d\u200b")


SCRIPTS = [
    "All human\tbeings  are born free.\n\nAnd equal…",
    "လူတိုင်းသည် ကား မာ သာ စာ၊ ကျွန်ုပ်တို့ ၎င်း",
    "មនុស្សទាំងអស់ កើតមកមានសេរីភាព។",
    "มนุษย์ทั้งหลาย น้ำ กำ",
    "ມະນຸດທຸກຄົນ ນ້ຳ",
    "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་",
    "සියලු මනුෂ්‍යයෝ ක්‍රි",
    "மனிதப் பிறவியினர்; கௌ கொ",
    "മനുഷ്യരെല്ലാവരും ന്‍ ൻ",
    "সমস্ত মানুষ ৎ",
    "सभी मनुष्यों को गौरव ॐ",
    "ગુજરાતી ક્ષ తెలుగు ಕನ್ನಡ",
    "የሰው ልጅ ሁሉ፡፡",
    "أحراراً ۝١٢ ؀١٢٣ ّ",
    "می‌آیند و‌ کتاب‌ها",
    "בְּרֵאשִׁית בָּרָא׃",
    "ᠮᠣᠩᠭᠣᠯ᠎ᠠ ᠪᠦᠷ",
    "모든 인간은 ᄒᆞᆫ글",
    "人人生而自由，在尊嚴。𠮷 すべて、ガ カ゛",
    "ꦱꦧꦼꦤ꧀ꦲꦸꦮꦺꦴꦁ ᬲᬫᬶᬯᬫᬦᬸ ᮞᮊᮥ",
    "ߡߐ߰ ߓߍ߯ ᏂᎦᏓ 𑄇𑄧𑄢𑄴 ꯃꯤꯇꯩ",
    "Tất cả mọi người ệ Все й ё 👩‍👩‍👧 🇩🇪 1️⃣ ❤️",
    "one" + " " * 65 + "two\nthree\r\nfour",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_pieces_of_a_text_give_it_back(text):
    """But for what Unicode holds for the same letters written otherwise; among characters a space is shown."""
    text = unicodedata.normalize("NFC", text)
    tokens, gaps = split(text), between(text)
    assert "".join(gap + token for gap, token in zip(gaps, tokens, strict=True)) == text
    assert "".join(split(text, "characters")) == re.sub(r"\r\n|\s", "␣", text)
    assert between(text, "characters") == ("",) * len(split(text, "characters"))


@pytest.mark.usefixtures("without_icu")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("น้ำ กำ", "Thai is written without spaces, and its words are not known here: each character is a token."),
        ("ကား កើត", "Khmer and Myanmar are written without spaces"),
        ("你好 free", ""),
        (
            "ខ្ញុំ\u200bស្រឡាញ់",
            "Khmer is written without spaces, and its words are cut at the zero-width spaces of the text.",
        ),
        ("ខ្ញុំ\u200bស្រឡាញ់" + "ក" * 30, "Khmer is written without spaces, and its words are not known here"),
    ],
)
def test_what_is_not_cut_into_words_is_said(text, says):
    assert unspaced(text).startswith(says)
    assert bool(unspaced(text)) == bool(says)


@pytest.mark.usefixtures("without_icu")
def test_zero_width_spaces_cut_words_where_they_stand_between_them():
    text = "ខ្ញុំ\u200bស្រឡាញ់\u200bភាសា ខ្មែរ។ สวัสดี"
    assert split(text) == ("ខ្ញុំ", "ស្រឡាញ់", "ភាសា", "ខ្មែរ", "។", "ส", "วั", "ส", "ดี")
    assert "".join(map("".join, zip(between(text), split(text), strict=True))) == text.replace("\u200b", "")
    assert split("สวัสดี\u200b") == ("ส", "วั", "ส", "ดี")  # a stray one marks nothing


@pytest.mark.skipif(dictionary() is None, reason="this system has no ICU")
def test_words_of_scripts_without_spaces_are_found_by_icu():
    assert split("สวัสดีครับ น้ำ 3.14 free你好") == ("สวัสดี", "ครับ", "น้ำ", "3.14", "free", "你", "好")
    assert split("មនុស្សទាំងអស់។") == ("មនុស្ស", "ទាំងអស់", "។")
    assert unspaced("สวัสดี").endswith("its words are found by the dictionaries of ICU.")
    marked = "ស្រឡាញ់ភាសា\u200bខ្មែរ"
    assert split(marked) == tuple(marked.split("\u200b"))  # who wrote it knows better


def test_what_a_font_may_have_is_kept():
    assert split("a \uf8ff \ue000b \U0010fffd") == ("a", "\uf8ff", "\ue000", "b", "\U0010fffd")
    assert split("\U0003fffd \U0001fbff a\uffffb\ufdd0 c\u2065d", "characters")[-4:] == ("b", "␣", "c", "d")
    assert split("\uf8ff\U0001faff", "characters") == ("\uf8ff", "\U0001faff")


def test_a_pair_of_surrogates_is_the_character_it_stands_for():
    assert split("a \ud83d\ude00") == ("a", "😀")


ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)
WITHOUT_SPACES = st.text(
    st.sampled_from("สวัดีครบน้ำๆ์ມະນຸຜູ້មនុស្សទាំងអស់လူတိုင်းသည် \u200b\u200d\u200c\U0001f600a1\ud800"), max_size=200
)


@settings(deadline=None)  # the first compiles its expressions
@given(ANY | WITHOUT_SPACES, st.sampled_from(UNITS))
def test_no_text_is_an_error(text, unit):
    tokens = split(text, unit)
    assert all(token and not token.isspace() for token in tokens)
    if len(tokens) < 4:
        with pytest.raises(Unreadable, match=r"fewer than four tokens.*works\.$"):
            sentence(text, unit)
    else:
        shown = sentence(text, unit)
        assert shown.words == tokens
        assert np.isfinite(shown.x).all()
        assert np.isfinite(shown.place).all()


def test_a_long_text_is_cut_and_says_so():
    assert len(split("a " * 2000)) == 2000
    assert cut("a " * 2000) == ""
    assert len(split("a " * 2001)) == 2000
    assert cut("a " * 2001) == "The text is cut: the first 2,000 words are taken."
    assert len(split("a" * 30_000)[0]) == 20_000
    assert cut("a" * 30_000) == "The text is cut: its first 20,000 characters are taken."
    assert cut("ab" * 2000, "characters") == "The text is cut: the first 2,000 characters are taken."


def test_a_word_has_the_same_embedding_wherever_it_stands():
    """Embeddings less positions: what is left of a word that comes again is the same; the columns are scaled."""
    for text in (DEFAULT, "the sea and the sky and the sea"):
        shown = sentence(text)
        again = [i for i, word in enumerate(shown.words) if word == "the"]
        raw = np.stack([words._embedding(word, 0) for word in shown.words])
        assert len(again) >= 3
        assert (raw[again] == raw[again[0]]).all()
        column = raw + words._positions(shown.n)
        assert shown.x == pytest.approx((column - column.mean(0)) / column.std(0), abs=1e-4)
    assert not np.array_equal(words._embedding("the", 0), words._embedding("the", 1))
    assert not np.array_equal(words._embedding("the", 0), words._embedding("The", 0))


def test_a_word_that_comes_again_is_near_itself():
    x, tokens = sentence(DEFAULT).x, sentence(DEFAULT).words
    same = np.array([[a == b for a in tokens] for b in tokens])
    apart = np.linalg.norm(x[:, None] - x[None], axis=2)
    np.fill_diagonal(same, False)
    assert apart[same].max() < np.median(apart[~same])


def test_the_sentence_of_every_page():
    entry = INPUTS["sentence"]
    assert len(split(DEFAULT)) == TOKENS == entry.most
    assert len(set(split(DEFAULT))) < TOKENS - 10
    tokens = entry.make(12, random_state=5)
    assert tokens.words == split(DEFAULT)[:12]
    assert np.array_equal(tokens.x, sentence(DEFAULT, n=12, random_state=5).x)


def test_a_visitors_text_is_an_input():
    entry = text_input("To be or not to be", "words")
    assert (entry.name, entry.least, entry.most) == ("sentence", 4, 6)
    assert entry.nearest(128) == 6
    assert entry.make(6, random_state=1).words == ("To", "be", "or", "not", "to", "be")
    assert entry.make(5, random_state=np.int64(1)).n == 5
    with pytest.raises(ValueError, match="n: expected 4 to 6, got 7"):
        entry.make(7, random_state=1)
    assert text_input("To be or not to be", "characters").most == 18
    with pytest.raises(Unreadable, match="fewer than four tokens"):
        text_input("To be or")
    with pytest.raises(ValueError, match="unit: expected one of words, characters, got 'bytes'"):
        split("a b", "bytes")


@pytest.mark.parametrize("unit", UNITS)
def test_tokens_stand_where_they_are_read(unit):
    shown = sentence(DEFAULT, unit)
    place = shown.place.astype(float)
    assert place.min() >= 0
    assert place.max() <= 1
    step = np.diff(place, axis=0)
    down = step[:, 1] < -1e-6
    assert 2 <= down.sum() <= 12  # a few lines
    assert (step[~down, 0] > 0).all()
    assert (step[down, 0] < 0).all()
    assert np.abs(step[~down, 1]).max() < 1e-6


def test_what_is_read_from_the_right_stands_so():
    place = sentence("123 السلام عليكم ورحمة الله").place
    assert (np.diff(place[:, 0]) < 0).all()


def saved(array: np.ndarray) -> bytes:
    out = BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_embeddings_take_the_place_of_ours():
    text = "one two three four five"
    given = np.random.default_rng(0).normal(3, 2, (5, 768))
    read = read_embeddings(saved(given), 5)
    assert read == pytest.approx((given - given.mean(0)) / given.std(0), abs=1e-4)
    tokens = sentence(text, n=4, embeddings=read)
    assert tokens.x.shape == (4, 768)
    with pytest.raises(ValueError, match=r"embeddings: expected \(5, D\), got \(4, 768\)"):
        sentence(text, embeddings=read[:4])


def test_bad_embeddings_get_a_sentence():
    with pytest.raises(Unreadable, match=r"This array has 6 usable rows, the text 5 tokens\. One row a token works\."):
        read_embeddings(saved(np.arange(60.0).reshape(6, 10)), 5)
    with pytest.raises(Unreadable, match="This array holds Python objects"):
        read_embeddings(saved(np.array([[None, 1]] * 5)), 5)
