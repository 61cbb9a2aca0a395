"""The runner of jobs on this machine: each in a child process, which can be ended in the middle of a call.

A process that has done its job waits for a while for a next one, so that not every job waits for the import of torch.
At most one waits. A child ends with its parent, as `srviz.child` says, and where it can, because it watches its input.
"""

import atexit
import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import IO

from srviz import child, host
from srviz.jobs.protocol import TROUBLE, Attachments, Limits, Plan, Record
from srviz.jobs.registry import needs

ROOT = Path(__file__).parents[2]  # where the package is found
PROGRAM = ("-m", "srviz.jobs")
TICK_SECONDS = 0.1  # between two signs of life
STOP_SECONDS = 0.1  # in which a job that is stopped may end by itself; then its process is killed
LEAST_BYTES = 2_000_000_000  # of memory that the host grants: with less, no process is kept waiting
KILLED = (-9, 137)  # exit codes of a process that the system ends when memory runs out


class Worker:
    """A child process that does one job after the other, as seen from its parent."""

    def __init__(self, limits: Limits, program: Sequence[str]) -> None:
        self.kind = limits.threads, limits.nice  # neither can be changed once it runs
        self.unfinished = 0  # jobs it was told to stop and has not yet said that they are over
        self.ready = False  # whether it has imported what its job needs
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(limits.threads))
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # threads spin for each other a few microseconds, then sleep: where they spin for long, another task on their
        # core stops the clock's other thread; where they sleep at once, every small operation waits for one to wake up
        environment = {"GOMP_SPINCOUNT": "20000"} | os.environ | threads | {"PYTHONPATH": path}
        self.process = child.start(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._said: SimpleQueue[tuple[bytes | memoryview, ...]] = SimpleQueue()  # to the process; () ends it
        self._threads = [Thread(target=work, daemon=True) for work in (self._read, self._write)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        """Collect the lines the process writes, and None at their end. The last one of a killed process may be half."""
        with contextlib.suppress(ValueError):  # closed from the other side
            for line in _pipe(self.process.stdout):
                if line.endswith(b"\n"):
                    self.lines.put(line)
        self.process.wait()
        self.lines.put(None)

    def order(self, plan: Plan, attachments: Attachments, limits: Limits) -> None:
        """Ask for a job. Raises ValueError where JSON cannot hold the plan."""
        shapes = [(name, packed.kind, packed.shape, len(packed.data)) for name, packed in attachments.items()]
        try:
            line = json.dumps({"plan": plan, "limits": asdict(limits), "attachments": shapes}, allow_nan=False)
        except TypeError as error:
            raise ValueError(f"plan: expected what JSON can hold: {error}") from None
        self.ready = False
        self._said.put((line.encode() + b"\n", *(packed.data for packed in attachments.values())))

    def _write(self) -> None:
        """Pass on what is said to the process: a large attachment does not go through before it reads."""
        pipe = _pipe(self.process.stdin)
        while parts := self._said.get():
            with contextlib.suppress(OSError, ValueError):  # it is gone: whoever reads its answers is told
                for part in parts:
                    pipe.write(part)
                pipe.flush()

    def answer(self, timeout_seconds: float) -> Record | None:
        """The next answer of the present job, None where there is none in time. Raises EOFError when it is gone."""
        ends = time.monotonic() + timeout_seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                return None
            if line is None:
                self.lines.put(None)
                raise EOFError
            answer: Record = json.loads(line)
            if self.unfinished:
                self.unfinished -= "over" in answer
                continue
            self.ready = True
            return answer

    def stop(self) -> bool:
        """Tell it to stop its job. Returns whether it can do another one, now or once its present imports are done."""
        self._said.put((b'{"stop": true}\n',))
        if not self.ready:  # of its job it has done nothing, and it will do nothing
            self.unfinished += 1
            return True
        ends = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(EOFError):
            while (left := ends - time.monotonic()) > 0:
                if "over" in (self.answer(left) or {}):
                    return True
        return False

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self._said.put(())
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe
    return pipe


@dataclass
class Running:
    """A job of a `LocalRunner`. over: it has ended, or was stopped.

    again: asks a new process for the job. It is there only where the job was given to a process that had waited.
    """

    worker: Worker
    limits: Limits
    again: Callable[[], Worker] | None = None
    over: bool = False


@dataclass
class LocalRunner:
    """Runs jobs in child processes of this one. It may be used by several threads, each job by one at a time.

    program: one in Python that works as `worker` does, its path or "-m" and its name, and its arguments.
    begun: the jobs so far.
    """

    program: Sequence[str] = PROGRAM
    begun: int = 0
    _waiting: Worker | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        atexit.register(self.close)

    def submit(self, plan: Plan, attachments: Attachments | None = None, limits: Limits | None = None) -> Running:
        """Begin a job, in the process that waits for one or in a new one.

        Raises MemoryError with a sentence, before a new one is started, where it would need more memory than is left.
        """
        limits = limits or Limits()
        with self._lock:
            self.begun += 1

        def ask(worker: Worker) -> Worker:
            try:
                worker.order(plan, attachments or {}, limits)
            except ValueError:
                worker.end()
                raise
            return worker

        def anew() -> Worker:
            _check(needs(plan))
            return ask(Worker(limits, self.program))

        waited = self._take(limits)
        return Running(ask(waited), limits, anew) if waited else Running(anew(), limits)

    def records(self, handle: Running) -> Generator[Record | None, None, None]:
        """What the job says, and None every 0.1 s while it says nothing; see `Runner`."""
        while not handle.over:
            try:
                answer = handle.worker.answer(TICK_SECONDS)
            except EOFError:
                code = handle.worker.process.wait()
                handle.worker.end()
                if handle.again and not handle.worker.ready:  # it had waited, and ended just before it read the order
                    try:
                        handle.worker, handle.again = handle.again(), None
                    except MemoryError as short:
                        handle.over = True
                        yield {TROUBLE: str(short)}
                        return
                    continue
                handle.over = True
                yield {TROUBLE: _ended(code), "exit": code}
                return
            if handle.worker.ready:
                handle.again = None  # which holds all that was attached
            if answer is None:
                yield None
            elif "over" in answer:
                handle.over = True
                self._keep(handle.worker, handle.limits)
            elif "record" in answer:
                yield answer["record"]

    def stop(self, handle: Running) -> None:
        """End the job. Its process is killed if the job does not end by itself within 0.1 s."""
        if handle.over:
            return
        handle.over = True
        if handle.limits.reused and handle.worker.stop():
            self._keep(handle.worker, handle.limits)
        else:
            handle.worker.end()

    def close(self) -> None:
        """End the process that waits for a job."""
        with self._lock:
            worker, self._waiting = self._waiting, None
        if worker:
            worker.end()

    def _take(self, limits: Limits) -> Worker | None:
        """The process that waits, if it may do such a job."""
        with self._lock:
            worker = self._waiting
            if not limits.reused or worker is None or worker.kind != (limits.threads, limits.nice):
                return None
            self._waiting = None
        if worker.process.poll() is None:  # it may be about to end: then the job gets another one
            return worker
        worker.end()
        return None

    def _keep(self, worker: Worker, limits: Limits) -> None:
        """Let a process wait for its next job, if it may; where another one waits already, that one ends."""
        too_many: Worker | None = worker
        if limits.reused and host.granted() >= LEAST_BYTES:
            with self._lock:
                too_many, self._waiting = self._waiting, worker
        if too_many:
            too_many.end()


def _check(needed: int) -> None:
    """Raise MemoryError with a sentence where so many bytes cannot be had."""
    granted, left = host.granted(), host.available()
    if needed > granted:
        raise MemoryError(
            f"There is too little memory here for this work: {granted >> 20:,} MB are granted to all that runs here, "
            f"and {needed >> 20:,} MB are needed at least."
        )
    if needed > left:
        raise MemoryError(
            f"There is too little memory just now for this work: {left >> 20:,} MB can be had, and {needed >> 20:,} MB "
            "are needed at least. Try again in a few minutes."
        )


def _ended(code: int) -> str:
    """Why a process ended in the middle of its job, in a sentence."""
    if code in KILLED:
        granted = host.granted() >> 20
        return f"The system ended the process of this work: out of memory, of which {granted:,} MB are granted here."
    return f"The process of this work ended in the middle of it (exit code {code})."
