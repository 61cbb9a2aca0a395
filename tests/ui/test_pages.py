"""Every page of the course runs, whatever its URL holds."""

import pkgutil
import random
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
from streamlit.testing.v1 import AppTest

from srviz import device as devices
from srviz.inputs import INPUTS, words
from srviz.lab import TASKS
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.clouds import clouds
from srviz.ui.kit.course import neighbours

ROOT = Path(__file__).parents[2]


def parameters(chapter):
    """What a chapter keeps in the URL: the PARAMETERS of its modules, each once."""
    package = import_module(f"srviz.ui.chapters.{chapter.name}")
    modules = (import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__))
    found = (parameter for module in modules for parameter in getattr(module, "PARAMETERS", ()))
    return tuple({parameter.name: parameter for parameter in found}.values())


NAMED = {chapter.name: chapter for chapter in COURSE}
PARAMETERS = {chapter.script: parameters(chapter) for chapter in COURSE}


def open_page(script, **query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page(script)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def test_the_course_is_the_pages_that_exist():
    scripts = {f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")} | {"app.py"}
    assert {chapter.script for chapter in COURSE} == scripts, "make pages writes the script of a new chapter"


def test_previous_and_next_run_along_the_course():
    for before, after in pairwise(COURSE):
        assert neighbours(COURSE, before.name)[1] == after
        assert neighbours(COURSE, after.name)[0] == before
    assert neighbours(COURSE, COURSE[0].name)[0] is None
    assert neighbours(COURSE, COURSE[-1].name)[1] is None


@pytest.mark.parametrize(
    ("chapter", "query"),
    [*((chapter, {}) for chapter in COURSE), *((NAMED["train"], {"task": task}) for task in TASKS)],
    ids=lambda value: getattr(value, "title", None) or "-".join(value.values()),
)
def test_every_cover_opens(chapter, query, monkeypatch):
    """Covers are made once they are opened. Here all are."""
    monkeypatch.setattr(ExpanderContainer, "open", property(lambda cover: True, lambda cover, opened: None))
    page = open_page(chapter.script, **query)
    assert not page.exception, page.exception[0].value


@pytest.mark.parametrize("chapter", COURSE, ids=lambda c: c.title)
def test_a_page_runs_is_called_as_in_the_sidebar_says_what_it_runs_on_and_ends_with_three_sentences(chapter):
    page = open_page(chapter.script)
    assert not page.exception
    assert page.title[0].value == chapter.title
    known = [text.value for text in page.markdown if text.value.startswith("- ")][-1]
    assert [line[:2] for line in known.split("\n")] == ["- "] * 3
    device = devices.describe(devices.pick()).split(",")[0]
    assert any(device in caption.value for caption in page.caption)
    assert any(torch.__version__.split("+")[0] in caption.value for caption in page.caption)


@pytest.mark.parametrize(("query", "shown"), [
    ({"n": "8", "held": "50"}, "held = 8"), ({"n": "8", "row": "50", "column": "2"}, "row = 0"),
    ({"row": "5"}, "row = 0"), ({"n": "8", "query": "200", "key": "3"}, "query = 0"), ({"key": "3"}, "key = 0"),
])  # fmt: skip
def test_a_held_token_that_does_not_exist_is_said_so(query, shown):
    script = "3_Slices" if "held" in query else "2_Kernels" if "row" in query else "4_Beside_softmax"
    page = open_page(f"pages/{script}.py", **query)
    assert not page.exception
    assert any(shown in caption.value for caption in page.caption)


WRONG = (
    ["", "nan", "-1", "1e9", "0", "3.7", "x" * 300, "<b>", "1_2_3", "_", "digits", "bump", "inf", "128", "1", "-3_3"]
)  # fmt: skip


@pytest.mark.parametrize("script", PARAMETERS)
def test_any_link_gives_a_page_and_not_an_error(script, monkeypatch):
    """Each text in each parameter once, with others in all others, and then some links of a few parameters alone."""
    monkeypatch.setattr(clouds, "offered", lambda: clouds.SIZES[:4])  # a million points would be as right, and slow
    draw = random.Random(11)
    names = [parameter.name for parameter in PARAMETERS[script] if parameter.name != "real"]
    texts = {name: draw.sample(WRONG, len(WRONG)) for name in names}
    links = [{name: texts[name][k] for name in names} for k in range(len(WRONG))]
    links += [{name: draw.choice(WRONG) for name in names if draw.random() < 0.4} for _ in range(8)]
    page = open_page(script)
    for link in links:
        page.query_params.clear()
        for name, text in link.items():
            page.query_params[name] = text
        page.run()
        assert not page.exception, link


def test_a_wrong_link_says_what_is_shown_instead():
    page = open_page("pages/1_Two_routes.py", n="5000", input="nothing")
    assert any("n = 128" in caption.value and "input = china" in caption.value for caption in page.caption)
    assert page.slider[0].value == 128


def test_a_control_goes_into_the_link_and_the_link_into_the_control():
    page = open_page("pages/1_Two_routes.py")
    page.slider[0].set_value(9).run()
    assert page.query_params["n"] in ("9", ["9"])
    page = open_page("pages/1_Two_routes.py", n="9", input="moons")
    assert page.slider[0].value == 9
    assert page.selectbox[0].value == "moons"


@pytest.mark.parametrize("n", ["31", "128"])
@pytest.mark.parametrize("name", INPUTS)
def test_both_routes_on_every_input(name, n):
    page = open_page("pages/1_Two_routes.py", input=name, n=n)
    assert not page.exception


@pytest.mark.parametrize("script", [f"pages/{name}.py" for name in ("1_Two_routes", "2_Kernels", "4_Beside_softmax")])
def test_a_sentence_of_ones_own_is_an_input_of_the_course(script):
    page = open_page(script, input="sentence", n="40", text="eins zwei <b>drei</b> vier eins")
    assert not page.exception
    assert page.text_input[0].value == "eins zwei <b>drei</b> vier eins"
    size = f"{len(words.split('eins zwei <b>drei</b> vier eins'))} tokens"
    assert any(size in caption.value for caption in page.caption) or "Beside" in script
    page.text_input[0].set_value("too short").run()
    assert not page.exception
    assert any("fewer than four tokens" in caption.value for caption in page.caption)
    assert "too short" in page.query_params["text"]
    page.text_input[0].set_value("").run()
    assert not page.exception
    page.selectbox[0].set_value("moons").run()
    assert not page.exception
    page.selectbox[0].set_value("sentence").run()
    assert page.text_input[0].value == ""


def test_the_real_thing_measures_both_routes_to_the_same_answer():
    page = open_page("pages/1_Two_routes.py", input="clusters", real="1")
    assert not page.exception
    labels = [metric.label for metric in page.metric]
    assert labels == ["The n² route", "The sorted route", "Time of n² / time of sorting"]
    measured = page.session_state["_measured"]
    assert measured.rows == INPUTS["clusters"].most
    assert 0 < measured.largest < 1e-4
    assert measured.sorted_seconds < measured.seconds


def test_the_question_answers_after_the_visitor_has():
    page = open_page("pages/1_Two_routes.py")
    assert page.radio[0].value is None
    page.radio[0].set_value(1).run()
    assert any(text.value.startswith("**Right.**") for text in page.markdown)
    page.radio[0].set_value(0).run()
    assert any(text.value.startswith("**Wrong.**") for text in page.markdown)


@pytest.mark.parametrize(("script", "title", "shown"), [
    ("2_Kernels", "why the values are centred, seen in eigenvalues", "**one is below zero**"),
    ("3_Slices", "what many slices keep", "halve the error"),
    ("4_Beside_softmax", "how the weights are spread, and their entropy", "entropy H"),
])  # fmt: skip
def test_what_lies_deeper_is_made_once_it_is_opened(script, title, shown):
    page = open_page(f"pages/{script}.py")
    assert not any(shown in text.value for text in page.markdown)
    page.session_state[f"deeper {title}"] = True
    page.run()
    assert not page.exception
    assert any(shown in text.value for text in page.markdown)


@pytest.mark.parametrize(("given", "said", "held"), [(123456, "123456", 9999), (-3, "−3", 0)])
def test_a_seed_out_of_range_becomes_the_nearest_and_says_so(given, said, held):
    page = open_page("pages/4_Beside_softmax.py")
    page.number_input[0].set_value(given).run()
    assert not page.exception
    assert page.number_input[0].value == held
    assert any(f" {said} is not one of them" in caption.value for caption in page.caption)
    page.number_input[0].set_value(11).run()
    assert not any("is not one of them" in caption.value for caption in page.caption)
    page.number_input[0].set_value(None).run()
    assert page.number_input[0].value == 0
    assert not any("is not one of them" in caption.value for caption in page.caption)


@pytest.mark.parametrize("script", ["pages/5_Point_clouds.py", "pages/6_Photographs.py", "pages/7_Words.py"])
def test_a_seed_that_is_none_becomes_the_nearest_on_the_pages_of_real_inputs(script):
    page = open_page(script)
    [field] = [field for field in page.number_input if field.label == "Seed"]
    field.set_value(123_456).run()
    assert not page.exception
    assert [field.value for field in page.number_input if field.label == "Seed"] == [9999]
    assert any("123456 is not one of them" in caption.value for caption in page.caption)
