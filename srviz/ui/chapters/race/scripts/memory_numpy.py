"""Race: how the memory of one call grows with n, and how much more it is than the values."""

import numpy as np

# The most bytes that one call held beyond what was there before, at each number n of tokens, as measured on the page.
measured = {
    "softmax": {"1024": 8400000, "2048": 33600000, "4096": 134200000},
    "relu": {"1024": 2600000, "2048": 5200000, "4096": 10500000},
}
of_values = 512  # bytes of the values of one token, in all heads
held = {name: {int(n): size for n, size in found.items()} for name, found in measured.items()}


def power(found):
    """The a of the fit bytes ∝ n^a over the last decade of n, by least squares on both logarithms."""
    n, size = (np.log(np.array(list(part), dtype=float)) for part in (found, found.values()))
    last = n >= n.max() - np.log(10)
    return np.polyfit(n[last], size[last], 1)[0] if last.sum() > 2 else np.nan


slope = np.array([power(found) for found in held.values()])
for name, a in zip(held, slope, strict=True):
    n = max(held[name])
    times = held[name][n] / (of_values * n)
    print(f"{name}: memory grows as n^{a:.2f}; at n = {n:,} it is {times:,.1f} times that of the values")
