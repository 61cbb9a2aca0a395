"""Pages without a browser: nobody touches them meanwhile, so that nothing needs to wait for a visitor's rest."""

import pytest

from srviz.ui.kit import work


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    monkeypatch.setattr(work, "REST_SECONDS", 0)
