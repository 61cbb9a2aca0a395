"""The n² route and the sorted route, side by side, to the same answer."""

from srviz.ui.chapters import show

show("routes")
