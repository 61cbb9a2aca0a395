"""Who does many runs: processes of this machine, or the workers of a Dask cluster."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, connection, get_context, parent_process
from multiprocessing.context import BaseContext
from threading import Thread
from typing import Any

from srviz import host
from srviz.lab.results import Result
from srviz.lab.run import one
from srviz.lab.spec import Spec

ATTEMPTS = 3  # of a run whose process ended in the middle of it
# torch._dynamo is among them so that no worker imports it at the first step of its optimizer
PRELOADED = ["srviz.lab.train", "srviz.lab.records", "srviz.lab.variants", "torch._dynamo"]
NO_MEMORY = "there was not enough memory for it; a smaller n or batch takes less."


def local(specs: Sequence[Spec], workers: int | None = None, **how: Any) -> Iterator[Result]:
    """Do the runs in processes of this machine. One that is killed costs the time of the run it was at, and no more.

    A run that fails, or whose process is ended again and again, keeps no other from being done: its error is raised
    when all are over. how: more arguments of `one`.
    """
    most, do_one = workers or host.cores(), partial(one, **how)
    waiting, attempts = list(specs), dict.fromkeys(specs, 0)
    failed: list[BaseException] = []
    while waiting:
        # which of the runs at work has ended a process, nobody knows: at the last attempt each of them is alone
        alone = [spec for spec in waiting if attempts[spec] == ATTEMPTS - 1][:1]
        now, together = (alone, 1) if alone else (list(waiting), most)
        others = set(active_children())
        with ProcessPoolExecutor(together, processes(), _end_with_parent) as pool:
            try:
                at_work = {pool.submit(do_one, spec.to_json()): spec for spec in now}
                for future, spec in _as_done(at_work):
                    error = future.exception()
                    if isinstance(error, BrokenProcessPool):
                        raise error
                    waiting.remove(spec)
                    if error:
                        failed.append(_at(spec, error))
                    else:
                        yield future.result()
            except (BrokenProcessPool, EOFError):  # EOFError: of the process that forks
                for spec in [spec for spec in now if spec in waiting][:together]:
                    attempts[spec] += 1
                    if attempts[spec] == ATTEMPTS:
                        waiting.remove(spec)
                        failed.append(_at(spec, BrokenProcessPool()))
            except BaseException:  # somebody stops it: what is at work is not waited for
                for process in set(active_children()) - others:
                    process.kill()
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    if failed:
        raise failed[0]


def _as_done(at_work: dict["Future[Result]", Spec]) -> Iterator[tuple["Future[Result]", Spec]]:
    left = set(at_work)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: future.exception() is not None):  # first what can be kept
            yield future, at_work[future]


def processes() -> BaseContext:
    """How the processes that do runs are started.

    On Linux a helper process imports torch once, and every worker is forked from it. So workers start at once and share
    its memory, and they see the environment of the first start. The caller itself is not forked, because its threads
    may hold locks.
    """
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, in the middle of a run, too."""
    parent = parent_process()
    if parent:
        sentinel = parent.sentinel

        def watch() -> None:
            connection.wait([sentinel])
            os._exit(1)

        Thread(target=watch, daemon=True).start()


def cluster(address: str, specs: Sequence[Spec], *, timeout_seconds: float = 10.0, **how: Any) -> Iterator[Result]:
    """Do the runs on the workers of a Dask cluster, whose scheduler gives what a lost worker was at to another one.

    The workers need this package. how: more arguments of `one`. Raises ValueError where there is no scheduler, or no
    Dask.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ModuleNotFoundError:
        raise ValueError('A cluster needs Dask, which is not installed: pip install "srviz[cluster]"') from None
    try:
        client = Client(address, timeout=timeout_seconds, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ValueError(f"There is no Dask scheduler at {address}: {str(error)[:100]}") from None
    with client:
        plans = [spec.to_json() for spec in specs]
        futures = client.map(partial(one, **how), plans, pure=False)
        of = {future.key: spec for future, spec in zip(futures, specs, strict=True)}
        failed: list[BaseException] = []
        done = as_completed(futures, with_results=True, raise_errors=False, loop=client.loop)  # type: ignore[no-untyped-call]
        for future, result in done:
            if future.status == "finished":
                yield result
            else:
                lost = isinstance(result[1], KilledWorker)
                failed.append(_at(of[future.key], BrokenProcessPool() if lost else result[1]))
            future.release()
        if failed:
            raise failed[0]


def _at(spec: Spec, error: BaseException) -> BaseException:
    """The error of a run, which says what run it is where it is a sentence for people."""
    which = f"{spec.task} {spec.mixing} seed {spec.seed}"
    if isinstance(error, BrokenProcessPool):
        why = f"its process ended {ATTEMPTS} times, as one does for which there is not enough memory"
        return ChildProcessError(f"{which}: {why}; a smaller n or batch takes less.")
    if is_of_memory(error):
        return ValueError(f"{which}: {NO_MEMORY}")
    return ValueError(f"{which}: {error}") if isinstance(error, ValueError) else error


def is_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory; torch says it as a RuntimeError."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error))
