"""Why it is made so."""

from srviz.ui.chapters import show

show("why")
