"""A visitor without a browser, who speaks Streamlit's protocol as its client does: pages, controls, and the link."""

import asyncio
import contextlib
import random
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

Finished = ForwardMsg.ScriptFinishedStatus
PATIENCE_SECONDS = 90
LISTS = ("selectbox", "radio", "button_group")


@dataclass
class Answer:
    """What came of one run of a page. exceptions: their kinds. seconds: from asking to the end of the run."""

    page: str
    seconds: float
    elements: int
    exceptions: list[str]
    finished: bool


@dataclass
class Visitor:
    """One session. page: the address of the page it is at. query: of its link. controls: of the page, by their id."""

    address: str
    page: str = ""
    query: str = ""
    controls: dict = field(default_factory=dict)
    states: dict = field(default_factory=dict)
    toasts: list = field(default_factory=list)  # notes that came with the last run
    cookies: str = ""
    session: str = ""
    socket: object = None
    pages: dict = field(default_factory=dict)  # the hash of each that it has seen, by its address
    known: dict = field(default_factory=dict)  # what it keeps of large messages, by hash

    async def connect(self):
        """Come, or come back: a client tells the session that it had."""
        wanted = ["streamlit", "none", self.session] if self.session else ["streamlit"]
        self.socket = await websockets.connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=wanted,
            max_size=None,
            max_queue=None,
            close_timeout=2,
            open_timeout=60,
            ping_interval=None,
            origin=f"{urlsplit(self.address).scheme}://{urlsplit(self.address).netloc}",
            additional_headers={"Cookie": self.cookies} if self.cookies else {},
            proxy=None,
        )
        said = self.socket.response.headers.get_all("Set-Cookie")
        self.cookies = "; ".join(cookie.split(";")[0] for cookie in said) or self.cookies

    async def close(self):
        if self.socket:
            await self.socket.close()

    async def open(self, page, query=""):
        """Go to a page by its address, as by a link within the app."""
        self.page, self.query = page, query
        self.states.clear()
        return await self.ask()

    async def touch(self, state):
        """Set a control."""
        self.states[state.id] = state
        return await self.ask(state.id)

    async def press(self, label):
        """Press the button of this label, without waiting for what comes of it."""
        [button] = (one for kind, one in self.controls.values() if kind == "button" and one.label == label)
        await self._say([*self.states.values(), WidgetState(id=button.id, trigger_value=True)])

    async def upload(self, name, data):
        """Put a file into the first place for one on this page: what the server says to it, and what the page then does
        with it, None where it was refused.
        """
        [place, *_] = (one for kind, one in self.controls.values() if kind == "file_uploader")
        asked = BackMsg()
        asked.file_urls_request.request_id = place.id
        asked.file_urls_request.file_names.append(name)
        await self.socket.send(asked.SerializeToString())
        urls = (await self._heard("file_urls_response")).file_urls[0]
        status = await asyncio.to_thread(self.put, urls.file_id, data, name)
        if status >= 300:
            return status, None
        state = WidgetState(id=place.id)
        info = state.file_uploader_state_value.uploaded_file_info.add(name=name, size=len(data), file_id=urls.file_id)
        info.file_urls.CopyFrom(urls)
        return status, await self.touch(state)

    def put(self, file, data, name="a.csv", path="_stcore/upload_file"):
        """The status of the answer to a file for this session, sent below this path."""
        token = "2|00000000|00112233|1"  # a page proves by it that it can read its own cookie
        part = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        headers = {"Cookie": f"{self.cookies}; _streamlit_xsrf={token}", "X-Xsrftoken": token}
        headers["Content-Type"] = "multipart/form-data; boundary=b"
        address = f"{self.address}/{path}/{self.session}/{file}"
        request = urllib.request.Request(address, part + data + b"\r\n--b--\r\n", headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    async def _heard(self, kind):
        """The next message of a kind, of those that are no part of a page."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for message in self.socket:
                news = ForwardMsg()
                news.ParseFromString(message)
                if news.WhichOneof("type") == kind:
                    return getattr(news, kind)
        raise ConnectionError("closed before it was said")

    async def ask(self, touched=""):
        """Let the page run, with what its controls say."""
        began = time.perf_counter()
        await self._say(self.states.values())
        return await self.hear(began)

    async def _say(self, states):
        asked = BackMsg()
        run = asked.rerun_script
        if self.page in self.pages:
            run.page_script_hash = self.pages[self.page]
        else:
            run.page_name = self.page
        run.query_string = self.query
        run.widget_states.widgets.extend(states)
        run.cached_message_hashes.extend(self.known)
        await self.socket.send(asked.SerializeToString())

    async def hear(self, began=None):
        """Listen until a run ends."""
        began = time.perf_counter() if began is None else began
        elements, exceptions = 0, []
        self.controls, self.toasts = {}, []
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for message in self.socket:
                news = ForwardMsg()
                news.ParseFromString(message)
                if news.WhichOneof("type") == "ref_hash":
                    news = self.known[news.ref_hash]
                elif news.metadata.cacheable:
                    self.known[news.hash] = news
                kind = news.WhichOneof("type")
                if kind == "script_finished":
                    seconds = time.perf_counter() - began
                    finished = news.script_finished == Finished.FINISHED_SUCCESSFULLY
                    return Answer(self.page, seconds, elements, exceptions, finished)
                if kind == "new_session":
                    self.session = news.new_session.initialize.session_id or self.session
                elif kind == "navigation":
                    self.pages[self.page] = news.navigation.page_script_hash
                elif kind == "page_info_changed":
                    self.query = news.page_info_changed.query_string
                elif kind == "delta" and news.delta.WhichOneof("type") == "new_element":
                    elements += 1
                    self._meet(news.delta.new_element, exceptions)
        raise ConnectionError("closed before the run ended")

    def _meet(self, element, exceptions):
        kind = element.WhichOneof("type")
        one = getattr(element, kind) if kind else None
        if kind == "exception":
            exceptions.append(f"{one.type}: {one.message}"[:200])
        elif kind == "toast":
            self.toasts.append(one.body)
        elif getattr(one, "id", ""):
            self.controls[one.id] = kind, one
            state = stands(kind, one)
            if state and (one.id not in self.states or getattr(one, "set_value", False)):
                self.states[one.id] = state

    def choices(self):
        """What can be done with the controls of this page besides pressing buttons: (kind, control)."""
        return [
            (kind, one)
            for kind, one in self.controls.values()
            if kind in (*LISTS, "slider", "checkbox") and not one.disabled
        ]

    def chosen(self, rng):
        """One control of the page, set to something that it offers; None where there is none."""
        choices = self.choices()
        if not choices:
            return None
        kind, one = rng.choice(choices)
        return offered(kind, one, rng)


def stands(kind, one):
    """The state of a control as it is sent to a browser, which a browser says again with every run."""
    state = WidgetState(id=one.id)
    if kind == "slider" and one.options:
        values = one.raw_value if one.set_value else [one.options[int(place)] for place in one.default]
        state.string_array_value.data.extend(values)
    elif kind == "slider":
        state.double_array_value.data.extend(one.value if one.set_value else one.default)
    elif kind in ("selectbox", "radio"):
        if not one.HasField("raw_value" if one.set_value else "default"):
            return None  # nothing is chosen
        state.string_value = one.raw_value if one.set_value else one.options[one.default]
    elif kind == "button_group":
        values = one.raw_values if one.set_value else [one.options[place].content for place in one.default]
        state.string_array_value.data.extend(values)
    elif kind == "checkbox":
        state.bool_value = one.value if one.set_value else one.default
    elif kind == "number_input" and one.HasField("value" if one.set_value else "default"):
        state.double_value = one.value if one.set_value else one.default
    elif kind in ("text_input", "text_area"):
        state.string_value = one.value if one.set_value else one.default
    else:
        return None
    return state


def offered(kind, one, rng):
    """A state that this control can be set to."""
    state = WidgetState(id=one.id)
    if kind == "slider" and one.options:
        state.string_array_value.data.append(rng.choice(list(one.options)))
    elif kind == "slider":
        steps = rng.randint(0, int((one.max - one.min) / one.step))
        state.double_array_value.data.append(one.min + steps * one.step)
    elif kind == "checkbox":
        state.bool_value = rng.random() < 0.5
    elif kind == "button_group":
        state.string_array_value.data.append(rng.choice(list(one.options)).content)
    else:
        state.string_value = rng.choice(list(one.options))
    return state


@contextlib.asynccontextmanager
async def visiting(address, page=None):
    """A visitor who has opened a page, if one is named."""
    visitor = Visitor(address)
    await visitor.connect()
    try:
        if page is not None:
            await visitor.open(page)
        yield visitor
    finally:
        await visitor.close()


def apart(story):
    """Run it in a thread of its own, where another loop may be at work in this one, that of a browser's driver."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, story).result()


def dice(seed):
    """A generator of what a visitor does."""
    return random.Random(seed)
