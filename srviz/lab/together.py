"""Several trainings at once, each on a thread of its own, and what all of them say in one stream."""

from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from threading import Event, Thread

from srviz.jobs import Record


def together(streams: Sequence[Iterator[Record]]) -> Iterator[Record]:
    """The records of all streams as they come; "run" says the number of the stream.

    torch leaves Python while it computes, so that streams which train run side by side. What one of them raises is
    raised here. When this iterator is closed, each of them ends at its next record.
    """
    said: SimpleQueue[Record | Exception | None] = SimpleQueue()
    stopped = Event()

    def tell(number: int, stream: Iterator[Record]) -> None:
        try:
            for record in stream:
                said.put({"run": number} | record)
                if stopped.is_set():
                    return
        except Exception as error:
            said.put(error)
        finally:
            said.put(None)

    threads = [Thread(target=tell, args=each, daemon=True) for each in enumerate(streams)]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            one = said.get()
            if isinstance(one, Exception):
                raise one
            if one is None:
                left -= 1
            else:
                yield one
    finally:
        stopped.set()
