"""Slices: the shadows of tokens on a line, and what one of them, as the query, gives the others."""

import torch

# The tokens x, and the direction of the slice in degrees; in the plane it is not tilted.
x = torch.tensor([[0.9, 0.1], [-0.3, 0.8], [0.4, -0.7], [-0.8, -0.2]])
degrees = [30.0, 0.0]
held = 1  # the query, counted from 1

# The score of a token is its shadow: the dot product with the direction, a vector of length 1.
theta, tilt = torch.tensor(degrees).deg2rad()
direction = torch.stack([theta.cos() * tilt.cos(), theta.sin() * tilt.cos(), tilt.sin()])
score = x @ direction[: x.shape[1]]

# Sliced ReLU weights of the query: every key below it counts, and the farthest counts most.
r = score[held - 1] - score
weight = r.relu() / r.abs().sum()

# Neighbours on the line are given nearly the same weight. The two that are farthest apart in truth are confused most.
order = score.argsort(stable=True)
i, j = order[:-1], order[1:]
lost = (x[i] - x[j]).norm(dim=1) - (score[j] - score[i])
k = lost.argmax()
print(f"Tokens {i[k] + 1} and {j[k] + 1} are neighbours on the line; {lost[k]:.2f} of their distance is lost.")

for token in order.tolist():
    print(f"token {token + 1:2d}: score {score[token]:6.3f}, weight {weight[token]:.3f}")
