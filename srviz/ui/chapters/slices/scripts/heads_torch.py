"""Slices: the scores that the map Π of a layer gives its tokens, and what one of them gives the others."""

import torch

x = torch.tensor([[0.9, 0.1], [-0.3, 0.8], [0.4, -0.7], [-0.8, -0.2]])
raw = torch.tensor([[0.9, 0.1, -0.3, 0.8], [0.4, -0.7, 0.2, 0.1]])
head, held = 1, 1  # the head that is shown and the query, counted from 1
resolution = 0.05  # of a distance: closer scores are not told apart

# Query and key are the same vector here, so a token has one score in each head. Standardized, its scale is known.
variance, mean = torch.var_mean(raw, dim=1, correction=0, keepdim=True)
scores = (raw - mean) / (variance + 1e-6).sqrt()
score = scores[head - 1]

# Sliced ReLU weights of the query: every key below it counts, and the farthest counts most.
r = score[held - 1] - score
weight = r.relu() / r.abs().sum()

# A pair is told apart by a head where its scores differ by enough. How many pairs have the first heads left?
i, j = torch.triu_indices(len(x), len(x), 1)
told = (scores[:, i] - scores[:, j]).abs() >= resolution * (x[i] - x[j]).norm(dim=1)
left = (told.cumsum(0) == 0).sum(1)
print(f"Of {len(i)} pairs the first 1 … {len(left)} heads leave", *left.tolist())

for token in score.argsort().tolist():
    print(f"token {token + 1:2d}: score {score[token]:6.3f}, weight {weight[token]:.3f}")
