"""Why relu(r) and not the distance |r|: what two tokens give each other."""

import torch

pair = [1.2, -0.8]  # the scores of i and j, each of them both a query and a key
i, j = pair
r = torch.tensor([i - j, j - i], dtype=torch.float64)  # i gives to j, and j gives to i

relu = r.relu()  # only the higher token attends to the other one
distance = r.abs()  # both attend to each other alike
print("           relu(r)  |r|")
for name, a, b in zip(("i gives j", "j gives i"), relu, distance, strict=True):
    print(f"{name}  {a:7.2f}  {b:4.2f}")
