"""Rooms: both stores keep the same promises and the same bounds. Redis is a real server of its own."""

import gc
import pkgutil
import re
import shutil
import socket
import string
import subprocess
import sys
import threading
import time
import traceback
import weakref
from pathlib import Path

import pytest

import srviz
from srviz.rooms import Away, InMemory, Question, Refused, base, member
from srviz.rooms.base import OWN

OURS = Question("Which key counts most?", ("The nearest", "The farthest"))
ROOT = Path(__file__).parents[2]
REDIS = shutil.which("redis-server")


class Clock:
    """Seconds that a test moves."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def redis_url():
    if REDIS is None:
        pytest.skip("redis-server is not installed (apt: redis-server)")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


@pytest.fixture(params=["memory", "redis"])
def opened(request):
    """A store that is empty, and its clock."""
    clock = Clock()
    if request.param == "memory":
        return InMemory(clock), clock
    from srviz.rooms.shared import InRedis

    store = InRedis(request.getfixturevalue("redis_url"), clock)
    store._redis.flushall()
    return store, clock


def test_a_room_from_its_opening_to_its_close(opened):
    store, _ = opened
    code, secret = store.open()
    assert base.is_code(code)
    assert store.holds(code, secret)
    assert not store.holds(code, "guessed")
    one, other = member(), member()
    store.join(code, one)
    store.join(code, one)
    store.join(code, other)
    store.ask(code, secret, OURS)
    assert store.look(code) == base.RoomView(2, OURS, frozenset(), {OWN: 1})
    store.at(code, secret, "routes")
    assert store.look(code) == base.RoomView(2, OURS, frozenset(), {OWN: 1}, "routes")
    store.answer(code, one, OWN, 0)
    store.answer(code, one, OWN, 1)  # changed
    store.answer(code, other, OWN, 1)
    store.answer(code, other, "routes.answer", 5)
    assert store.counts(code, OWN) == (0, 2, *[0] * (base.MOST_CHOICES - 2))
    assert store.counts(code, "routes.answer")[5] == 1
    store.reveal(code, secret, OWN, True)
    assert store.look(code).revealed == {OWN}
    store.clear(code, secret, OWN)
    assert store.counts(code, OWN) == (0,) * base.MOST_CHOICES
    assert store.look(code).revealed == frozenset()
    assert store.look(code).rounds[OWN] == 2
    assert store.counts(code, "routes.answer")[5] == 1
    store.close(code, secret)
    assert store.look(code) is None
    assert store.counts(code, "routes.answer") == (0,) * base.MOST_CHOICES


def test_another_question_forgets_the_answers_to_the_one_before(opened):
    store, _ = opened
    code, secret = store.open()
    one = member()
    store.join(code, one)
    store.ask(code, secret, OURS)
    store.answer(code, one, OWN, 1)
    store.reveal(code, secret, OWN, True)
    store.ask(code, secret, Question("And now?", ("a", "b", "c")))
    assert sum(store.counts(code, OWN)) == 0
    assert store.look(code).revealed == frozenset()
    store.ask(code, secret, None)
    assert store.look(code).question is None


def test_only_who_opened_it_leads_and_only_who_joined_answers(opened):
    store, _ = opened
    code, secret = store.open()
    _, others = store.open()
    for act in (
        lambda: store.ask(code, others, OURS),
        lambda: store.reveal(code, "", OWN, True),
        lambda: store.clear(code, others, OWN),
        lambda: store.close(code, others),
        lambda: store.at(code, others, "routes"),
    ):
        with pytest.raises(Refused, match="Only who opened"):
            act()
    with pytest.raises(Refused, match="Join the room first"):
        store.answer(code, member(), OWN, 0)
    with pytest.raises(Refused, match="no such page"):
        store.at(code, secret, "<b>")
    with pytest.raises(Refused, match="no room with this code"):
        store.join("AAAAA" if code != "AAAAA" else "CCCCC", member())
    assert store.look("../../x") is None
    store.join(code, one := member())
    for topic, choice in ((OWN, base.MOST_CHOICES), (OWN, -1), ("<b>", 0), ("a" * 99, 0), ("a.b.c.d", 0)):
        with pytest.raises(Refused, match="no such answer"):
            store.answer(code, one, topic, choice)


def test_a_day_later_it_is_forgotten(opened):
    store, clock = opened
    code, secret = store.open()
    store.join(code, member())
    clock.now += base.DAY_SECONDS - 1
    assert store.look(code)
    clock.now += 2
    assert store.look(code) is None
    assert not store.holds(code, secret)
    with pytest.raises(Refused):
        store.join(code, member())


def test_everything_has_a_bound(opened, monkeypatch):
    store, clock = opened
    monkeypatch.setattr(base, "MOST_ROOMS", 3)
    monkeypatch.setattr(base, "MOST_MEMBERS", 4)
    monkeypatch.setattr(base, "MOST_TOPICS", 2)
    rooms = [store.open() for _ in range(3)]
    with pytest.raises(Refused, match="no more can be opened"):
        store.open()
    code, secret = rooms[0]
    members = [member() for _ in range(4)]
    for one in members:
        store.join(code, one)
    with pytest.raises(Refused, match="full"):
        store.join(code, member())
    store.join(code, members[0])  # is in already
    store.answer(code, members[0], "a.answer", 0)
    for one in members[:2]:
        store.answer(code, one, "b.answer", 0)
    store.answer(code, members[0], "c.answer", 0)  # in the place of what fewer answered
    assert [sum(store.counts(code, f"{topic}.answer")) for topic in "abc"] == [0, 2, 1]
    store.answer(code, members[0], "a.answer", 0)
    store.reveal(code, secret, "a.answer", True)
    store.clear(code, secret, "b.answer")
    store.answer(code, members[0], "b.answer", 0)
    with pytest.raises(Refused, match="too many questions"):
        store.answer(code, members[0], "c.answer", 0)
    store.answer(code, members[1], "a.answer", 0)
    store.close(code, secret)
    store.open()
    clock.now += base.DAY_SECONDS + 1  # those that nobody closed make room, too
    for _ in range(3):
        store.open()


def test_who_leaves_takes_their_answers_along_and_makes_place(opened, monkeypatch):
    store, _ = opened
    monkeypatch.setattr(base, "MOST_MEMBERS", 2)
    code, secret = store.open()
    store.ask(code, secret, OURS)
    stays = member()
    store.join(code, stays)
    store.answer(code, stays, OWN, 0)
    for _ in range(5):
        store.join(code, one := member())
        store.answer(code, one, OWN, 1)
        store.answer(code, one, "routes.answer.abc", 1)
        store.leave(code, one)
        store.leave(code, one)
    assert store.look(code).members == 1
    assert store.counts(code, OWN) == (1, *[0] * (base.MOST_CHOICES - 1))
    assert sum(store.counts(code, "routes.answer.abc")) == 0
    store.leave("../x", stays)
    store.leave(code, "nobody")


def test_rooms_in_which_nobody_is_make_place_after_an_hour(opened, monkeypatch):
    store, clock = opened
    monkeypatch.setattr(base, "MOST_ROOMS", 3)
    used, empty = store.open()[0], [store.open()[0] for _ in range(2)]
    store.join(used, member())
    with pytest.raises(Refused, match="no more can be opened"):
        store.open()
    clock.now += base.HOUR_SECONDS + 1
    assert all(map(store.look, empty))  # as long as nobody needs their place
    code, _ = store.open()
    assert store.look(code)
    assert store.look(used).members == 1
    assert not any(map(store.look, empty))


def test_a_refusal_keeps_nothing_of_who_was_refused(opened):
    store, _ = opened
    code, _ = store.open()
    seen = []

    class Held:
        """What a visitor's run has in hand."""

    def visit(act):
        held = Held()
        seen.append(weakref.ref(held))
        with pytest.raises(Refused) as raised:
            act()
        return len(list(traceback.walk_tb(raised.value.__traceback__)))

    for act in (
        lambda: store.join("AAAAA", "nobody"),
        lambda: store.join(code, "nobody"),
        lambda: store.answer(code, member(), OWN, 0),
        lambda: store.close(code, ""),
    ):
        assert len({visit(act) for _ in range(5)}) == 1
    gc.collect()
    assert not any(held() for held in seen)


