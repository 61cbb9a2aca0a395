"""Memory: what this process holds, and what the host really grants it."""

import contextlib
import os
from collections.abc import Iterator
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
