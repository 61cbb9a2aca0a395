"""Figures are checked against plotly's own schema here, which the app leaves out because it takes ten times as long."""

import pytest

from srviz.figures import theme


@pytest.fixture(autouse=True)
def checked(monkeypatch):
    """A property that plotly does not know is an error."""
    monkeypatch.setattr(theme, "CHECKED", True)
