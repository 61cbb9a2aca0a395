"""Race: how the measured times grow with n, and from where on one method is faster than the other."""

import numpy as np

# The median seconds of one call at each number n of tokens, as they were measured on the page.
measured = {
    "softmax": {"256": 0.0002, "512": 0.0006, "1024": 0.002, "2048": 0.008, "4096": 0.03},
    "relu": {"256": 0.0004, "512": 0.0007, "1024": 0.0014, "2048": 0.003, "4096": 0.006},
}
times = {name: {int(n): t for n, t in found.items()} for name, found in measured.items()}


def power(found):
    """The a of the fit time ∝ n^a over the last decade of n, by least squares on both logarithms."""
    n, t = (np.log(np.array(list(part))) for part in (found, found.values()))
    last = n >= n.max() - np.log(10)
    return np.polyfit(n[last], t[last], 1)[0] if last.sum() > 2 else np.nan


slope = np.array([power(found) for found in times.values()])
for name, a in zip(times, slope, strict=True):
    print(f"{name}: time grows as n^{a:.2f}")

# Where the second overtakes the first for good: straight lines between the points, on both logarithms.
first, second = "softmax", "relu"
shared = sorted(set(times.get(first, {})) & set(times.get(second, {})))
ahead = np.array([np.log(times[first][n] / times[second][n]) for n in shared])
crossover = np.array([np.nan])
if shared and ahead[-1] > 0:
    behind = np.flatnonzero(ahead <= 0)
    k = behind[-1] if len(behind) else None
    part = 0 if k is None else -ahead[k] / (ahead[k + 1] - ahead[k])
    crossover[0] = shared[0] if k is None else shared[k] * (shared[k + 1] / shared[k]) ** part
    print(f"{second} is faster than {first} from n = {crossover[0]:,.0f} on")
