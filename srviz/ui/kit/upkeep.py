"""What a server does by itself: it imports what its pages need, and keeps the collection of garbage short.

Streamlit looks through all objects of the process after every run of a page: with what the caches and sessions have got
since the start, that takes a quarter of the processor's time. Here it looks through what is young after every run, and
through the rest every few seconds at most. What is there already is taken out of that (`gc.freeze`) whenever no page is
at work; now and then all is put back and looked through, for what has become garbage. Where memory is short, the caches
of data are emptied: what was in them is computed again when somebody asks for it.
"""

import asyncio
import gc
import logging
import math
import pkgutil
import sys
import time
from importlib import import_module
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import script_runner

from srviz import host
from srviz.ui.kit import course
from srviz.ui.kit.ending import at_work

LIGHT_SECONDS = 5.0  # between two looks through what is new
WHOLE_SECONDS = 120.0  # between two looks through all
SHORT_BYTES = 64 << 20  # memory is short where less is left, and less than an eighth of what is granted
GIVE_SECONDS = 20.0  # between two times that the caches are emptied; twice as long after each that gave too little
GIVE_MOST_SECONDS = 600.0  # and so long at most
EVERY_SECONDS = 2.0  # between two looks through everything after a run
MANY = 20_000  # new blocks of memory: what lies in fewer is looked through in two milliseconds
HEAVY = ("scipy.spatial",)  # imported by a first cloud, and not with a page


class Seldom:
    """What a module is given for `gc`: a look through everything is taken at most every few seconds."""

    def __init__(self) -> None:
        self._last = -math.inf

    def collect(self, generation: int = 2) -> int:
        """A look through what is as young as this, or through the youngest two generations."""
        now = time.monotonic()
        if generation < 2 or now - self._last < EVERY_SECONDS:
            return gc.collect(min(generation, 1))
        self._last = now
        found = gc.collect(generation)
        host.trim()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(gc, name)


def look_seldom() -> None:
    """Let Streamlit look through everything seldom, where it does so by its module's name `gc`, as 1.67 does."""
    if getattr(script_runner, "gc", None) is gc:
        script_runner.__dict__["gc"] = Seldom()


def is_short() -> bool:
    """Whether so little memory is left that the system may soon end this process."""
    return host.available() < min(SHORT_BYTES, host.granted() // 8)


async def collect() -> None:
    """Look through what is new, whenever there is much of it and no page is at work, for as long as the server runs."""
    whole, given, pause, blocks = time.monotonic(), -math.inf, GIVE_SECONDS, 0
    while True:
        await asyncio.sleep(LIGHT_SECONDS)
        now = time.monotonic()
        if now - given > pause and is_short():
            st.cache_data.clear()
            gc.collect()
            host.trim()
            given, pause = now, min(2 * pause, GIVE_MOST_SECONDS) if is_short() else GIVE_SECONDS
        if sys.getallocatedblocks() - blocks < MANY or at_work():
            continue
        if now - whole > WHOLE_SECONDS:
            gc.unfreeze()
            whole = now
        gc.collect()
        gc.freeze()
        host.trim()
        blocks = sys.getallocatedblocks()


def import_ahead(package: str) -> None:
    """Import the chapters of this package and what they need, in a thread of its own, before a visitor waits for it."""
    try:
        chapters = import_module(package)
        for chapter in pkgutil.iter_modules(chapters.__path__):
            if chapter.ispkg:
                course.imported(f"{package}.{chapter.name}.page")
        for name in HEAVY:
            import_module(name)
    except Exception:  # the page that needs it says so to its visitor
        log = logging.getLogger(__name__)
        log.exception("What the pages need could not be imported in advance")
