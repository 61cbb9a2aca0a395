"""One heavy job at a time on this server; who comes later sees how many are before them."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Lock

import streamlit as st


class Line:
    """Tickets of those who wait, the first being the one at work. Safe between the threads of sessions."""

    def __init__(self) -> None:
        self._tickets: deque[object] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._tickets)

    def join(self) -> object:
        """A ticket at the end of the line."""
        ticket = object()
        with self._lock:
            self._tickets.append(ticket)
        return ticket

    def before(self, ticket: object) -> int:
        """How many are before this ticket; 0: it is its turn."""
        with self._lock:
            return self._tickets.index(ticket)

    def leave(self, ticket: object) -> None:
        """Done, or given up."""
        with self._lock:
            self._tickets.remove(ticket)


@st.cache_resource(max_entries=1, show_spinner=False)
def _line() -> Line:
    return Line()


def busy() -> bool:
    """Whether a heavy job runs, or waits to."""
    return bool(_line())


@contextlib.contextmanager
def turn(show: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other session is at a heavy job, then run the block as the only one.

    show: an element of the page, told every 0.1 s how many are before this one. That call is also where Streamlit ends
    the wait when the visitor presses Stop or closes the tab; the place in the line is given up then.
    """
    line = _line()
    ticket = line.join()
    try:
        while others := line.before(ticket):
            show(f"Another heavy job runs on this server: {others} before you …")
            time.sleep(0.1)
        yield
    finally:
        line.leave(ticket)
