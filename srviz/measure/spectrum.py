"""Why the values are centred: the eigenvalues of the distance kernel, on all vectors and on those that sum to zero."""

import torch
from torch import Tensor


def distance_spectrum(t: Tensor) -> tuple[Tensor, Tensor]:
    """The eigenvalues of −|t_i − t_j|, ascending, in float64 on the CPU. t: (n,).

    First on all vectors, (n,); then on the vectors that sum to zero, (n − 1,).
    """
    t = t.detach().cpu().double()
    matrix = -(t.unsqueeze(1) - t).abs()
    start = torch.cat([torch.ones(len(t), 1, dtype=t.dtype), torch.eye(len(t), dtype=t.dtype)[:, 1:]], 1)
    flat = torch.linalg.qr(start).Q[:, 1:]  # an orthonormal basis of the vectors that sum to zero
    return torch.linalg.eigvalsh(matrix), torch.linalg.eigvalsh(flat.T @ matrix @ flat)