def test_no_module_keeps_an_exception():
    for found in pkgutil.walk_packages(srviz.__path__, "srviz."):
        if "__main__" not in found.name and found.name in sys.modules:
            kept = [name for name, value in vars(sys.modules[found.name]).items() if isinstance(value, BaseException)]
            assert not kept, found.name


def test_too_much_at_once_is_refused_and_goes_on_later(opened, monkeypatch):
    store, clock = opened
    monkeypatch.setattr(base, "MOST_WRITTEN", 5)
    code, _ = store.open()
    one = member()
    for _ in range(5):
        store.join(code, one)
    with pytest.raises(Refused, match="Too much at once"):
        store.join(code, one)
    clock.now += base.PACE_SECONDS
    store.join(code, one)
    if hasattr(store, "_opened"):
        store._opened.most = 2
    monkeypatch.setattr(base, "MOST_OPENED", 2)
    clock.now += base.PACE_SECONDS
    for _ in range(2):
        store.open()
    with pytest.raises(Refused, match="Too much at once"):
        store.open()


def test_what_is_typed_is_tidied_and_bounded(opened):
    store, _ = opened
    code, secret = store.open()
    store.ask(code, secret, Question("<script>\x00 a\u202eb\n c  " + "x" * 999, (" one\t", "", "two" * 99)))
    asked = store.look(code).question
    assert asked.text.startswith("<script> ab c x")
    assert len(asked.text) == base.LONGEST_QUESTION
    assert asked.choices[0] == "one"
    assert len(asked.choices) == 2
    assert len(asked.choices[1]) == base.LONGEST_CHOICE
    for wrong in (Question("", ("a", "b")), Question("?", ("a",)), Question("?", tuple("abcdef"))):
        with pytest.raises(Refused):
            store.ask(code, secret, wrong)


