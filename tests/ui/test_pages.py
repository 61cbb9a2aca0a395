"""Every page of the course runs, whatever its URL holds."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz import device as devices
from srviz.attention import METHODS
from srviz.inputs import INPUTS, words
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import fit
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.beside import beside
from srviz.ui.chapters.clouds import clouds
from srviz.ui.chapters.kernels import kernels
from srviz.ui.chapters.line import line
from srviz.ui.chapters.photographs import photographs
from srviz.ui.chapters.race import race
from srviz.ui.chapters.routes import routes
from srviz.ui.chapters.slices import slices
from srviz.ui.chapters.words import words as own_words
from srviz.ui.kit.course import neighbours

ROOT = Path(__file__).parents[2]
PARAMETERS = {
    "app.py": line.PARAMETERS,
    "pages/1_Two_routes.py": routes.PARAMETERS,
    "pages/2_Kernels.py": kernels.PARAMETERS,
    "pages/3_Slices.py": slices.PARAMETERS,
    "pages/4_Beside_softmax.py": beside.PARAMETERS,
    "pages/5_Point_clouds.py": clouds.PARAMETERS,
    "pages/6_Photographs.py": photographs.PARAMETERS,
    "pages/7_Words.py": own_words.PARAMETERS,
    "pages/8_Race.py": race.PARAMETERS,
}


def open_page(script, **query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page(script)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def test_the_course_is_the_pages_that_exist():
    scripts = {f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")} | {"app.py"}
    assert {chapter.script for chapter in COURSE} == scripts == set(PARAMETERS)


def test_previous_and_next_run_along_the_course():
    for before, after in pairwise(COURSE):
        assert neighbours(COURSE, before.name)[1] == after
        assert neighbours(COURSE, after.name)[0] == before
    assert neighbours(COURSE, COURSE[0].name)[0] is None
    assert neighbours(COURSE, COURSE[-1].name)[1] is None


@pytest.mark.parametrize("chapter", COURSE, ids=lambda c: c.title)
def test_a_page_runs_and_says_what_it_runs_on(chapter):
    page = open_page(chapter.script)
    assert not page.exception
    assert page.title[0].value
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


@pytest.mark.parametrize("script", PARAMETERS)
def test_any_link_gives_a_page_and_not_an_error(script, monkeypatch):
    monkeypatch.setattr(clouds, "offered", lambda: clouds.SIZES[:4])  # a million points would be as right, and slow
    draw = random.Random(11)
    texts = [
        "",
        "nan",
        "-1",
        "1e9",
        "0",
        "3.7",
        "x" * 300,
        "<b>",
        "1_2_3",
        "_",
        "digits",
        "bump",
        "inf",
        "128",
        "1",
        "-3_3",
    ]
    page = open_page(script)
    for _ in range(60):
        for parameter in PARAMETERS[script]:
            if parameter.name != "real" and draw.random() < 0.6:
                page.query_params[parameter.name] = draw.choice(texts)
        page.run()
        assert not page.exception, dict(page.query_params)


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
    assert labels == ["The n² route", "The sorted route", "Sorted is faster by"]
    measured = page.session_state["_measured"]
    assert measured.rows == INPUTS["clusters"].most
    assert 0 < measured.largest < 1e-4
    assert measured.sorted_seconds < measured.seconds


def test_the_question_answers_after_the_visitor_has():
    page = open_page("pages/1_Two_routes.py")
    assert page.radio[0].value is None
    page.radio[0].set_value(1).run()
    assert any(text.value.startswith("**Yes.**") for text in page.markdown)
    page.radio[0].set_value(0).run()
    assert any(text.value.startswith("**Not quite") for text in page.markdown)


def begun(page, pattern="clusters", steps=40):
    """Fits of all methods to one pattern, some steps each, as a visitor who pressed Stop has them."""
    tokens = INPUTS[pattern].make(beside.FITTED, random_state=1)
    fits = beside.Fits(1)
    for method in METHODS:
        run = fit(
            method, torch.from_numpy(tokens.x), torch.from_numpy(PATTERNS[pattern](tokens)), steps=steps, starts=2
        )
        first = next(run)
        fits.found[pattern, method] = beside.Fitted(run, first, next(run))
    page.session_state["_fits"] = fits
    return fits


def labels(page):
    return [button.label for button in page.button]


def test_fits_that_were_stopped_are_kept_and_go_on_where_they_were():
    page = open_page("pages/4_Beside_softmax.py", seed="1")
    fits = begun(page)
    page.run()
    assert not page.exception
    assert "Stop" not in labels(page)
    assert any("Stopped: Two clusters, Softmax, at step 2 of 80." in text.value for text in page.markdown)
    taken = []
    fitted = fits.found["clusters", "relu"]
    fitted.run = (taken.append(progress.step) or progress for progress in fitted.run)
    next(button for button in page.button if button.label == "Go on").click().run(timeout=60)
    assert not page.exception
    assert taken == list(range(3, 81))
    assert fits.complete("clusters")
    assert not fits.asked
    assert "Go on" not in labels(page)
    assert not any(text.value.startswith("Stopped") for text in page.markdown)
    table = next(text.value for text in page.markdown if text.value.startswith("| Distance"))
    assert f"{fits.found['clusters', 'relu'].last.best:.2f}" in table


def test_a_fit_does_not_begin_by_itself_when_the_visitor_comes_back():
    page = open_page("pages/4_Beside_softmax.py", seed="1")
    fits = begun(page)
    fits.asked = ("clusters",)
    page.switch_page("pages/3_Slices.py").run()
    page.switch_page("pages/4_Beside_softmax.py").run()
    assert not page.exception
    assert fits.asked == ()
    assert "Go on" in labels(page)
    assert fits.found["clusters", "softmax"].last.step == 2


def test_another_seed_is_another_table():
    page = open_page("pages/4_Beside_softmax.py", seed="1")
    fits = begun(page)
    page.number_input[0].set_value(2).run()
    assert page.session_state["_fits"] is not fits
    assert "Fit queries, keys and slice to the pattern" in labels(page)


@pytest.mark.parametrize(("given", "held"), [(123456, 9999), (-3, 0)])
def test_a_seed_out_of_range_becomes_the_nearest_and_says_so(given, held):
    page = open_page("pages/4_Beside_softmax.py")
    page.number_input[0].set_value(given).run()
    assert not page.exception
    assert page.number_input[0].value == held
    assert any(f"{given} is not one of them" in caption.value for caption in page.caption)
    page.number_input[0].set_value(11).run()
    assert not any("is not one of them" in caption.value for caption in page.caption)


@pytest.mark.parametrize("script", ["pages/5_Point_clouds.py", "pages/6_Photographs.py", "pages/7_Words.py"])
def test_a_seed_that_is_none_becomes_the_nearest_on_the_pages_of_real_inputs(script):
    page = open_page(script)
    [field] = [field for field in page.number_input if field.label == "Seed"]
    field.set_value(123_456).run()
    assert not page.exception
    assert [field.value for field in page.number_input if field.label == "Seed"] == [9999]
    assert any("123456 is not one of them" in caption.value for caption in page.caption)
