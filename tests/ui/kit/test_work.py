"""Long work on a page: a place in the line, signs of life, pictures now and then, and an end whenever it is left."""

from itertools import pairwise
from threading import Event, Thread

import numpy as np
import pytest

from srviz.jobs import Packed
from srviz.ui.kit import work


@pytest.fixture(autouse=True)
def fresh_line(monkeypatch):
    line = work.Queue()
    monkeypatch.setattr(work, "_queue", lambda: line)
    monkeypatch.setattr(work.url, "leave", lambda: None)  # there is no page here
    return line


class Clock:
    """Stands still, except where a test moves it: what is asked here is a rule, not how fast this machine is."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(work, "time", clock)
    return clock


def test_a_free_line_lets_one_in_without_a_word():
    said = []
    with work.turn(said.append):
        pass
    assert said == []


def test_one_at_a_time_in_the_order_they_came(fresh_line):
    at_work, let_go = Event(), Event()
    order, said = [], []

    def first():
        with work.turn(said.append):
            at_work.set()
            let_go.wait(10)
            order.append("first")

    threads = [Thread(target=first)]
    threads[0].start()
    assert at_work.wait(10)
    second = fresh_line.join()
    waiting = Event()

    def third():
        def show(text):
            said.append(text)
            waiting.set()

        with work.turn(show):
            order.append("third")

    threads.append(Thread(target=third))
    threads[1].start()
    assert waiting.wait(10)
    assert said[0] == "This server runs one heavy job at a time. Jobs before yours: 2 …"
    let_go.set()
    threads[0].join(10)
    assert fresh_line.before(second) == 0
    assert order == ["first"]
    fresh_line.leave(second)
    threads[1].join(10)
    assert order == ["first", "third"]


class Ended(BaseException):
    """What Streamlit raises in a script that it ends."""


def end(_):
    raise Ended


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(work, "_session", lambda: "mine")


def test_the_place_of_a_script_that_was_ended_is_kept_for_a_while(fresh_line, session, clock):
    first = fresh_line.join("first")
    with pytest.raises(Ended), work.turn(end):
        pytest.fail("it was not its turn")
    other = fresh_line.join("other")
    assert fresh_line.before(other) == 2
    clock.now += work.KEPT_SECONDS / 2
    with pytest.raises(Ended), work.turn(end):  # it came back for its place, before the other
        pytest.fail("it was not its turn")
    fresh_line.leave(first)
    assert fresh_line.before(other) == 1
    clock.now += 1.01 * work.KEPT_SECONDS
    assert fresh_line.before(other) == 0
    assert len(fresh_line) == 1


def test_who_is_at_work_and_touches_something_goes_on_before_all_others(fresh_line, session, clock):
    def work_and_touch():
        with work.turn(lambda _: pytest.fail("it had to wait")):
            end(None)

    with pytest.raises(Ended):
        work_and_touch()
    other = fresh_line.join("other")
    with pytest.raises(Ended):
        work_and_touch()
    assert fresh_line.before(other) == 1


def test_who_is_at_work_and_is_interrupted_for_a_minute_goes_behind_the_others(fresh_line, clock):
    ticket = fresh_line.join("mine")
    while clock.now < 100 + work.MOST_KEPT_SECONDS:
        fresh_line.keep(ticket)
        clock.now += 1
        assert fresh_line.join("mine") is ticket
    fresh_line.keep(ticket)
    clock.now += 1
    assert fresh_line.join("mine") is ticket  # nobody waits
    other = fresh_line.join("other")
    fresh_line.keep(ticket)
    mine = fresh_line.join("mine")
    assert (fresh_line.before(other), fresh_line.before(mine)) == (0, 1)


def test_stop_gives_the_place_up_at_once(fresh_line, session, clock):
    with pytest.raises(Ended), work.turn(end):
        end(None)
    other = fresh_line.join("other")
    fresh_line.give_up("nobody")
    assert fresh_line.before(other) == 1
    fresh_line.give_up("mine")
    assert fresh_line.before(other) == 0


def test_ones_own_place_in_the_line_is_no_others():
    line = work.Queue()
    assert line.others("me") == 0
    mine = line.join("me")
    assert (line.others("me"), line.others("you"), line.others(None)) == (0, 1, 1)
    line.keep(mine)
    assert line.others("you") == 0  # who loads a page again would meet themselves
    line.join("you")
    assert (line.others("me"), len(line)) == (1, 2)


def test_an_error_frees_the_line(fresh_line):
    with pytest.raises(ZeroDivisionError), work.turn(lambda _: None):
        1 / 0  # noqa: B018
    assert fresh_line.before(fresh_line.join()) == 0


def said(*news, clock=None, pause=0.0, ended=None):
    """What work says, one after the other; `ended` is told when it is over or left."""
    try:
        for one in news:
            if clock:
                clock.now += pause
            yield one
    finally:
        if ended is not None:
            ended.append(True)


def test_all_that_work_says_is_kept_and_the_end_is_told():
    kept, told = [], []
    work.watch(said(1, None, 2, 3), kept.append, lambda: told.append(list(kept)))
    assert kept == [1, 2, 3]
    assert told[-1] == [1, 2, 3]


def test_every_sign_of_life_is_told_and_hundreds_of_news_are_not_told_one_by_one(clock):
    told = []
    work.watch(said(None, None, None), lambda one: None, lambda: told.append(clock.now))
    assert len(told) == 4
    told.clear()
    work.watch(said(*range(300), clock=clock, pause=0.001), lambda one: None, lambda: told.append(clock.now))
    assert len(told) == 1 + 2 + 1  # at once, after 0.1 and 0.2 of the 0.299 seconds, and at the end
    assert max(b - a for a, b in pairwise(told)) < work.TELL_SECONDS + 0.002


def test_pictures_come_at_most_five_times_a_second_and_only_of_something_new(clock):
    fed = []
    work.watch(
        said(*range(100), clock=clock, pause=0.01), lambda one: None, lambda: None, lambda: fed.append(clock.now)
    )
    assert 4 <= len(fed) <= 6  # in one second
    assert min(b - a for a, b in pairwise(fed)) > work.FEED_SECONDS - 1e-9
    fed.clear()
    work.watch(said(*[None] * 8, clock=clock, pause=0.1), lambda one: None, lambda: None, lambda: fed.append(1))
    assert not fed


def test_whoever_leaves_ends_the_work_and_keeps_what_came():
    class Stopped(BaseException):
        pass

    kept, ended = [], []

    def stop():
        if len(kept) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        work.watch(said(1, None, 2, None, 3, ended=ended), kept.append, stop)
    assert kept == [1, 2]
    assert ended == [True]


@pytest.mark.parametrize("array", [np.ones((2, 3), np.float32).T, np.arange(4), np.zeros((0, 3))])
def test_an_array_crosses_as_it_is(array):
    found = work.array(work.pack(array).to_json())
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert isinstance(work.pack(array), Packed)


def test_a_page_leaves_the_processors_to_others_and_keeps_no_accelerator():
    assert work.limits("cpu").memory_bytes > 0
    assert work.limits("cpu").nice > 0
    assert work.limits("cpu").reused
    assert not work.limits("cuda:0").reused
    assert work.limits("cuda:0").memory_bytes is None
