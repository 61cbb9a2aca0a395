"""The front door: attention on a line."""

from srviz.ui.chapters import show

show("line")
