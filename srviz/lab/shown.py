"""One head of an input as the pages of the app show it, for them and for programs: the tokens, and the maps."""

from dataclasses import replace

import torch
from torch import Tensor

from srviz.attention import METHODS, Heads, Projections
from srviz.attention.methods import sliced
from srviz.inputs import INPUTS, Tokens, words
from srviz.lab import trained

HEADS, HEAD_DIM = 4, 8  # of an untrained layer


def untrained(tokens: Tokens, seed: int, device: str, head_dim: int = HEAD_DIM) -> tuple[Tensor, Projections]:
    """The tokens x: (n, D) on a device, and the maps of one untrained layer for them."""
    x = torch.from_numpy(tokens.x).to(device)
    return x, Projections.untrained(x.shape[1], HEADS, head_dim, seed=seed, device=device)


def head(
    name: str, n: int, *, seed: int, number: int, method: str = "", kind: str = "untrained", text: str = ""
) -> Heads:
    """Queries, keys, values (n, 8) and scores (n,) of one head, as a method takes them; without one the raw scores.

    name: of the input. number: of the head, from 0. kind: "trained" where the head of a model is asked for that was
    trained with this method; where there is none the head is untrained. text: of a sentence of one's own.
    """
    made = words.text_input(text) if text else INPUTS[name]
    tokens = made.make(n, random_state=seed)
    return of(tokens, seed=seed, number=number, method=method, kind=kind)


def of(
    tokens: Tokens,
    *,
    seed: int,
    number: int,
    method: str = "",
    kind: str = "untrained",
    head_dim: int = HEAD_DIM,
    projection: str = "",
    bandwidth: float | None = None,
    device: str = "cpu",
) -> Heads:
    """The same of tokens that are there already.

    Of an untrained layer: head_dim, the coordinates of a head; projection, "mlp" or "linear", in the place of the
    method's own; bandwidth, of the bump in standard deviations of the scores, which are standardized then.
    """
    chosen = METHODS[method] if method else None
    task = trained.task_of(tokens) if kind == "trained" else None
    found = trained.head(*task, chosen, number, device) if task and chosen else None
    if found is not None:
        return found
    x, layer = untrained(tokens, seed, device, head_dim)
    if chosen and not chosen.projection:
        return layer.heads(x, chosen).head(number)
    heads = layer.heads(x, chosen, projection=projection or ("" if chosen else sliced().projection)).head(number)
    if bandwidth is None:
        return heads
    return replace(heads if heads.mean is not None else heads.standardized(), bandwidth=bandwidth)
