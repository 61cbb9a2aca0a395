"""The front door: attention on a line."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(0, "The scalar line", address="", part="")
