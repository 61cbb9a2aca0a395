"""How a cloud of points is lit: the planes through its neighbours are its surface."""

import numpy as np
from numpy.typing import NDArray

NEAR = 12  # neighbours through which a point's surface is laid
LAMP = np.array([0.15, -0.45, 0.88])  # where the light comes from, with z up: from above, and a little from the front


def light(place: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much light each point of a cloud (m, 3) gets, from 0 to 1: (m,).

    The surface at a point is the plane through its nearest neighbours, as far as they lie in one: their least variance
    is small beside the middle one there. Both sides of it are lit alike, by the cosine to the lamp (Lambert). Points of
    a line or of a solid lie in no surface, and have full light.
    """
    if len(place) <= NEAR:
        return np.ones(len(place), np.float32)
    from scipy.spatial import cKDTree  # a third of a second to import: only where it is used

    near = cKDTree(place).query(place, NEAR)[1]
    around = place[near].astype(np.float64)
    around -= around.mean(1, keepdims=True)
    variances, axes = np.linalg.eigh(np.einsum("mki,mkj->mij", around, around))
    flat = (1 - 3 * variances[:, 0] / np.maximum(variances[:, 1], 1e-30)).clip(0, 1)
    cosine = np.abs(axes[:, :, 0] @ (LAMP / np.linalg.norm(LAMP)))
    found: NDArray[np.float32] = (1 - flat * (1 - cosine)).astype(np.float32)
    return found
