"""The real thing of Two routes: both are measured, what was stopped is kept and goes on."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from srviz.ui.chapters.routes import real

ROOT = Path(__file__).parents[3]


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.run()
    page.switch_page("pages/1_Two_routes.py")
    for name, value in ({"input": "sentence"} | query).items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_both_routes_are_measured():
    page = open_page(real="1")
    found = page.session_state["_measured"]
    assert found.rows == found.n
    assert found.seconds > 0
    assert found.sorted_seconds > 0
    assert found.largest < 1e-4
    assert page.metric[2].value.endswith(" ×")


def test_what_was_stopped_stands_and_goes_on_where_it_was_after_another_control(monkeypatch):
    page = open_page(real="1")
    whole = page.session_state["_measured"]
    part = real.BothRoutes(
        whole.setting, sorted_seconds=1e-3, rows=whole.n // 2, seconds=5.0, largest=0.5, stopped=True
    )
    page.session_state["_measured"] = part
    page.run()
    assert page.metric[2].value == "stopped"
    assert any(f"stopped after {part.rows:,} of {whole.n:,} queries" in caption.value for caption in page.caption)
    part.stopped = False  # a control was touched while it ran
    taken, take = [], real.BothRoutes.take
    monkeypatch.setattr(real.BothRoutes, "take", lambda self, record: (taken.append(record), take(self, record)))
    page.run()
    assert not page.exception
    assert part.rows == whole.n
    assert part.sorted_seconds == 1e-3  # not measured again
    assert part.largest == 0.5
    assert part.seconds > 5
    assert sum(record["seconds"] for record in taken) + 5 == part.seconds


def test_a_measurement_that_cannot_go_on_says_why(monkeypatch):
    def stream(*plan):
        yield {"sorted_seconds": 0.01}
        yield {"trouble": "There was not enough memory for it."}

    monkeypatch.setattr(real.jobs, "stream", stream)
    page = open_page(real="1")
    assert [warning.value for warning in page.warning] == ["There was not enough memory for it."]
    assert page.metric[1].value == "10.0 ms"
    assert button(page, "Measure again")