def test_sixty_join_one_room_and_answer_at_once(opened):
    store, _ = opened
    code, secret = store.open()
    store.ask(code, secret, OURS)
    gate, wrong = threading.Barrier(60), []

    def visit(number):
        one = member()
        try:
            gate.wait()
            store.join(code, one)
            for choice in (0, number % 2):
                store.answer(code, one, OWN, choice)
            assert store.look(code).question == OURS
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store.look(code).members == 60
    assert store.counts(code, OWN)[:2] == (30, 30)


def test_two_servers_share_a_room_in_redis_and_nothing_outlives_it(redis_url):
    from srviz.rooms.shared import InRedis

    one, other = InRedis(redis_url), InRedis(redis_url)
    one._redis.flushall()
    code, secret = one.open()
    other.join(code, somebody := member())
    other.answer(code, somebody, OWN, 1)
    one.reveal(code, secret, OWN, True)
    assert one.counts(code, OWN)[1] == 1
    assert other.look(code).revealed == {OWN}
    rooms = [key for key in one._redis.scan_iter() if key != "srviz:rooms"]
    assert all(0 < one._redis.ttl(key) <= base.DAY_SECONDS for key in rooms)
    assert secret not in str([one._redis.hgetall(f"srviz:rooms:{code}")])
    other.close(code, secret)
    assert not [key for key in one._redis.scan_iter() if code in key and "pace" not in key]


