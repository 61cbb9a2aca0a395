"""Two routes, one answer: sliced ReLU attention over all pairs, and the same by sorting."""

import torch

from srviz.attention import sliced_relu
from srviz.lab.shown import head

# One untrained head on the tokens of the page, made from their seed: raw scores of queries and keys, and values.
shown = {"name": "china", "n": 24, "seed": 3, "number": 0}
part = head(**shown)
s, t, v = part.s, part.t, part.v[:, 0]

# Standardize queries and keys together. That changes no weight, and keeps the numbers in a good range.
mean = (s.mean() + t.mean()) / 2
deviation = (((s - mean).square().mean() + (t - mean).square().mean()) / 2 + 1e-6).sqrt()
s, t = (s - mean) / deviation, (t - mean) / deviation

# The n² route: every pair has its weight.
r = s[:, None] - t
N = r.abs().sum(-1)
by_pairs = (r.relu() / N[:, None]) @ (v - v.mean())

# The sorted route: sort the keys once, and add up. S is the slope of the sum above each key, R its height there.
knots, order = t.sort(stable=True)
u = (v - v.mean())[order]
S = u.cumsum(0)
R = torch.cat([torch.zeros(1), (knots.diff() * S[:-1]).cumsum(0)])

# For each query, find the nearest key on its left: its two numbers stand for all the keys on the left.
p = torch.searchsorted(knots, s)
below = (p - 1).clamp_min(0)
hinge = torch.where(p > 0, R[below] + (s - knots[below]) * S[below], 0)
y = hinge / N

print(f"Largest difference of the two routes: {(y - by_pairs).abs().max():.1e}")
print(f"… and of the operator that you can import: {(y - sliced_relu(s, t, v[:, None])[:, 0]).abs().max():.1e}")
