"""The command that puts the app under load, for two seconds."""

import asyncio
import subprocess
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPConnection

import psutil

from tests.load import Log, load, spent, summary, told, visit
from tests.proxy import free_port
from tests.visitor import apart, dice

SPENDING = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.3: pass"])
print(flush=True)
input()
"""


def test_visitors_come_act_and_are_counted(server):
    log, cpu = apart(load(server, None, visitors=4, seconds=2.0, pause=0.3, warm=False))
    found = summary(log, cpu, 2.0)
    assert not log.errors
    assert found["pages"]["all"]["answers"] >= 4
    assert found["pages"]["all"]["answers"] == sum(map(len, log.seconds.values()))
    assert 0 < found["pages"]["all"]["p50_ms"] <= found["pages"]["all"]["p99_ms"]
    assert any(line.startswith("errors: none") for line in told(found))


def test_what_started_processes_take_counts_also_when_they_have_ended():
    with subprocess.Popen([sys.executable, "-c", SPENDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert spent([psutil.Process(process.pid)]) > 0.25
        process.stdin.close()


def test_a_connection_that_is_kept_waits_for_nobody(server):
    """Where the system held messages back until the one before is confirmed, each answer would take 40 ms and more."""
    seconds = []
    with closing(HTTPConnection(server.removeprefix("http://"))) as connection:
        for _ in range(12):
            began = time.perf_counter()
            connection.request("GET", "/_stcore/health")
            assert connection.getresponse().read() == b"ok"
            seconds.append(time.perf_counter() - began)
    assert min(seconds[2:]) < 0.02  # the system confirms at once while a connection is new


def test_who_is_at_a_process_that_is_killed_is_back_and_that_is_no_error(start):
    """On a server that starts again at its old port, as behind a proxy another one would take over."""

    async def story(address, process, again):
        killed = process.pid, 1.0
        visits = asyncio.create_task(
            load(address, [process], visitors=2, seconds=6.0, pause=0.2, warm=False, kill=killed, files=True)
        )
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.1)
        await asyncio.to_thread(again.__enter__)
        return await visits

    port = free_port()
    with start(port=port) as (address, process):
        again = start(port=port)
        log, _ = apart(story(address, process, again))
        again.__exit__(None, None, None)
    assert not log.errors
    assert log.reconnects >= 1
    assert log.files["fetched"] > 100


def test_others_race_and_train_meanwhile(server):
    log, _ = apart(load(server, None, visitors=1, seconds=8.0, pause=0.5, racing=1, training=1, warm=False))
    assert not log.errors
    assert log.runs["racing"] >= 1
    assert log.runs["training"] >= 1
    assert any("training 1" in line for line in told(summary(log, 0.0, 8.0)))


def test_whoever_loses_a_connection_comes_back_and_a_process_that_was_killed_excuses_one_loss(server):
    """Through a door that shuts twice, after a process was killed."""

    async def story():
        port = int(server.rsplit(":", 1)[1])
        opened = []

        async def through(reader, writer):
            far = await asyncio.open_connection("127.0.0.1", port)
            opened.append((writer, far[1]))

            async def pass_on(source, target):
                while data := await source.read(1 << 16):
                    target.write(data)
                target.close()

            await asyncio.gather(pass_on(reader, far[1]), pass_on(far[0], writer), return_exceptions=True)

        door = await asyncio.start_server(through, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}"
        log = Log(killed=True)
        visitor = asyncio.create_task(visit(address, log, dice("one"), time.monotonic() + 60, 0.2))
        for back in range(3):
            async with asyncio.timeout(30):
                while log.reconnects < back or not sum(map(len, log.seconds.values())):
                    await asyncio.sleep(0.05)
            while opened and back < 2:
                for end in opened.pop():
                    end.transport.abort()
        visitor.cancel()
        with suppress(asyncio.CancelledError):
            await visitor
        door.close()
        return log

    log = apart(story())
    assert log.reconnects == 2
    assert max(log.back) < 5
    assert sum(log.errors.values()) == 1
