"""What can be taken away of a sentence."""

from textwrap import indent

import streamlit as st

from srviz.inputs import Tokens
from srviz.inputs.words import sentence, split
from srviz.ui.chapters.words import WORDS, words
from srviz.ui.kit import row, rowtake, shell, trained
from srviz.ui.kit.program import Code, Script, as_text
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

WRITTEN_OUT = 1_000  # characters of a text that stands in the program


def _tokens(state: State) -> Tokens:
    """The tokens that the page has just made; made again where there is no page."""
    kept = st.session_state.get("_words")
    if kept:
        made: words.TextTokens = kept[1]
        return made.tokens
    known = st.session_state.get("_own_embeddings") if words.own_embeddings() else None
    return sentence(state["text"], state["unit"], random_state=state["seed"], embeddings=known[1] if known else None)


def _query(state: State) -> int:
    """The token that is held, else the one that is shown while nobody points at one."""
    held: int = state["held"]
    return held - 1 if held else len(split(state["text"], state["unit"])) // 2


def _kind(state: State) -> str:
    return "untrained" if words.own_embeddings() else trained.kind(_tokens(state), state["heads"])


def there(state: State) -> bool:
    """Whether the text is long enough to be shown."""
    return len(split(state["text"], state["unit"])) >= words.LEAST


def caption(state: State) -> str:
    """How many tokens, and which head."""
    if not there(state):
        return ""
    n = len(split(state["text"], state["unit"]))
    kind, query = _kind(state), _query(state) + 1
    return WORDS(f"take.caption.{state['unit']}.{kind}", n=n, query=query, head=state["head"])


def numbers(state: State) -> Columns:
    """Every token of the text, its score as a key, and its weights."""
    tokens = _tokens(state)
    look = trained.look(tokens) if _kind(state) == "trained" else None
    head = row.head(tokens, state["seed"], state["head"] - 1, str(shell.device()), "", look)
    found = rowtake.numbers(head, _query(state), raw=state["raw"])
    return {"key": found.pop("key"), "token": list(tokens.words or ()), **found}


def script(state: State) -> Script:
    """The program of the query that is shown. A long text, and embeddings of one's own, are read from files."""
    own, long = words.own_embeddings(), len(state["text"]) > WRITTEN_OUT
    text = 'Path("text.txt").read_text("utf-8")' if long else as_text(state["text"], 104).replace("\n ", "\n")
    if text.startswith("("):  # in several parts, one a line
        text = text[1:-1]
    more = f'"{state["unit"]}", random_state={state["seed"]}'
    if own:
        n = len(split(state["text"], state["unit"]))
        more += f', embeddings=read_embeddings(Path("embeddings.npy").read_bytes(), {n})'
    lines = indent(f"{text},\n{more},", "    ")
    says = [WORDS("take.long")] if long else []
    says += [WORDS("take.uploaded")] if own else []
    imports = ["from srviz.inputs.words import sentence"]
    imports += ["from pathlib import Path"] if own or long else []
    imports += ["from srviz.inputs.words import read_embeddings"] if own else []
    code = Code(f"sentence(\n{lines}\n)", "\n".join(imports), " ".join(says), "")
    return rowtake.script(WORDS("title"), code, state, _query(state), kind=_kind(state))


SENTENCE = Figure(
    ("words",), "sentence", WORDS("take.name"), caption, numbers, script,
    second={"text": 'He said: "it\'s {so}" \\ # = 1', "unit": "characters", "head": "2", "held": "3", "seed": "4"},
    there=there,
)  # fmt: skip
FIGURES = (SENTENCE,)
