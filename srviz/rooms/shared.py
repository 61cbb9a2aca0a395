"""Rooms in Redis, which several servers share.

A room is a handful of keys that end together, a day after it was opened. Each step first reads the room, and then
writes what belongs together in one transaction, which says again when it ends. Where another server closes the room
between the two, what is written is found by nobody and ends with the day. A Redis without memory takes no transaction:
what only reads or deletes is none.
"""

import functools
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import redis

from srviz.rooms import base
from srviz.rooms.base import OWN, Away, Question, RoomView

WAIT_SECONDS = 1.0  # for an answer
REST_SECONDS = 5.0  # after one that did not come, in which nobody waits again
PREFIX = "srviz:rooms"
Given = ParamSpec("Given")
Said = TypeVar("Said")


def _reached(act: Callable[Given, Said]) -> Callable[Given, Said]:
    """A step of the store: Redis that does not answer is `Away`, and left alone for a while."""

    @functools.wraps(act)
    def reach(*given: Given.args, **named: Given.kwargs) -> Said:
        store: Any = given[0]
        if time.monotonic() < store.rests:
            raise Away("Redis did not answer a moment ago")
        try:
            return act(*given, **named)
        except redis.ResponseError as error:  # it is there, and does not do this
            if isinstance(error, redis.OutOfMemoryError):
                raise base.Refused(base.FILLED) from error
            raise Away(f"Redis: {type(error).__name__}") from error
        except redis.RedisError as error:
            store.rests = time.monotonic() + REST_SECONDS
            raise Away(f"Redis: {type(error).__name__}") from error

    return reach


