"""Who a session belongs to: the tabs of one browser are one visitor, and nobody is where there is no session."""

from types import SimpleNamespace

from srviz.ui.kit import visitor


def test_the_tabs_of_a_browser_are_one_visitor_and_without_cookies_each_session_is_one(monkeypatch):
    cookies = {}
    monkeypatch.setattr(visitor.st, "context", SimpleNamespace(cookies=cookies))

    def whose(session):
        context = SimpleNamespace(session_id=session) if session else None
        monkeypatch.setattr(visitor, "get_script_run_ctx", lambda suppress_warning: context)
        return visitor.visitor()

    assert (whose("a"), whose("b"), whose(None)) == ("a", "b", None)
    cookies[visitor.COOKIE] = "of this browser"
    assert whose("a") == whose("b") == "of this browser"
    cookies[visitor.COOKIE] = "of another"
    assert whose("c") == "of another"
    assert whose(None) is None
