"""One query among many tokens: the weight that it gives to every key, by softmax and by sliced ReLU."""

import torch

from srviz.inputs import INPUTS
from srviz.lab.shown import of

tokens = INPUTS["china"].make(24, random_state=3)
shown = {"seed": 3, "number": 0, "kind": "untrained"}  # one head of a layer
query, raw = 1, False  # which token asks, counted from 1; whether weights are seen before the values are centred

# Queries q and keys k for softmax, and for sliced ReLU one score of each: s of queries, t of keys.
q, k = of(tokens, **shown, method="softmax").dots
s, t = of(tokens, **shown, method="relu").scores

# Softmax compares the query with every key, vector by vector.
softmax = (k @ q[query - 1] / q.shape[1] ** 0.5).softmax(0)

# Sliced ReLU compares scores: every key below the query counts, and the farthest counts most.
r = s[query - 1] - t
N = r.abs().sum()
relu = r.relu() / torch.where(N > 0, N, 1)
if not raw:
    relu = relu - relu.mean()

print("The five keys to which sliced ReLU gives the most:")
for key in relu.argsort(descending=True, stable=True)[:5].tolist():
    print(f"key {key + 1}: score {t[key]:.2f}, sliced ReLU {relu[key]:.4f}, softmax {softmax[key]:.4f}")