class InRedis:
    """A store for several servers. url: redis://host:port/number. now: seconds, a clock of one's own in a test."""

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.rests = 0.0
        self._redis: Any = redis.Redis.from_url(
            url, decode_responses=True, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS
        )

    @_reached
    def open(self) -> tuple[str, str]:
        """A new room: its code and its secret."""
        self._step("open", base.MOST_OPENED)
        now = self._now()
        self._redis.zremrangebyscore(PREFIX, "-inf", now)
        ends, secret = now + base.DAY_SECONDS, base.secret()
        while not self._redis.zadd(PREFIX, {(code := base.code()): ends}, nx=True):
            pass
        if self._redis.zcard(PREFIX) > base.MOST_ROOMS and not self._make_room(now):
            self._redis.zrem(PREFIX, code)
            raise base.Refused(base.CROWDED)
        with self._redis.pipeline() as steps:
            steps.delete(*self._keys(code))
            steps.hset(self._key(code), mapping={"secret": base.kept(secret), "ends": repr(ends)})
            steps.expire(self._key(code), base.DAY_SECONDS)
            steps.execute()
        return code, secret

    @_reached
    def look(self, code: str) -> RoomView | None:
        """The room, None where there is none of this code."""
        room = self._find(code)
        if room is None:
            return None
        with self._redis.pipeline(transaction=False) as steps:
            steps.scard(self._key(code, "members"))
            steps.smembers(self._key(code, "revealed"))
            steps.hgetall(self._key(code, "rounds"))
            members, revealed, rounds = steps.execute()
        asked = json.loads(room["question"]) if room.get("question") else None
        own = Question(asked[0], tuple(asked[1])) if asked else None
        counts = {topic: int(count) for topic, count in rounds.items()}
        return RoomView(members, own, frozenset(revealed), counts, room.get("page", ""))

    @_reached
    def join(self, code: str, member: str) -> None:
        """Come in; whoever is in stays in."""
        room = self._written(code)
        if not base.is_member(member):
            raise base.Refused(base.STRANGER)
        self._put(self._key(code, "members"), self._left(room), member, base.MOST_MEMBERS, base.FULL)

    @_reached
    def leave(self, code: str, member: str) -> None:
        """Go, and take one's answers along."""
        if not base.is_code(code) or not self._redis.srem(self._key(code, "members"), member):
            return
        with self._redis.pipeline(transaction=False) as steps:
            for topic in self._redis.smembers(self._key(code, "topics")):
                steps.hdel(self._key(code, f"at:{topic}"), member)
            steps.execute()

    @_reached
    def answer(self, code: str, member: str, topic: str, choice: int) -> None:
        """Answer a topic, or change the answer."""
        base.check(topic, choice)
        left = self._left(self._written(code))
        if not self._redis.sismember(self._key(code, "members"), member):
            raise base.Refused(base.STRANGER)
        topics = self._key(code, "topics")
        if self._redis.scard(topics) >= base.MOST_TOPICS and not self._redis.sismember(topics, topic):
            self._make_place(code)
        self._put(topics, left, topic, base.MOST_TOPICS, base.TOO_MANY)
        with self._redis.pipeline() as steps:
            steps.hset(self._key(code, f"at:{topic}"), member, str(choice))
            steps.expire(self._key(code, f"at:{topic}"), left)
            steps.execute()

    @_reached
    def counts(self, code: str, topic: str) -> tuple[int, ...]:
        """How many chose what."""
        given = self._redis.hvals(self._key(code, f"at:{topic}")) if self._find(code) else []
        found = Counter(map(int, given))
        return tuple(found[choice] for choice in range(base.MOST_CHOICES))

    @_reached
    def holds(self, code: str, secret: str) -> bool:
        """Whether this is the secret of the room."""
        room = self._find(code)
        return room is not None and base.is_secret(secret, room["secret"])

    @_reached
    def ask(self, code: str, secret: str, question: Question | None) -> None:
        """Put a question of one's own, or take it away."""
        asked = base.valid(question) if question else None
        text = json.dumps([asked.text, asked.choices], ensure_ascii=False) if asked else ""
        self._forget(code, OWN, self._left(self._held(code, secret)), {"question": text})

    @_reached
    def reveal(self, code: str, secret: str, topic: str, on: bool) -> None:
        """Show the counts of a topic to all, or hide them."""
        base.check(topic)
        left = self._left(self._held(code, secret))
        if on:
            self._put(self._key(code, "revealed"), left, topic, base.MOST_TOPICS, base.TOO_MANY)
        else:
            self._redis.srem(self._key(code, "revealed"), topic)

    @_reached
    def clear(self, code: str, secret: str, topic: str) -> None:
        """Forget the answers to a topic."""
        base.check(topic)
        self._forget(code, topic, self._left(self._held(code, secret)))

    @_reached
    def at(self, code: str, secret: str, page: str) -> None:
        """Say which page the lecturer is on."""
        base.check_page(page)
        left = self._left(self._held(code, secret))
        with self._redis.pipeline() as steps:
            steps.hset(self._key(code), "page", page)
            steps.expire(self._key(code), left)
            steps.execute()

    @_reached
    def close(self, code: str, secret: str) -> None:
        """Forget the room."""
        room = self._find(code)
        if room is None:
            raise base.Refused(base.GONE)
        self._check(room, secret)  # without a step of its pace, which a Redis without memory could not keep
        self._drop(code)

    def _key(self, code: str, part: str = "") -> str:
        return f"{PREFIX}:{code}:{part}" if part else f"{PREFIX}:{code}"

    def _keys(self, code: str) -> list[str]:
        topics = self._redis.smembers(self._key(code, "topics"))
        parts = ["", "members", "topics", "revealed", "rounds", f"at:{OWN}", *(f"at:{topic}" for topic in topics)]
        return [self._key(code, part) for part in parts]

    def _find(self, code: str) -> dict[str, str] | None:
        if not base.is_code(code):
            return None
        room: dict[str, str] = self._redis.hgetall(self._key(code))
        return room if "ends" in room and float(room["ends"]) > self._now() else None

    def _written(self, code: str) -> dict[str, str]:
        """The room, which is about to be written to."""
        room = self._find(code)
        if room is None:
            raise base.Refused(base.GONE)
        self._step(code, base.MOST_WRITTEN)
        return room

    def _held(self, code: str, secret: str) -> dict[str, str]:
        room = self._written(code)
        self._check(room, secret)
        return room

    @staticmethod
    def _check(room: dict[str, str], secret: str) -> None:
        if not base.is_secret(secret, room["secret"]):
            raise base.Refused(base.NOT_YOURS)

    def _drop(self, code: str) -> None:
        self._redis.zrem(PREFIX, code)
        self._redis.delete(*self._keys(code))

    def _make_room(self, now: float) -> bool:
        """Forget the rooms in which nobody is after an hour; whether there were any."""
        codes = self._redis.zrangebyscore(PREFIX, "-inf", now + base.DAY_SECONDS - base.HOUR_SECONDS)
        with self._redis.pipeline(transaction=False) as steps:
            for code in codes:
                steps.exists(self._key(code, "members"))
            empty = [code for code, there in zip(codes, steps.execute(), strict=True) if not there]
        for code in empty:
            self._drop(code)
        return bool(empty)

    def _left(self, room: dict[str, str]) -> int:
        """Whole seconds until it is forgotten."""
        return max(1, int(float(room["ends"]) - self._now()))

    def _forget(self, code: str, topic: str, left: int, fields: Mapping[str, str] | None = None) -> None:
        """Let everybody answer a topic anew. fields: of the room, set with it."""
        self._put(self._key(code, "topics"), left, topic, base.MOST_TOPICS, base.TOO_MANY)
        with self._redis.pipeline() as steps:
            if fields:
                steps.hset(self._key(code), mapping=fields)
                steps.expire(self._key(code), left)
            steps.delete(self._key(code, f"at:{topic}"))
            steps.srem(self._key(code, "revealed"), topic)
            steps.hincrby(self._key(code, "rounds"), topic, 1)
            steps.expire(self._key(code, "rounds"), left)
            steps.execute()

    def _make_place(self, code: str) -> None:
        """Drop the topic that the fewest answered, of those that the lecturer has not touched."""
        touched = self._redis.hkeys(self._key(code, "rounds"))
        free = sorted(self._redis.sdiff(self._key(code, "topics"), self._key(code, "revealed")) - {*touched})
        with self._redis.pipeline(transaction=False) as steps:
            for topic in free:
                steps.hlen(self._key(code, f"at:{topic}"))
            counts = steps.execute()
        if free:
            _, least = min(zip(counts, free, strict=True))
            with self._redis.pipeline() as steps:
                steps.srem(self._key(code, "topics"), least)
                steps.delete(self._key(code, f"at:{least}"))
                steps.execute()

    def _put(self, key: str, left: int, one: str, most: int, refused: str) -> None:
        """One more in a set of at most so many."""
        with self._redis.pipeline() as steps:
            steps.sadd(key, one)
            steps.scard(key)
            steps.expire(key, left)
            new, count, _ = steps.execute()
        if new and count > most:
            self._redis.srem(key, one)
            raise base.Refused(refused)

    def _step(self, what: str, most: int) -> None:
        """So many in every stretch of time."""
        key = f"{PREFIX}:pace:{what}:{int(self._now() // base.PACE_SECONDS)}"
        with self._redis.pipeline() as steps:
            steps.incr(key)
            steps.expire(key, 3 * base.PACE_SECONDS)
            count, _ = steps.execute()
        if count > most:
            raise base.Refused(base.HASTY)
