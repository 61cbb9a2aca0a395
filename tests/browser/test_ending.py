"""A server that is told to end, as a host tells it: what it is answering is answered, and nothing of it is left."""

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request

import psutil
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.visitor import apart, visiting

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM")


def test_what_is_being_answered_is_answered(forked_server):
    """Another input of the page of kernels takes most of a second, in many small steps."""
    address, process = forked_server

    async def story():
        async with visiting(address, "Kernels") as visitor:
            [chosen] = (one for kind, one in visitor.controls.values() if kind == "selectbox" and "input" in one.id)
            other = WidgetState(id=chosen.id, string_value=chosen.options[-1])
            asked = asyncio.create_task(visitor.touch(other))
            await asyncio.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
            said = await asyncio.to_thread(health)
            return await asked, said

    def health():
        try:
            return urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).status
        except urllib.error.HTTPError as error:
            return error.code

    answer, said = apart(story())
    assert said == 404  # nobody new is to come
    assert answer.finished
    assert not answer.exceptions
    assert answer.elements > 20
    began = time.monotonic()
    process.wait(timeout=10)
    assert time.monotonic() - began < 3
    assert b"Traceback" not in process.said.read_bytes()


def test_a_race_ends_with_its_server(forked_server):
    address, process = forked_server

    async def story():
        async with visiting(address, "Race") as visitor:
            await visitor.press("Run the race")
            async with asyncio.timeout(20):
                while not (children := psutil.Process(process.pid).children(recursive=True)):
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            return children

    began = time.monotonic()
    children = apart(story())
    process.wait(timeout=15)
    assert time.monotonic() - began < 15
    _, left = psutil.wait_procs(children, timeout=2)
    assert not left
    assert b"Traceback" not in process.said.read_bytes()
