"""Beside softmax: the weights that each method gives to the same queries and keys."""

import numpy as np

from srviz.lab.shown import head

# The head on the page: queries q and keys k, and their scores s and t for the sliced methods, made from the seed.
shown = {"name": "clusters", "n": 48, "seed": 119, "number": 2, "kind": "untrained"}
q, k = (part.numpy() for part in head(**shown, method="softmax").dots)
q_linear, k_linear = (part.numpy() for part in head(**shown, method="linear").dots)
s, t = (part.numpy() for part in head(**shown, method="relu").scores)
s_bump, t_bump = (part.numpy() for part in head(**shown, method="bump").scores)

# Softmax compares whole vectors. Its rows sum to 1.
logits = q @ k.T / np.sqrt(q.shape[1])
e = np.exp(logits - logits.max(axis=1, keepdims=True))
softmax = e / e.sum(axis=1, keepdims=True)

# Sliced ReLU compares one number of each. Centring the values takes the mean off every row.
r = s[:, None] - t
relu = np.maximum(r, 0) / np.abs(r).sum(axis=1, keepdims=True)
relu_effective = relu - relu.mean(axis=1, keepdims=True)

# The sliced bump sees the keys whose scores are near.
bump = np.maximum(0, 1 - np.abs(s_bump[:, None] - t_bump) / float(head(**shown, method="bump").bandwidth)) / len(t_bump)

# Linear attention compares vectors too, by features φ = elu + 1 that are never negative.
phi_q, phi_k = (np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))) for x in (q_linear, k_linear))
products = phi_q @ phi_k.T
linear = products / products.sum(axis=1, keepdims=True)
for name, w in {"softmax": softmax, "ReLU": relu, "bump": bump, "linear": linear}.items():
    print(f"{name:8s} rows sum to {w.sum(1).min():.2f} … {w.sum(1).max():.2f}, the largest weight is {w.max():.3f}")
assert np.allclose(relu_effective.sum(axis=1), 0, atol=1e-5)
