"""Beside softmax: the weights that each method gives to the same queries and keys."""

from torch.nn.functional import elu

from srviz.lab.shown import head

# The head on the page: queries q and keys k, and their scores s and t for the sliced methods, made from the seed.
shown = {"name": "clusters", "n": 48, "seed": 119, "number": 2, "kind": "untrained"}
q, k = head(**shown, method="softmax").dots
q_linear, k_linear = head(**shown, method="linear").dots
s, t = head(**shown, method="relu").scores
s_bump, t_bump = head(**shown, method="bump").scores

# Softmax compares whole vectors. Its rows sum to 1.
softmax = (q @ k.T / q.shape[1] ** 0.5).softmax(-1)

# Sliced ReLU compares one number of each. Centring the values takes the mean off every row.
r = s[:, None] - t
relu = r.relu() / r.abs().sum(-1, keepdim=True)
relu_effective = relu - relu.mean(-1, keepdim=True)

# The sliced bump sees the keys whose scores are near.
bump = (1 - (s_bump[:, None] - t_bump).abs() / float(head(**shown, method="bump").bandwidth)).relu() / len(t_bump)

# Linear attention compares vectors too, by features φ = elu + 1 that are never negative.
products = (elu(q_linear) + 1) @ (elu(k_linear) + 1).T
linear = products / products.sum(-1, keepdim=True)

for name, w in {"softmax": softmax, "ReLU": relu, "bump": bump, "linear": linear}.items():
    print(f"{name:8s} rows sum to {w.sum(-1).min():.2f} … {w.sum(-1).max():.2f}, the largest weight is {w.max():.3f}")
assert relu_effective.sum(-1).abs().max() < 1e-5
