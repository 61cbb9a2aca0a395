"""The reasons: what the page says of them is what the formulas give."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from srviz.ui.chapters.why import why

ROOT = Path(__file__).parents[3]


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/12_Why.py")
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


@pytest.mark.parametrize("away", ["0", "7"])
def test_the_dial_says_the_error_that_was_measured(away):
    found = why.of_shifts.__wrapped__()["products"][int(away)]
    page = open_page(away=away)
    assert not page.exception
    assert any(f"By products it is **{why._says(found)}**." in text.value for text in page.markdown)
    assert page.select_slider[1].value == away
    page.select_slider[1].set_value("3").run()
    assert page.query_params["away"] in ("3", ["3"])
