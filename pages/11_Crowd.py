"""Functions of a crowd."""

from srviz.ui.chapters import show

show("crowd")
