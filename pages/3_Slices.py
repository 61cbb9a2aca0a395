"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

from srviz.ui.chapters import show

show("slices")
