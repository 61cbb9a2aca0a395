"""The framework that every chapter stands on: shell, state in the URL, controls, live components, long work."""

from pathlib import Path

from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
