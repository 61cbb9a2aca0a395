"""The front door: attention on a line."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(0, "Attention on a line", address="", part="", asks=False)
