"""Train it."""

from srviz.ui.chapters import show

show("train")
