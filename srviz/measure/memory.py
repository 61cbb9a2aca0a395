"""Memory: what this process holds, what the host really grants it, and the most that a piece of work takes."""

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self")
UNLIMITED = 1 << 60  # what cgroups of the first version write for "no limit", and more


def resident() -> int:
    """Bytes of this process that are in memory now; 0 where the system does not tell."""
    try:
        return int((PROCESS / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


def granted() -> int:
    """Bytes of memory the host grants: all it has, or the limit of a control group around this process."""
    limits = [limit for limit, _ in _groups()]
    return min([_physical(), *limits])


def available() -> int:
    """Bytes that can still be had: what the host has left, and what is left below the limits around this process."""
    return max(0, min([_left(), *[limit - used for limit, used in _groups()]]))


def for_reader() -> int:
    """Bytes that a process which reads a visitor's file may take: half of what is left, and at most 2 GB."""
    return min(2 << 30, available() // 2)


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, AttributeError):  # a system without these: assume a small host
        return 1 << 31


def _left() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return _physical() // 2


def _groups() -> list[tuple[int, int]]:
    """(limit, used) in bytes of each control group around this process that has a limit; page cache is not counted."""
    found = []
    for folder, names in _folders():
        numbers = [_number(folder / name) for name in names]
        if numbers[0] is not None and numbers[0] < UNLIMITED:
            cache = _statistic(folder / "memory.stat", "inactive_file")
            found.append((numbers[0], max(0, (numbers[1] or 0) - cache)))
    return found


def _folders() -> Iterator[tuple[Path, tuple[str, str]]]:
    """The memory folders of this process and of all groups it is in, in both versions of control groups."""
    try:
        lines = (PROCESS / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root, names = CGROUPS, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root, names = CGROUPS / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        folder = root / path.lstrip("/")
        if not folder.is_dir():
            folder = root  # inside a container the path may be that of the host
        while True:
            yield folder, names
            if folder == root:
                break
            folder = folder.parent


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # there is none, or it says "max"
        return None


def _statistic(file: Path, name: str) -> int:
    try:
        return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[0] == name)
    except (OSError, StopIteration, ValueError, IndexError):
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


SMALLEST = 1 << 21  # bytes: the system counts pages on each core apart, and adds them up late
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
    return (most, how) if most >= SMALLEST else (None, "")


def _peak(work: Callable[[], object]) -> tuple[int, str]:
    work()
    _trim()
    try:
        (PROCESS / "clear_refs").write_text("5")  # the record starts anew
        before = _status("VmRSS")
    except OSError:  # not Linux, or not allowed
        with watched(0.001) as peak:
            work()
        return peak.most - peak.start, "looked at every millisecond"
    work()
    return _status("VmHWM") - before, "the system's own record of the process"


def limit(most: int) -> bool:
    """Let this process take at most so many bytes more than it holds; whether the system knows such a limit.

    An allocation beyond fails, and torch raises it as a RuntimeError.
    """
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_status("VmData") + most, hard))
    except (ImportError, OSError, ValueError):
        return False
    return True


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


def _trim() -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _mallopt(mmap_threshold: int, trim_threshold: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, mmap_threshold)
        ctypes.CDLL(None).mallopt(TRIM_THRESHOLD, trim_threshold)


def _status(name: str) -> int:
    """A line of this process's status, in bytes. Raises OSError where there is none."""
    for line in (PROCESS / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {name} in /proc/self/status")
