"""Rooms in the memory of one server."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from srviz.rooms import base
from srviz.rooms.base import OWN, Question, RoomView

NONE = 255  # of the choices: no answer


class Pace:
    """So many in every stretch of time."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self.most, self.now = most, now
        self.stretch, self.count = 0, 0

    def step(self) -> None:
        """One more, or a refusal."""
        stretch = int(self.now() // base.PACE_SECONDS)
        if stretch != self.stretch:
            self.stretch, self.count = stretch, 0
        self.count += 1
        if self.count > self.most:
            raise base.Refused(base.HASTY)


@dataclass
class _Room:
    secret: str
    opened: float
    pace: Pace
    members: dict[str, int] = field(default_factory=dict)  # and the place of each in the answers to a topic
    question: Question | None = None
    page: str = ""
    revealed: set[str] = field(default_factory=set)
    answers: dict[str, bytearray] = field(default_factory=dict)  # by topic: a choice at each place
    rounds: Counter[str] = field(default_factory=Counter)

    @property
    def ends(self) -> float:
        """When it is forgotten."""
        return self.opened + base.DAY_SECONDS

    def make_place(self) -> None:
        """Drop the topic that the fewest answered, of those that the lecturer has not touched."""
        free = [topic for topic in self.answers if topic not in self.rounds and topic not in self.revealed]
        if not free:
            raise base.Refused(base.TOO_MANY)
        del self.answers[max(free, key=lambda topic: self.answers[topic].count(NONE))]

    def forget(self, topic: str) -> None:
        """Let everybody answer a topic anew."""
        if topic not in self.rounds and len(self.rounds) >= base.MOST_TOPICS:
            raise base.Refused(base.TOO_MANY)
        self.rounds[topic] += 1
        self.answers.pop(topic, None)
        self.revealed.discard(topic)


class InMemory:
    """A store for one server. Safe between the threads of sessions. now: seconds, a clock of one's own in a test."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._rooms: dict[str, _Room] = {}
        self._opened = Pace(base.MOST_OPENED, now)

    def open(self) -> tuple[str, str]:
        """A new room: its code and its secret."""
        with self._lock:
            self._opened.step()
            self._forget(lambda room: room.ends <= self._now())
            if len(self._rooms) >= base.MOST_ROOMS:
                self._forget(lambda room: not room.members and room.opened <= self._now() - base.HOUR_SECONDS)
            if len(self._rooms) >= base.MOST_ROOMS:
                raise base.Refused(base.CROWDED)
            while (code := base.code()) in self._rooms:
                pass
            secret, pace = base.secret(), Pace(base.MOST_WRITTEN, self._now)
            self._rooms[code] = _Room(base.kept(secret), self._now(), pace)
            return code, secret

    def look(self, code: str) -> RoomView | None:
        """The room, None where there is none of this code."""
        with self._lock:
            room = self._find(code)
            if room is None:
                return None
            return RoomView(len(room.members), room.question, frozenset(room.revealed), dict(room.rounds), room.page)

    def join(self, code: str, member: str) -> None:
        """Come in; whoever is in stays in."""
        with self._lock:
            room = self._written(code)
            if not base.is_member(member):
                raise base.Refused(base.STRANGER)
            if member not in room.members and len(room.members) >= base.MOST_MEMBERS:
                raise base.Refused(base.FULL)
            if member not in room.members:
                room.members[member] = min(set(range(base.MOST_MEMBERS)) - set(room.members.values()))

    def leave(self, code: str, member: str) -> None:
        """Go, and take one's answers along."""
        with self._lock:
            room = self._find(code)
            if room is None or member not in room.members:
                return
            place = room.members.pop(member)
            for answers in room.answers.values():
                answers[place] = NONE

    def answer(self, code: str, member: str, topic: str, choice: int) -> None:
        """Answer a topic, or change the answer."""
        base.check(topic, choice)
        with self._lock:
            room = self._written(code)
            if member not in room.members:
                raise base.Refused(base.STRANGER)
            if topic not in room.answers and len(room.answers) >= base.MOST_TOPICS:
                room.make_place()
            answers = room.answers.setdefault(topic, bytearray([NONE]) * base.MOST_MEMBERS)
            answers[room.members[member]] = choice

    def counts(self, code: str, topic: str) -> tuple[int, ...]:
        """How many chose what."""
        with self._lock:
            room = self._find(code)
            found = Counter(room.answers.get(topic, b"")) if room else Counter()
            return tuple(found[choice] for choice in range(base.MOST_CHOICES))

    def holds(self, code: str, secret: str) -> bool:
        """Whether this is the secret of the room."""
        with self._lock:
            room = self._find(code)
            return room is not None and base.is_secret(secret, room.secret)

    def ask(self, code: str, secret: str, question: Question | None) -> None:
        """Put a question of one's own, or take it away."""
        asked = base.valid(question) if question else None
        with self._lock:
            room = self._held(code, secret)
            room.question = asked
            room.forget(OWN)

    def reveal(self, code: str, secret: str, topic: str, on: bool) -> None:
        """Show the counts of a topic to all, or hide them."""
        base.check(topic)
        with self._lock:
            room = self._held(code, secret)
            if on and len(room.revealed) >= base.MOST_TOPICS:
                raise base.Refused(base.TOO_MANY)
            (room.revealed.add if on else room.revealed.discard)(topic)

    def clear(self, code: str, secret: str, topic: str) -> None:
        """Forget the answers to a topic."""
        base.check(topic)
        with self._lock:
            self._held(code, secret).forget(topic)

    def at(self, code: str, secret: str, page: str) -> None:
        """Say which page the lecturer is on."""
        base.check_page(page)
        with self._lock:
            self._held(code, secret).page = page

    def close(self, code: str, secret: str) -> None:
        """Forget the room."""
        with self._lock:
            self._held(code, secret)
            del self._rooms[code]

    def _find(self, code: str) -> _Room | None:
        room = self._rooms.get(code)
        return room if room and room.ends > self._now() else None

    def _written(self, code: str) -> _Room:
        room = self._find(code)
        if room is None:
            raise base.Refused(base.GONE)
        room.pace.step()
        return room

    def _held(self, code: str, secret: str) -> _Room:
        room = self._written(code)
        if not base.is_secret(secret, room.secret):
            raise base.Refused(base.NOT_YOURS)
        return room

    def _forget(self, over: Callable[[_Room], bool]) -> None:
        for code in [code for code, room in self._rooms.items() if over(room)]:
            del self._rooms[code]
