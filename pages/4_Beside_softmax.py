"""The same tokens through every method, side by side and linked."""

from srviz.ui.chapters import show

show("beside")
