"""Why divide by Σ|s − t| and not by the row's own sum: one tiny number would count in full."""

import torch

query = -1.9  # its score
t = torch.tensor([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
hinge = (query - t).relu()

by_distance = hinge / (query - t).abs().sum()  # keys far above the query add to this divisor, too
by_own_sum = hinge / hinge.sum()  # 0 / 0 where no key lies below
print(f"divided by Σ|s − t| the row sums to {by_distance.sum():.3f}, and by its own sum to {by_own_sum.sum():.3f}")
