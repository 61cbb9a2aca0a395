"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

from srviz.ui.chapters import show

show("kernels")
