"""One query among up to a million points in space: which keys count, and by how much."""

from srviz.ui.chapters import show

show("clouds")
