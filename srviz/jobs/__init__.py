"""One way to run a job: a plan goes in, records come out, and the work can be ended at once and gone on with.

A plan is a mapping that JSON can hold; under "job" it names a function of `registry`. Large inputs go beside it as
attachments. What comes back is a stream of records, and between them signs of life. This room knows the standard
library alone: what a job needs is imported where it runs.
"""

import contextlib
from collections.abc import Generator
from typing import Any

from srviz.jobs.local import KILLED, LocalRunner, Running
from srviz.jobs.protocol import (
    LAST,
    OPTIMIZER_BYTES,
    PROCESS_BYTES,
    TROUBLE,
    Attachments,
    Limits,
    Packed,
    Plan,
    Record,
    Runner,
)

__all__ = [
    "KILLED", "LAST", "LOCAL", "OPTIMIZER_BYTES", "PROCESS_BYTES", "TROUBLE", "Attachments", "Limits", "LocalRunner",
    "Packed", "Plan", "Record", "Runner", "Running", "stream",
]  # fmt: skip

LOCAL = LocalRunner()  # the runner of this process


def stream(
    plan: Plan, attachments: Attachments | None = None, limits: Limits | None = None, runner: Runner[Any] = LOCAL
) -> Generator[Record | None, None, None]:
    """The records of a job, and None every 0.1 s while it says nothing. Close the generator to end the job at once.

    Where there is too little memory to begin, a sentence that says so is the only record.
    """
    try:
        handle = runner.submit(plan, attachments or {}, limits or Limits())
    except MemoryError as short:
        yield {TROUBLE: str(short)}
        return
    try:
        with contextlib.closing(runner.records(handle)) as records:
            yield from records
    finally:
        runner.stop(handle)
