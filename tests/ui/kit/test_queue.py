from threading import Event, Thread

import pytest

from srviz.ui.kit import queue


@pytest.fixture(autouse=True)
def fresh_line(monkeypatch):
    line = queue.Line()
    monkeypatch.setattr(queue, "_line", lambda: line)
    return line


def test_a_free_line_lets_one_in_without_a_word():
    said = []
    with queue.turn(said.append):
        pass
    assert said == []


def test_one_at_a_time_in_the_order_they_came(fresh_line):
    at_work, let_go = Event(), Event()
    order, said = [], []

    def first():
        with queue.turn(said.append):
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

        with queue.turn(show):
            order.append("third")

    threads.append(Thread(target=third))
    threads[1].start()
    assert waiting.wait(10)
    assert said[0] == "Another heavy job runs on this server: 2 before you …"
    let_go.set()
    threads[0].join(10)
    assert fresh_line.before(second) == 0
    assert order == ["first"]
    fresh_line.leave(second)
    threads[1].join(10)
    assert order == ["first", "third"]


def test_whoever_leaves_while_waiting_gives_up_the_place(fresh_line):
    fresh_line.join()

    class Stopped(BaseException):
        pass

    def stop(_):
        raise Stopped

    with pytest.raises(Stopped), queue.turn(stop):
        pytest.fail("it was not its turn")
    assert fresh_line.before(fresh_line.join()) == 1


def test_an_error_frees_the_line(fresh_line):
    with pytest.raises(ZeroDivisionError), queue.turn(lambda _: None):
        1 / 0  # noqa: B018
    assert fresh_line.before(fresh_line.join()) == 0
