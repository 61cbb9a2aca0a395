"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(3, "Slices", address="Slices", part="Learn")
