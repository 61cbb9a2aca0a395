"""A visitor's place in a class's room: where they sit, what the pages ask there, and what was answered."""

import hashlib
import logging
import os
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import streamlit as st

from srviz import rooms
from srviz.rooms import Away, Refused, Rooms, RoomView
from srviz.ui.kit import WORDS, url

REDIS = "SRVIZ_REDIS_URL"
SEAT, REFUSED = "_seat", "_refused"  # in the session: the place, and the code of a room that had none
MARK = 8  # letters that tell a question from others of its page
PANEL = "room panel"  # the key of the cover over what a lecturer sees
Said = TypeVar("Said")


@dataclass
class Seat:
    """A place in a room. secret: of who opened it, who leads and does not answer. look: the room as it was last seen.
    sent: the answers that the room has of this seat. offers: what the page that is on screen asks. trouble: why the
    last thing that the lecturer wanted could not be, "" where it could.
    """

    code: str
    member: str
    secret: str = ""
    look: RoomView | None = None
    sent: dict[str, int] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    offers: list["PageQuestion"] = field(default_factory=list)
    trouble: str = ""

    @property
    def text(self) -> str:
        """As a link holds it, so that who loads the page again is not somebody new."""
        return self.code if self.secret else f"{self.code}.{self.member}"


@dataclass(frozen=True)
class PageQuestion:
    """What a page asks. labels: of the choices. given: the visitor's own. right: the one that is right, if one is."""

    topic: str
    title: str
    labels: tuple[str, ...]
    given: int | None
    right: int | None = None


@st.cache_resource(max_entries=1, show_spinner=False)
def store() -> Rooms:
    """The rooms of this server, or those that it shares."""
    address = os.environ.get(REDIS, "")
    if not address:
        return rooms.InMemory()
    try:
        from srviz.rooms.shared import InRedis

        return InRedis(address)
    except (ImportError, ValueError) as error:
        log = logging.getLogger(__name__)
        log.error("%s: rooms cannot be shared: %s", REDIS, error)
        raise Away(str(error)) from error


def current() -> Seat | None:
    """The place of this session."""
    seat: Seat | None = st.session_state.get(SEAT)
    return seat


def told(act: Callable[[], Said]) -> tuple[Said | None, str]:
    """What an act on the rooms gives, and the sentence that says why it gives nothing."""
    try:
        return act(), ""
    except Refused as refused:
        return None, str(refused)
    except Away:
        return None, WORDS("room.away")


def tried(act: Callable[[], None]) -> str:
    """Do something to the rooms; the sentence that says why it could not be, "" where it could."""
    try:
        act()
    except Refused as refused:
        return str(refused)
    except Away:
        return WORDS("room.away")
    return ""


def sit(code: str, member: str = "", secret: str = "") -> str:
    """Take a place; the sentence that says why there is none, "" where there is."""
    seat = Seat(code, member or rooms.member(), secret)
    why = "" if secret else tried(lambda: store().join(code, seat.member))
    st.session_state[REFUSED] = code if why else ""
    if not why:
        st.session_state[SEAT] = seat
    return why


def lead(code: str, secret: str) -> bool:
    """Lead the room that this session is in, or could not join, if this is its secret: it is no member then."""
    place = current()
    wanted = not place.secret and place.code == code if place else st.session_state.get(REFUSED) == code
    leads = bool(wanted and told(lambda: store().holds(code, secret))[0])
    if leads:
        if place:
            tried(partial(store().leave, code, place.member))
        sit(code, secret=secret)
    return leads


def rise() -> None:
    """Leave the place. A member is no longer counted, and neither are their answers."""
    place, st.session_state[REFUSED] = st.session_state.pop(SEAT, None), ""
    if place and not place.secret:
        tried(lambda: store().leave(place.code, place.member))
    url.put({url.ROOM.name: ""})


def topic(name: str, title: str, labels: Sequence[str]) -> str:
    """What a room calls a question of this page: answers are added up where the name, what is asked and the choices are
    the same. name: what the answer is called in the link.
    """
    digest = hashlib.sha256("\n".join((title, *labels)).encode()).digest()
    return f"{seat_page()}.{name}." + "".join(string.ascii_lowercase[byte % 26] for byte in digest[:MARK])


def offer(topic: str, title: str, labels: Sequence[str], given: int | None, right: int | None = None) -> None:
    """Let a room hear what the page asks and what the visitor chose."""
    if seat := current():
        seat.offers.append(PageQuestion(topic, title, tuple(labels), given, right))


def waits(topic: str) -> bool:
    """Whether the room has not shown yet what all answered, so that the page keeps what is right to itself."""
    seat = current()
    return bool(seat and not seat.secret and seat.look and topic not in seat.look.revealed)


def anew(topic: str) -> bool:
    """Whether the room has forgotten the answers to a question since this visitor last saw it: the page then takes the
    visitor's own back.
    """
    seat = current()
    if seat is None or seat.look is None:
        return False
    now = seat.look.rounds.get(topic, 0)
    before = seat.rounds.setdefault(topic, now)
    seat.rounds[topic] = now
    if now != before:
        seat.sent.pop(topic, None)
    return now != before


def invited(query: dict[str, str]) -> dict[str, str]:
    """The query of a state as a class gets it: without what is the lecturer's own, and with the room."""
    own = (url.PRESENT.name, url.ROOM.name, url.ANSWER.name, url.SOLVED.name, url.ANSWERED.name)
    found = {name: text for name, text in query.items() if name not in own}
    place = current()
    return found | ({url.ROOM.name: place.code} if place else {})


def seat_page() -> str:
    """The name of the page on screen, as topics have it."""
    return str(st.session_state.get("_page", ""))
