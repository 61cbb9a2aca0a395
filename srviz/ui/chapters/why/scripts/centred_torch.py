"""Why the values are centred: a number that is added to all of them reaches every query times the sum of its row."""

import torch

t = torch.tensor([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
v = torch.tensor([0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6])
added = 1.0
v = v + added

# The output of a query at any place s of the line.
s = torch.linspace(-3, 3, 121)
r = s[:, None] - t
w = r.relu() / r.abs().sum(-1, keepdim=True)
plain = w @ v
centred = w @ (v - v.mean())
print(f"not centred: from {plain[0]:.2f} at the lowest query to {plain[-1]:.2f} at the highest")
print(f"centred:     from {centred[0]:.2f} to {centred[-1]:.2f}, whatever is added")
