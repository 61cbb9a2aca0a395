"""A bet on how time grows with n, and the race that settles it."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(8, "Race", address="Race", part="Race", kept="a race, if one was run here")
