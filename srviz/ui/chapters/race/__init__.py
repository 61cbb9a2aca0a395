"""A bet on how time grows with n, and the race that settles it."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(8, "Race", address="Race", part="Race")
