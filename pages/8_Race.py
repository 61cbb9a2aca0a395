"""A bet on how time grows with n, and the race that settles it."""

from srviz.ui.chapters import show

show("race")
