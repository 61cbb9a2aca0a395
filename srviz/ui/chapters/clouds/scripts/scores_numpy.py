"""Point clouds: how the scores of the keys lie along a line, and where the query stands among them."""

import numpy as np

from srviz.inputs import CLOUDS
from srviz.lab.shown import of

tokens = CLOUDS["aeroplane"].make(8192, random_state=4, noise=0.0, outliers=0.0)
shown = {"seed": 4, "number": 2, "kind": "trained"}  # one head of a layer
query = 18  # the point that asks, counted from 1


def scores(method):
    """The scores of all keys, in standard deviations of the scores of queries and keys together."""
    heads = of(tokens, **shown, method=method)
    s, t = (part.numpy() for part in (heads if heads.mean is not None else heads.standardized()).scores)
    lower = (t < s[query - 1]).sum()
    print(f"{method}: the query's score is {s[query - 1]:.2f}. Keys with a lower score: {lower:,} of {len(t):,}.")
    counts, edges = np.histogram(t, bins=12)
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        print(f"  {low:6.2f} … {high:5.2f}  {'#' * round(50 * count / counts.max())}")
    return t
