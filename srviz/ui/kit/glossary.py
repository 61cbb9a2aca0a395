"""The words of the field, one definition each, behind a dotted underline where a page first uses them."""

import re
from dataclasses import dataclass
from typing import Any

import streamlit as st

from srviz.ui.kit.component import component


@dataclass(frozen=True)
class Term:
    """A word, the forms in which a page may use it (a regular expression), and what it means."""

    forms: str
    meaning: str


TERMS = {
    "token": Term(
        "tokens?",
        "One piece of the input: a word, a patch of a picture, or a point. It is held as a vector.",
    ),
    "query": Term(
        "query|queries",
        "The side of a token that asks. It decides what the token collects from the others.",
    ),
    "key": Term(
        "keys?",
        "The side of a token that is found. Queries are compared with it.",
    ),
    "value": Term(
        "values?",
        "What a key hands over. The output of a query is a weighted sum of values.",
    ),
    "score": Term(
        "scores?",
        "The one number that a head makes of a query, called s, or of a key, called t.",
    ),
    "weight": Term(
        "weights?",
        "How much a key counts for a query. The output adds up all weights times values.",
    ),
    "head": Term(
        "heads?",
        "One of several attentions that run side by side in a layer. Each has maps of its own, and so its own scores.",
    ),
    "slice": Term(
        "slices?",
        "A map that turns every vector into one number, like its shadow on a line. A head has one slice, "
        "which queries and keys share.",
    ),
    "kernel": Term(
        "kernels?",
        "A curve f that says how much a pair counts, from the difference r = s − t of its scores alone.",
    ),
    "normalizer": Term(
        "normalizers?",
        "What a row of weights is divided by. For sliced ReLU it is N = Σ|s − t|, the sum of the distances "
        "from the query to all keys.",
    ),
    "effective weight": Term(
        "effective weights?",
        "A weight with centring included: the raw weight less the mean of its row. It can be negative, and "
        "each row sums to zero.",
    ),
    "bandwidth": Term(
        "bandwidths?",
        "How far the bump reaches. A key farther than b from the query has the weight zero.",
    ),
    "standardized": Term(
        "standardized|standardization|standardizing",
        "Shifted and scaled so that the scores have mean 0 and deviation 1. Queries and keys are shifted and "
        "scaled together.",
    ),
    "hinge": Term(
        "hinges?",
        "A curve that is zero up to one point, and a rising straight line from there on. relu(s − t) is one.",
    ),
    "centred": Term(
        "centred|centring|centre the values",
        "With the mean of all values taken away, so that they sum to zero.",
    ),
    "softmax": Term(
        "softmax",
        "The usual attention. Its weights are exp(q·k/√d), divided so that every row sums to 1.",
    ),
    "ReLU": Term(
        "ReLU",
        "relu(x) is x where x is positive, and zero elsewhere.",
    ),
    "bump": Term(
        "bump",
        "The kernel max(0, 1 − |s − t| / b). It is largest where the query and the key have the same score.",
    ),
    "projection": Term(
        "projections?",
        "A linear map that makes queries, keys or values from the vectors of the tokens.",
    ),
    "untrained": Term(
        "untrained",
        "Made of random numbers. It shows how the mechanism works, and has no meaning yet.",
    ),
    "MLP": Term(
        "MLP",
        "A small network with one hidden layer. Used as a slice, it has curved level sets.",
    ),
    "level set": Term(
        "level sets?",
        "All places at which a function takes the same value. Here: all places with the same score.",
    ),
    "n log n": Term(
        "n log n",
        "It grows a little faster than n. For a million tokens the logarithm to base 2 is only 20.",
    ),
}
FORMS = {name: re.compile(rf"\b(?:{term.forms})\b", re.IGNORECASE) for name, term in TERMS.items()}
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
