"""The command that puts the app under load, for two seconds."""

import asyncio

from tests.load import load, summary, told
from tests.visitor import apart


def test_visitors_come_act_and_are_counted(server):
    log, cpu = apart(load(server, None, visitors=4, seconds=2.0, pause=0.3, warm=False))
    found = summary(log, cpu, 2.0)
    assert not log.errors
    assert found["pages"]["all"]["answers"] >= 4
    assert found["pages"]["all"]["answers"] == sum(map(len, log.seconds.values()))
    assert 0 < found["pages"]["all"]["p50_ms"] <= found["pages"]["all"]["p99_ms"]
    assert any(line.startswith("errors: none") for line in told(found))


def test_others_race_and_train_meanwhile(server):
    log, _ = apart(load(server, None, visitors=1, seconds=8.0, pause=0.5, racing=1, training=1, warm=False))
    assert not log.errors
    assert log.runs["racing"] >= 1
    assert log.runs["training"] >= 1
    assert any("training 1" in line for line in told(summary(log, 0.0, 8.0)))


def test_whoever_loses_a_connection_comes_back(server):
    """Through a door that shuts once."""

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
        visits = asyncio.create_task(load(address, None, visitors=1, seconds=3.0, pause=0.2, warm=False))
        await asyncio.sleep(1.0)
        for near, far in opened:
            near.transport.abort()
            far.transport.abort()
        log, _ = await visits
        door.close()
        return log

    log = apart(story())
    assert log.reconnects == 1
    assert log.back[0] < 5
    assert sum(log.errors.values()) == 1
