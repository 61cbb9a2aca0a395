"""Why shifting and scaling all scores alike changes no weight of sliced ReLU, and some of the bump."""

import numpy as np

t = np.array([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
s, b = 0.83, 0.8  # the score of the query; the bandwidth of the bump
shift, scale = 2.0, 2.0


def relu(s, t):
    """A shift cancels in s − t, and a scale cancels in the fraction."""
    return np.maximum(s - t, 0) / np.abs(s - t).sum()


def bump(s, t):
    """Its bandwidth stays where it is."""
    return np.maximum(0, 1 - np.abs(s - t) / b) / len(t)


relu_before, bump_before = relu(s, t), bump(s, t)
relu_after, bump_after = (weigh(scale * (s + shift), scale * (t + shift)) for weigh in (relu, bump))
print(f"sliced ReLU: no weight changes by more than {np.abs(relu_after - relu_before).max():.1e}")
print(f"sliced bump: the largest change is {np.abs(bump_after - bump_before).max():.3f}")
