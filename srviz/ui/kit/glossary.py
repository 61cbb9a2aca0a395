"""The words of the field, one definition each, behind a dotted underline where a page first uses them."""

import re
from dataclasses import dataclass
from typing import Any

import streamlit as st

from srviz.ui.kit import WORDS
from srviz.ui.kit.component import component


@dataclass(frozen=True)
class Term:
    """A word, the forms in which a page may use it (a regular expression), and what it means."""

    forms: str
    meaning: str


TERMS = {
    name: Term(**WORDS.table(f"glossary.terms.{name}"))  # forms have braces of their own
    for name in WORDS.table("glossary.terms")
}
FORMS = {name: re.compile(WORDS("glossary.word", forms=term.forms), re.IGNORECASE) for name, term in TERMS.items()}
WHOLE = re.compile(r"(\[[^\]]*\]\([^)]*\)|`[^`]*`|:material/\w+:|\$[^$]*\$)")  # links, code, icons, formulas
SEEN = "_terms"


def begin() -> None:
    """A page begins (the shell calls this): no word was used yet. It mounts what shows the meanings."""
    st.session_state[SEEN] = set()
    show: Any = component("glossary")
    show(key="glossary", data={"meanings": {address(name): term.meaning for name, term in TERMS.items()}})


def address(name: str) -> str:
    """Where the link of a word leads, which a browser never follows."""
    return "term-" + name.lower().replace(" ", "-")


def mark(text: str) -> str:
    """The text, in Markdown, with each word of the glossary linked to its meaning where the page uses it first."""
    seen: set[str] = st.session_state.setdefault(SEEN, set())
    parts = WHOLE.split(text)
    for name in sorted(TERMS, key=len, reverse=True):  # "effective weight" before "weight"
        if name in seen:
            continue
        for place, part in enumerate(parts):
            if not place % 2 and (found := FORMS[name].search(part)):
                link = f"[{found[0]}](#{address(name)})"
                parts[place : place + 1] = [part[: found.start()], link, part[found.end() :]]
                seen.add(name)
                break
    return "".join(parts)
