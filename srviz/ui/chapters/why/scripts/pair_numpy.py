"""Why relu(r) and not the distance |r|: what two tokens give each other."""

import numpy as np

pair = [1.2, -0.8]  # the scores of i and j, each of them both a query and a key
i, j = pair
r = np.array([i - j, j - i])  # i gives to j, and j gives to i

relu = np.maximum(r, 0)  # only the higher token attends to the other one
distance = np.abs(r)  # both attend to each other alike
print("           relu(r)  |r|")
for name, a, b in zip(("i gives j", "j gives i"), relu, distance, strict=True):
    print(f"{name}  {a:7.2f}  {b:4.2f}")
