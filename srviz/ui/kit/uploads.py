"""What visitors' files may take of the server's memory: it is bounded, and a file is let go of once it has been read.

Streamlit keeps every file that a session sends until the session ends, asked for or not. Here an upload passes only
where there is room for it, for its session and for the server, before anything of it is read. Files of the same session
that nobody has read make place for it, and those of others once they have lain for long.
"""

import asyncio
import re
import time
from collections import Counter

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from srviz import host
from srviz.ui.kit import WORDS

SESSION_BYTES = 60_000_000  # of one session, on their way or not read yet: two of the largest
SESSION_FILES = 16  # of one session, also those of which nothing is kept but the name
SERVER_BYTES = max(SESSION_BYTES, min(300_000_000, host.granted() // 8))  # of all sessions together
UNREAD_SECONDS = 120.0  # after which a file that nobody has read makes place for those of others
WAIT_SECONDS = 30.0  # for room, before an upload is refused
UPLOAD_SECONDS = 300.0  # in which an upload has to arrive
BEGIN_SECONDS = 15.0  # in which a small one has to
BYTES_A_SECOND = 100_000  # with which a larger one has to come besides
MOST_WAITING = 16  # uploads that wait for room; what comes beyond is refused at once
REFUSALS = {408: WORDS("upload.slow"), 413: WORDS("upload.much"), 507: WORDS("upload.full")}
EVERY_SECONDS = 0.2  # between two looks whether there is room
FORM_BYTES = 1 << 16  # what a form adds to its file
ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")  # of a path whose % are resolved

Key = tuple[str, str]  # a session, and one of its files


def let_go(file: UploadedFile) -> None:
    """Keep nothing of a file of this session but its name, now that it has been read."""
    file.seek(0)
    file.truncate()
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    for kept in context.uploaded_file_mgr.get_files(context.session_id, [file.file_id]):
        context.uploaded_file_mgr.add_file(context.session_id, kept._replace(data=b""))


class Bounded:
    """What every request to the server goes through; it looks at uploads alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._coming: Counter[str] = Counter()  # bytes on their way, by session
        self._came: dict[Key, float] = {}  # when each file had come, on the clock of `time.monotonic`
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer 413 or 507 to an upload for which there is no room, and 408 to one that rests."""
        upload = scope["type"] == "http" and scope["method"] == "PUT" and ADDRESS.search(scope["path"])
        # Streamlit reads nothing of what is sent for a session that is not there
        if not upload or not runtime.get_instance().is_active_session(upload[1]):
            await self._app(scope, receive, send)
            return
        session, file = upload.groups()
        size = _size(scope)
        refused = await self._wait(session, size)
        if refused:
            await _refuse(refused)(scope, receive, send)
            return
        self._coming[session] += size
        answered = False

        async def sending(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            async with asyncio.timeout(min(UPLOAD_SECONDS, BEGIN_SECONDS + size / BYTES_A_SECOND)) as limit:
                await self._app(scope, receive, sending)
        except TimeoutError:
            if answered or not limit.expired():
                raise
            await _refuse(408)(scope, receive, send)
        finally:
            self._coming[session] -= size
            self._coming += Counter()  # without those that have nothing on its way
            self._came.pop((session, file), None)  # the last in the order of time
            self._came[session, file] = time.monotonic()

    async def _wait(self, session: str, size: int) -> int:
        """Wait until there is room for an upload. 0, or the status by which it is refused."""
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            if self._coming[session] + size > SESSION_BYTES:
                return 413
            if self._make_room(session, size):
                return 0
            if self._waiting >= MOST_WAITING or time.monotonic() > ends:
                return 507
            self._waiting += 1
            try:
                await asyncio.sleep(EVERY_SECONDS)
            finally:
                self._waiting -= 1

    def _make_room(self, session: str, size: int) -> bool:
        """Remove what is in the way of so many bytes of a session. False, and nothing is removed, where that is too
        little.
        """
        manager = runtime.get_instance().uploaded_file_mgr
        if not isinstance(manager, MemoryUploadedFileManager):  # one that keeps them elsewhere
            return True
        kept = {key: _length(manager, key) for key in self._came}
        for key in [key for key, length in kept.items() if length is None]:
            del self._came[key]
        lengths = {key: length for key, length in kept.items() if length is not None}
        mine = [key for key in lengths if key[0] == session]
        left = SESSION_BYTES - self._coming[session] - size - sum(lengths[key] for key in mine)
        many = len(mine) + 1 - SESSION_FILES
        going = []
        for key in mine:
            if (left < 0 and lengths[key]) or many > 0:
                left, many = left + lengths.pop(key), many - 1
                going.append(key)
        room = SERVER_BYTES - self._coming.total() - size - sum(lengths.values())
        since = time.monotonic() - UNREAD_SECONDS
        for key, length in lengths.items():
            if room < 0 and length and self._came[key] < since:
                room += length
                going.append(key)
        if room < 0:
            return False
        for key in going:
            manager.remove_file(*key)
        return True


def _refuse(status: int) -> PlainTextResponse:
    return PlainTextResponse(REFUSALS[status], status)


def _size(scope: Scope) -> int:
    """Bytes that a request may bring: what it says, and no more than Streamlit takes."""
    most = (int(config.get_option("server.maxUploadSize")) << 20) + FORM_BYTES
    said = dict(scope["headers"]).get(b"content-length", b"")
    return min(most, int(said)) if said.isdigit() else most


def _length(manager: MemoryUploadedFileManager, key: Key) -> int | None:
    """Bytes that are kept of a file; None where it is gone."""
    found = manager.get_files(key[0], [key[1]])
    return len(found[0].data) if found else None
