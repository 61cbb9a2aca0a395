"""Clocks and memory: what is measured, on tensors that are passed in."""
