"""Slices: the scores that the map Π of a layer gives its tokens, and what one of them gives the others."""

import numpy as np

x = np.array([[0.9, 0.1], [-0.3, 0.8], [0.4, -0.7], [-0.8, -0.2]])
raw = np.array([[0.9, 0.1, -0.3, 0.8], [0.4, -0.7, 0.2, 0.1]])
head, held = 1, 1  # the head that is shown and the query, counted from 1
resolution = 0.05  # of a distance: closer scores are not told apart

# Query and key are the same vector here, so a token has one score in each head. Standardized, its scale is known.
deviation = np.sqrt(raw.var(axis=1, keepdims=True) + 1e-6)
scores = (raw - raw.mean(axis=1, keepdims=True)) / deviation
score = scores[head - 1]

# Sliced ReLU weights of the query: every key below it counts, and the farthest counts most.
r = score[held - 1] - score
weight = np.maximum(r, 0) / np.abs(r).sum()

# A pair is told apart by a head where its scores differ by enough. How many pairs have the first heads left?
i, j = np.triu_indices(len(x), 1)
told = np.abs(scores[:, i] - scores[:, j]) >= resolution * np.linalg.norm(x[i] - x[j], axis=1)
left = (np.cumsum(told, axis=0) == 0).sum(axis=1)
print(f"Of {len(i)} pairs the first 1 … {len(left)} heads leave", *left)

print(" token   score  weight")
print(np.column_stack([np.arange(1, len(x) + 1), score, weight])[np.argsort(score)].round(3))
