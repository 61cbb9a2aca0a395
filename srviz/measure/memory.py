"""Memory: what this process holds, and the most that a piece of work takes."""

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from srviz import host


def resident() -> int:
    """Bytes of this process that are in memory now; 0 where the system does not tell."""
    try:
        return int((host.PROCESS / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


class Peak:
    """The most bytes this process held since it began to watch; it looks every few milliseconds."""

    def __init__(self) -> None:
        self.start = self.most = resident()

    def look(self) -> int:
        """Look now; return the most so far."""
        self.most = max(self.most, resident())
        return self.most


@contextlib.contextmanager
def watched(every: float = 0.004) -> Iterator[Peak]:
    """Watch the memory of this process while the block runs. every: seconds between two looks."""
    peak, over = Peak(), Event()

    def watch() -> None:
        while not over.wait(every):
            peak.look()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
        peak.look()


SMALLEST_BYTES = 1 << 21  # bytes: the system counts pages on each core apart, and adds them up late
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # glibc's names for mallopt


def peak_of(work: Callable[[], object]) -> tuple[int | None, str]:
    """The most bytes that `work` holds beyond what this process held before, and how that was measured.

    On Linux the system's own record of the process's resident memory: nothing falls between two looks. The work is
    done in a thread of its own, which has an empty heap, and glibc takes every block of 64 kB or more from the system
    and gives it back when it is freed. It is called twice, so that what is set up once does not count. None where the
    result is below 2 MB, or the system does not tell.
    """
    with _eager_malloc(), ThreadPoolExecutor(1) as thread:
        most, how = thread.submit(_peak, work).result()
    return (most, how) if most >= SMALLEST_BYTES else (None, "")


def _peak(work: Callable[[], object]) -> tuple[int, str]:
    work()
    host.trim()
    try:
        (host.PROCESS / "clear_refs").write_text("5")  # the record starts anew
        before = host.status("VmRSS")
    except OSError:  # not Linux, or not allowed
        with watched(0.001) as peak:
            work()
        return peak.most - peak.start, "looked at every millisecond"
    work()
    return host.status("VmHWM") - before, "the system's own record of the process"


def settle_malloc() -> None:
    """Set glibc's thresholds where its own adjustment ends in a process that works with large arrays: 32 and 64 MB."""
    _mallopt(1 << 25, 1 << 26)


@contextlib.contextmanager
def _eager_malloc() -> Iterator[None]:
    _mallopt(1 << 16, 0)
    try:
        yield
    finally:
        settle_malloc()


def _mallopt(mmap_threshold: int, trim_threshold: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, mmap_threshold)
        ctypes.CDLL(None).mallopt(TRIM_THRESHOLD, trim_threshold)
