"""One query among many tokens: the weight that it gives to every key, by softmax and by sliced ReLU."""

import numpy as np

from srviz.inputs import INPUTS
from srviz.lab.shown import of

tokens = INPUTS["china"].make(24, random_state=3)
shown = {"seed": 3, "number": 0, "kind": "untrained"}  # one head of a layer
query, raw = 1, False  # which token asks, counted from 1; whether weights are seen before the values are centred

# Queries q and keys k for softmax, and for sliced ReLU one score of each: s of queries, t of keys.
q, k = (part.numpy() for part in of(tokens, **shown, method="softmax").dots)
s, t = (part.numpy() for part in of(tokens, **shown, method="relu").scores)

# Softmax compares the query with every key, vector by vector.
logits = k @ q[query - 1] / np.sqrt(q.shape[1])
e = np.exp(logits - logits.max())
softmax = e / e.sum()

# Sliced ReLU compares scores: every key below the query counts, and the farthest counts most.
r = s[query - 1] - t
N = np.abs(r).sum()
relu = np.maximum(r, 0) / (N or 1)
if not raw:
    relu = relu - relu.mean()

best = np.argsort(-relu, kind="stable")[:5]
print("The five keys to which sliced ReLU gives the most: key, score, sliced ReLU, softmax")
print(np.column_stack([best + 1, t[best], relu[best], softmax[best]]).round(4))
