"""Kernels: why the values are centred. The kernel −|t − t'| is positive on vectors that sum to zero, and not on all."""

import torch

from srviz.lab.shown import head

# The raw key scores of the head on the page, made from their seed.
shown = {"name": "china", "n": 32, "seed": 7, "number": 0}
t = head(**shown).t.double()
matrix = -(t[:, None] - t).abs()

# All vectors; then an orthonormal basis of those that sum to zero.
n = len(t)
whole = torch.linalg.eigvalsh(matrix)
basis = torch.linalg.qr(torch.cat([t.new_ones(n, 1), torch.eye(n).double()[:, 1:]], 1)).Q[:, 1:]
flat = torch.linalg.eigvalsh(basis.T @ matrix @ basis)
eigenvalue = torch.cat([whole, flat])
print(f"All vectors: {n} eigenvalues, below zero {(whole < -1e-9).sum()}, the smallest {whole[0]:.2f}")
print(f"Those that sum to zero: {n - 1}, below zero {(flat < -1e-9).sum()}, the smallest {flat[0]:.2g}")
