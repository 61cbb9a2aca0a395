"""What pages show, computed once per configuration and cached: small frozen records of numpy arrays."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from torch import Tensor

from srviz.attention import Heads, Method, reference, standardize, trace
from srviz.inputs import INPUTS, Input, Tokens, words
from srviz.lab import shown

HEADS, HEAD_DIM, untrained = shown.HEADS, shown.HEAD_DIM, shown.untrained
Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeadRun:
    """One head on one input, by both routes. Each array is (n,); of values and outputs it has coordinate 0.

    s, t: scores of the queries and the keys. order: the keys by ascending score; u, S and R are in this order. u: the
    centred values. S: their prefix sums. R: the hinge sum at each key. N, y: the normalizer and the output of each
    query. largest: the largest difference between the outputs of the two routes, over all coordinates.
    """

    s: Numbers
    t: Numbers
    order: NDArray[np.int64]
    u: Numbers
    S: Numbers
    R: Numbers
    N: Numbers
    y: Numbers
    largest: float


@st.cache_data(max_entries=32, show_spinner=False)
def tokens(name: str, n: int, seed: int) -> Tokens:
    """The tokens of an input."""
    return find(name).make(n, random_state=seed)


def find(name: str) -> Input:
    """The input of this name, which for a visitor's own sentence is that sentence after "sentence:"."""
    kind, own, sentence = name.partition(":")
    if not own:
        return INPUTS[name]
    return replace(words.text_input(sentence), name=f"{kind}:{sentence}")


def heads(
    name: str, n: int, seed: int, number: int, device: str, method: Method | None = None, *, kind: str = "untrained"
) -> Heads:
    """One head of an input, q, k, v: (n, d): with the scores that a method takes, or with raw ones.

    kind: "trained" where the head of a model is asked for that was trained with the method; where there is none, and
    for raw scores, the head is untrained.
    """
    asked = method.name if method else ""
    return shown.of(tokens(name, n, seed), seed=seed, number=number, method=asked, kind=kind, device=device)


def head(name: str, n: int, seed: int, number: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Raw scores and values of one untrained head: s, t (n,), v (n, d)."""
    found = heads(name, n, seed, number, device)
    return *found.scores, found.values


@st.cache_data(max_entries=256, show_spinner=False)
def head_run(name: str, n: int, seed: int, number: int, device: str) -> HeadRun:
    """One head by the sorted route, step by step, and by the n² formula."""
    s, t, v = head(name, n, seed, number, device)
    steps = trace(s, t, v)
    direct = reference.sliced_relu(*standardize(s, t)[:2], v)
    column = {name: getattr(steps, name)[:, 0] for name in ("u", "S", "R", "y")}
    plain = {name: getattr(steps, name) for name in ("s", "t", "order", "N")}
    arrays = {name: value.cpu().numpy() for name, value in (plain | column).items()}
    return HeadRun(**arrays, largest=float((direct - steps.y).abs().max()))
