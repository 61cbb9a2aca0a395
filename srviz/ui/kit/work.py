"""Long work on a page: a place in the line, a Stop that is heard at once, progress, and its end with the tab.

Work runs in another process; the script of the page only listens. Streamlit ends a script at its next call when the
visitor presses Stop, touches another control or closes the tab, and that ends the work. So what comes of it is to be
kept in the session as it comes, and the button stands in the main script, above the place where the script listens:
there a press is heard at once.
"""

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from srviz import host, jobs
from srviz.ui.kit import WORDS, seat, url
from srviz.ui.kit.component import component

TELL_SECONDS = 0.1  # at least so long between two signs of life
REST_SECONDS = 0.5
NICE = 5  # of the processes that do the work: the visitors of other pages come first, but nobody's work stands still
RACE_NICE = jobs.LAST  # it may stand still: it keeps all processors busy, and leaves out disturbed samples
FEED_SECONDS = 0.2  # at least so long between two pictures of what has come so far
OVERLAP_SECONDS = 3.0  # what a feed repeats
KEPT_SECONDS = 1.5  # so long the place of a session is kept whose script was ended: its next script comes back for it
MOST_KEPT_SECONDS = 60.0  # so long in all somebody at work keeps the first place by coming back, while others wait
News = TypeVar("News")


@dataclass(eq=False)
class Ticket:
    """A place in the line. owner: the session that has it, if one has. left: when its script was ended, on the clock
    of `time.monotonic`; None while the script waits or works. interrupted: when a script at work was first ended.
    """

    owner: str | None
    left: float | None = None
    interrupted: float | None = None


class Queue:
    """Tickets of those who wait, the first being the one at work. Safe between the threads of sessions.

    Streamlit ends a script whenever the visitor touches something, and starts the next one at once. The place of a
    session whose script was ended is therefore kept for `KEPT_SECONDS`. Who is at work and is interrupted again and
    again goes behind the others after `MOST_KEPT_SECONDS`.
    """

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self._lock = Lock()

    def join(self, owner: str | None = None) -> Ticket:
        """The ticket that is kept for this session, or a new one at the end of the line."""
        with self._lock:
            self._forget()
            for ticket in self._tickets:
                if owner is not None and ticket.owner == owner and ticket.left is not None:
                    ticket.left = None
                    since = time.monotonic() - MOST_KEPT_SECONDS
                    if ticket.interrupted is not None and ticket.interrupted < since and len(self._tickets) > 1:
                        self._tickets.remove(ticket)
                        break
                    return ticket
            self._tickets.append(Ticket(owner))
            return self._tickets[-1]

    def before(self, ticket: Ticket) -> int:
        """How many are before this ticket; 0: it is its turn."""
        with self._lock:
            self._forget()
            return self._tickets.index(ticket)

    def __len__(self) -> int:
        """How many there are, the one at work included."""
        with self._lock:
            self._forget()
            return len(self._tickets)

    def others(self, owner: str | None) -> int:
        """How many are here but those of this session: a place that is kept for somebody does not count."""
        with self._lock:
            here = [ticket for ticket in self._tickets if ticket.left is None]
            return sum(owner is None or ticket.owner != owner for ticket in here)

    def leave(self, ticket: Ticket) -> None:
        """Done, or given up."""
        with self._lock:
            self._tickets.remove(ticket)

    def keep(self, ticket: Ticket) -> None:
        """Its script was ended; the session may come back for the place."""
        with self._lock:
            ticket.left = time.monotonic()
            if ticket is self._tickets[0] and ticket.interrupted is None:
                ticket.interrupted = ticket.left

    def give_up(self, owner: str) -> None:
        """The session does not come back for the place that is kept for it."""
        with self._lock:
            kept = [ticket for ticket in self._tickets if ticket.owner == owner and ticket.left is not None]
            for ticket in kept:
                self._tickets.remove(ticket)

    def _forget(self) -> None:
        """Drop the tickets that nobody came back for in time."""
        since = time.monotonic() - KEPT_SECONDS
        for ticket in [ticket for ticket in self._tickets if ticket.left is not None and ticket.left < since]:
            self._tickets.remove(ticket)


def _session() -> str | None:
    """The session whose script this is; None outside of one."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else None


@st.cache_resource(max_entries=1, show_spinner=False)
def _queue() -> Queue:
    return Queue()


def waiting() -> int:
    """How many sessions of this server are at a heavy job or wait for their turn."""
    return len(_queue())


def others() -> int:
    """How many other sessions of this server are at a heavy job or wait for their turn."""
    return _queue().others(_session())


def give_up() -> None:
    """Do not come back for the place that is kept for this session, if one is."""
    if session := _session():
        _queue().give_up(session)


@contextlib.contextmanager
def turn(show: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other session is at a heavy job, then run the block as the only one.

    show: an element of the page, told how many are before this one whenever that changes. Every 0.1 s Streamlit may
    end the script, when the visitor touches something or closes the tab. The place in the line is kept for the next
    script of the session then, so that who opens a panel while waiting does not have to queue again; Stop gives it up.
    What the page shows goes into its link now and not when the work is done.
    """
    url.leave()
    queue = _queue()
    ticket = queue.join(_session())
    try:
        told = 0
        while others := queue.before(ticket):
            if others != told:
                show(WORDS("work.before", others=others))
                told = others
            _sign_of_life()
            time.sleep(TELL_SECONDS)
        yield
    except Exception:
        queue.leave(ticket)
        raise
    except BaseException:  # Streamlit ended the script
        if ticket.owner is None:
            queue.leave(ticket)
        else:
            queue.keep(ticket)
        raise
    else:
        queue.leave(ticket)


