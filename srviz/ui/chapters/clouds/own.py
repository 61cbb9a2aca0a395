"""The visitor's own cloud: read, looked at, used. It stays in the session, one at a time, and is never on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from srviz.figures import clouds as figures
from srviz.inputs import Tokens
from srviz.inputs.files import FORMATS, MOST_BYTES, Unreadable, Upload, read
from srviz.ui.chapters.clouds import WORDS
from srviz.ui.kit import uploads
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.visitor import visitor

NAME = "own"  # what the page's links begin with for it
SEEN = 1500  # points of a preview
MOST_UPLOAD_MB = MOST_BYTES // 10**6


@dataclass(frozen=True, eq=False)
class OwnCloud:
    """The cloud in use. columns: those chosen, all where None. file: which of the session's files it was read from."""

    upload: Upload
    columns: tuple[str, ...] | None
    file: str

    @property
    def link(self) -> str:
        """Its name in links: a digest of the file and the chosen columns, which does not tell the name of the file."""
        return f"{NAME}-{sha256(f'{self.upload.digest} {self.columns}'.encode()).hexdigest()[:8]}"

    def nearest(self, n: int) -> int:
        """The number of tokens nearest to n that it can be asked for."""
        return max(self.upload.least, min(n, self.upload.most))

    def tokens(self, n: int, seed: int) -> Tokens:
        """n of its points."""
        return self.upload.tokens(n, random_state=seed, columns=self.columns)


def current() -> OwnCloud | None:
    """The visitor's cloud in use, if there is one."""
    mine: OwnCloud | None = st.session_state.get("_own")
    return mine


def panel(cloud: str, other: str, forget: Callable[[], None]) -> None:
    """Choose a file, look at what it holds, use it or remove it.

    cloud: the key of the widget that holds the cloud's name; other: the one to go back to; forget: drops what was
    computed from the last file.
    """
    with st.expander(WORDS("own.title"), key="own cover", on_change="rerun"):  # it stays as the visitor has it
        file = st.file_uploader(
            WORDS("own.upload", formats=", ".join(suffix[1:].upper() for suffix in FORMATS), most=MOST_UPLOAD_MB),
            key="own file",
            max_upload_size=MOST_UPLOAD_MB,
            on_change=_change,
        )
        mine = current()
        if mine is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                used = "used" if st.session_state.get(cloud) == NAME else "held"
                st.text(WORDS(f"own.state.{used}", title=mine.upload.title))
                st.button(WORDS("own.remove"), key="remove own", on_click=_remove, args=(cloud, other, forget))
        if file is not None and (mine is None or file.file_id != mine.file):
            _look(file, cloud, forget)


def _look(file: UploadedFile, cloud: str, forget: Callable[[], None]) -> None:
    """Read the file once, and show what it holds before anything runs on it."""
    looked = st.session_state.get("_looked")
    if looked is None or looked[0] != file.file_id:
        place = st.empty()  # told that it goes on; that is also where Streamlit ends it
        try:
            looked = file.file_id, read(file.name, file.getvalue(), show=place.caption, owner=visitor())
        except Unreadable as error:
            looked = file.file_id, str(error)
        place.empty()
        st.session_state["_looked"] = looked
        uploads.let_go(file)
    found = looked[1]
    if isinstance(found, str):
        st.error(WORDS("own.unusable"))
        st.text(found)  # as it is: it may hold names from the file
        return
    words, picture = st.columns([1.2, 1], gap="large")
    columns: tuple[str, ...] | None = None
    with words:
        st.text(found.title)
        st.text(WORDS("own.points", n=found.n) if found.faces is None else WORDS("own.corners", n=found.n))
        for note in found.notes:
            st.text(note[:1].upper() + note[1:])
        if found.columns:
            st.text(WORDS("own.columns.count", n=len(found.columns)))
            label, every = WORDS("own.columns.label"), WORDS("own.columns.all")
            columns = tuple(st.multiselect(label, found.columns, placeholder=every, key="own columns")) or None
            if columns is not None and len(columns) < 2:
                st.markdown(WORDS("own.columns.few"))
                return
            if len(columns or found.columns) > 3:
                st.caption(WORDS("own.columns.many"))
        use = OwnCloud(found, columns, file.file_id)
        st.button(WORDS("own.use"), key="use own", type="primary", on_click=_use, args=(use, cloud, forget))
    tokens = found.tokens(min(SEEN, found.most), random_state=0, columns=columns)
    drawing = figures.preview(tokens.place, tokens.colour, mode=mode())
    chart(drawing, WORDS("own.preview", n=tokens.n), "own preview", picture)


def _use(mine: OwnCloud, cloud: str, forget: Callable[[], None]) -> None:
    forget()
    st.session_state["_own"] = mine
    st.session_state[cloud] = NAME
    st.session_state.pop("_looked", None)


def _remove(cloud: str, other: str, forget: Callable[[], None]) -> None:
    forget()
    mine: OwnCloud | None = st.session_state.pop("_own", None)
    file = st.session_state.get("own file")
    if mine is not None and file is not None and file.file_id == mine.file:  # it stands there still, and is read once
        st.session_state["_looked"] = mine.file, mine.upload
    if st.session_state.get(cloud) == NAME:
        st.session_state[cloud] = other


def _change() -> None:
    """Another file, or none: what was read of the last one goes; the cloud in use stays until it is removed."""
    st.session_state.pop("_looked", None)
    st.session_state.pop("own columns", None)
