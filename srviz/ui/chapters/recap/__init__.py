"""The end of the course: what it was, when to use it, what it cannot do, what it costs, and what was answered."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(14, "In short", address="In_short", part="Take it with you", asks=False)
