"""What pages show, computed once per configuration and cached: small frozen records of numpy arrays."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from srviz.attention import Heads, Method, Projections, reference, standardize, trace
from srviz.attention.methods import sliced
from srviz.inputs import INPUTS, Input, Tokens, words
from srviz.ui.kit import trained

HEADS, HEAD_DIM = 4, 8
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


def untrained(tokens: Tokens, seed: int, device: str) -> tuple[Tensor, Projections]:
    """The tokens x: (n, D) on the device, and the maps of one untrained layer for them."""
    x = torch.from_numpy(tokens.x).to(device)
    return x, Projections.untrained(x.shape[1], HEADS, HEAD_DIM, seed=seed, device=device)


def heads(
    name: str, n: int, seed: int, number: int, device: str, method: Method | None = None, *, kind: str = "untrained"
) -> Heads:
    """One head of an input, q, k, v: (n, d): with the scores that a method takes, or with raw ones.

    kind: "trained" where the head of a model is asked for that was trained with the method; where there is none, and
    for raw scores, the head is untrained.
    """
    made = tokens(name, n, seed)
    look = trained.look(made) if kind == "trained" else None
    found = look.head(method, number, device) if look and method else None
    if found is not None:
        return found
    x, maps = untrained(made, seed, device)
    return (maps.heads(x, method) if method else maps.heads(x, projection=sliced().projection)).head(number)


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
