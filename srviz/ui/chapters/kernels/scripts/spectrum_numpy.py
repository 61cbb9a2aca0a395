"""Kernels: why the values are centred. The kernel −|t − t'| is positive on vectors that sum to zero, and not on all."""

import numpy as np

from srviz.lab.shown import head

# The raw key scores of the head on the page, made from their seed.
shown = {"name": "china", "n": 32, "seed": 7, "number": 0}
t = head(**shown).t.numpy().astype(np.float64)
matrix = -np.abs(t[:, None] - t)

# All vectors; then an orthonormal basis of those that sum to zero.
n = len(t)
whole = np.linalg.eigvalsh(matrix)
basis, _ = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))
flat = np.linalg.eigvalsh(basis[:, 1:].T @ matrix @ basis[:, 1:])
eigenvalue = np.concatenate([whole, flat])
print(f"All vectors: {n} eigenvalues, below zero {(whole < -1e-9).sum()}, the smallest {whole[0]:.2f}")
print(f"Those that sum to zero: {n - 1}, below zero {(flat < -1e-9).sum()}, the smallest {flat[0]:.2g}")
