"""Kernels: the map of a curve f(s − t) without straight pieces, and what every query receives."""

import numpy as np
import torch

from srviz.attention.kernels import KERNELS
from srviz.lab.shown import head

# One untrained head on the tokens of the page, made from their seed: raw scores of queries and keys, and values.
shown = {"name": "china", "n": 32, "seed": 7, "number": 0}
part = head(**shown)
s, t, v = part.s.numpy(), part.t.numpy(), part.v[:, 0].numpy()

# What is done to the scores: scaled, shifted, and standardized, queries and keys together.
scale, shift, queries, standard = 1.0, 0.0, 0.0, True
s, t = scale * s + shift + queries, scale * t + shift
if standard:
    mean = (s.mean() + t.mean()) / 2
    deviation = np.sqrt((((s - mean) ** 2).mean() + ((t - mean) ** 2).mean()) / 2 + 1e-6)
    s, t = (s - mean) / deviation, (t - mean) / deviation

# The curve f by its record, r in bandwidths b. It has no straight pieces, so every pair has to be summed.
kernel, b = "gauss", 1.0
r = s[:, None] - t
f = KERNELS[kernel].f(torch.from_numpy(r / b)).numpy()

# The weights: divided by N, and less the mean of their row where the values are centred.
divide, centred = "distance", False
N = np.ones(len(s)) * {"distance": np.abs(r).sum(axis=1), "rows": f.sum(axis=1), "n": len(t), "one": 1}[divide]
w = np.where(N == 0, 0, 1 / np.where(N == 0, 1, N))[:, None] * f
w = w - w.mean(axis=1, keepdims=True) if centred else w
y = w @ v

print(f"The rows sum to {w.sum(axis=1).min():.3f} … {w.sum(axis=1).max():.3f}, the outputs are")
print(y.round(3))
