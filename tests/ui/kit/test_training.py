"""A training that goes on: what the live component hears meanwhile belongs to what the page has shown it."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from srviz import jobs
from srviz.jobs import TROUBLE, Packed
from srviz.lab import Spec
from srviz.ui.chapters.apart.apart import PARAMETERS, specs_of, task_of
from srviz.ui.chapters.apart.run import ContextFits
from srviz.ui.chapters.crowd.run import Lane as Learner
from srviz.ui.chapters.crowd.run import Learning
from srviz.ui.chapters.train.run import Watched
from srviz.ui.kit import component, work
from srviz.ui.kit.training import Lane
from tests.ui.test_pages import ROOT

STATE = Packed.of_bytes(b"a checkpoint").to_json()


def stopped(lane):
    """After step 9, with a checkpoint of step 6."""
    lane.take({"step": 6, "losses": [1.0] * 6, "seconds": 0.6, "mixing": 0.1})
    lane.take({"step": 6, "state": STATE})
    lane.take({"step": 9, "losses": [1.0] * 3, "seconds": 0.9, "mixing": 0.1})
    return lane


def crowd():
    lanes = [stopped(Learner(Spec.usual("crowd:mean(c)", "relu")))]
    return Learning(lanes=lanes, watched={"places": [0.0], "payloads": [0.0]}, bet="none")


def train():
    return Watched(lanes=[stopped(Lane(Spec.usual("recall", "relu")))], bet=0.0)


def apart():
    values = {parameter.name: parameter.default for parameter in PARAMETERS} | {"by": ("relu",)}
    fits = ContextFits()
    fits.begin(specs_of(values, task_of(values)))
    stopped(fits.lanes[0])
    return fits


@pytest.fixture
def heard(monkeypatch):
    """What each component was sent, and what it hears while the job, which runs out of memory, is under way."""
    messages = []
    component.component.cache_clear()
    monkeypatch.setattr(
        st.components.v2, "component", lambda name, **_: lambda data=None, **__: messages.append((name, data))
    )

    def listen(place, begin, take, *, news, **_):
        plan, attachments, _ = begin()
        messages.append((plan["job"], news()))
        assert attachments["state 0"].data == b"a checkpoint"
        take({TROUBLE: "There was not enough memory for it."})

    monkeypatch.setattr(work, "listen", listen)
    monkeypatch.setattr(jobs, "stream", lambda *asked: asked)
    yield messages
    component.component.cache_clear()


@pytest.mark.parametrize(
    ("page", "key", "make", "query"),
    [
        ("10_Apart", "_apart_fits", apart, {"by": "relu"}),
        ("11_Crowd", "_learning", crowd, {"target": "mean"}),
        ("9_Train", "_training", train, {"task": "recall"}),
    ],
)
def test_what_is_heard_is_of_what_is_shown(heard, page, key, make, query):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page(f"pages/{page}.py")
    training = app.session_state[key] = make()
    app.query_params.update(query)
    app.run()
    assert not app.exception
    place = next(k for k, (name, _) in enumerate(heard) if name == f"lab.{training.name}")
    sent = next(data for name, data in heard[:place] if name == f"srviz_{training.name}")
    news = heard[place][1]
    assert sent["running"]
    assert sent["name"] == news["name"]
    assert sent.get("life", news["life"]) == news["life"]
    assert max((record["step"] for record in sent["records"]), default=0) <= 6
    assert training.lanes[0].step == 6
    assert not training.running
    assert any("not enough memory" in warning.value for warning in app.warning)
