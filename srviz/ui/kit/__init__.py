"""The framework that every chapter stands on: shell, state in the URL, controls, live components, long work."""
