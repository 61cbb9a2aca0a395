"""A class opens the link at the same moment, on a server that has shown nothing yet."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from srviz.ui.chapters import COURSE

EACH = 3  # visitors of a page


async def visitor(address, page):
    """Open a page and wait until its script is over: what went wrong on it, and how many elements it has."""
    stream = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with websockets.connect(stream, subprotocols=["streamlit"], max_size=None, open_timeout=60) as socket:
        asked = BackMsg()
        asked.rerun_script.page_name = page
        await socket.send(asked.SerializeToString())
        wrong, elements = [], 0
        async with asyncio.timeout(90):
            async for message in socket:
                news = ForwardMsg()
                news.ParseFromString(message)
                if news.WhichOneof("type") == "script_finished":
                    break
                element = news.delta.new_element
                elements += element.WhichOneof("type") is not None
                if element.WhichOneof("type") == "exception":
                    wrong.append(f"{page}: {element.exception.type}")
        return wrong, elements


def test_everybody_comes_at_once(fresh_server):
    """Modules are half imported by one session while another one's page runs."""
    address, _ = fresh_server
    pages = [chapter.address for chapter in COURSE]

    async def meet():
        return await asyncio.gather(*(visitor(address, page) for page in pages * EACH))

    with ThreadPoolExecutor(1) as aside:  # this thread has the loop of the browser's driver
        found = aside.submit(asyncio.run, meet()).result()
    assert not Counter(text for wrong, _ in found for text in wrong)
    assert min(elements for _, elements in found) > 20
