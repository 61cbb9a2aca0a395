"""Every text gives a valid value, and a valid value comes back as it was."""

import math
import random
import string
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from srviz.inputs import INPUTS
from srviz.ui.chapters.line import line
from srviz.ui.chapters.routes import routes
from srviz.ui.kit import url

PARAMETERS = [*line.PARAMETERS, *routes.PARAMETERS]
NONSENSE = [
    "", " ", "nan", "-nan", "inf", "-inf", "1e999", "-1e999", "1e-999", "0x10", "١٢", "½", "null", "None", "[]", "{}",
    "<script>alert(1)</script>", "__import__('os')", "../../etc/passwd", "%00", "\x00", "_", "__", "1__2", "1_nan_2",
    "9" * 5000, "_".join(["1"] * 5000), "1,2", "1 2", "-", "+", "é", "🙂", "true", "1.5", "-0",
]  # fmt: skip


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
@pytest.mark.parametrize("text", NONSENSE, ids=lambda t: repr(t)[:20])
def test_whatever_a_link_holds_a_valid_value_comes_out(parameter, text):
    value, _ = parameter.read(text)
    again, valid = parameter.read(parameter.write(value))
    assert valid
    assert parameter.write(again) == parameter.write(value)
    if isinstance(value, tuple):
        assert 1 <= len(value) <= line.MOST
        assert all(math.isfinite(x) and -3 <= x <= 3 for x in value)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
def test_the_default_round_trips(parameter):
    value, valid = parameter.read(parameter.write(parameter.default))
    assert valid
    assert value == parameter.default


@pytest.mark.parametrize(
    ("text", "value", "valid"),
    [("7", 7, True), ("3", 4, False), ("1e9", 128, False), ("12.5", 12, False), ("inf", 128, False), ("x", 24, False)],
)
def test_a_whole_number_goes_to_the_nearest(text, value, valid):
    assert url.whole("n", 4, 128, 24).read(text) == (value, valid)


def test_numbers_in_a_row_lose_only_what_is_none():
    read = url.reals("keys", -3, 3, 4, (0.0,)).read
    assert read("1_2.25_-3") == ((1.0, 2.25, -3.0), True)
    assert read("1_x_9") == ((1.0, 3.0), False)
    assert read("1_1_1_1_1") == ((1.0,) * 4, False)
    assert read("x") == ((0.0,), False)


def test_random_texts():
    draw = random.Random(5)
    for _ in range(3000):
        text = "".join(draw.choices(string.printable, k=draw.randrange(30)))
        for parameter in PARAMETERS:
            value, _ = parameter.read(text)
            assert parameter.read(parameter.write(value))[1]


@pytest.mark.parametrize(
    "text",
    [
        "![](https://t.co/a) ",
        "[a](https://t.co/a) ",
        "https://t.co/a ",
        "www.t.co ",
        "<img src=x> ",
        "$x$ ",
        ":red[a] ",
    ],
)
def test_the_note_shows_no_text_of_a_link(text):
    page = AppTest.from_file(str(Path(__file__).parents[3] / "app.py"), default_timeout=60).run()
    page.switch_page("pages/7_Words.py")
    page.query_params["text"] = text * 700
    page.query_params["head"] = text
    page.run()
    assert not page.exception
    [note] = [caption.value for caption in page.caption if caption.value.startswith("The link held")]
    assert note == (
        "The link held something that this page cannot show. Shown instead: the beginning of “text”, head = 1."
    )
    assert not any(text.strip() in part.value for part in (*page.caption, *page.markdown))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("-0.5~1_2.25~3", r"x = -0.5\~1\_2.25\~3"),
        ("torus", "x = torus"),
        ("2.", "x = 2."),
        ("www.t.co", "the beginning of “x”"),
        ("a.b@c.de", "the beginning of “x”"),
        ("![a](b)", "the beginning of “x”"),
        ("`a`", "the beginning of “x”"),
        (":x:", "the beginning of “x”"),
        ("*a*", "the beginning of “x”"),
    ],
)
def test_a_value_in_the_note_is_no_markdown(value, shown):
    assert url._shown(url.Parameter("x", "", lambda text: (text, False), str), value) == shown


@pytest.mark.parametrize(
    ("name", "said", "taken"),
    [
        ("held", 2, True),
        ("held", "two", False),
        ("held", None, False),
        ("b", 1, True),  # a whole number where numbers have decimals
        ("b", "wide", False),
        ("kernel", "", True),  # of the kind that stood there: the page's own controls say so
        ("keys", [0.5, 1.0], True),
        ("keys", "a_b", False),
        ("keys", 3, False),
        ("keys", [None], False),
        ("answer", None, True),
        ("answer", "first", False),
    ],
)
def test_what_no_control_says_leaves_what_stood_there(name, said, taken, monkeypatch):
    known = {parameter.name: parameter for parameter in (*line.PARAMETERS, url.ANSWER)}
    state = url.State(known, {parameter.name: parameter.default for parameter in known.values()}, {})
    session = {"_script": "here", f"here:{name}": said}
    monkeypatch.setattr(url.st, "session_state", session)
    before = state.values[name]
    url._take(state)
    assert state.values[name] == (said if taken else before)
    assert session[f"here:{name}"] == state.values[name]


def test_a_control_that_the_browser_has_not_built_yet_is_told_its_value_again():
    page = AppTest.from_file(str(Path(__file__).parents[3] / "app.py"), default_timeout=60).run()
    page.switch_page("pages/1_Two_routes.py")
    page.query_params["n"] = "12"
    page.run()
    for _ in range(3):  # runs in which the browser says nothing of its controls
        page._run(WidgetStates())
        [n], [made] = ([one for one in found if one.label == what] for found, what in (
            (page.slider, "Tokens n"), (page.selectbox, "Input")
        ))  # fmt: skip
        assert (n.proto.set_value, list(n.proto.value)) == (True, [12])
        assert (made.proto.set_value, made.proto.raw_value) == (True, INPUTS["china"].title)
    page.run()  # and one in which it does
    assert not any(one.proto.set_value for one in page.slider if one.label == "Tokens n")
    assert not page.exception
