"""Beside softmax: how large the weights of each method are, and over how many keys a query spreads them."""

import numpy as np

from srviz.attention import METHODS
from srviz.lab.shown import head

# The head on the page, made from the seed. query: its number from 1, or 0 for all queries.
shown = {"name": "clusters", "n": 48, "seed": 119, "number": 2, "kind": "untrained"}
query = 0

# The sizes between which weights are counted, and the middle of each step on a log axis.
edges = np.logspace(-6, 0, 37)
size = np.sqrt(edges[1:] * edges[:-1])


def spread(method, effective):
    """The share of the weights in each step; sizes beyond the edges count in the outermost steps."""
    w = METHODS[method].weights(head(**shown, method=method), effective=effective).numpy().astype(float)
    w = np.abs(w[query - 1 : query] if query else w)
    p = w / np.maximum(w.sum(axis=1, keepdims=True), 1e-300)
    H = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)
    keys = np.where(w.sum(axis=1) > 0, np.exp(H), 0).mean()
    print(f"{method}, effective: {effective}: {(w == 0).mean():.2f} exactly 0, {keys:.1f} keys attended to")
    return np.histogram(w.clip(edges[0], edges[-1])[w > 0], edges)[0] / w.size
