"""One head of many tokens, sent to the browser, which draws the row of weights of whatever query is pointed at.

The numbers of a head go once per setting, through a component of their own; what a click changes is small.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st
from torch import Tensor

from srviz import numbers
from srviz.attention import METHODS, Heads, Method, reference, standardize
from srviz.attention.kernels import dividend
from srviz.attention.methods import by_dots, sliced
from srviz.inputs import Tokens
from srviz.ui.kit import WORDS, compute, source, trained, url
from srviz.ui.kit.component import SIGNED, TOLERANCE, component, packed

Made = TypeVar("Made")
ROOM = 2  # methods that are drawn side by side


def shown() -> list[Method]:
    """The methods whose rows the browser can draw by itself, as many as there is room for."""
    return [method for method in METHODS.values() if method.rule][:ROOM]


@dataclass(frozen=True, eq=False)
class Head:
    """One head on n tokens.

    parts: q, k (n, d) and standardized s, t (n,). setting: the text by which the browser knows the head.
    """

    setting: str
    parts: Heads

    @property
    def n(self) -> int:
        """The number of tokens."""
        return len(self.parts.dots[1])


def head(tokens: Tokens, seed: int, number: int, device: str, setting: str, look: trained.Look | None = None) -> Head:
    """Queries, keys and scores of head `number`, the map Π having seen all heads of a token.

    look: trained heads, where they are asked for; then queries and keys are of the model that was trained with the
    method that takes them, and scores of the one that was trained with the method that takes those.
    """
    if look is not None:
        dots, scored = (look.head(method, number, device) for method in (by_dots(), sliced()))
        if dots is not None and scored is not None:
            return Head(setting, _alone(replace(scored, q=dots.q, k=dots.k)))
    x, maps = compute.untrained(tokens, seed, device)
    return Head(setting, _alone(maps.heads(x, sliced()).head(number)))


def _alone(head: Heads) -> Heads:
    """What rows of weights are computed from, copied, because a part of a tensor keeps the memory of the whole."""
    (q, k), (s, t) = head.dots, head.scores
    return Heads(q=q.clone(), k=k.clone(), s=s.clone(), t=t.clone(), bandwidth=head.bandwidth)


def weights(head: Head, query: int, *, effective: bool) -> dict[str, Tensor]:
    """What each method that is shown says of one query: (n,) each."""
    one = head.parts.queries(slice(query, query + 1))
    return {method.name: method.weights(one, effective=effective)[0] for method in shown()}


def constants(head: Head) -> dict[str, Any]:
    """What the browser is told besides the numbers: whose rows it draws, by which rule of js/formulas.js and how."""
    return {"methods": [record(method, head.parts) for method in shown()], "signed": SIGNED, "tolerance": TOLERANCE}


def record(method: Method, heads: Heads) -> dict[str, Any]:
    """What a method says of the rows of one head, for the browser.

    dividend, divisor: the arithmetic of a weight, which may name {s}, {t} and {x}, the product of the pair; no divisor
    where every query has its own. pieces: the curve of s − t that its weights follow, where there is one.
    """
    terms = method.terms(heads.queries(slice(1)))
    bandwidth = float(heads.bandwidth)
    kernel = method.kernel(bandwidth) if method.kernel else None
    return {
        "name": method.name,
        "label": method.label,
        "rule": method.rule,
        "centred": method.centred,
        "bandwidth": bandwidth if method.bandwidth else None,
        "dividend": dividend(terms.plain or terms.numerator),
        "divisor": None if isinstance(terms.divisor, Tensor) else str(terms.divisor),
        "pieces": kernel and {name: getattr(kernel, name) for name in ("nodes", "heights", "left", "right")},
    }


def send(head: Head, look: dict[str, Any]) -> None:
    """Hand a head to the browser, with what its tokens look like. The same again costs nothing: Streamlit sends a long
    message once.
    """
    (q, k), (s, t) = head.parts.dots, head.parts.scores
    arrays = {name: packed(part.cpu(), "<f4") for name, part in (("q", q), ("k", k), ("s", s), ("t", t))}
    data = {"setting": head.setting, "n": head.n, "d": q.shape[1], "look": look}
    component("heads")(key="heads", data=data | arrays)


def answer(head: Head, query: int, *, raw: bool) -> dict[str, Any]:
    """The operator's rows of one query, for the browser to compare with what it drew."""
    rows = weights(head, query, effective=not raw)
    packed_rows = {name: packed(row.cpu(), "<f4") for name, row in rows.items()}
    return {"setting": head.setting, "query": query, "raw": raw, "rows": packed_rows}


def sent(key: str, state: url.State, head: Head) -> int | None:
    """The token that the component holds since this state: −1 for none, None where it has said nothing that fits."""
    component_state: Any = st.session_state.get(key)
    told = component_state.get("hold") if hasattr(component_state, "get") else None
    if not isinstance(told, dict) or told.get("setting") != head.setting or told.get("epoch") != state.epoch:
        return None
    held = told.get("held")
    return held if type(held) is int and -1 <= held < head.n else None


def kept(slot: str, key: Hashable, make: Callable[[], Made], *, own: bool) -> Made:
    """What `make` gives, kept in this session until the key changes. own: it is of this visitor, and no other session
    may have it; else all who see the same share it.
    """
    known = st.session_state.get(f"_{slot}")
    if known is None or known[0] != key:
        known = st.session_state[f"_{slot}"] = (key, make() if own else _shared(slot, key, make))
    made: Made = known[1]
    return made


@st.cache_resource(max_entries=16, show_spinner=False)
def _shared(slot: str, key: Hashable, _make: Callable[[], Any]) -> Any:
    return _make()


def matrix(n: int) -> str:
    """How many pairs n tokens have, and what a matrix of their weights would take."""
    pairs, one = numbers.size(4 * n * n), numbers.size(4 * n)
    return WORDS("row.matrix", pairs=n * n, matrix=pairs, row=one)


def code() -> str:
    """What computed the rows, read from the functions themselves."""
    functions: list[Callable[..., Any]] = [method.weights for method in shown()]
    functions += [standardize, reference.sliced_relu_weights]
    return source.text(*functions)
