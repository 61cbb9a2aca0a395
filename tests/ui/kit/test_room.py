"""A class's room as pages see it: the way in by a link, what is kept until it is shown, and rooms that are away."""

import socket

import pytest

from srviz import rooms
from srviz.ui.kit import WORDS, report, room, seat, url
from tests.ui.test_pages import open_page

PAGE = "pages/1_Two_routes.py"


@pytest.fixture
def store(monkeypatch):
    """A store of this test's own."""
    found = rooms.InMemory()
    monkeypatch.setattr(seat, "store", lambda: found)
    monkeypatch.setattr(room, "store", lambda: found)
    return found


def topic(page, name):
    """What the room calls a question of a page, as the session has it."""
    return next(offer.topic for offer in page.session_state[seat.SEAT].offers if offer.topic.split(".")[1] == name)


def asked(page, name):
    value = page.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def test_who_follows_is_told_what_is_right_once_it_is_shown(store):
    code, secret = store.open()
    page = open_page(PAGE, room=code)
    assert not page.exception
    assert asked(page, "room").startswith(f"{code}.")
    page.radio[0].set_value(0).run()
    question = topic(page, "answer")
    assert store.counts(code, question)[:3] == (1, 0, 0)
    assert any(text.value.startswith("Your answer is in.") for text in page.markdown)
    page.radio[0].set_value(1).run()
    assert store.counts(code, question)[:3] == (0, 1, 0)
    store.reveal(code, secret, question, True)
    page.run()
    assert any(text.value.startswith("**Right.**") for text in page.markdown)
    store.clear(code, secret, question)
    page.run()
    assert page.radio[0].value is None
    assert sum(store.counts(code, question)) == 0
    page.radio[0].set_value(1).run()
    assert store.counts(code, question)[1] == 1


def test_a_place_is_kept_from_page_to_page_and_left(store):
    code, _ = store.open()
    page = open_page(PAGE, room=code)
    here = asked(page, "room")
    page.switch_page("pages/2_Kernels.py").run()
    assert asked(page, "room") == here
    assert store.look(code).members == 1
    page.button(key="leave-the-room").click().run()
    assert not asked(page, "room")
    page.query_params["room"] = here  # a run that still carries the address from before, with something else reported
    page.radio[0].set_value(0).run()
    assert not asked(page, "room")
    assert store.look(code).members == 0  # who leaves and comes again is counted once
    assert not page.exception


def test_who_follows_finds_the_page_that_the_lecturer_is_on(store):
    code, secret = store.open()
    phone = open_page("app.py", room=code)
    assert "lecturer" not in str(phone)
    lecturer = open_page(PAGE, room=code, host=secret)
    phone.run()
    (way,) = [link for link in phone.get("page_link") if "lecturer" in link.proto.label]
    assert (way.proto.page, way.proto.label) == ("Two_routes", "The lecturer is on the page “Two routes, one answer” →")
    phone.switch_page(PAGE).run()
    assert not any("lecturer" in link.proto.label for link in phone.get("page_link"))
    lecturer.switch_page("pages/2_Kernels.py").run()
    phone.run()
    assert any("Kernels" in link.proto.label for link in phone.get("page_link") if "lecturer" in link.proto.label)
    assert not phone.exception
    assert not lecturer.exception


def test_a_tab_that_holds_the_secret_leads_again_after_a_reload(store, monkeypatch):
    """The browser's part, which keeps the secret in the tab, is in tests/browser/test_room.py."""
    code, secret = store.open()
    page = open_page(PAGE, room=code, answer="2")
    question = topic(page, "answer")
    assert (store.look(code).members, sum(store.counts(code, question))) == (1, 1)
    said = {"code": code, "secret": "guessed"}
    monkeypatch.setattr(report, "last", lambda name, value: said if (name, value) == (room.HOLD, "held") else {})
    page.run()
    assert not page.session_state[seat.SEAT].secret
    said["secret"] = secret
    page.run()
    assert page.session_state[seat.SEAT].secret == secret
    assert (store.look(code).members, sum(store.counts(code, question))) == (0, 0)
    assert asked(page, "room") == code
    monkeypatch.setattr(rooms.base, "MOST_MEMBERS", 0)  # a full room is still its lecturer's
    again = open_page(PAGE, room=code)
    again.run()
    assert again.session_state[seat.SEAT].secret == secret
    again.run()
    assert not again.exception
    assert not any(caption.value == rooms.base.FULL for caption in again.caption)


def test_a_secret_that_a_run_did_not_hear_is_heard_by_the_next_look(store, monkeypatch):
    """As where a run that was to hear it was cut short: only looks of who follows come after it."""
    code, secret = store.open()
    page = open_page(PAGE, room=code)
    said, asked_for = {"code": code, "secret": secret}, []

    def last(name, value):
        asked_for.append(name)
        return said if (name, value) == (room.HOLD, "held") and asked_for.count(room.HOLD) > 1 else {}

    monkeypatch.setattr(report, "last", last)
    page.run()
    assert page.session_state[seat.SEAT].secret == secret
    said["secret"] = "guessed"  # one that leads nowhere is asked for once
    again = open_page(PAGE, room=code)
    before = len(asked_for)
    again.run()
    assert not again.session_state[seat.SEAT].secret
    assert asked_for[before:].count(room.HOLD) == 2


