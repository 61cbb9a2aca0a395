"""Tell them apart."""

from srviz.ui.chapters import show

show("apart")
