"""Reads a visitor's file in a process that may be ended, with limits of its time and memory, never on disk."""

import contextlib
import json
import os
import subprocess
import time
import zipfile
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srviz import child, host
from srviz.inputs import kinds
from srviz.inputs.base import Unreadable
from srviz.inputs.kinds.__main__ import MEMORY_BYTES, NO_MEMORY
from srviz.inputs.turns import Turns

PROGRAM = Path(kinds.__file__).with_name("__main__.py")
MOST_BYTES = 25_000_000
MOST_SECONDS = 30  # for a file to be read in
CPU_SECONDS = 35  # after which the system ends the process that reads it, should nobody else
EVERY_SECONDS = 0.1  # seconds between two looks at it
SMALL_BYTES = 1_500_000_000  # of memory that the host grants: with less, files are read one at a time
AT_ONCE = 1 if host.granted() < SMALL_BYTES else 2  # files read at a time: each may take its share of the memory
TURNS = Turns(AT_ONCE)

Show = Callable[[str], object]
__all__ = ["MOST_BYTES", "Show", "read_arrays"]


def read_arrays(
    ending: str,
    data: bytes,
    *,
    memory: int | None = None,
    show: Show = lambda text: None,
    owner: Hashable | None = None,
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What the reader of this kind of file says, and its arrays, from a process of its own.

    memory: bytes that the process may take, its share of what is left where None. show: told every 0.1 s that it goes
    on; what it raises ends the process and comes out of here. owner: whose file it is, of whom one is read at a time;
    None where that is not known. Raises Unreadable with the reader's sentence, and where it takes too long, or breaks.
    """
    with _turn(show, owner):
        memory = share() if memory is None else memory
        if memory < (least := kinds.KINDS[ending].memory):
            raise Unreadable(
                f"There is too little memory just now to read a file of this kind: {memory >> 20:,} MB can be had, and "
                f"{least >> 20:,} MB are needed at least. Try again in a few minutes."
            )
        found = _arrays(ending, data, memory, show)
    said: dict[str, Any] = json.loads(found.pop("said").tobytes())
    if said.get("error") == kinds.NO_MEMORY:
        raise Unreadable(_short(memory))
    if "error" in said:
        raise Unreadable(said["error"])
    return said, found


def share() -> int:
    """Bytes that a process which reads a file may take: three quarters of what is left, for all that read at once."""
    return min(MEMORY_BYTES, host.available() * 3 // (4 * AT_ONCE))


@contextlib.contextmanager
def _turn(show: Show, owner: Hashable | None) -> Iterator[None]:
    """Wait until it is this file's turn."""
    began = time.monotonic()
    ticket = TURNS.join(owner)
    try:
        while not TURNS.wait(ticket, EVERY_SECONDS):
            if time.monotonic() - began > 2 * MOST_SECONDS:
                raise Unreadable("Other files are being read just now. Try again in a minute.")
            show("Other files are being read …")
        yield
    finally:
        TURNS.leave(ticket)


def _short(memory: int) -> str:
    return f"This file needs more than the {memory >> 20:,} MB of memory that it may have now. A smaller one works."


def _arrays(ending: str, data: bytes, memory: int, show: Show) -> dict[str, NDArray[Any]]:
    """All arrays that the process writes."""
    try:
        with np.load(BytesIO(_answer(ending, data, memory, show)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"This file takes longer than {MOST_SECONDS} seconds to be read. A smaller one works."
        ) from None
    except subprocess.CalledProcessError as error:
        if error.returncode == NO_MEMORY:
            raise Unreadable(_short(memory)) from None
        raise Unreadable("This file could not be read: it is broken, or needs too much memory.") from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise Unreadable("This file could not be read: it is broken, or needs too much memory.") from None


def _answer(ending: str, data: bytes, memory: int, show: Show) -> bytes:
    """What the process writes; it is gone when this returns or raises, whatever `show` raised included."""
    program = [str(PROGRAM), ending, str(memory)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pipe = subprocess.PIPE
    started = child.start(
        program, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=os.environ | one, cpu_seconds=CPU_SECONDS
    )
    with started as process, ThreadPoolExecutor(1) as thread:
        talk = thread.submit(process.communicate, data, timeout=MOST_SECONDS)
        try:
            while not wait([talk], EVERY_SECONDS).done:
                show("Reading …")
            out, _ = talk.result()
        finally:
            process.kill()  # which also ends the talk
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program)
    return bytes(out)
