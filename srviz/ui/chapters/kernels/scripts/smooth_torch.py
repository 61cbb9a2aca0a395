"""Kernels: the map of a curve f(s − t) without straight pieces, and what every query receives."""

import torch

from srviz.attention.kernels import KERNELS
from srviz.lab.shown import head

# One untrained head on the tokens of the page, made from their seed: raw scores of queries and keys, and values.
shown = {"name": "china", "n": 32, "seed": 7, "number": 0}
part = head(**shown)
s, t, v = part.s, part.t, part.v[:, 0]

# What is done to the scores: scaled, shifted, and standardized, queries and keys together.
scale, shift, queries, standard = 1.0, 0.0, 0.0, True
s, t = scale * s + shift + queries, scale * t + shift
if standard:
    mean = (s.mean() + t.mean()) / 2
    deviation = (((s - mean).square().mean() + (t - mean).square().mean()) / 2 + 1e-6).sqrt()
    s, t = (s - mean) / deviation, (t - mean) / deviation

# The curve f by its record, r in bandwidths b. It has no straight pieces, so every pair has to be summed.
kernel, b = "gauss", 1.0
r = s[:, None] - t
f = KERNELS[kernel].f(r / b)

# The weights: divided by N, and less the mean of their row where the values are centred.
divide, centred = "distance", False
N = torch.ones(len(s)) * {"distance": r.abs().sum(-1), "rows": f.sum(-1), "n": len(t), "one": 1}[divide]
w = f * torch.where(N == 0, 0, 1 / N)[:, None]
w = w - w.mean(-1, keepdim=True) if centred else w
y = w @ v

print(f"The rows sum to {w.sum(-1).min():.3f} … {w.sum(-1).max():.3f}, the outputs are")
print(y)