@dataclass
class ProgressBar:
    """How far the work is. A browser draws the page anew for whatever it is sent, so only what looks new is sent."""

    place: DeltaGenerator
    shown: tuple[int, str] = (0, WORDS("work.waiting"))

    def progress(self, share: float, text: str) -> None:
        """A part of the whole, from 0 to 1, and what is being done."""
        new = int(100 * share), text
        if new != self.shown:
            self.place.progress(*new)
            self.shown = new


def stop_and_bar(key: str, stop: Callable[..., None], *arguments: object, row: str | None = None) -> ProgressBar:
    """The button Stop and, beside it, the bar that shows how far the work is. row: the key of both together.

    A script that listens is one that runs, and the panel of a class's room waits for its end: a note says so.
    """
    if seat.current():
        st.caption(WORDS("work.room"))

    def stop_for_good() -> None:
        give_up()
        stop(*arguments)

    with st.container(horizontal=True, vertical_alignment="center", key=row):
        st.button(WORDS("work.stop"), key=key, on_click=stop_for_good)
        return ProgressBar(st.progress(*ProgressBar.shown))


def _sign_of_life() -> None:
    """Let Streamlit end this script, if it is to. It does so wherever the session's state is read."""
    st.session_state.get("_")


def rest() -> None:
    """Wait until the visitor has come to rest: what is begun sooner would be ended by their next touch."""
    for _ in range(round(REST_SECONDS / TELL_SECONDS)):
        _sign_of_life()
        time.sleep(TELL_SECONDS)


def watch(
    news: Generator[News | None, None, None],
    take: Callable[[News], object],
    tell: Callable[[], object],
    feed: Callable[[], object] | None = None,
) -> None:
    """Listen to work until it is over, or until Streamlit ends this script, which ends the work.

    news: what the work says, and None every 0.1 s while it says nothing. take: keeps it in the session. tell: shows on
    the page how far the work is, for instance by a `ProgressBar`. feed: shows what has come so far, where there is
    something new.
    """
    told = fed = 0.0
    new = False
    with contextlib.closing(news) as heard:
        for one in heard:
            if one is not None:
                take(one)
                new = True
            now = time.monotonic()
            if now - told >= TELL_SECONDS or one is None:
                _sign_of_life()
                tell()
                told = now
            if feed and new and now - fed >= FEED_SECONDS:
                feed()
                new, fed = False, now
    tell()


@dataclass
class Display:
    """Where work under way shows itself: its bar, and the element that hands on what has come so far."""

    bar: ProgressBar
    feed: DeltaGenerator


def listen(
    place: Display,
    begin: Callable[[], Generator[News | None, None, None]],
    take: Callable[[News], object],
    *,
    share: Callable[[], float],
    doing: Callable[[], str],
    news: Callable[[], dict[str, Any]],
) -> None:
    """Do work as the one heavy job of this server. Stop, or a closed tab, ends it.

    begin: once it is its turn, what it says, as `watch` hears it. share: the part of the work that is done, 0 … 1.
    doing: its present step, in words. news: the data of the live component, with all results so far.
    """
    number = itertools.count()

    def feed() -> None:
        with place.feed:
            component("paint")(key=f"_feed {next(number)}", data=news())

    with turn(lambda text: place.bar.progress(0.0, text)):
        watch(begin(), take, lambda: place.bar.progress(share(), doing()), feed)


def recent(times: Sequence[float]) -> int:
    """The index of the first of some moments, in the order of time, that a feed tells of: those of the last seconds.

    A feed repeats these, because a browser may leave a feed out.
    """
    since = time.monotonic() - OVERLAP_SECONDS
    return next((k for k, at in enumerate(times) if at >= since), len(times))


def limits(device: str) -> jobs.Limits:
    """What a job of a page may take: all that the host has left, but the visitors of other pages come first.

    A process that has used an accelerator does not wait for another job: it would hold the accelerator's memory.
    """
    cpu = device == "cpu"
    memory = host.granted() if cpu else None
    return jobs.Limits(memory_bytes=memory, threads=host.cores(), nice=NICE, reused=cpu)


def pack(array: NDArray[Any]) -> jobs.Packed:
    """An array to be attached to a plan."""
    return jobs.Packed(str(array.dtype), array.shape, array.tobytes())


def unpack(packed: jobs.Packed) -> NDArray[Any]:
    """The array that was packed; it cannot be written to."""
    return np.frombuffer(packed.data, packed.kind).reshape(packed.shape)


def array(given: dict[str, Any]) -> NDArray[Any]:
    """An array in a record."""
    return unpack(jobs.Packed.of_json(given))
