"""Why shifting and scaling all scores alike changes no weight of sliced ReLU, and some of the bump."""

import torch

t = torch.tensor([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
s, b = 0.83, 0.8  # the score of the query; the bandwidth of the bump
shift, scale = 2.0, 2.0


def relu(s, t):
    """A shift cancels in s − t, and a scale cancels in the fraction."""
    return (s - t).relu() / (s - t).abs().sum()


def bump(s, t):
    """Its bandwidth stays where it is."""
    return (1 - (s - t).abs() / b).relu() / len(t)


relu_before, bump_before = relu(s, t), bump(s, t)
relu_after, bump_after = (weigh(scale * (s + shift), scale * (t + shift)) for weigh in (relu, bump))
print(f"sliced ReLU: no weight changes by more than {(relu_after - relu_before).abs().max():.1e}")
print(f"sliced bump: the largest change is {(bump_after - bump_before).abs().max():.3f}")
