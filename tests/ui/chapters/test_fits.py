"""The fits on Beside softmax: run to the end, kept when stopped, gone on with."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import METHODS
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import Fit
from srviz.measure.jobs import fit as job
from srviz.ui.chapters.beside import fits
from srviz.ui.kit import compute, work

ROOT = Path(__file__).parents[3]
SECOND = list(METHODS)[1]


@pytest.fixture
def short(monkeypatch):
    """Fits of one start of 40 steps."""
    stream = fits.jobs.stream
    monkeypatch.setattr(fits.jobs, "stream", lambda plan, *rest: stream({**plan, "starts": 1, "steps": 40}, *rest))


@pytest.fixture(autouse=True)
def one_thread():
    """As in the process of a fit, where the same steps give the same bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def page():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.run()
    page.switch_page("pages/4_Beside_softmax.py")
    page.query_params["n"] = "8"
    page.run()
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label.startswith(label)).click().run()
    assert not page.exception


def begun(page):
    """Fits of all methods to one pattern, a step each, as a visitor who pressed Stop has them."""
    tokens = compute.tokens("clusters", fits.FITTED, 119)
    inputs = {"x": work.pack(tokens.x), "pattern": work.pack(PATTERNS["clusters"](tokens))}
    kept = fits.PatternFits(119)
    for method in METHODS:
        fitted = kept.found["clusters", method] = fits.Fitted()
        fitted.take(next(job.run({"method": method}, inputs)))
    page.session_state["_fits"] = kept
    return kept


def test_what_was_stopped_is_said_and_does_not_begin_by_itself_when_the_visitor_comes_back(page):
    kept = begun(page)
    page.run()
    assert any("Stopped: Two clusters, Softmax, at step 1 of 900." in text.value for text in page.markdown)
    kept.asked = ("clusters",)
    page.switch_page("pages/3_Slices.py").run()
    page.switch_page("pages/4_Beside_softmax.py").run()
    assert not page.exception
    assert kept.asked == ()
    assert "Go on" in [button.label for button in page.button]
    assert kept.found["clusters", "softmax"].last.step == 1


def test_another_seed_is_another_table(page):
    kept = begun(page)
    page.number_input[0].set_value(2).run()
    assert page.session_state["_fits"] is not kept
    assert "Fit this pattern here" in [button.label for button in page.button]


def test_a_pattern_is_fitted_by_every_method_and_goes_on_where_it_was_stopped(page, short, monkeypatch):
    """Interrupted in the middle of the second method, it ends as if it had not been."""
    steps, calm, take = [], False, fits.Fitted.take

    class Stopped(Exception):
        pass

    def interrupted(fitted, record):
        take(fitted, record)
        steps.append(record["step"])
        if not calm and steps.count(20) == 2:
            raise Stopped

    monkeypatch.setattr(fits.Fitted, "take", interrupted)
    next(button for button in page.button if button.label.startswith("Fit this pattern")).click().run()
    assert page.exception
    found = page.session_state["_fits"]
    found.asked = ()
    page.run()
    assert any(f"{METHODS[SECOND].label}, at step 20 of 40." in text.value for text in page.markdown)
    calm = True
    steps.clear()
    press(page, "Go on")
    assert steps[:3] == [21, 30, 40]
    assert found.complete("clusters")
    tokens = compute.tokens("clusters", fits.FITTED, found.seed)
    pattern = torch.from_numpy(PATTERNS["clusters"](tokens))
    for method in METHODS:
        fitted = found.found["clusters", method]
        *_, last = Fit(method, torch.from_numpy(tokens.x), pattern, steps=40, starts=1).run()
        assert fitted.last.step == 40
        assert fitted.last.best == last.best < fitted.first.distance
    assert not any(button.label.startswith(("Fit this pattern", "Go on")) for button in page.button)


def test_a_fit_that_cannot_go_on_says_why(page, monkeypatch):
    def stream(*plan):
        yield {"trouble": "There was not enough memory for it."}

    monkeypatch.setattr(fits.jobs, "stream", stream)
    press(page, "Fit this pattern")
    assert [warning.value for warning in page.warning] == ["There was not enough memory for it."]
    assert not page.session_state["_fits"].asked
