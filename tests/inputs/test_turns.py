"""Files are read in turn: first come, first served, and of one visitor one at a time."""

import time
from threading import Event, Thread

import pytest

from srviz.inputs import files, reader
from srviz.inputs.turns import Turns


def served(*tickets):
    return [ticket.served for ticket in tickets]


def test_first_come_first_served():
    turns = Turns(2)
    a, b, c, d = (turns.join(owner) for owner in "abcd")
    assert served(a, b, c, d) == [True, True, False, False]
    turns.leave(b)
    assert served(c, d) == [True, False]
    turns.leave(a)
    assert turns.wait(d, 0)


def test_an_owner_has_one_place_and_is_behind_the_others_with_the_next():
    turns = Turns(2)
    a1, a2, a3, b, c = (turns.join(owner) for owner in "aaabc")
    assert served(a1, a2, a3, b, c) == [True, False, False, True, False]
    turns.leave(a1)  # the second of a comes behind c, which has waited
    assert served(a2, a3, c) == [False, False, True]
    d = turns.join("d")
    turns.leave(b)
    assert served(a2, a3, d) == [True, False, False]
    turns.leave(c)
    assert served(a3, d) == [False, True]
    turns.leave(a3)  # who does not wait any longer
    turns.leave(a2)
    turns.leave(d)
    assert all(served(turns.join("a"), turns.join("b")))


def test_who_is_not_known_is_alone():
    turns = Turns(2)
    assert all(served(turns.join(), turns.join()))


def test_one_place_is_not_kept_by_one_owner():
    """With six tabs that read again and again, another waits for one of their files at most."""
    turns, stop, order = Turns(1), Event(), []

    def read(owner, seconds):
        ticket = turns.join(owner)
        while not turns.wait(ticket, 0.1):
            pass
        order.append(owner)
        time.sleep(seconds)
        turns.leave(ticket)

    def greedy():
        while not stop.is_set():
            read("many tabs", 0.01)

    threads = [Thread(target=greedy, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    waited = []
    for _ in range(5):
        begun = len(order)
        read("another", 0)
        waited.append(order[begun:].index("another"))
    ahead = len(order)
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert max(waited) <= 2
    assert len(order) > ahead + 6  # and the tabs go on


def test_the_same_owner_waits_until_its_file_is_read(monkeypatch):
    """Both places are free but for the first file of this owner."""
    monkeypatch.setattr(reader, "TURNS", Turns(2))
    monkeypatch.setattr(reader, "MOST_SECONDS", 0.05)
    reader.TURNS.join("a")
    with pytest.raises(files.Unreadable, match="Other files are being read just now"):
        files.read("a.csv", b"x,y\n1,2\n", owner="a")
    with pytest.raises(files.Unreadable, match=r"longer than|only 1 point"):
        files.read("a.csv", b"x,y\n1,2\n", owner="b")
