"""The visitor's own sentence: every weight drawn on the words."""

from srviz.ui.chapters import show

show("words")