def test_redis_that_is_away_is_said_at_once_and_not_waited_for_again():
    redis = pytest.importorskip("redis")
    from srviz.rooms.shared import InRedis

    with socket.socket() as s:  # a port at which nobody listens
        s.bind(("127.0.0.1", 0))
        store = InRedis(f"redis://127.0.0.1:{s.getsockname()[1]}/0")
        with pytest.raises(Away) as raised:
            store.open()
        assert isinstance(raised.value.__cause__, redis.RedisError)
        began = time.perf_counter()
        for _ in range(100):
            with pytest.raises(Away):
                store.look("AAAAA")
        assert time.perf_counter() - began < 0.5


@pytest.fixture
def full(redis_url):
    """A store in Redis with one room that holds all it may, and the length of that in bytes."""
    from srviz.rooms.shared import InRedis

    store = InRedis(redis_url)
    store._redis.flushall()
    code, secret = store.open()
    widest = Question("é" * base.LONGEST_QUESTION, ("é" * base.LONGEST_CHOICE,) * base.MOST_OWN)
    store.ask(code, secret, widest)
    members = [member() for _ in range(base.MOST_MEMBERS)]
    for one in members:
        store.join(code, one)
        store.answer(code, one, OWN, 1)
    letters = string.ascii_lowercase
    topics = [f"photographs.answer.aaaaaa{letters[k // 26]}{letters[k % 26]}" for k in range(base.MOST_TOPICS - 1)]
    for topic in topics:
        store.clear(code, secret, topic)
        store.reveal(code, secret, topic, True)
        store._redis.copy(f"srviz:rooms:{code}:at:{OWN}", f"srviz:rooms:{code}:at:{topic}")
    assert all(sum(store.counts(code, topic)) == base.MOST_MEMBERS for topic in topics[:3])
    keys = [key for key in store._redis.scan_iter() if code in key]
    return store, sum(store._redis.memory_usage(key, samples=0) for key in keys)


def test_the_redis_of_compose_yaml_holds_all_rooms_there_may_be(full):
    _, size = full
    granted = re.search(r"--maxmemory, (\d+)mb", (ROOT / "compose.yaml").read_text())[1]
    assert base.MOST_ROOMS * size < 0.9 * int(granted) * 2**20
    said = re.search(r"at most (\d+), of (\d+) members each", (ROOT / "docs/hosting.md").read_text())
    assert (int(said[1]), int(said[2])) == (base.MOST_ROOMS, base.MOST_MEMBERS)


def test_redis_without_memory_refuses_one_thing_and_goes_on_with_all_others(redis_url):
    from srviz.rooms.shared import InRedis

    store = InRedis(redis_url)
    store._redis.flushall()
    code, secret = store.open()
    store._redis.config_set("maxmemory", "1")
    try:
        for act in (lambda: store.join(code, member()), store.open, lambda: store.ask(code, secret, OURS)):
            with pytest.raises(Refused, match="no memory left"):
                act()
        assert store.look(code).members == 0
        store.close(code, secret)  # which gives memory back
    finally:
        store._redis.config_set("maxmemory", "0")
    assert store.look(code) is None


def test_what_comes_after_a_close_is_found_by_nobody_and_ends(redis_url, monkeypatch):
    """Another server closes the room after this one has looked and before it writes."""
    from srviz.rooms.shared import InRedis

    store = InRedis(redis_url)
    store._redis.flushall()
    code, secret = store.open()
    store.join(code, one := member())
    room = store._find(code)
    store.close(code, secret)
    with monkeypatch.context() as late:
        late.setattr(store, "_find", lambda _: room)
        for act in (
            lambda: store.ask(code, secret, OURS),
            lambda: store.reveal(code, secret, OWN, True),
            lambda: store.clear(code, secret, OWN),
            lambda: store.join(code, one),
            lambda: store.answer(code, one, OWN, 1),
        ):
            act()
    assert store.look(code) is None
    assert all(store._redis.ttl(key) > 0 for key in store._redis.scan_iter() if code in key)
