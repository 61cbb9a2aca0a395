"""Sliced ReLU attention: the exact O(n log n) operator, and an app that shows it at work."""
