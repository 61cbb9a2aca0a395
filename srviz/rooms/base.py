"""What every store of rooms promises, and the bounds that all of them keep.

A room has a code, which is said aloud, and a secret, which the lecturer holds. Whoever joins is a random number there,
and nothing else is known of them. An answer is the number of a choice, given to a topic: the lecturer's own question,
or one that a page asks. A day after it was opened a room is forgotten, and after an hour one in which nobody is, where
another one needs its place.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"  # none that is taken for another: no B 8, I L 1, O 0, S 5, Z 2
CODE_LENGTH, MEMBER_LENGTH = 5, 12
DAY_SECONDS, HOUR_SECONDS = 24 * 3600, 3600
MOST_ROOMS, MOST_MEMBERS, MOST_TOPICS = 150, 400, 60
LEAST_CHOICES, MOST_CHOICES, MOST_OWN = 2, 12, 5  # of any question, and of a lecturer's own
LONGEST_QUESTION, LONGEST_CHOICE = 240, 80  # characters
PACE_SECONDS = 10
MOST_OPENED, MOST_WRITTEN = 60, 2000  # rooms opened, and writes to one room, in that time
OWN = "own"  # the topic of a lecturer's own question

_CODE, _MEMBER = re.compile(f"[{LETTERS}]{{{CODE_LENGTH}}}"), re.compile(f"[a-z0-9]{{{MEMBER_LENGTH}}}")
_PAGE = re.compile(r"[a-z_]{1,24}")
_TOPIC = re.compile(r"[a-z_]{1,24}(\.[a-z_]{1,24}){0,2}")


class Refused(ValueError):
    """What was asked cannot be; its text is one sentence for whoever asked."""


class Away(Exception):
    """The store cannot be reached."""


@dataclass(frozen=True)
class Question:
    """A lecturer's own question, as it was typed: it is shown as plain text and nothing else."""

    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class RoomView:
    """A room as everybody in it sees it. revealed: the topics whose counts are shown to all. rounds: how often the
    answers to a topic were forgotten, so that everybody knows to answer anew. page: the one that the lecturer is on, ""
    where that was not said.
    """

    members: int
    question: Question | None
    revealed: frozenset[str]
    rounds: Mapping[str, int]
    page: str = ""


class Rooms(Protocol):
    """A store of rooms. Whatever it refuses is a `Refused` of one sentence; a store that is away raises `Away`."""

    def open(self) -> tuple[str, str]:
        """A new room: its code and its secret."""

    def look(self, code: str) -> RoomView | None:
        """The room, None where there is none of this code."""

    def join(self, code: str, member: str) -> None:
        """Come in; whoever is in stays in."""

    def leave(self, code: str, member: str) -> None:
        """Go, and take one's answers along."""

    def answer(self, code: str, member: str, topic: str, choice: int) -> None:
        """Answer a topic, or change the answer. Only who has joined can."""

    def counts(self, code: str, topic: str) -> tuple[int, ...]:
        """How many chose what: `MOST_CHOICES` numbers."""

    def holds(self, code: str, secret: str) -> bool:
        """Whether this is the secret of the room."""

    def ask(self, code: str, secret: str, question: Question | None) -> None:
        """Put a question of one's own, or take it away; answers to the one before are forgotten."""

    def reveal(self, code: str, secret: str, topic: str, on: bool) -> None:
        """Show the counts of a topic to all, or hide them."""

    def clear(self, code: str, secret: str, topic: str) -> None:
        """Forget the answers to a topic."""

    def at(self, code: str, secret: str, page: str) -> None:
        """Say which page the lecturer is on."""

    def close(self, code: str, secret: str) -> None:
        """Forget the room."""


def is_code(text: str) -> bool:
    """Whether a text can be the code of a room."""
    return _CODE.fullmatch(text) is not None


def is_member(text: str) -> bool:
    """Whether a text can be the number of a member."""
    return _MEMBER.fullmatch(text) is not None


def code() -> str:
    """A code that can be said aloud and typed on a phone."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def member() -> str:
    """A number for somebody who joins."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(MEMBER_LENGTH))


def secret() -> str:
    """What a lecturer holds."""
    return secrets.token_urlsafe(16)


def kept(secret: str) -> str:
    """The form in which a store keeps a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(given: str, kept_as: str) -> bool:
    """Whether this is the secret that is kept so."""
    return hmac.compare_digest(kept(given), kept_as)


def tidy(text: str, most: int) -> str:
    """A text that somebody typed: on one line, without characters that are not seen, and no longer than that."""
    seen = "".join(
        " " if c.isspace() else c for c in text[: 4 * most] if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    return " ".join(seen.split())[:most].strip()


def valid(question: Question) -> Question:
    """The question within the bounds; a Refused says what is wrong with it."""
    text = tidy(question.text, LONGEST_QUESTION)
    choices = tuple(filter(None, (tidy(choice, LONGEST_CHOICE) for choice in question.choices[: MOST_OWN + 1])))
    if not text:
        raise Refused("The question has no text.")
    if not LEAST_CHOICES <= len(choices) <= MOST_OWN:
        raise Refused(f"A question has {LEAST_CHOICES} to {MOST_OWN} choices, and here are {len(choices)}.")
    return Question(text, choices)


def check(topic: str, choice: int = 0) -> None:
    """Refuse a topic or a choice that no page has."""
    if not _TOPIC.fullmatch(topic) or not 0 <= choice < MOST_CHOICES:
        raise Refused("There is no such answer.")


def check_page(page: str) -> None:
    """Refuse what is no name of a page."""
    if not _PAGE.fullmatch(page):
        raise Refused("There is no such page.")


# Why something is refused. These are texts, because an exception that is kept keeps the frames that raised it.
GONE = "There is no room with this code. It may be closed: a room lasts a day."
FULL = f"The room is full: {MOST_MEMBERS} are in it."
CROWDED = f"This server has {MOST_ROOMS} rooms, and no more can be opened now."
HASTY = "Too much at once: try again in a few seconds."
STRANGER = "Join the room first."
NOT_YOURS = "Only who opened the room can do this."
TOO_MANY = "This room has answers to too many questions."
FILLED = "The rooms of this server have no memory left. Try again later."