def test_what_a_lecturer_wants_and_cannot_have_is_said(store, monkeypatch):
    code, secret = store.open()
    page = open_page(PAGE, room=code, host=secret)

    def fails(*_):
        raise rooms.Away

    for button, act in (("close room", "close"), ("reveal", "reveal"), ("clear", "clear")):
        with monkeypatch.context() as broken:
            broken.setattr(store, act, fails)
            page.button(key=button).click().run()
        assert [caption.value for caption in page.caption].count(WORDS("room.away")) == 1, button
        assert page.session_state[seat.SEAT].secret
    page.button(key="reveal").click().run()
    assert not any(caption.value == WORDS("room.away") for caption in page.caption)
    page.button(key="close room").click().run()
    assert store.look(code) is None
    assert seat.SEAT not in page.session_state


def test_a_lecturers_own_link_leads_and_hides_its_secret_and_a_guessed_one_follows(store):
    code, secret = store.open()
    page = open_page(PAGE, room=code, host=secret)
    assert page.button(key="close room")
    assert secret not in str(dict(page.query_params))
    assert store.look(code).members == 0
    other = open_page(PAGE, room=code, host="guessed")
    assert not any(button.key == "close room" for button in other.button)
    page.button(key="close room").click().run()
    assert store.look(code) is None
    other.run()
    assert not other.exception
    assert any("no room with this code" in caption.value for caption in other.caption)


@pytest.mark.parametrize("text", ["AAAAA", "aaaaa", "<b>", "x" * 400, "ACDEF.<script>", ""])
def test_a_link_to_no_room_is_a_page_and_a_sentence(store, text):
    page = open_page(PAGE, room=text)
    assert not page.exception
    assert not asked(page, "room")
    assert text in ("", "AAAAA") or any("no valid code of a room" in caption.value for caption in page.caption)


RACE, CROWD, TRAIN = "pages/8_Race.py", "pages/11_Crowd.py", "pages/9_Train.py"


@pytest.mark.parametrize(
    ("script", "bet", "choice"),
    [
        (RACE, {"softmax": "-4_-3_-1_1", "relu": "-3_-2.5_-2_-1"}, 2),
        (CROWD, {"bet": "bump"}, 2),
        (TRAIN, {"bet": "-4"}, 3),
    ],
)
def test_a_bet_is_heard_forgotten_and_made_anew(store, script, bet, choice):
    code, secret = store.open()
    page = open_page(script, room=code)
    assert not page.exception
    bets = topic(page, "bet")
    assert sum(store.counts(code, bets)) == 0
    page = open_page(script, room=code, **bet)
    assert store.counts(code, bets)[choice] == 1
    store.clear(code, secret, bets)
    page.run()
    assert not page.exception
    assert sum(store.counts(code, bets)) == 0
    assert not any(asked(page, name) for name in bet)
    for name, given in bet.items():
        page.query_params[name] = given
    page.run()
    assert store.counts(code, bets)[choice] == 1  # the same bet again is one


def test_bets_on_different_trainings_are_counted_apart(store):
    code, _ = store.open()
    queries = ({}, {"first": "bump"}, {"task": "letters"})
    assert len({topic(open_page(TRAIN, room=code, **query), "bet") for query in queries}) == 3
    queries = ({}, {"target": "own", "f": "mean(c) + x"}, {"target": "own", "f": "mean(c) - x"})
    assert len({topic(open_page(CROWD, room=code, **query), "bet") for query in queries}) == 3


def test_what_is_not_the_same_question_is_counted_apart(monkeypatch):
    monkeypatch.setattr(seat, "seat_page", lambda: "photographs")
    pairs = [("Which?", ("a", "b")), ("Which?", ("a", "c")), ("What?", ("a", "b"))]
    assert len({seat.topic("bet", *pair) for pair in pairs}) == 3
    assert seat.topic("bet", *pairs[0]) == seat.topic("bet", *pairs[0])
    for pair in pairs:
        rooms.base.check(seat.topic("bet", *pair))


def test_when_redis_is_away_one_sentence_says_so_and_the_page_goes_on(monkeypatch):
    with socket.socket() as s:  # a port at which nobody listens
        s.bind(("127.0.0.1", 0))
        monkeypatch.setenv(seat.REDIS, f"redis://127.0.0.1:{s.getsockname()[1]}/0")
        seat.store.clear()
        page = open_page(PAGE, room="ACDEF")
        seat.store.clear()
    assert not page.exception
    assert [caption.value for caption in page.caption].count(WORDS("room.away")) == 1
    assert page.radio[0].value is None


def test_what_a_class_gets_of_a_lecturers_state():
    theirs = {"n": "9", "puzzle": "tie", "hide": "n", "ask": "Why?"}
    own = {"answer": "2", "solved": "tie", "answered": "routes", "present": "3", "room": "ACDEF.abcdefghijkl"}
    assert seat.invited(theirs | own) == theirs
    assert {parameter.name for parameter in url.COMMON} == (theirs.keys() | own.keys()) - {"n"}


def test_a_bet_on_a_training_is_one_of_four_choices():
    from srviz.ui.chapters.train.train import ahead

    assert [ahead(bet) for bet in (30, 10, 9, 1, 0, -1, -9, -10, -30)] == [0, 0, 1, 1, None, 3, 3, 2, 2]
