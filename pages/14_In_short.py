"""In short."""

from srviz.ui.chapters import show

show("recap")
