"""Puzzles."""

from srviz.ui.chapters import show

show("puzzles")
